//! What the verdict cannot see: what nothing that may be read tells. Silence about it is no good news.

use super::{Bottleneck, THRESHOLDS};
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::System;

/// What no reading tells, with why; nothing that will be told by the next tick.
pub fn blind(system: &System) -> Vec<(Bottleneck, Missing)> {
    let all = THRESHOLDS.iter().map(|(of, ..)| *of);
    let unseen = all.filter_map(|of| Some((of, seen(of, system).err()?)));
    unseen
        .filter(|(_, why)| !why.is_unread() && *why != Missing::Gap)
        .collect()
}

/// Whether one of the readings by which it is judged is there.
///
/// # Errors
/// Why the best of them is not.
fn seen(of: Bottleneck, system: &System) -> Reading<()> {
    let [cpu, memory, io] = system.pressure.map(|p| p.map(|_| ()));
    match of {
        Bottleneck::Cpu => cpu.or_else(|why| system.running.map(|_| ()).map_err(|_| why)),
        Bottleneck::Memory => memory.or_else(|why| system.searches.map(|_| ()).map_err(|_| why)),
        Bottleneck::Io => io.or_else(|why| system.blocked.map(|_| ()).map_err(|_| why)),
        Bottleneck::Steal => {
            let mut cores = system.cores.iter().map(|core| core.share.map(|_| ()));
            cores.next().unwrap_or(system.running.map(|_| ()))
        }
        Bottleneck::Full => system.memory.map(|_| ()),
    }
}

/// What is not seen, in words: `waiting for cores, steal (denied)`; `None` where all is.
pub fn words(blind: &[(Bottleneck, Missing)]) -> Option<String> {
    blind.first()?;
    let what: Vec<&str> = blind.iter().map(|(of, _)| thing(*of)).collect();
    let mut reasons: Vec<&str> = blind.iter().map(|(_, why)| why.word()).collect();
    reasons.dedup();
    Some(format!("{} ({})", what.join(", "), reasons.join(", ")))
}

/// What is not seen, from the longest form to the shortest.
pub fn forms(blind: &[(Bottleneck, Missing)]) -> Option<[String; 2]> {
    let words = words(blind)?;
    let (_, why) = blind.first()?;
    let short = if blind.len() == THRESHOLDS.len() {
        format!("no verdict: {}", why.word())
    } else {
        format!("verdict without {} of {}", blind.len(), THRESHOLDS.len())
    };
    Some([format!("verdict does not see: {words}"), short])
}

/// What is said where nothing is found that holds the machine back.
pub fn silence(system: &System) -> String {
    let blind = blind(system);
    match words(&blind) {
        None => "nothing holds the machine back".to_owned(),
        Some(words) if blind.len() == THRESHOLDS.len() => {
            format!("not known what holds the machine back; not seen: {words}")
        }
        Some(words) => {
            format!("nothing that can be seen holds the machine back; not seen: {words}")
        }
    }
}

fn thing(of: Bottleneck) -> &'static str {
    match of {
        Bottleneck::Cpu => "waiting for cores",
        Bottleneck::Memory => "waiting for memory",
        Bottleneck::Io => "waiting for disks",
        Bottleneck::Steal => "steal",
        Bottleneck::Full => "memory in use",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample::Pressure;
    use crate::model::scene::Scene;

    #[test]
    fn what_is_denied_is_not_called_fine() {
        let mut scene = Scene::new();
        scene.task(1, 0, "init");
        let system = &mut scene.sample.system;
        for pressure in [
            &mut system.cpu_pressure,
            &mut system.memory_pressure,
            &mut system.io_pressure,
        ] {
            *pressure = Ok(Pressure::default());
        }
        let seen = scene.pass(1000, &[]).system;
        assert_eq!(silence(&seen), "nothing holds the machine back");
        let system = &mut scene.sample.system;
        system.cpu_pressure = Err(Missing::Denied);
        system.running = Err(Missing::Denied);
        system.memory_pressure = Err(Missing::Unsupported);
        system.searches = Ok(7);
        let some = scene.pass(1000, &[]).system;
        assert_eq!(blind(&some), [(Bottleneck::Cpu, Missing::Denied)]);
        assert_eq!(
            silence(&some),
            "nothing that can be seen holds the machine back; not seen: waiting for cores (denied)"
        );
        let system = &mut scene.sample.system;
        system.memory_pressure = Err(Missing::Denied);
        system.io_pressure = Err(Missing::Denied);
        system.blocked = Err(Missing::Denied);
        system.searches = Err(Missing::Denied);
        system.memory = Err(Missing::Denied);
        for core in &mut system.cores {
            *core = crate::model::sample::CoreSample::untold(core.id);
        }
        let none = scene.snapshot().system;
        assert_eq!(
            silence(&none),
            "not known what holds the machine back; not seen: waiting for cores, waiting for memory, \
             waiting for disks, steal, memory in use (denied)"
        );
        let forms = |system: &System| forms(&blind(system));
        assert_eq!(forms(&seen), None);
        assert_eq!(
            forms(&some),
            Some([
                "verdict does not see: waiting for cores (denied)".to_owned(),
                "verdict without 1 of 5".to_owned()
            ])
        );
        let short = forms(&none).map(|[_, short]| short);
        assert_eq!(short.as_deref(), Some("no verdict: denied"));
        let two = [
            (Bottleneck::Cpu, Missing::Denied),
            (Bottleneck::Io, Missing::Unsupported),
        ];
        let [denied, unsupported] = two.map(|(_, why)| why.word());
        assert_eq!(
            words(&two),
            Some(format!(
                "waiting for cores, waiting for disks ({denied}, {unsupported})"
            ))
        );
        let first = System::default();
        assert_eq!(blind(&first), [], "the next tick tells");
    }
}
