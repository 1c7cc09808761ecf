//! Where the cursor begins: on the busiest process that this user may look into.

use crate::app::world::World;
use crate::model::process::forest::Item;
use crate::model::process::stat::State;
use crate::panels::dashboard::list::List;

impl List {
    /// The row of the busiest process of those that this user may look into; among equals the one that was busy longest.
    pub(super) fn busiest(&self, world: &World) -> Option<usize> {
        let me = world.settings.me;
        let worth = |at: usize| {
            let row = self.forest.rows.get(at).filter(|row| !row.dim)?;
            matches!(row.item, Item::Proc(_) | Item::Group { .. }).then_some(())?;
            // Who has ended was busy when it was seen last, and is nobody to look into any more.
            let ended = self.forest.node(row.item) as usize >= world.snapshot.procs.len();
            (!ended).then_some(())?;
            let proc = self.proc_at(world, at)?;
            let (open, other, own) = me.map_or((true, true, false), |(pid, uid)| {
                let same = proc.facts.uid.is_ok_and(|of| of == uid);
                // Neither pscope itself nor its helpers, which are its children and theirs.
                let parent = world.snapshot.by_pid(proc.stat.ppid);
                let above = [
                    Some(proc.id.pid),
                    Some(proc.stat.ppid),
                    parent.map(|p| p.stat.ppid),
                ];
                let other = !above.contains(&Some(pid));
                (uid.0 == 0 || same, other, proc.id.pid == pid)
            });
            let living = !proc.stat.is_kernel_thread() && proc.stat.state != State::Zombie;
            let cpu = (proc.cpu_with_ended().unwrap_or(0.0) * 10.0) as u32;
            // The first process of all is the dullest, and some machines show it not even to root.
            let first = proc.id.pid.0 == 1;
            // Where this user has nothing else, pscope itself can be read, and what is denied cannot.
            let read = match open && living {
                true if other => 2,
                true if own => 1,
                _ => 0,
            };
            Some((read, !first, cpu, proc.stat.cpu_time()))
        };
        let rows = 0..self.forest.rows.len();
        rows.filter_map(|at| Some((worth(at)?, std::cmp::Reverse(at))))
            .max()
            .map(|(_, at)| at.0)
    }
}
