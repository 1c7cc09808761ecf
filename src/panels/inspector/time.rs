//! The tab Time: where the time of the process went, by cause or by thread; the parts add up.

mod explain;
mod rows;
mod wakers;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::kept::Kept;
use crate::app::action::{Action, actions};
use crate::app::key::{Code, Key};
use crate::app::moves;
use crate::app::panel::{Led, Panel, Place, Reply, Rows, Spec};
use crate::app::word::Word;
use crate::app::world::World;
use crate::model::id::{Nanos, ProcId, Tid};
use crate::model::machine::requests::Requests;
use crate::model::plan::Needs;
use crate::model::scheduling::spent::lines::{Line, What, lines};
use crate::model::scheduling::spent::{Bucket, Kind, Spent, ThreadSpent, TimeSpent};
use crate::model::scheduling::wait::{Child, Owner, Wait};
use crate::model::scheduling::wakes::{WakeRow, Waker, Wakes};
use crate::panels::charts;
use crate::panels::listing::{self, Content, Listing};
use crate::panels::words;

actions! {
    /// Goes where the selected line leads.
    LEAD "lead" [Key::of(Code::Enter)] "Goes to whom the selected line waits for: the peer, the child, the holder of the lock" "follow";
    /// Lists each thread.
    BY_THREAD "by-thread" [Key::char('g')] "Lists the causes, the threads, or who woke them" "by thread, waker";
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
    needs: Needs::SPENT
        .union(Needs::FILES)
        .union(Needs::WAKES)
        .union(Needs::DISK_REQUESTS),
    actions: &ACTIONS,
};

/// The times that can be looked at, in seconds.
const WINDOWS: [u64; 5] = [2, 5, 10, 30, 60];

/// What each row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Cause,
    Thread,
    Waker,
}

/// The tab.
pub struct TimeTab {
    kept: Kept<TimeSpent>,
    causes: Listing<What>,
    threads: Listing<Tid>,
    wakes: Kept<Wakes>,
    wakers: Listing<Waker>,
    by: By,
    window: usize,
    shown: Bucket,
    all: Spent,
    lines: Vec<Line>,
    /// What it asked disks for, where it did so lately, and where that is drawn.
    requests: Option<Requests>,
    below: Rect,
}

