//! Who wakes the threads of one process, while somebody looks: counted in the kernel where that is allowed.

use std::collections::BTreeMap;

use super::calls::lives;
use crate::model::detail::{Detail, Stamped};
use crate::model::id::{Nanos, ProcId};
use crate::model::plan::{Needs, Plan};
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::wakes::{Counted, ENDED, Waker, Wakes, between};
use crate::model::text::SafeText;
use crate::sampler::window::Readings;
use crate::sys::bpf::program::Refused;
use crate::sys::clock;
use crate::sys::machine::cores;
use crate::sys::root::ProcRoot;
use crate::sys::scheduling::wakes::{Each, Tracing, Woken, name_of};
use crate::sys::source::{Error, Probe, Source};

/// Over how long wakers are told on the screen.
const WINDOW: Nanos = Nanos::from_millis(10_000);

/// Counts while something else goes on; for reports.
pub struct Counting {
    root: ProcRoot,
    tracing: Tracing,
    first: Counted,
}

impl Counting {
    /// Begins.
    ///
    /// # Errors
    /// As [`Tracing::begin`].
    pub fn begin(root: &ProcRoot, of: ProcId) -> Result<Self, Refused> {
        let tracing = Tracing::begin(root, of.pid)?;
        let first = tracing.read()?;
        Ok(Self {
            root: root.clone(),
            tracing,
            first,
        })
    }

    /// What there was since it began.
    ///
    /// # Errors
    /// `Unsupported` where the kernel does not read its maps out.
    pub fn end(&self) -> Reading<Wakes> {
        let last = self.tracing.read().map_err(|_| Missing::Unsupported)?;
        Ok(told(&self.root, &self.first, &last))
    }
}

/// The difference, with the names that wakers have now.
fn told(root: &ProcRoot, first: &Counted, last: &Counted) -> Wakes {
    let interrupts = root.read("interrupts").unwrap_or_default();
    let interrupts = String::from_utf8_lossy(&interrupts);
    between(first, last, &|waker| name(root, &interrupts, waker))
}

/// As whom a waker is told, and its name.
fn name(root: &ProcRoot, interrupts: &str, waker: Waker) -> (Waker, SafeText) {
    let text = match waker {
        Waker::Thread(pid, tid) => {
            let comm = |file: String| {
                let comm = root.read(file).ok()?;
                Some(SafeText::from_bytes(comm.trim_ascii_end()))
            };
            // Of a thread that has ended the process may live on.
            return match comm(format!("{pid}/task/{tid}/comm")) {
                Some(name) => (waker, name),
                None => (
                    Waker::Thread(pid, ENDED),
                    comm(format!("{pid}/comm")).unwrap_or_default(),
                ),
            };
        }
        Waker::Timer => "timer".to_owned(),
        Waker::Network => "network".to_owned(),
        Waker::Disk => "disk".to_owned(),
        Waker::Kernel => "the kernel".to_owned(),
        Waker::Interrupt(number) => match name_of(interrupts, number) {
            Some(of) => format!("{} (interrupt {number}, {of})", hardware(of)),
            None => format!("interrupt {number}"),
        },
    };
    (waker, SafeText::from(text.as_str()))
}

/// What hardware an interrupt is of, by how drivers call theirs.
fn hardware(of: &str) -> &'static str {
    let begins = |with: &[&str]| with.iter().any(|w| of.starts_with(w));
    let holds = |with: &[&str]| with.iter().any(|w| of.contains(w));
    if begins(&["nvme", "ahci", "ata", "mmc", "mpt", "megasas", "sdhci"]) || holds(&["-req"]) {
        "disk"
    } else if begins(&["eth", "en", "wl", "mlx", "ib", "iwl"])
        || holds(&["-input.", "-output.", "TxRx", "-rx-", "-tx-"])
    {
        "network"
    } else if holds(&["timer", "hpet", "rtc"]) {
        "timer"
    } else {
        "device"
    }
}

