//! The environment of the process in focus, `/proc/PID/environ`, `proc_pid_environ(5)`: what its program began with.

use super::process_ids;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::ProcId;
use crate::model::plan::{Needs, Plan};
use crate::model::process::environment::Environment;
use crate::model::reading::{Missing, Reading};
use crate::sys::process::living;
use crate::sys::root::ProcRoot;
use crate::sys::source::{Error, Probe, Source};
use crate::sys::{bounded, clock};

/// Reads it seldom: it changes only when another program is run.
pub struct Environ {
    root: ProcRoot,
}

impl Environ {
    /// A source over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self { root: root.clone() }
    }

    /// The environment of this very process; empty for kernel threads and zombies.
    ///
    /// # Errors
    /// `Gone` when it has ended, `Denied` without the right to trace it, `Late` while its memory is locked.
    pub fn of(&self, id: ProcId) -> Reading<Environment> {
        let text = bounded::read(
            &self
                .root
                .proc(format!("{}/environ", living::pid(&self.root, id.pid))),
        );
        process_ids::still(&self.root, id)?;
        match text {
            Ok(text) => Ok(Environment::from_bytes(&text)),
            // It lives but has no memory: a kernel thread or a zombie.
            Err(Missing::Gone) => Ok(Environment::default()),
            Err(why) => Err(why),
        }
    }
}

impl Source<Detail> for Environ {
    fn name(&self) -> &'static str {
        "environment"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["others"])
    }

    fn fills(&self) -> Needs {
        Needs::ENVIRONMENT
    }

    fn pace_ms(&self) -> u64 {
        5000
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let value = plan.focus.map(|id| self.of(id));
        into.environment = value.map(|value| Stamped::new(clock::now(), value));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Pid;

    #[test]
    fn reads_our_own() {
        let root = ProcRoot::live();
        let me = process_ids::read(&root, Pid(std::process::id()))
            .expect("we live")
            .id;
        let source = Environ::new(&root);
        let ours = source.of(me).expect("our own");
        assert!(ours.variables.iter().any(|v| v.name.as_str() == "PATH"));
        if let Ok(kernel) = process_ids::read(&root, Pid(2))
            && kernel.kernel_thread
        {
            let none = source.of(kernel.id);
            assert!(none == Ok(Environment::default()) || none == Err(Missing::Denied));
        }
        let other = ProcId::new(me.pid.0, me.start.0 + 1);
        assert_eq!(source.of(other).err(), Some(Missing::Gone));
    }
}