impl Default for TimeTab {
    fn default() -> Self {
        Self {
            kept: Kept::default(),
            causes: Listing::sorted_by(rows::SHARE),
            threads: Listing::sorted_by(rows::RUNNING),
            wakes: Kept::default(),
            wakers: Listing::sorted_by(wakers::WAKES),
            by: By::Cause,
            window: 2,
            shown: Bucket::default(),
            all: Spent::default(),
            lines: Vec::new(),
            requests: None,
            below: Rect::default(),
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

    /// Keeps room for the requests to disks at the foot, where it made some in the last minutes; answers what is left.
    fn above_requests(&mut self, world: &World, area: Rect) -> Rect {
        let told = world.detail.machine.requests.as_ref();
        let told = told.and_then(|slot| slot.value.as_ref().ok());
        let of = told
            .zip(world.focus)
            .and_then(|(told, id)| told.of_focus(id.pid));
        self.requests = of.filter(|of| of.devices.iter().any(|d| !d.columns.is_empty()));
        let high = charts::requests::height(self.requests.as_ref(), area.height);
        let high = high.min(area.height / 4);
        self.below = Rect {
            y: area.bottom() - high,
            height: high,
            ..area
        };
        // A row between the two, where there are many.
        let gap = u16::from(high > 4);
        Rect {
            height: area.height - high - gap,
            ..area
        }
    }

    /// To whom the selected line leads.
    fn lead(&self, world: &World) -> Reply {
        let Some(of) = world.focus else {
            return Reply::Pass;
        };
        match self.by {
            By::Cause => {}
            By::Thread => {
                let chosen = self.threads.chosen();
                return chosen.map_or(Reply::Pass, |tid| to_thread(of, Some(*tid)));
            }
            By::Waker => return wakers::lead(world, self.wakers.chosen()),
        }
        let line = self.causes.selected().and_then(|i| self.lines.get(i));
        match line.map(|l| &l.what) {
            None => Reply::Say("nothing is selected".to_owned()),
            Some(What::Running | What::Ready) => Reply::Inspect(of, "schedule"),
            Some(what @ What::Blocked(cause)) => {
                let wait = cause.waiting().map(|w| &w.what);
                if let Some(other) = wait.and_then(|wait| whom(world, wait)) {
                    return Reply::Inspect(other, SPEC.name);
                }
                match what.kind() {
                    Some(Kind::Descriptor | Kind::Events) => match wait.and_then(only_descriptor) {
                        Some(fd) => Reply::Lead(of, Led::Descriptor(fd)),
                        None => Reply::Inspect(of, "files"),
                    },
                    Some(Kind::Device) => match wait.and_then(only_descriptor) {
                        Some(fd) => Reply::Lead(of, Led::Descriptor(fd)),
                        None => self.to_holder(world, of, wait, what),
                    },
                    Some(Kind::Page) => Reply::Inspect(of, "memory"),
                    Some(Kind::Signal) => Reply::Inspect(of, "signals"),
                    _ => self.to_holder(world, of, wait, what),
                }
            }
        }
    }

    /// To the thread that has to act before this wait ends; where none is known, to the one that waited longest.
    fn to_holder(&self, world: &World, of: ProcId, wait: Option<&Wait>, what: &What) -> Reply {
        match wait.and_then(Wait::held_by) {
            Some(Owner::Thread(tid)) => return to_thread(of, Some(*tid)),
            Some(Owner::Elsewhere { tid, pid, .. }) => {
                if let Some(proc) = world.snapshot.by_pid(*pid) {
                    return to_thread(proc.id, Some(*tid));
                }
            }
            _ => {}
        }
        let waited = |t: &ThreadSpent| what.of(&t.spent);
        let threads = self.shown.threads.iter().filter(|t| waited(t) > Nanos(0));
        to_thread(of, threads.max_by_key(|t| waited(t)).map(|t| t.id.tid))
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

    fn fit_wakers(&mut self, world: &World, area: Rect) {
        let told = self.wakes.value().map(Arc::clone).unwrap_or_default();
        let mut order: Vec<&WakeRow> = told.rows.iter().collect();
        let (by, inverted) = self.wakers.sort();
        order.sort_by(|a, b| wakers::compare(by, a, b));
        if inverted {
            order.reverse();
        }
        let keys: Vec<Waker> = order.iter().map(|r| r.waker).collect();
        let content = Content {
            columns: wakers::COLUMNS,
            order: wakers::order,
            titles: true,
            head: wakers::head(&told),
            foot: &|i| wakers::foot(order[i], &self.shown),
            keys: &keys,
            words: &|i| wakers::text(order[i]),
            row: &|i| wakers::row(&world.theme, order[i], told.span),
        };
        self.wakers.fit(area, content);
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
    let fd = only_descriptor(wait)?;
    let at = files.rows.binary_search_by_key(&fd, |d| d.fd).ok()?;
    let mut peers = files.rows[at].peers.named.iter();
    peers.find(|p| p.id != files.of).map(|p| p.id)
}

/// The descriptor that this waits for, where it is one.
fn only_descriptor(wait: &Wait) -> Option<u32> {
    let mut fds = wait.descriptors().iter();
    let fd = fds.next().filter(|_| fds.next().is_none())?;
    u32::try_from(fd.number).ok()
}

/// To a thread; 0 stands for several that are told together.
fn to_thread(of: ProcId, tid: Option<Tid>) -> Reply {
    match tid.filter(|tid| tid.0 != 0) {
        Some(tid) => Reply::Lead(of, Led::Thread(tid)),
        None => Reply::Inspect(of, "threads"),
    }
}

impl Panel for TimeTab {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn fit(&mut self, world: &World, area: Rect) -> Reply {
        if self.kept.take(world, world.detail.spent.as_ref()) {
            self.take_in();
        }
        self.wakes.take(world, world.detail.wakes.as_ref());
        let area = self.above_requests(world, area);
        match self.by {
            By::Cause => self.fit_causes(world, area),
            By::Thread => self.fit_threads(world, area),
            By::Waker => self.fit_wakers(world, area),
        }
        Reply::Pass
    }

    fn rows(&self) -> Option<&dyn Rows> {
        Some(match self.by {
            By::Cause => &self.causes,
            By::Thread => &self.threads,
            By::Waker => &self.wakers,
        })
    }

    fn rows_mut(&mut self) -> Option<&mut dyn Rows> {
        Some(match self.by {
            By::Cause => &mut self.causes,
            By::Thread => &mut self.threads,
            By::Waker => &mut self.wakers,
        })
    }

    fn enter(&self, world: &World) -> Reply {
        self.lead(world)
    }

    fn copied(&self, world: &World) -> Option<String> {
        let names = rows::Known::new(world, &self.shown);
        if self.by == By::Waker {
            let waker = self.wakers.chosen()?;
            let row = self
                .wakes
                .value()?
                .rows
                .iter()
                .find(|r| r.waker == *waker)?;
            return Some(wakers::text(row));
        }
        if self.by == By::Thread {
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
            self.by = match self.by {
                By::Cause => By::Thread,
                By::Thread => By::Waker,
                By::Waker => By::Cause,
            };
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

    fn words(&self) -> &'static [&'static [Word]] {
        &[words::process::TIME]
    }

    fn now(&self, _: &World, word: &str) -> Option<String> {
        explain::now(&self.all, word).or_else(|| {
            let cells = self.rows()?.chosen_cells();
            let found = cells.into_iter().find(|(head, _)| *head == word);
            found.map(|(_, text)| text)
        })
    }

    fn status(&self, _: &World) -> String {
        self.rows().map_or_else(String::new, Rows::status)
    }

    fn render(&self, world: &World, area: Rect, buf: &mut Buffer) {
        if let Some(requests) = &self.requests {
            charts::requests::draw(world, requests, charts::inset(self.below), buf);
        }
        if self.by == By::Waker {
            if self.wakes.value().is_none_or(|w| w.rows.is_empty()) {
                listing::empty(&world.theme, area, &wakers::why(&self.wakes), buf);
                return;
            }
            self.wakers.render(world, buf);
            return;
        }
        if self.shown.threads.is_empty() {
            listing::empty(&world.theme, area, &self.kept.why(), buf);
            return;
        }
        if self.by == By::Thread {
            self.threads.render(world, buf);
        } else {
            self.causes.render(world, buf);
        }
    }
}

#[cfg(test)]
mod tests;
