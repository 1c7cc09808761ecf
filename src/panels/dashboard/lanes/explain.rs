//! What the lanes' panel means in words, with the thresholds of the verdict.

use crate::model::machine::verdict::THRESHOLDS;

/// Each word of the panel with its meaning.
pub fn lines() -> Vec<(String, String)> {
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
            format!("verdict: {}", of.word()),
            format!("from {limit:.0}% {what}; it ends at {:.0}%", of.ends()),
        ));
    }
    out.push(line(
        "this control group",
        "the same thresholds for the control group that pscope lives in, named where the machine at large is below them: its own limits hold it back; without pressure in the group (v1) by the periods in which its quota stopped it, and the ticks at which its memory limit was reached",
    ));
    out
}
