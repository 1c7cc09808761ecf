//! What a process does with graphics cards, as the descriptors of their devices tell it (kernel `gpu/drm-usage-stats`).

use std::collections::HashMap;
use std::fmt::Write as _;

use super::about::{About, span};
use super::{Descriptor, Info};
use crate::model::format::{bytes, percent};
use crate::model::id::{Bytes, Nanos};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// One client of one card. Copies of its descriptor tell the same once more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gpu {
    /// The driver: `i915`.
    pub driver: SafeText,
    /// Where the card is: `0000:00:02.0`; empty where that is not told.
    pub card: SafeText,
    /// The driver's number of the client.
    pub client: Option<u64>,
    /// How long its engines have worked, all added up.
    pub busy: Nanos,
    /// What each engine did for it.
    pub engines: Vec<Engine>,
    /// Its buffers that are in memory (`drm-resident-`).
    pub resident: Option<Bytes>,
    /// The same in the word of older drivers (`drm-memory-`); some tell both.
    pub memory: Option<Bytes>,
    /// Its buffers in all, in memory or not (`drm-total-`).
    pub total: Option<Bytes>,
}

/// What one engine of a card did for a client, counted since the client began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Engine {
    /// The driver's name for it: `render`, `gfx`, `dec`.
    pub name: SafeText,
    /// How long it has worked (`drm-engine-`).
    pub worked: Nanos,
    /// Drivers that count cycles (xe) tell these instead: those that it worked, and those that went by meanwhile.
    pub cycles: (u64, u64),
    /// How many alike there are (`drm-engine-capacity-`); 0 where that is not told, which means one.
    pub capacity: u64,
}

impl Engine {
    /// Percent of the engine's time that it had between an earlier reading and this one; `None` where nothing went by.
    pub fn share(&self, before: &Self, span: Nanos) -> Option<f64> {
        let capacity = self.capacity.max(1) as f64;
        let passed = self.cycles.1.saturating_sub(before.cycles.1);
        if passed > 0 {
            let worked = self.cycles.0.saturating_sub(before.cycles.0);
            return Some(100.0 * worked as f64 / passed as f64 / capacity);
        }
        let worked = self.worked.since(before.worked);
        (span.0 > 0).then(|| 100.0 * worked.0 as f64 / span.0 as f64 / capacity)
    }
}

impl Gpu {
    /// The engine of this name, made where it is not known yet.
    pub fn engine(&mut self, name: &[u8]) -> &mut Engine {
        let at = self.engines.iter().position(|e| e.name.as_bytes() == name);
        let at = at.unwrap_or_else(|| {
            self.engines.push(Engine {
                name: SafeText::from_bytes(name),
                ..Engine::default()
            });
            self.engines.len() - 1
        });
        &mut self.engines[at]
    }

    /// Its buffers that are in memory, in whichever word the driver tells it.
    pub fn holds(&self) -> Option<Bytes> {
        self.resident.or(self.memory)
    }

    /// The facts in words.
    pub fn words(&self) -> String {
        let mut out = format!("GPU {}: worked {}", self.driver, span(self.busy));
        amounts(&mut out, self.holds(), self.total);
        out
    }
}

fn amounts(out: &mut String, holds: Option<Bytes>, total: Option<Bytes>) {
    if let Some(holds) = holds {
        let _ = write!(out, ", holds {}", bytes(holds));
    }
    if let Some(total) = total.filter(|total| Some(*total) != holds) {
        let _ = write!(out, ", claims {}", bytes(total));
    }
}

/// What a process does with graphics cards through all of its descriptors.
#[derive(Clone, Debug, PartialEq)]
pub struct GpuUse {
    /// The drivers of the cards, each once.
    pub drivers: Vec<SafeText>,
    /// How long engines have worked for it, all added up.
    pub busy: Nanos,
    /// The share of one engine over the last reading, in percent.
    pub share: Reading<f64>,
    /// Its buffers that are in memory.
    pub holds: Option<Bytes>,
    /// Its buffers in all.
    pub total: Option<Bytes>,
}

