//! Which processes are behind a bottleneck: those that use what the others wait for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet, VecDeque};

use super::moment::Moment;
use super::{Bottleneck, Scope};
use crate::model::format;
use crate::model::id::{Bytes, ProcId};
use crate::model::process::called::called;
use crate::model::snapshot::{Proc, Snapshot};

/// How much of a core all of one name must use to be named, percent.
const BUSY: f64 = 5.0;
/// And how much of what those use that use the most.
const SHARE: f64 = 0.1;

/// What those are called who are not listed.
const OTHERS: &str = "others not visible";

/// A name, how many bear it, and their weight together.
type Named<'a> = (Cow<'a, str>, usize, f64);

/// At most three names, each with how many processes bear it; of memory the one that holds the most.
pub(super) fn names(
    of: Bottleneck,
    scope: Scope,
    snapshot: &Snapshot,
    moments: &VecDeque<Moment>,
) -> Vec<String> {
    let belongs = |id: ProcId| match scope {
        Scope::Machine => true,
        Scope::Group => {
            let members = &snapshot.system.own_strain.members;
            members.binary_search(&id.pid).is_ok()
        }
    };
    let procs = snapshot.procs.iter().filter(|p| belongs(p.id));
    let mut groups = match of {
        Bottleneck::Cpu => busy(snapshot, moments, belongs, BUSY),
        Bottleneck::Steal => busy(snapshot, moments, belongs, f64::MIN_POSITIVE),
        Bottleneck::Memory | Bottleneck::Full => {
            let found = by_name(procs, |p| p.stat.resident.0 as f64, f64::MIN_POSITIVE);
            let most = found.into_iter().next();
            let text = |(name, _, w): Named<'_>| {
                format!("{name} holds {}", format::bytes(Bytes(w as u64)))
            };
            return most.map(text).into_iter().collect();
        }
        Bottleneck::Io => {
            let mut times: HashMap<ProcId, f64> = HashMap::new();
            // By what they really moved; by how often they were met waiting where that is not to be had.
            for (id, moved) in moments.iter().flat_map(|m| &m.blocked) {
                *times.entry(*id).or_default() += 1.0 + moved;
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
    if (of, scope) == (Bottleneck::Cpu, Scope::Machine) {
        groups.extend(unlisted(moments).map(|w| (Cow::Borrowed(OTHERS), 1, w)));
        sort(&mut groups);
    }
    let text = |(name, n, _): Named<'_>| match n {
        1 => name.into_owned(),
        _ => format!("{name} ×{n}"),
    };
    groups.into_iter().take(3).map(text).collect()
}

/// What those used of the cores who are not listed, percent of one core, where that is more than all who are: a mount option
/// hides processes of other users, and a pid namespace those outside.
fn unlisted(moments: &VecDeque<Moment>) -> Option<f64> {
    let known = moments.iter().filter_map(|m| m.used);
    let (n, all, listed) = known.fold((0_u32, 0.0, 0.0), |(n, all, sum), (used, listed)| {
        (n + 1, all + f64::from(used), sum + f64::from(listed))
    });
    let others = (all - listed) / f64::from(n.max(1));
    (all > 2.0 * listed && others >= BUSY).then_some(others)
}

/// Who used the cores at the ticks that the verdict is about, those that ended since included: names with how many that
/// bear them live, and their percentage of one core together, the heaviest first.
fn busy<'a>(
    snapshot: &Snapshot,
    moments: &'a VecDeque<Moment>,
    belongs: impl Fn(ProcId) -> bool,
    least: f64,
) -> Vec<Named<'a>> {
    let mut groups: HashMap<&str, (HashSet<ProcId>, f64)> = HashMap::new();
    let all = moments.iter().flat_map(|m| &m.busy);
    for (id, name, cpu) in all.filter(|(id, ..)| belongs(*id)) {
        let (ids, sum) = groups.entry(name.as_str()).or_default();
        ids.insert(*id);
        *sum += f64::from(*cpu) / moments.len() as f64;
    }
    let lives = |id: &&ProcId| snapshot.get(**id).is_some();
    let groups = groups.into_iter();
    let mut out: Vec<_> = groups
        .map(|(name, (ids, w))| {
            (
                Cow::Borrowed(name),
                ids.iter().filter(lives).count().max(1),
                w,
            )
        })
        .collect();
    sort(&mut out);
    let most = out.first().map_or(0.0, |(.., w)| *w);
    out.retain(|(.., w)| *w >= least && *w >= most * SHARE);
    out
}

fn sort(groups: &mut [Named<'_>]) {
    groups.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
}

/// Names with how many processes bear them and their weight together, the heaviest first.
fn by_name<'a>(
    procs: impl Iterator<Item = &'a Proc>,
    weight: impl Fn(&Proc) -> f64,
    least: f64,
) -> Vec<Named<'a>> {
    let mut groups: HashMap<Cow<'a, str>, (usize, f64)> = HashMap::new();
    for proc in procs {
        let w = weight(proc);
        if w >= least {
            let group = groups.entry(called(proc)).or_default();
            *group = (group.0 + 1, group.1 + w);
        }
    }
    let mut out: Vec<_> = groups
        .into_iter()
        .map(|(name, (n, w))| (name, n, w))
        .collect();
    sort(&mut out);
    out
}