/// The interrupts of which it is known what hardware they are of.
fn kinds(interrupts: &str) -> BTreeMap<u32, Waker> {
    let numbers = interrupts.lines().filter_map(|line| {
        let (number, _) = line.split_once(':')?;
        number.trim().parse().ok()
    });
    let known = numbers.filter_map(|number| {
        let waker = match hardware(name_of(interrupts, number)?) {
            "disk" => Waker::Disk,
            "network" => Waker::Network,
            "timer" => Waker::Timer,
            _ => return None,
        };
        Some((number, waker))
    });
    known.collect()
}

/// Every wake-up, those by interrupts told of the hardware.
pub(super) struct ByHardware {
    each: Each,
    kinds: BTreeMap<u32, Waker>,
}

impl ByHardware {
    /// Begins.
    ///
    /// # Errors
    /// As [`Each::begin`].
    pub(super) fn begin(root: &ProcRoot) -> Result<Self, Refused> {
        let each = Each::begin(root, cores::possible(root))?;
        let interrupts = root.read("interrupts").unwrap_or_default();
        let kinds = kinds(&String::from_utf8_lossy(&interrupts));
        Ok(Self { each, kinds })
    }

    /// Hands out what was told since the reading before; of a wake-up that was lost the next slice says nothing.
    pub(super) fn read(&mut self, mut each: impl FnMut(Woken)) {
        let kinds = &self.kinds;
        self.each.read(|woken| {
            let by = match woken.by {
                Waker::Interrupt(number) => kinds.get(&number).copied().unwrap_or(woken.by),
                by => by,
            };
            each(Woken { by, ..woken });
        });
    }
}

/// Tells who wakes the process in focus, while somebody looks.
pub struct WakeSource {
    root: ProcRoot,
    of: Option<(ProcId, Reading<Tracing>, Readings<Counted>)>,
}

impl WakeSource {
    /// A source over a proc tree.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            root: root.clone(),
            of: None,
        }
    }
}

fn lately(
    root: &ProcRoot,
    of: ProcId,
    tracing: &Reading<Tracing>,
    readings: &mut Readings<Counted>,
) -> Reading<Wakes> {
    let tracing = tracing.as_ref().map_err(|why| *why)?;
    lives(root, of)?;
    let now = tracing.read().map_err(|_| Missing::Unsupported)?;
    let (first, last) = readings.push(now.at, now).ok_or(Missing::Soon)?;
    Ok(told(root, first, last))
}

impl Source<Detail> for WakeSource {
    fn name(&self) -> &'static str {
        "wakes"
    }

    fn probe(&self) -> Probe {
        Probe::Examined(&["wake-ups"])
    }

    fn fills(&self) -> Needs {
        Needs::WAKES
    }

    fn pace_ms(&self) -> u64 {
        1000
    }

    fn rest(&mut self) {
        self.of = None;
    }

    fn read(&mut self, plan: &Plan, into: &mut Detail) -> Result<(), Error> {
        let Some(of) = plan.focus else {
            self.of = None;
            into.wakes = None;
            return Ok(());
        };
        if self.of.as_ref().is_none_or(|(known, ..)| *known != of) {
            // The old one ends first: two at a time would cost twice.
            self.of = None;
            let tracing =
                Tracing::begin(&self.root, of.pid).map_err(|refused| Missing::from(&refused.error));
            self.of = Some((of, tracing, Readings::over(WINDOW)));
        }
        if let Some((of, tracing, readings)) = &mut self.of {
            let value = lately(&self.root, *of, tracing, readings);
            into.wakes = Some(Stamped::new(clock::now(), value));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interrupts_are_told_by_their_hardware() {
        let text = "            CPU0\n 36:    9  PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0\nLOC:  7  Local timer interrupts\n 38: 1 PCI-MSIX 1-edge virtio2-input.0\n 40: 1 2\n";
        let root = ProcRoot::live();
        let told = |number| name(&root, text, Waker::Interrupt(number)).1.to_string();
        assert_eq!(told(36), "disk (interrupt 36, virtio1-req.0)");
        assert_eq!(told(38), "network (interrupt 38, virtio2-input.0)");
        assert_eq!(told(40), "interrupt 40");
        let kinds: Vec<_> = kinds(text).into_iter().collect();
        assert_eq!(kinds, [(36, Waker::Disk), (38, Waker::Network)]);
        assert_eq!(told(3), "interrupt 3");
    }
}