impl GpuUse {
    /// Adds up the descriptors of a process, each client of a card once; `None` where it uses no card.
    pub fn of<'a>(rows: impl Iterator<Item = &'a Descriptor>) -> Option<Self> {
        let mut clients: HashMap<_, &Gpu> = HashMap::new();
        for row in rows {
            if let Ok(Info {
                about: About::Gpu(gpu),
                ..
            }) = &row.info
            {
                // Where clients have no number, each descriptor is one.
                let own = gpu.client.is_none().then_some(row.fd);
                clients.insert((&gpu.driver, &gpu.card, gpu.client, own), gpu);
            }
        }
        let mut drivers: Vec<_> = clients.values().map(|gpu| gpu.driver.clone()).collect();
        drivers.sort_unstable();
        drivers.dedup();
        let sum = |of: fn(&Gpu) -> Option<Bytes>| {
            let told: Vec<Bytes> = clients.values().filter_map(|gpu| of(gpu)).collect();
            (!told.is_empty()).then(|| told.into_iter().sum())
        };
        (!clients.is_empty()).then(|| Self {
            drivers,
            busy: Nanos(clients.values().map(|gpu| gpu.busy.0).sum()),
            share: Err(Missing::Soon),
            holds: sum(Gpu::holds),
            total: sum(|gpu| gpu.total),
        })
    }

    /// Puts the share beside it, against what was known before: when, and how long engines had worked until then.
    #[must_use]
    pub fn since(mut self, before: Option<(Nanos, Nanos)>, now: Nanos) -> Self {
        if let Some((at, busy)) = before.filter(|(at, _)| now > *at) {
            let worked = self.busy.since(busy);
            self.share = Ok(100.0 * worked.seconds() / now.since(at).seconds());
        }
        self
    }

    /// The facts in words: `GPU i915 12%, worked 9.3 s, holds 12.0M, claims 40.0M`.
    pub fn words(&self) -> String {
        let names: Vec<_> = self.drivers.iter().map(SafeText::as_str).collect();
        let mut out = format!("GPU {}", names.join(", "));
        if let Ok(share) = self.share {
            let _ = write!(out, " {}%", percent(share as f32));
        }
        let _ = write!(out, ", worked {}", span(self.busy));
        amounts(&mut out, self.holds, self.total);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fd: u32, client: Option<u64>, busy: u64, holds: u64) -> Descriptor {
        let mut row = Descriptor::new(fd, b"/dev/dri/renderD128");
        row.info = Ok(Info {
            about: About::Gpu(Gpu {
                driver: "i915".into(),
                card: "0000:00:02.0".into(),
                client,
                busy: Nanos(busy),
                memory: Some(Bytes(holds)),
                total: Some(Bytes(4 << 20)),
                ..Gpu::default()
            }),
            ..Info::default()
        });
        row
    }

    #[test]
    fn a_client_with_two_descriptors_counts_once() {
        let second = 1_000_000_000;
        let rows = [
            row(3, Some(7), 2 * second, 1 << 20),
            row(4, Some(7), 2 * second, 1 << 20),
            row(5, Some(8), second, 1 << 20),
            Descriptor::new(6, b"/dev/null"),
        ];
        let all = GpuUse::of(rows.iter()).expect("it uses a card");
        assert_eq!(
            (all.busy, all.holds),
            (Nanos(3 * second), Some(Bytes(2 << 20)))
        );
        let before = Some((Nanos(10 * second), Nanos(2 * second)));
        let all = all.since(before, Nanos(14 * second));
        assert_eq!(all.share, Ok(25.0));
        assert_eq!(
            all.words(),
            "GPU i915 25.0%, worked 3.0 s, holds 2.0M, claims 8.0M"
        );
        assert_eq!(GpuUse::of(rows[3..].iter()), None);
    }

    #[test]
    fn clients_without_a_number_are_told_apart_by_descriptor() {
        let rows = [row(3, None, 1, 1), row(4, None, 1, 1)];
        let all = GpuUse::of(rows.iter()).expect("it uses a card");
        assert_eq!(all.busy, Nanos(2));
    }
}
