//! The dialog that sends a signal: who is meant, what each signal would do to them, and what became of it.
//!
//! The targets are held by the worker from the moment the dialog opens; the list below may move, they cannot. No single key sends.

mod choice;
pub(in crate::panels) mod draw;
mod result;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::app::action::{Action, actions};
use crate::app::button::Button;
use crate::app::event::{Effect, Outcome};
use crate::app::key::{Code, Key, Mouse, Press};
use crate::app::moves;
use crate::app::panel::{Panel, Place, Reply, Spec};
use crate::app::world::World;
use crate::model::acting::signal::Signal;
use crate::model::acting::{Brief, Order, Progress, Scope, Ticket};
use crate::model::id::{Nanos, ProcId, ThreadId};
use crate::model::plan::Needs;
use crate::model::process::stat::State;
use crate::panels::dialogs::hints;
use choice::{Choice, Line};
use result::Results;

actions! {
    /// Opens the dialog with TERM.
    SIGNAL "signal" [Key::char('s'), Key::f(9), Key::of(Code::Delete)] "Opens the dialog that sends a signal to the selected or tagged processes" "signal";
    /// Opens the dialog with STOP for the branch, or CONT where it is stopped.
    FREEZE "freeze" [Key::char('X')] "Opens the dialog that freezes the selected branch, or thaws it" "";
    /// Sends.
    SEND "send" [Key::of(Code::Enter)] "Sends the chosen signal to everybody who is named" "send";
    /// Confirms what is dangerous.
    CONFIRM "confirm" [Key::char('y')] "Confirms a signal that may end your session" "";
    /// The next scope.
    SCOPE "scope" [Key::of(Code::Tab)] "Widens or narrows who is meant" "scope";
    /// The scope before.
    SCOPE_BACK "scope-back" [Key::of(Code::BackTab)] "Goes back to the scope before" "";
    /// The next thread.
    NEXT_THREAD "next-thread" [Key::of(Code::Right)] "In the scope of one thread: the next one" "";
    /// The thread before.
    PREVIOUS_THREAD "previous-thread" [Key::of(Code::Left)] "In the scope of one thread: the one before" "";
    /// Leaves.
    CANCEL "cancel" [Key::of(Code::Esc), Key::char('q')] "Closes the dialog; what was sent stays sent" "close";
}

/// Why an Enter did nothing.
const EARLY: &str = "nothing was sent: who is meant is still being read; Enter again sends";

static SPEC: Spec = Spec {
    name: "signal",
    title: "Send a signal",
    about: "Who is meant, what each signal would do to them, and what became of it.",
    place: Place::Overlay,
    needs: Needs::empty(),
    actions: &[
        &SEND,
        &CONFIRM,
        &SCOPE,
        &SCOPE_BACK,
        &NEXT_THREAD,
        &PREVIOUS_THREAD,
        &CANCEL,
        moves::UP,
        moves::DOWN,
        moves::PAGE_UP,
        moves::PAGE_DOWN,
        moves::FIRST,
        moves::LAST,
    ],
};

/// The dialog.
#[derive(Default)]
pub struct SignalDialog {
    number: u64,
    open: bool,
    chosen: Vec<ProcId>,
    /// The group whose members they are.
    of: Option<String>,
    scope: Scope,
    thread: usize,
    brief: Option<Brief>,
    /// Whether `brief` is about the scope and thread that are chosen now.
    held: bool,
    /// Steps of the scope that were asked for before it was known which there are.
    early: i32,
    choice: Choice,
    stage: Stage,
    /// The tick at which the targets were last looked at.
    looked: Nanos,
    // What `fit` prepared.
    lines: Vec<Line>,
    to: Vec<String>,
    rows: usize,
    screen: Rect,
}

#[derive(Default)]
enum Stage {
    /// A signal is being chosen.
    #[default]
    Choosing,
    /// It is dangerous, for these reasons.
    Asking(Vec<String>),
    /// It was sent.
    Sent(Results),
}

impl SignalDialog {
    fn ticket(&self) -> Ticket {
        Ticket {
            dialog: SPEC.name,
            number: self.number,
        }
    }

    /// Begins afresh for these.
    fn begin(&mut self, chosen: Vec<ProcId>, scope: Scope, signal: Signal) -> Reply {
        *self = Self {
            number: self.number + 1,
            open: true,
            chosen,
            scope,
            choice: Choice::at(signal),
            ..Self::default()
        };
        self.pin()
    }

    /// Asks who the scope means, and to hold them.
    fn pin(&mut self) -> Reply {
        self.number += 1;
        let thread = self.thread_id();
        self.held = false;
        let order = Order::Pin {
            chosen: self.chosen.clone(),
            scope: self.scope,
            thread,
        };
        Reply::Do(Effect::Act(self.ticket(), order))
    }

