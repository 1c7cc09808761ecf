//! Signals: numbers, names, what they are for and what they do by default. Sends nothing; see `signal(7)`.

mod set;
mod state;

use std::fmt;
use std::str::FromStr;

use crate::model::format::{self, RT_MAX, RT_MIN, SIGNALS};

pub use set::SignalSet;
pub use state::{Disposition, SignalJson, SignalState, SignalWaiter, ThreadSignals};

/// One of the 64 signals, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

/// What a signal does to a process that neither catches nor ignores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DefaultAction {
    /// The process ends.
    Terminate,
    /// The process ends and leaves a core dump where those are allowed.
    Core,
    /// Nothing happens.
    Ignore,
    /// The process stops until it is continued.
    Stop,
    /// A stopped process goes on.
    Continue,
}

impl DefaultAction {
    /// The action as a verb: `terminates`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Terminate => "terminates",
            Self::Core => "terminates, core dump",
            Self::Ignore => "nothing happens",
            Self::Stop => "stops it",
            Self::Continue => "continues it",
        }
    }
}

/// The standard signals in order of their numbers, those of every architecture but Alpha, MIPS, PA-RISC and SPARC.
const STANDARD: [(DefaultAction, &str); 31] = {
    use DefaultAction::{Continue, Core, Ignore, Stop, Terminate};
    [
        (Terminate, "terminal closed, reload"),
        (Terminate, "Ctrl-C, interrupts it"),
        (Core, "Ctrl-\\, ends it with a dump"),
        (Core, "illegal instruction"),
        (Core, "breakpoint of a debugger"),
        (Core, "it gave up (abort)"),
        (Core, "memory that is not there"),
        (Core, "arithmetic error"),
        (Terminate, "ends it at once"),
        (Terminate, "free for programs"),
        (Core, "invalid memory access"),
        (Terminate, "free for programs"),
        (Terminate, "wrote to a closed pipe"),
        (Terminate, "alarm clock rang"),
        (Terminate, "asks it to end"),
        (Terminate, "unused by Linux"),
        (Ignore, "a child ended or stopped"),
        (Continue, "lets it go on after a stop"),
        (Stop, "freezes it"),
        (Stop, "Ctrl-Z, asks it to stop"),
        (Stop, "background job read the tty"),
        (Stop, "background job wrote the tty"),
        (Ignore, "urgent data on a socket"),
        (Core, "CPU time limit reached"),
        (Core, "file size limit reached"),
        (Terminate, "virtual timer rang"),
        (Terminate, "profiling timer rang"),
        (Ignore, "terminal changed its size"),
        (Terminate, "descriptor is ready"),
        (Terminate, "power is failing"),
        (Core, "forbidden system call"),
    ]
};

/// Other names that people and systems use for the standard signals.
const ALIASES: &[(&str, u8)] = &[
    ("IOT", 6),
    ("CLD", 17),
    ("POLL", 29),
    ("LOST", 29),
    ("UNUSED", 31),
];

impl Signal {
    /// Terminal closed.
    pub const HUP: Self = Self(1);
    /// Ctrl-C.
    pub const INT: Self = Self(2);
    /// Ends it at once.
    pub const KILL: Self = Self(9);
    /// Free for programs.
    pub const USR1: Self = Self(10);
    /// A bad address.
    pub const SEGV: Self = Self(11);
    /// Free for programs.
    pub const USR2: Self = Self(12);
    /// Asks it to end.
    pub const TERM: Self = Self(15);
    /// Lets it go on.
    pub const CONT: Self = Self(18);
    /// Freezes it.
    pub const STOP: Self = Self(19);
    /// Urgent data on a socket; nothing happens unless it is caught.
    pub const URG: Self = Self(23);

    /// The signal with this number, 1..=64.
    pub fn new(number: u32) -> Option<Self> {
        u8::try_from(number)
            .ok()
            .filter(|n| (1..=RT_MAX).contains(n))
            .map(Self)
    }

    /// The names of the standard signals and what each is for, by number.
    pub fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
        SIGNALS
            .into_iter()
            .zip(STANDARD.iter().map(|(_, about)| *about))
    }

    /// All 64, in order.
    pub fn all() -> impl ExactSizeIterator<Item = Self> + DoubleEndedIterator {
        // The range is that of `new`.
        (1..65_u8).map(Self)
    }

    /// Its number.
    pub fn number(self) -> u8 {
        self.0
    }

    /// Its name without `SIG`: `TERM`, `RTMIN+3`, and the bare number for the two that the C library keeps.
    pub fn name(self) -> String {
        format::signal_name(self.0)
    }

    /// What it is for, a few words.
    pub fn meaning(self) -> &'static str {
        match self.standard() {
            Some((_, meaning)) => meaning,
            None => match self.0 {
                32 => "C library: cancels threads",
                33 => "C library: changes user ids",
                _ => "real-time, free for programs",
            },
        }
    }

    /// What it does to a process that neither catches nor ignores it.
    pub fn default_action(self) -> DefaultAction {
        self.standard()
            .map_or(DefaultAction::Terminate, |(action, _)| *action)
    }

    /// Whether no process can catch, block or ignore it.
    pub fn is_unstoppable(self) -> bool {
        self == Self::KILL || self == Self::STOP
    }

    /// Whether it is one of the real-time signals, which queue.
    pub fn is_real_time(self) -> bool {
        self.standard().is_none()
    }

    fn standard(self) -> Option<&'static (DefaultAction, &'static str)> {
        STANDARD.get(usize::from(self.0) - 1)
    }
}

