//! What the kernel's files say, as far as a trigger: its text in, the moment and its sentence out.

use std::sync::Arc;

use super::*;
use crate::model::machine::verdict::Judge;
use crate::model::trigger::{Trigger, Watch};

/// All of them see each step of each scenario.
const CONDITIONS: [&str; 3] = ["pressure:memory>30", "state:D for 2s", "oom"];

#[test]
fn conditions_are_met_by_what_the_kernel_tells() {
    let begin = |root: &ProcRoot| {
        let armed = CONDITIONS.map(|text| Watch::new(Trigger::parse(text), 1.0));
        let sweeper = Sweeper::new(root).expect("there is a proc tree");
        (sweeper, armed, Judge::default())
    };
    scenario::play("trigger", begin, |(sweeper, armed, judge), _, step| {
        let now = Nanos::from_millis(step.at_ms);
        sweeper.tick(now, &plan()).expect("it lists");
        sweeper.fill(now, &plan());
        let snapshot = Arc::new(sweeper.snapshot().expect("a tick was made"));
        let verdict = judge.judge(&snapshot);
        let mut out = String::new();
        for watch in armed {
            if let Some(fired) = watch.see(&snapshot, verdict.as_ref()) {
                let _ = writeln!(out, "{}", fired.sentence);
            }
        }
        out
    });
}