    fn thread_id(&self) -> Option<ThreadId> {
        let threads = &self.brief.as_ref()?.threads;
        let (id, _) = threads.get(self.thread % threads.len().max(1))?;
        (self.scope == Scope::Thread).then_some(*id)
    }

    /// Goes to another scope that exists.
    fn rescope(&mut self, back: bool) -> Reply {
        let Some(brief) = &self.brief else {
            self.early += if back { -1 } else { 1 };
            return Reply::Done;
        };
        let there = scopes(brief);
        let Some(at) = there.iter().position(|s| *s == self.scope) else {
            return Reply::Done;
        };
        let step = if back { -1 } else { 1 };
        self.scope_to(stepped(&there, at, step))
    }

    /// What was typed faster than the dialog could know who is meant.
    fn catch_up(&mut self) -> Reply {
        let Some(brief) = self.brief.as_ref().filter(|_| self.early != 0) else {
            return Reply::Pass;
        };
        let early = std::mem::take(&mut self.early);
        let there = scopes(brief);
        let at = there.iter().position(|s| *s == self.scope);
        match at.map(|at| stepped(&there, at, early)) {
            Some(scope) if scope != self.scope => self.scope_to(scope),
            _ => Reply::Pass,
        }
    }

    fn scope_to(&mut self, scope: Scope) -> Reply {
        self.scope = scope;
        self.thread = 0;
        self.pin()
    }

    fn change_thread(&mut self, back: bool) -> Reply {
        let threads = self.brief.as_ref().map_or(0, |b| b.threads.len());
        if self.scope != Scope::Thread || threads < 2 {
            return Reply::Done;
        }
        self.thread = (self.thread + if back { threads - 1 } else { 1 }) % threads;
        self.pin()
    }

    fn enter(&mut self) -> Reply {
        match &self.stage {
            Stage::Choosing => {
                // Whoever presses it has not seen yet who is meant, so it is not kept for later either.
                let Some(brief) = self.brief.as_ref().filter(|_| self.held) else {
                    return Reply::Complain(EARLY.to_owned());
                };
                let reasons = choice::dangers(brief, self.choice.signal());
                if reasons.is_empty() {
                    return self.send();
                }
                self.stage = Stage::Asking(reasons);
                Reply::Done
            }
            // Only its own key confirms, so that a second Enter typed too fast does not.
            Stage::Asking(_) => Reply::Done,
            Stage::Sent(results) => match results.offer() {
                Some((signal, to)) => self.begin(to, Scope::Process, signal),
                None if results.settled.is_some() => self.close(),
                None => Reply::Done,
            },
        }
    }

    fn send(&mut self) -> Reply {
        let signal = self.choice.signal();
        self.stage = Stage::Sent(Results::new(signal));
        Reply::Do(Effect::Act(self.ticket(), Order::Send(signal)))
    }

    fn close(&mut self) -> Reply {
        self.open = false;
        let release = Effect::Act(self.ticket(), Order::Release);
        Reply::All(vec![Reply::Do(release), Reply::Close])
    }

    fn cancel(&mut self) -> Reply {
        if matches!(self.stage, Stage::Asking(_)) {
            self.stage = Stage::Choosing;
            return Reply::Done;
        }
        self.close()
    }
}

/// The scopes that somebody is in.
fn scopes(brief: &Brief) -> Vec<Scope> {
    let there = |s: &Scope| brief.counts.iter().any(|(c, n)| c == s && n.is_ok());
    Scope::ALL.into_iter().filter(there).collect()
}

/// The scope so many steps on, around the ends.
fn stepped(there: &[Scope], at: usize, steps: i32) -> Scope {
    let len = there.len() as i32;
    there[(at as i32 + steps).rem_euclid(len) as usize]
}

