//! Freezing a control group as one, and thawing it: what is asked before, and the order.

use super::{GroupInspector, SPEC};
use crate::app::event::Effect;
use crate::app::panel::Reply;
use crate::app::world::World;
use crate::model::acting::{Order, Ticket};
use crate::model::groups::facts::GroupFacts;
use crate::model::reading::Missing;

impl GroupInspector {
    /// Asks whether to freeze or thaw, where that can be.
    pub(super) fn ask(&mut self, world: &World) -> Reply {
        if world.settings.read_only {
            return Reply::Complain("pscope runs read-only: nothing can be frozen".to_owned());
        }
        let confined = self.of.as_ref().is_some_and(|of| of.group.is_confined());
        match self.facts(world).filter(|_| confined) {
            Some(Ok(GroupFacts {
                frozen: Some(frozen),
                ..
            })) => {
                self.asking = Some(!frozen);
                Reply::Done
            }
            Some(Err(Missing::Soon)) => Reply::Say("its state is still being read".to_owned()),
            _ => Reply::Complain(
                "only a control group with a freezer can be frozen; s sends STOP to its members"
                    .to_owned(),
            ),
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
