//! How many system calls each process makes: plain counts, and what two readings of them tell. Which calls, and what they take,
//! is told of one process at a time (`calls`).

use std::collections::HashMap;

use crate::model::id::{Nanos, Pid, ProcId, Ticks};
use crate::model::reading::{Missing, Reading};

/// What was counted until a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// When it was read.
    pub at: Nanos,
    /// Calls since the counting began, of those who made any.
    pub by: HashMap<Pid, u64>,
    /// Whether no room was left for whoever is not in it.
    pub full: bool,
}

/// Who has which number.
pub type Living = HashMap<Pid, ProcId>;

/// The calls of a process in a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Whose.
    pub id: ProcId,
    /// How many; `None` where the number belonged to another process at the reading before.
    pub calls: Option<u64>,
}

/// The calls of all processes between two readings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallRates {
    /// How long that was.
    pub span: Nanos,
    /// Of those who made any, by number.
    pub by: Vec<Made>,
    /// When the youngest process started of whom it is known whether it made any.
    pub youngest: Ticks,
    /// Whether it is not known of whoever is not in it.
    pub full: bool,
}

impl CallRates {
    /// What was called between two readings, with those who lived at each.
    pub fn between((first, then): (&Counts, &Living), (last, now): (&Counts, &Living)) -> Self {
        let made = |(pid, calls): (&Pid, &u64)| {
            let id = *now.get(pid)?;
            let before = first.by.get(pid).copied();
            let same = then.get(pid).is_none_or(|known| *known == id);
            let calls = calls.checked_sub(before.unwrap_or(0)).filter(|_| same);
            (calls != Some(0)).then_some(Made { id, calls })
        };
        let mut by: Vec<Made> = last.by.iter().filter_map(made).collect();
        by.sort_unstable_by_key(|made| made.id);
        let starts = now.values().map(|id| id.start);
        Self {
            span: last.at.since(first.at),
            by,
            youngest: starts.max().unwrap_or_default(),
            full: last.full,
        }
    }

    /// Calls a second of a process.
    ///
    /// # Errors
    /// `Soon` for one that began after this was read, and where its number was another's; `Gap` where there was no room for it.
    pub fn of(&self, id: ProcId) -> Reading<f64> {
        if self.span == Nanos(0) {
            return Err(Missing::Soon);
        }
        match self.by.binary_search_by_key(&id, |made| made.id) {
            Ok(at) => {
                let calls = self.by[at].calls.ok_or(Missing::Soon)?;
                Ok(calls as f64 / self.span.seconds())
            }
            Err(_) if id.start > self.youngest => Err(Missing::Soon),
            Err(_) if self.full => Err(Missing::Gap),
            Err(_) => Ok(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(at: u64, by: &[(u32, u64)]) -> Counts {
        Counts {
            at: Nanos::from_millis(at),
            by: by.iter().map(|(pid, n)| (Pid(*pid), *n)).collect(),
            full: false,
        }
    }

    fn living(all: &[(u32, u64)]) -> Living {
        let ids = all.iter().map(|(pid, start)| ProcId::new(*pid, *start));
        ids.map(|id| (id.pid, id)).collect()
    }

    #[test]
    fn what_was_called_between_two_readings_is_told_a_second() {
        let (then, now) = (
            living(&[(1, 5), (2, 6), (4, 7)]),
            living(&[(1, 5), (2, 6), (3, 9), (4, 8)]),
        );
        let first = counts(1000, &[(1, 100), (2, 7), (4, 50)]);
        let last = counts(3000, &[(1, 300), (2, 7), (3, 40), (4, 60)]);
        let mut rates = CallRates::between((&first, &then), (&last, &now));
        let of = |rates: &CallRates, pid, start| rates.of(ProcId::new(pid, start));
        assert_eq!(of(&rates, 1, 5), Ok(100.0));
        assert_eq!(of(&rates, 2, 6), Ok(0.0), "it made none meanwhile");
        assert_eq!(of(&rates, 3, 9), Ok(20.0), "it began meanwhile");
        assert_eq!(of(&rates, 5, 2), Ok(0.0), "it never made any");
        assert_eq!(
            of(&rates, 4, 8),
            Err(Missing::Soon),
            "some of them were another's"
        );
        assert_eq!(of(&rates, 6, 10), Err(Missing::Soon), "it began later");
        assert_eq!(of(&rates, 6, 9), Ok(0.0), "as the youngest that was read");
        rates.full = true;
        assert_eq!(of(&rates, 5, 2), Err(Missing::Gap));
        assert_eq!(of(&rates, 1, 5), Ok(100.0));
        assert_eq!(of(&CallRates::default(), 1, 0), Err(Missing::Soon));
    }
}
