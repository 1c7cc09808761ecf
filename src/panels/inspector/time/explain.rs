//! What the words and numbers of the tab mean.

use crate::model::format::duration;
use crate::model::scheduling::spent::Spent;

const WORDS: &[(&str, &str)] = &[
    (
        "SHARE",
        "Of the time of all its threads together: two threads have two seconds in one. All lines add up to 100.0 %.",
    ),
    (
        "running",
        "On a core: the first number of /proc/PID/task/TID/schedstat.",
    ),
    (
        "ready",
        "It could run and waited for a core: the second number of schedstat. Much of it means that there are too few cores, or a limit on them.",
    ),
    (
        "blocked",
        "What is left of the time. What it was blocked on comes from its system call and the memory that this points to. Where it did not run between two looks that is certain; else it is what was seen at both ends.",
    ),
    (
        "idle",
        "Waiting for any of several descriptors, for time to pass or for a signal: nothing to do, as far as that can be told.",
    ),
    (
        "waits too short to be seen",
        "It was running at both looks and blocked in between.",
    ),
    (
        "device",
        "A wait that no signal ends (state D): a disk, a filesystem, a lock in the kernel.",
    ),
    (
        "WAKES/s",
        "How often a second a thread of it was made ready to run, by a program at the kernel's sched_waking. Press g until WOKEN BY is there.",
    ),
    (
        "P50, P99, LONGEST",
        "How long it then waited for a core, until sched_switch gave it one: half of the times at most P50, 99 of 100 at most P99, to a fifth. LONGEST is exact, since the tab was opened.",
    ),
    (
        "WOKEN BY",
        "The thread that ran where the wake-up was made; an interrupt (timer, disk, network) is named itself, and not the thread that it interrupted.",
    ),
    (
        "wake",
        "A condition variable, a semaphore, a parked thread: another thread has to wake it. Whether it has nothing to do or waits for an answer the kernel does not tell.",
    ),
];

/// All of it, with the present values.
pub fn lines(all: &Spent) -> Vec<(String, String)> {
    let now = |word: &str| match word {
        "running" => format!(" Now {}.", duration(all.running)),
        "ready" => format!(" Now {}.", duration(all.ready)),
        "blocked" => format!(" Now {}.", duration(all.blocked())),
        "idle" => format!(" Now {}.", duration(all.idle())),
        _ => String::new(),
    };
    let line =
        |(word, meaning): &(&str, &str)| ((*word).to_owned(), format!("{meaning}{}", now(word)));
    WORDS.iter().map(line).collect()
}
