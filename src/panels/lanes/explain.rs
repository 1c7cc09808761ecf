//! What the lanes' panel means in words, with the thresholds of the verdict.

use crate::app::world::World;
use crate::model::format;
use crate::model::verdict::THRESHOLDS;

/// Each word of the panel with its meaning.
pub fn lines(world: &World) -> Vec<(String, String)> {
    let line = |word: &str, means: &str| (word.to_owned(), means.to_owned());
    let mut out = vec![
        line("usr", "share of the tick in which the core ran programs"),
        line(
            "sys",
            "share in which it ran the kernel on behalf of programs",
        ),
        line("irq", "share spent on interrupts, hard and soft"),
        line("steal", "share that the hypervisor gave to other machines"),
        line(
            "used",
            "total memory less what could be had without swapping (total - available)",
        ),
        line(
            "cache",
            "page cache and reclaimable slab: given back when programs need memory",
        ),
        line(
            "pressure",
            "share of the last 10 s in which some task waited for a core (cpu), a disk (io) or memory (mem)",
        ),
    ];
    for (of, limit, what) in THRESHOLDS {
        out.push((
            format!("verdict: {of:?}"),
            format!("from {limit:.0}% {what}; a verdict ends at half of it, that of memory at 93%"),
        ));
    }
    out.push(line(
        "this control group",
        "the same thresholds for the control group that pscope lives in (v2), named where the machine at large is below them: its own limits hold it back",
    ));
    if let Some(verdict) = &world.verdict {
        let since = world.snapshot.at.since(verdict.since);
        out.push(line(
            "now",
            &format!("{}; since {}", verdict.sentence(), format::duration(since)),
        ));
    }
    out
}
