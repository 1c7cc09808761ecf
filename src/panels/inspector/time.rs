//! The tab Time: where the time of the process went, by cause or by thread; the parts add up.

mod explain;
mod rows;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::kept::Kept;
use crate::app::action::{Action, actions};
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Rows, Spec};
use crate::app::world::World;
use crate::model::id::{Nanos, ProcId, Tid};
use crate::model::plan::Needs;
use crate::model::scheduling::spent::lines::{Line, What, lines};
use crate::model::scheduling::spent::{Bucket, Kind, Spent, TimeSpent};
use crate::model::scheduling::wait::{Child, Wait};
use crate::panels::listing::{self, Content, Listing};

actions! {
    /// Goes where the selected line leads.
    LEAD "lead" [Key::of(Code::Enter)] "Goes to whom the selected line waits for: the peer, the child, the holder of the lock" "follow";
    /// Lists each thread.
    BY_THREAD "by-thread" [Key::char('g')] "Lists the threads, or the causes again" "by thread";
    /// A longer window.
    WIDER "longer" [Key::char('+'), Key::char('=')] "Looks at a longer time" "longer";
    /// A shorter window.
    NARROWER "shorter" [Key::char('-')] "Looks at a shorter time" "";
}

static ACTIONS: [&Action; 21] =
    listing::actions(moves::HOME, [&LEAD, &BY_THREAD, &WIDER, &NARROWER]);

static SPEC: Spec = Spec {
    name: "time",
    title: "Time",
    about: "Where its time went: on a core, waiting for one, blocked and on what; the parts add up.",
    place: Place::Tab,
    // Descriptors, since a wait tells who is at the other end.
    needs: Needs::SPENT.union(Needs::FILES),
    actions: &ACTIONS,
};

/// The times that can be looked at, in seconds.
const WINDOWS: [u64; 5] = [2, 5, 10, 30, 60];

/// The tab.
pub struct TimeTab {
    kept: Kept<TimeSpent>,
    causes: Listing<What>,
    threads: Listing<Tid>,
    by_thread: bool,
    window: usize,
    shown: Bucket,
    all: Spent,
    lines: Vec<Line>,
}

impl Default for TimeTab {
    fn default() -> Self {
        Self {
            kept: Kept::default(),
            causes: Listing::sorted_by(rows::SHARE),
            threads: Listing::sorted_by(rows::RUNNING),
            by_thread: false,
            window: 2,
            shown: Bucket::default(),
            all: Spent::default(),
            lines: Vec::new(),
        }
    }
}

impl TimeTab {
    fn span(&self) -> Nanos {
        Nanos(WINDOWS[self.window] * 1_000_000_000)
    }

    fn take_in(&mut self) {
        let told = self.kept.value().map(Arc::clone).unwrap_or_default();
        self.shown = told.last(self.span());
        self.all = self.shown.all();
        self.lines = lines(&self.all);
    }

    /// To whom the selected line leads.
    fn lead(&self, world: &World) -> Reply {
        let Some(of) = world.focus else {
            return Reply::Pass;
        };
        if self.by_thread {
            return Reply::Inspect(of, "threads");
        }
        let line = self.causes.selected().and_then(|i| self.lines.get(i));
        match line.map(|l| &l.what) {
            None => Reply::Say("nothing is selected".to_owned()),
            Some(What::Running | What::Ready) => Reply::Inspect(of, "schedule"),
            Some(what @ What::Blocked(cause)) => {
                let wait = cause.waiting().map(|w| &w.what);
                let next = wait.and_then(|wait| whom(world, wait));
                match (next, what.kind()) {
                    (Some(id), _) => Reply::Inspect(id, SPEC.name),
                    (None, Some(Kind::Descriptor | Kind::Events)) => Reply::Inspect(of, "files"),
                    (None, Some(Kind::Page)) => Reply::Inspect(of, "memory"),
                    (None, Some(Kind::Signal)) => Reply::Inspect(of, "signals"),
                    _ => Reply::Inspect(of, "threads"),
                }
            }
        }
    }

