//! Freezing a control group as one, and thawing it: what is asked before, and the order.

use super::facts::unread;
use super::{GroupInspector, SPEC};
use crate::app::event::Effect;
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::acting::{Order, Ticket};
use crate::model::reading::Missing;

impl GroupInspector {
    /// Whether it can be frozen as one (`true`) or thawed; `None` where it can be neither.
    pub(super) fn can_freeze(&self, world: &World) -> Option<bool> {
        let group = &self.of.as_ref()?.group;
        let facts = self.facts(world)?.ok()?;
        let may = !world.settings.read_only && facts.freeze_refused.is_none();
        let frozen = facts.frozen.filter(|_| may && group.is_confined())?;
        Some(!frozen)
    }

    /// Asks whether to freeze or thaw, where that can be.
    pub(super) fn ask(&mut self, world: &World) -> Reply {
        self.asking = self.can_freeze(world);
        if self.asking.is_some() {
            return Reply::Done;
        }
        if world.settings.read_only {
            return Reply::Complain("pscope runs read-only: nothing can be frozen".to_owned());
        }
        let group = self.of.as_ref().map(|of| &of.group);
        let instead = "s sends STOP to its members";
        let complain = |why: &dyn std::fmt::Display| Reply::Complain(format!("{why}; {instead}"));
        if group.is_none_or(|group| group.path.is_none()) {
            return complain(&"only a control group can be frozen as one");
        }
        match self.facts(world) {
            Some(Ok(facts)) => {
                let word = if facts.frozen == Some(true) {
                    "thawed"
                } else {
                    "frozen"
                };
                match &facts.freeze_refused {
                    Some(why) => complain(&format!("it cannot be {word} as one: {why}")),
                    None => complain(&"only a control group with a freezer can be frozen as one"),
                }
            }
            Some(Err(Missing::Soon)) => Reply::Say("its state is still being read".to_owned()),
            Some(Err(why)) => complain(&format!("nothing is told of it: {}", unread(why))),
            None => complain(&"only a control group can be frozen as one"),
        }
    }

    pub(super) fn freeze(&mut self) -> Reply {
        let (Some(of), Some(on)) = (&self.of, self.asking.take()) else {
            return Reply::Done;
        };
        let Some(path) = &of.group.path else {
            return Reply::Done;
        };
        self.number += 1;
        let ticket = Ticket {
            dialog: SPEC.name,
            number: self.number,
        };
        let order = Order::Freeze {
            path: path.clone(),
            member: self.members.first().copied(),
            on,
        };
        Reply::Do(Effect::Act(ticket, order))
    }
}
