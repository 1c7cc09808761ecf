//! Which pages are taken now, and by which functions, as words below the memory table.

use super::about::Words;
use super::cells;
use super::rows::Entry;
use crate::model::format::per_second;
use crate::model::memory::faults::{PageFaults, RegionFaults, TouchedBy};
use crate::model::memory::region::AddressSpace;
use crate::model::reading::{Missing, Reading};
use crate::theme::Role;

/// So many functions are named, so that there is room for what the row means.
const NAMED: usize = 3;

fn dim(text: impl Into<String>) -> (String, Role) {
    (text.into(), Role::Dim)
}

/// What the whole process takes now.
pub fn in_all(faults: &PageFaults) -> Vec<(String, Role)> {
    let sum = faults.all();
    if sum == 0 {
        return Vec::new();
    }
    let rate = match faults.counted {
        Some(_) => per_second(faults.rate(sum)),
        None => cells::rate(faults, sum),
    };
    let mut out = vec![dim("takes "), (rate, Role::Good), dim(" pages/s")];
    let (untold, _) = faults.elsewhere();
    if untold > 0 {
        out.extend([dim(", "), (cells::rate(faults, untold), Role::Strong)]);
        out.push(dim(" of them without an address"));
    }
    // A region may be mapped, filled and given back between two readings of the list.
    if let Some(gone) = faults.of(0).filter(|gone| gone.all() > 0) {
        out.extend([dim(", "), (cells::rate(faults, gone.all()), Role::Strong)]);
        out.push(dim(" of them in regions that are not listed"));
    }
    out
}

/// What a row takes now, where that comes from, and which functions touched it; of a row that takes nothing, which touched
/// the others.
pub fn of(entry: &Entry, space: &AddressSpace, faults: &PageFaults) -> Vec<Words> {
    let sum = cells::takes(entry, space, faults);
    if sum.all() == 0 {
        let all = faults.regions.iter().map(RegionFaults::all).sum();
        return by("What it takes elsewhere is touched by", &faults.by, all)
            .into_iter()
            .collect();
    }
    let mut out = vec![
        dim("takes "),
        (cells::rate(faults, sum.all()), Role::Good),
        dim(" pages a second"),
    ];
    let parts = [
        (sum.first, "touched for the first time"),
        (sum.file, "of a file"),
        (sum.swap, "back from swap"),
        (sum.unknown, "of a region that is gone"),
        (sum.waited, "that waited for a disk"),
    ];
    let told = parts.into_iter().filter(|(faults, _)| *faults > 0);
    for (n, (taken, what)) in told.enumerate() {
        let parting = if n == 0 { ": " } else { ", " };
        out.push(dim(parting));
        out.push((cells::rate(faults, taken), Role::Strong));
        out.push(dim(format!(" {what}")));
    }
    let by = by("touched by", &sum.by, sum.all());
    std::iter::once(Words::Line(out)).chain(by).collect()
}

/// Which functions touched most of these pages.
fn by(what: &str, all: &[TouchedBy], faults: u64) -> Option<Words> {
    let share = |some: u64| some as f64 * 100.0 / faults.max(1) as f64;
    let one = |by: &TouchedBy| format!("{} {:.0}%", by.toucher, share(by.faults));
    let mut told: Vec<String> = all.iter().take(NAMED).map(one).collect();
    let named: u64 = all.iter().take(NAMED).map(|by| by.faults).sum();
    let others = share(faults.saturating_sub(named));
    if others >= 1.0 {
        told.push(format!("others {others:.0}%"));
    }
    let told = (!all.is_empty()).then(|| told.join("; "))?;
    Some(Words::Text(format!("{what} {told}")))
}

/// How far page faults are told, or why not.
pub fn explained(faults: Reading<&PageFaults>) -> &'static str {
    match faults {
        Ok(faults) if !faults.whole => {
            "pages are taken faster than each can be told: each so many was, and stands for the others; how many there were in all the kernel counts"
        }
        Ok(faults) if !faults.kernel => {
            "each page fault of the program is told; those that the kernel takes for it, as when it reads a file into new memory, are told with CAP_PERFMON only"
        }
        Ok(_) => "each page fault is told",
        Err(Missing::Soon) => "being read",
        Err(Missing::Unrecorded) => "not read at that moment",
        Err(Missing::Denied) => {
            "the kernel tells the page faults of a process to its own user, and with CAP_PERFMON"
        }
        Err(Missing::Gone) => "the process has ended",
        Err(_) => {
            "it has more threads than page faults can be told of without CAP_PERFMON, or the kernel has no perf events"
        }
    }
}
