//! The last good value about the process in focus: what a pane goes on showing, greyed, after the process has ended.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::world::World;
use crate::model::detail::Stamped;
use crate::model::id::{Nanos, ProcId, Uid};
use crate::model::reading::{Missing, Reading};
use crate::panels::listing;

/// A value and how fresh it is.
#[derive(Debug)]
pub struct Kept<T> {
    of: Option<ProcId>,
    value: Option<Arc<T>>,
    at: Nanos,
    state: Reading<()>,
    /// What would show it, where it is denied.
    remedy: &'static str,
    /// Why it is not read any more, where the moment that is shown has passed.
    passed: Option<&'static str>,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self {
            of: None,
            value: None,
            at: Nanos(0),
            state: Err(Missing::Soon),
            remedy: "",
            passed: None,
        }
    }
}

impl<T> Kept<T> {
    /// Takes in what is known now; true where the value is another one than before.
    pub fn take(&mut self, world: &World, slot: Option<&Stamped<T>>) -> bool {
        let mut changed = false;
        if self.of != world.focus {
            *self = Self {
                of: world.focus,
                ..Self::default()
            };
            changed = true;
        }
        if world.detail.of != self.of {
            return changed;
        }
        self.passed = world.passed();
        let Some(stamped) = slot else {
            // What was read at another moment is no word about this one.
            changed |= self.passed.is_some() && self.value.take().is_some();
            return changed;
        };
        match &stamped.value {
            Ok(value) => {
                self.state = Ok(());
                if self.at != stamped.at {
                    self.value = Some(Arc::clone(value));
                    self.at = stamped.at;
                    return true;
                }
            }
            Err(why) => {
                self.state = Err(*why);
                self.remedy = remedy(world);
            }
        }
        changed
    }

    /// The value, where there ever was one.
    pub fn value(&self) -> Option<&Arc<T>> {
        self.value.as_ref()
    }

    /// Whether the process has ended, so that the value is its last.
    pub fn ended(&self) -> bool {
        self.state == Err(Missing::Gone)
    }

    /// Whether it may not be told to this user.
    pub fn denied(&self) -> bool {
        self.state == Err(Missing::Denied)
    }

    /// Why nothing is shown, in words; empty where something is.
    pub fn why(&self) -> String {
        match (self.of, self.state) {
            (None, _) => "no process is selected".to_owned(),
            (_, Ok(())) if self.value.is_some() => String::new(),
            (_, Ok(()) | Err(Missing::Soon | Missing::Unrecorded)) => {
                self.passed.unwrap_or("reading …").to_owned()
            }
            (_, Err(Missing::Denied)) => {
                format!("– the kernel does not show it to this user{}", self.remedy)
            }
            (_, Err(Missing::Gone)) => {
                "– the process has ended; this was not read before".to_owned()
            }
            (_, Err(why)) => format!("– {why}"),
        }
    }
}

impl<T> Kept<T> {
    /// Whether there is something to show; where there is not, says why.
    pub fn shows(&self, world: &World, area: Rect, buf: &mut Buffer) -> bool {
        if self.value.is_none() {
            listing::empty(&world.theme, area, &self.why(), buf);
        }
        self.value.is_some()
    }
}

/// What would show what is denied: who is root already is not sent to become it, and nothing helps with what was recorded.
pub fn remedy(world: &World) -> &'static str {
    match world.settings.me {
        None => "",
        Some((_, Uid(0))) => {
            "; not even to root here: a container or a security module withholds the right cap_sys_ptrace"
        }
        Some(_) => ": run pscope as its user or as root",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::world::Settings;
    use crate::model::detail::Detail;
    use crate::theme::{Depth, Theme};

    #[test]
    fn the_last_value_of_an_ended_process_stays() {
        let mut world = World::new(Theme::terminal(Depth::Ansi, false), Settings::default());
        let id = ProcId::new(7, 7);
        world.focus = Some(id);
        world.detail = Arc::new(Detail {
            of: Some(id),
            ..Detail::default()
        });
        let mut kept = Kept::default();
        let slot = |at, value| Stamped::new(Nanos(at), value);
        assert!(kept.take(&world, Some(&slot(1, Ok(5)))));
        assert!(
            !kept.take(&world, Some(&slot(1, Ok(5)))),
            "the same reading"
        );
        assert!(!kept.take(&world, Some(&slot(2, Err(Missing::Gone)))));
        assert!(kept.ended() && kept.value().is_some_and(|v| **v == 5));
        let denied = Stamped::<i32>::new(Nanos(4), Err(Missing::Denied));
        for (user, told, not) in [
            (0, "not even to root", "as root"),
            (1000, "as root", "even"),
        ] {
            world.settings.me = Some((crate::model::id::Pid(1), Uid(user)));
            kept.take(&world, Some(&denied));
            assert!(
                kept.why().contains(told) && !kept.why().contains(not),
                "{}",
                kept.why()
            );
        }
        kept.take(&world, Some(&slot(5, Ok(5))));
        world.paused = Some(3);
        assert!(kept.take(&world, None), "it was not read then");
        assert_eq!(
            (kept.value(), kept.why().as_str()),
            (None, "not read at that moment")
        );
        assert!(kept.take(&world, Some(&slot(2, Ok(4)))), "then it was");
        assert_eq!(kept.value().map(|v| **v), Some(4));
        world.focus = Some(ProcId::new(8, 8));
        assert!(kept.take(&world, Some(&slot(3, Ok(6)))), "another process");
        assert!(kept.value().is_none() && !kept.ended(), "not its value");
    }
}