impl Panel for SignalDialog {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn openers(&self) -> &'static [&'static Action] {
        &[&SIGNAL, &FREEZE]
    }

    fn open(&mut self, world: &World, by: &'static Action) -> Reply {
        if world.settings.read_only {
            return Reply::Complain("pscope runs read-only: no signal can be sent".to_owned());
        }
        if let Some((id, signal)) = world.proposal {
            return self.begin(vec![id], Scope::Process, signal);
        }
        let chosen = world.meant();
        let Some(first) = chosen.first() else {
            return Reply::Complain(world.nobody());
        };
        // A control group is meant with whoever is born in it meanwhile, and can be ended in one write.
        let group = world.chosen_group().filter(|_| world.tags.is_empty());
        let scope = match group {
            // Whom a filter leaves out is not meant.
            Some(group) if group.group.is_confined() && group.whole => Scope::Cgroup,
            _ => Scope::Process,
        };
        if *by == FREEZE && scope == Scope::Cgroup {
            let how = "Enter opens the control group, and there the same key freezes it as one";
            return Reply::Complain(how.to_owned());
        }
        let stopped = world.snapshot.get(*first).map(|p| p.stat.state) == Some(State::Stopped);
        let reply = match *by {
            FREEZE if stopped => self.begin(chosen, Scope::Subtree, Signal::CONT),
            FREEZE => self.begin(chosen, Scope::Subtree, Signal::STOP),
            _ => self.begin(chosen, scope, Signal::TERM),
        };
        self.of = group.map(|group| group.group.title());
        reply
    }

    fn fit(&mut self, world: &World, screen: Rect) -> Reply {
        // Afterwards the names stay as they were told, since who has ended has no user any more.
        if !matches!(self.stage, Stage::Sent(_)) {
            self.to = draw::targets(world, &self.chosen, self.brief.as_ref(), screen);
        }
        self.screen = screen;
        self.rows = draw::list_rows(self, screen);
        self.choice.fit(self.rows);
        self.lines = match &self.brief {
            Some(brief) => self.choice.lines(world, brief, self.rows),
            None => self.choice.unknown(self.rows),
        };
        if let Stage::Sent(results) = &mut self.stage {
            results.fit(self.rows);
        }
        let due = self.held && self.looked != world.snapshot.at;
        if due && matches!(self.stage, Stage::Choosing) {
            self.looked = world.snapshot.at;
            return Reply::Do(Effect::Act(self.ticket(), Order::Look));
        }
        Reply::Pass
    }

    fn moment(&self, _: &World) -> Vec<(String, &'static str)> {
        hints::moment(draw::hints(self))
    }

    fn typing(&self) -> bool {
        matches!(self.stage, Stage::Choosing)
    }

    fn key(&mut self, _: &World, key: Key) -> Reply {
        if self.choice.key(key) {
            Reply::Done
        } else {
            Reply::Pass
        }
    }

    fn paste(&mut self, _: &World, _: &str) -> Reply {
        Reply::Done
    }

    fn act(&mut self, _: &World, action: &'static Action) -> Reply {
        match *action {
            SEND => return self.enter(),
            CANCEL => return self.cancel(),
            CONFIRM => {
                return match self.stage {
                    Stage::Asking(_) => self.send(),
                    _ => Reply::Done,
                };
            }
            _ => {}
        }
        if let Stage::Sent(results) = &mut self.stage {
            results.scroll(action, self.rows);
            return Reply::Done;
        }
        if matches!(self.stage, Stage::Asking(_)) {
            return Reply::Done;
        }
        match *action {
            SCOPE => self.rescope(false),
            SCOPE_BACK => self.rescope(true),
            NEXT_THREAD => self.change_thread(false),
            PREVIOUS_THREAD => self.change_thread(true),
            _ => {
                self.choice.step(action, self.rows);
                Reply::Done
            }
        }
    }

    fn mouse(&mut self, world: &World, mouse: Mouse) -> Reply {
        let at = Position::new(mouse.column, mouse.row);
        let action = match mouse.press {
            Press::WheelUp => moves::UP,
            Press::WheelDown => moves::DOWN,
            Press::Left if matches!(self.stage, Stage::Choosing) => {
                let scope = draw::scope_at(self, world, self.screen, at);
                if let Some(scope) = scope.filter(|s| *s != self.scope) {
                    return self.scope_to(scope);
                }
                let list = draw::list_area(self, self.screen);
                if list.contains(at) {
                    // A click chooses; only the button in the border, or Enter, sends.
                    self.choice.choose(usize::from(at.y - list.y));
                }
                return Reply::Done;
            }
            _ => return Reply::Done,
        };
        match &mut self.stage {
            Stage::Sent(results) => results.scroll(action, self.rows),
            Stage::Choosing => self.choice.step(action, self.rows),
            Stage::Asking(_) => {}
        }
        Reply::Done
    }

    fn buttons(&self, _: &World, screen: Rect) -> Vec<Button> {
        draw::buttons(self, screen)
    }

    fn outcome(&mut self, _: &World, outcome: &Outcome) -> Reply {
        let Outcome::Acted(report) = outcome else {
            return Reply::Pass;
        };
        if report.ticket != self.ticket() {
            return Reply::Pass;
        }
        match (&report.news, &mut self.stage) {
            (Progress::Pinned(brief), _) => {
                self.brief = Some(brief.clone());
                self.held = true;
                return self.catch_up();
            }
            (Progress::Refused(why), _) if !self.open => return Reply::Complain(why.clone()),
            (news, Stage::Sent(results)) => {
                results.hear(news);
                if !self.open && results.settled.is_some() {
                    return results.say();
                }
            }
            _ => {}
        }
        Reply::Pass
    }

    fn render(&self, world: &World, screen: Rect, buf: &mut Buffer) {
        draw::dialog(self, world, screen, buf);
    }
}