    fn fit_threads(&mut self, world: &World, area: Rect) {
        let mut order: Vec<usize> = (0..self.shown.threads.len()).collect();
        let (by, inverted) = self.threads.sort();
        let threads = &self.shown.threads;
        order.sort_by(|a, b| rows::compare(by, &threads[*a], &threads[*b]));
        if inverted {
            order.reverse();
        }
        let keys: Vec<Tid> = order.iter().map(|i| threads[*i].id.tid).collect();
        let at = |i: usize| &threads[order[i]];
        let names = rows::Known::new(world, &self.shown);
        let content = Content {
            columns: rows::OF_THREADS,
            order: rows::order_of_threads,
            titles: true,
            head: rows::head(world, &self.shown, &self.all, area, self.span()),
            foot: &listing::no_foot,
            keys: &keys,
            words: &|i| rows::thread_text(at(i), &names),
            row: &|i| rows::thread(world, at(i), &names),
        };
        self.threads.fit(area, content);
    }

    fn fit_causes(&mut self, world: &World, area: Rect) {
        let (by, inverted) = self.causes.sort();
        if by == rows::KIND {
            self.lines.sort_by_key(|l| (l.what.kind(), l.what.word()));
        } else {
            self.lines.sort_by_key(|l| std::cmp::Reverse(l.span));
        }
        if inverted {
            self.lines.reverse();
        }
        let keys: Vec<What> = self.lines.iter().map(|l| l.what.clone()).collect();
        let names = rows::Known::new(world, &self.shown);
        let lines = &self.lines;
        let shown = &self.shown;
        let content = Content {
            columns: rows::OF_CAUSES,
            order: rows::order_of_causes,
            titles: true,
            head: rows::head(world, shown, &self.all, area, self.span()),
            foot: &|i| rows::foot(shown, &lines[i]),
            keys: &keys,
            words: &|i| rows::text(&lines[i], &names),
            row: &|i| rows::row(world, &lines[i], &names),
        };
        self.causes.fit(area, content);
    }
}

/// The process that has to act before this wait ends, where it is another one.
fn whom(world: &World, wait: &Wait) -> Option<ProcId> {
    if let Wait::Child(Child::One(pid, _)) = wait {
        return world.snapshot.by_pid(*pid).map(|p| p.id);
    }
    let files = world.detail.files.as_ref()?.value.as_ref().ok()?;
    let mut fds = wait.descriptors().iter();
    let fd = fds.next().filter(|_| fds.next().is_none())?;
    let fd = u32::try_from(fd.number).ok()?;
    let at = files.rows.binary_search_by_key(&fd, |d| d.fd).ok()?;
    let mut peers = files.rows[at].peers.named.iter();
    peers.find(|p| p.id != files.of).map(|p| p.id)
}

impl Panel for TimeTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        if self.kept.take(world, world.detail.spent.as_ref()) {
            self.take_in();
        }
        if self.by_thread {
            self.fit_threads(world, area);
        } else {
            self.fit_causes(world, area);
        }
        Reply::Pass
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(if self.by_thread {
            &self.threads
        } else {
            &self.causes
        })
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(if self.by_thread {
            &mut self.threads
        } else {
            &mut self.causes
        })
    }

    fn enter(&self, world: &World) -> Reply {
        self.lead(world)
    }

    fn copied(&self, world: &World) -> Option<String> {
        let names = rows::Known::new(world, &self.shown);
        if self.by_thread {
            let tid = *self.threads.chosen()?;
            let thread = self.shown.threads.iter().find(|t| t.id.tid == tid)?;
            return Some(rows::thread_text(thread, &names));
        }
        let line = self.lines.get(self.causes.selected()?)?;
        Some(rows::text(line, &names))
    }

    fn act(&mut self, world: &World, action: &'static Action) -> Reply {
        if *action == LEAD {
            return self.lead(world);
        } else if *action == BY_THREAD {
            self.by_thread = !self.by_thread;
        } else if *action == WIDER {
            self.window = (self.window + 1).min(WINDOWS.len() - 1);
        } else if *action == NARROWER {
            self.window = self.window.saturating_sub(1);
        } else {
            return self.act_on_rows(world, action);
        }
        self.take_in();
        Reply::Done
    }

    fn explain(&self, _: &World) -> Vec<(String, String)> {
        explain::lines(&self.all)
    }

    fn status(&self, _: &World) -> String {
        self.rows().map_or_else(String::new, Rows::status)
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if self.shown.threads.is_empty() {
            listing::empty(&world.theme, area, &self.kept.why(), buf);
            return;
        }
        if self.by_thread {
            self.threads.render(world, buf);
        } else {
            self.causes.render(world, buf);
        }
    }
}

#[cfg(test)]
mod tests;