impl fmt::Display for Signal {
    /// The name with `SIG`: `SIGTERM`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("SIG{}", self.name()))
    }
}

impl serde::Serialize for Signal {
    /// The name, as in the JSON field `name`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

/// Why a text names no signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no signal is called '{0}'; write a number from 1 to 64 or a name such as TERM, HUP, RTMIN+3"
)]
pub struct UnknownSignal(pub String);

impl FromStr for Signal {
    type Err = UnknownSignal;

    /// Reads `15`, `TERM`, `SIGTERM`, `term`, `RTMIN+3`, `SIGRTMAX-1` and the usual aliases.
    fn from_str(text: &str) -> Result<Self, UnknownSignal> {
        let unknown = || UnknownSignal(text.to_owned());
        let upper = text.trim().to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        if let Ok(number) = name.parse() {
            return Self::new(number).ok_or_else(unknown);
        }
        if let Some(at) = SIGNALS.iter().position(|n| *n == name) {
            return Ok(Self(at as u8 + 1));
        }
        if let Some((_, number)) = ALIASES.iter().find(|(n, _)| *n == name) {
            return Ok(Self(*number));
        }
        real_time(name).ok_or_else(unknown)
    }
}

/// Reads `RTMIN`, `RTMIN+3`, `RTMAX`, `RTMAX-1`.
fn real_time(name: &str) -> Option<Signal> {
    let number = if let Some(rest) = name.strip_prefix("RTMIN") {
        match rest.strip_prefix('+') {
            Some(n) => u32::from(RT_MIN).checked_add(n.parse().ok()?)?,
            None if rest.is_empty() => u32::from(RT_MIN),
            None => return None,
        }
    } else {
        let rest = name.strip_prefix("RTMAX")?;
        match rest.strip_prefix('-') {
            Some(n) => u32::from(RT_MAX).checked_sub(n.parse().ok()?)?,
            None if rest.is_empty() => u32::from(RT_MAX),
            None => return None,
        }
    };
    Signal::new(number).filter(|s| s.0 >= RT_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for signal in Signal::all() {
            assert_eq!(signal.name().parse(), Ok(signal));
            assert_eq!(signal.to_string().parse(), Ok(signal));
            assert_eq!(signal.to_string().to_lowercase().parse(), Ok(signal));
            assert_eq!(signal.number().to_string().parse(), Ok(signal));
            assert!(!signal.meaning().is_empty() && signal.meaning().len() <= 30);
            assert_eq!(signal.is_real_time(), signal.number() >= 32, "{signal}");
        }
        assert_eq!(Signal::all().len(), 64);
    }

    #[test]
    fn names_numbers_and_aliases() {
        assert_eq!("sigterm".parse(), Ok(Signal::TERM));
        assert_eq!("9".parse(), Ok(Signal::KILL));
        assert_eq!("CLD".parse::<Signal>().map(Signal::number), Ok(17));
        assert_eq!("RTMIN+30".parse::<Signal>().map(Signal::number), Ok(64));
        assert_eq!("RTMAX-30".parse::<Signal>().map(Signal::number), Ok(34));
        for wrong in [
            "",
            "SIG",
            "0",
            "65",
            "-1",
            "RTMIN+31",
            "RTMAX-31",
            "RTMIN-1",
            "RTMIN+",
            "RTMIN+x",
            "RTMIN3",
            "RTMAX3",
            "TERMINATE",
            "RTMIN+4294967295",
            "é",
        ] {
            assert!(wrong.parse::<Signal>().is_err(), "{wrong}");
        }
        assert_eq!(Signal::new(0), None);
        assert_eq!(Signal::new(65), None);
        assert_eq!(Signal::new(32).map(Signal::name).as_deref(), Some("32"));
        assert_eq!(
            Signal::new(50).map(Signal::name).as_deref(),
            Some("RTMAX-14")
        );
    }

    #[test]
    fn defaults_are_those_of_the_manual() {
        let of = |n: &str| n.parse::<Signal>().map(Signal::default_action);
        assert_eq!(of("CHLD"), Ok(DefaultAction::Ignore));
        assert_eq!(of("CONT"), Ok(DefaultAction::Continue));
        assert_eq!(of("TSTP"), Ok(DefaultAction::Stop));
        assert_eq!(of("SEGV"), Ok(DefaultAction::Core));
        assert_eq!(of("RTMIN"), Ok(DefaultAction::Terminate));
        assert!(Signal::KILL.is_unstoppable() && Signal::STOP.is_unstoppable());
        assert!(!Signal::TERM.is_unstoppable());
    }
}
