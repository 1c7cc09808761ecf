//! Which processes are behind a bottleneck: those that use what the others wait for.

use std::collections::{HashMap, VecDeque};

use super::judge::Moment;
use super::{Bottleneck, Scope};
use crate::model::format;
use crate::model::id::{Bytes, ProcId};
use crate::model::snapshot::{Proc, Snapshot};

/// How much of a core a process must use to be named, percent.
const BUSY: f64 = 5.0;

/// At most three names, each with how many processes bear it; of memory the one that holds the most.
pub(super) fn names(
    of: Bottleneck,
    scope: Scope,
    snapshot: &Snapshot,
    moments: &VecDeque<Moment>,
) -> Vec<String> {
    let procs = snapshot.procs.iter().filter(|p| match scope {
        Scope::Machine => true,
        Scope::Group => {
            let members = &snapshot.system.own_strain.members;
            members.binary_search(&p.id.pid).is_ok()
        }
    });
    let groups = match of {
        Bottleneck::Cpu => by_name(procs, |p| p.cpu.map_or(0.0, f64::from), BUSY),
        Bottleneck::Steal => by_name(procs, |p| p.cpu.map_or(0.0, f64::from), f64::MIN_POSITIVE),
        Bottleneck::Memory | Bottleneck::Full => {
            let found = by_name(procs, |p| p.stat.resident.0 as f64, f64::MIN_POSITIVE);
            let most = found.into_iter().next();
            let text = |(name, _, w): (&str, usize, f64)| {
                format!("{name} holds {}", format::bytes(Bytes(w as u64)))
            };
            return most.map(text).into_iter().collect();
        }
        Bottleneck::Io => {
            let mut times: HashMap<ProcId, f64> = HashMap::new();
            for id in moments.iter().flat_map(|m| &m.blocked) {
                *times.entry(*id).or_default() += 1.0;
            }
            let weight = |p: &Proc| times.get(&p.id).copied().unwrap_or(0.0);
            let (kernel, programs): (Vec<&Proc>, Vec<&Proc>) =
                procs.partition(|p| p.stat.is_kernel_thread());
            // The kernel's own threads write on behalf of programs: they are named only where no program is seen.
            let found = by_name(programs.into_iter(), weight, f64::MIN_POSITIVE);
            if found.is_empty() {
                by_name(kernel.into_iter(), weight, f64::MIN_POSITIVE)
            } else {
                found
            }
        }
    };
    let text = |(name, n, _): (&str, usize, f64)| match n {
        1 => name.to_owned(),
        _ => format!("{name} ×{n}"),
    };
    groups.into_iter().take(3).map(text).collect()
}

/// Names with how many processes bear them and their weight together, the heaviest first.
fn by_name<'a>(
    procs: impl Iterator<Item = &'a Proc>,
    weight: impl Fn(&Proc) -> f64,
    least: f64,
) -> Vec<(&'a str, usize, f64)> {
    let mut groups: HashMap<&str, (usize, f64)> = HashMap::new();
    for proc in procs {
        let w = weight(proc);
        if w >= least {
            let group = groups.entry(proc.facts.name.as_str()).or_default();
            *group = (group.0 + 1, group.1 + w);
        }
    }
    let mut out: Vec<_> = groups
        .into_iter()
        .map(|(name, (n, w))| (name, n, w))
        .collect();
    out.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(b.0)));
    out
}
