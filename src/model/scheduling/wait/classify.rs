//! From the kernel's numbers to a wait. Pure: everything that it looks at is handed to it.
//!
//! The rules were tested on x86-64 with glibc 2.36; where they cannot tell two things apart, the result does not pretend to.

pub mod call;
mod futex;
mod lock;
mod musl;

pub(super) use lock::numbered_at;

use super::call::{Call, base};
use super::{Flavour, Inside, Memory, Owner, Wait, Waiting};
use crate::model::id::Nanos;
use crate::model::process::stat::State;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// What is known of a thread.
pub struct Clues<'a> {
    /// Its state.
    pub state: State,
    /// Whether it is a thread of the kernel.
    pub kernel_thread: bool,
    /// The system call that it is in.
    pub call: Reading<Call>,
    /// The name of that system call.
    pub name: Option<&'static str>,
    /// The function of the kernel that it sleeps in; `None` where the kernel does not say.
    pub function: Reading<Option<SafeText>>,
    /// The memory that [`super::wanted`] asked for, as far as it could be copied.
    pub memory: &'a Memory,
    /// Whether the process has 64-bit words.
    pub wide: bool,
    /// The function that it waits in, as far as its stack tells.
    pub inside: Option<&'a Inside>,
    /// Whether its control group is frozen, whatever the function is that it slept in before.
    pub frozen: bool,
    /// Which C library it has.
    pub flavour: Flavour,
    /// Who is meant by a number in a lock of the process; the second is the address of one that others may use.
    pub owner: &'a dyn Fn(u32, Option<u64>) -> Owner,
    /// The clocks.
    pub now: Now,
}

/// The moment at which the clues were found, by the clocks that a process may wait by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Now {
    /// `CLOCK_REALTIME`.
    pub real: Nanos,
    /// `CLOCK_MONOTONIC`.
    pub monotonic: Nanos,
    /// `CLOCK_BOOTTIME`.
    pub boot: Nanos,
    /// `CLOCK_TAI`: atomic time, which knows no leap seconds.
    pub tai: Nanos,
}

/// Tells what a thread waits for.
pub fn classify(clues: &Clues<'_>) -> Waiting {
    let function = match &clues.function {
        Ok(function) => function.as_ref().map(|f| SafeText::from(plain(f))),
        Err(_) => None,
    };
    // The kernel prints zeros for its own threads, which would read as call 0.
    let in_call = matches!(clues.call, Ok(Call::In { .. })) && !clues.kernel_thread;
    let call = match (in_call, clues.name, clues.call) {
        (true, Some(name), _) => Some(name.into()),
        (true, None, Ok(Call::In { number, .. })) => Some(format!("system call {number}").into()),
        _ => None,
    };
    Waiting {
        what: what(clues, function.as_deref()),
        call,
        // Of two moments, where a signal may end the sleep.
        uninterruptible: clues.state == State::Blocked
            && !function.as_deref().is_some_and(is_light),
        function,
    }
}

/// A function's name without what the compiler added: `poll_schedule_timeout.constprop.0`.
fn plain(function: &str) -> &str {
    function.split('.').next().unwrap_or(function)
}

/// Where the members of a frozen control group stand: of version 1, of version 2, and of that where the compiler made one of
/// both. Who is stopped or traced stands there too, and is told by its state.
const FREEZERS: [&str; 3] = ["__refrigerator", "do_freezer_trap", "get_signal"];

/// Functions of the kernel in which threads sleep so that a signal may end it: never in state D.
const LIGHT: [&str; 10] = [
    "hrtimer_nanosleep",
    "common_nsleep",
    "do_nanosleep",
    "futex_do_wait",
    "futex_wait_queue",
    "ep_poll",
    "poll_schedule_timeout",
    "sigsuspend",
    "do_sigtimedwait",
    "do_wait",
];

fn is_light(function: &str) -> bool {
    LIGHT.contains(&function)
}

/// Whether what this call waits for is waited for so that a signal may end it: who sleeps in it without that waits for something
/// of the kernel's own, such as the page that holds an argument.
pub fn sleeps_lightly(call: &str) -> bool {
    matches!(
        base(call),
        "nanosleep"
            | "clock_nanosleep"
            | "pause"
            | "rt_sigsuspend"
            | "sigsuspend"
            | "rt_sigtimedwait"
            | "poll"
            | "ppoll"
            | "select"
            | "pselect6"
            | "epoll_wait"
            | "epoll_pwait"
            | "epoll_pwait2"
            | "wait4"
            | "waitpid"
            | "waitid"
    ) || call.starts_with("futex")
}

/// Whether this call sends signals: it never sleeps, so that who sleeps in it was stopped by one.
pub fn sends_signals(call: &str) -> bool {
    matches!(
        call,
        "kill" | "tkill" | "tgkill" | "rt_sigqueueinfo" | "rt_tgsigqueueinfo" | "pidfd_send_signal"
    )
}

/// Whether a thread that sleeps in this function of the kernel stands still with its control group.
pub fn is_freezer(function: &str) -> bool {
    FREEZERS.contains(&plain(function))
}

/// Who has to bring a page or an answer, whatever the call asked for.
fn brought_by(function: &str) -> Option<&'static str> {
    match function {
        "handle_userfault" => Some("a page that userfaultfd holds back"),
        "request_wait_answer" | "__fuse_request_send" => Some("an answer of a FUSE server"),
        _ => None,
    }
}

fn what(clues: &Clues<'_>, function: Option<&str>) -> Wait {
    match clues.state {
        State::Running => return Wait::Running,
        State::Zombie | State::Dead => return Wait::Ended,
        State::Stopped => return Wait::Stopped,
        State::Traced => return Wait::Traced(None),
        _ if clues.kernel_thread => return Wait::Work,
        _ => {}
    }
    if clues.frozen || function.is_some_and(is_freezer) {
        return Wait::Frozen;
    }
    if function == Some("kernel_clone") && clues.state == State::Blocked {
        return Wait::Child(super::Child::Vforked);
    }
    if let Some(page) = function.and_then(brought_by) {
        return Wait::Page(page);
    }
    // On its way there, or from there, the kernel wanted something else.
    if clues.state == State::Blocked
        && clues.name.is_some_and(sleeps_lightly)
        && !function.is_some_and(is_light)
        && matches!(clues.call, Ok(Call::In { .. }))
    {
        return Wait::Call;
    }
    match clues.call {
        Ok(Call::Running) => Wait::Running,
        Ok(Call::Outside { .. }) => Wait::Outside,
        Ok(Call::In { args, .. }) => match clues.name {
            Some(name) => call::in_call(clues, base(name), args),
            None => Wait::Call,
        },
        Err(Missing::Gone) => Wait::Ended,
        Err(_) => Wait::Hidden,
    }
}
