//! Graphics cards: how busy they are, what they hold, and for whom.

pub mod trouble;

use self::trouble::Trouble;
use super::super::format::bytes;
use super::super::id::{Bytes, Pid};
use super::super::reading::{Missing, Reading};
use super::super::text::SafeText;

/// Every card that tells of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gpus {
    /// By index.
    pub cards: Vec<Card>,
    /// Whose use of a card cannot be seen, since its descriptors are hidden from this user, ascending; only where there is a
    /// card whose driver tells of users by their descriptors.
    pub hidden: Vec<Pid>,
}

/// One card.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Its number here; cards of NVIDIA come first, in their driver's order.
    pub index: u32,
    /// Its name: `NVIDIA H100 80GB HBM3`.
    pub name: SafeText,
    /// The driver with its version.
    pub driver: SafeText,
    /// Percent of the last moment in which something ran on it.
    pub busy: Reading<f32>,
    /// Percent of the last moment in which its memory was read or written.
    pub memory_busy: Reading<f32>,
    /// Its memory in use.
    pub used: Reading<Bytes>,
    /// Its memory.
    pub total: Reading<Bytes>,
    /// Degrees Celsius.
    pub temperature: Reading<f32>,
    /// Watts.
    pub power: Reading<f32>,
    /// The most that it may draw, watts.
    pub power_limit: Reading<f32>,
    /// Clock of its cores, MHz.
    pub clock: Reading<u32>,
    /// Clock of its memory, MHz.
    pub memory_clock: Reading<u32>,
    /// Percent of its video encoder in use.
    pub encoder: Reading<f32>,
    /// Percent of its video decoder in use.
    pub decoder: Reading<f32>,
    /// It is split into parts (MIG), so that how busy it is, and with whom, is not told of the whole.
    pub split: bool,
    /// It sleeps, and was not asked, which would have woken it.
    pub asleep: bool,
    /// Why its driver's library tells nothing at all; it then stands for all cards of that driver.
    pub trouble: Option<Trouble>,
    /// Who uses it.
    pub users: Reading<Vec<User>>,
}

/// What one process uses of a card.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct User {
    /// Its number, in the namespace that the driver tells of.
    pub pid: Pid,
    /// Memory of the card that it holds.
    pub memory: Reading<Bytes>,
    /// Percent of the card's time.
    pub busy: Reading<f32>,
}

impl Default for Card {
    fn default() -> Self {
        const NONE: Missing = Missing::Unsupported;
        Self {
            index: 0,
            name: SafeText::default(),
            driver: SafeText::default(),
            busy: Err(NONE),
            memory_busy: Err(NONE),
            used: Err(NONE),
            total: Err(NONE),
            temperature: Err(NONE),
            power: Err(NONE),
            power_limit: Err(NONE),
            clock: Err(NONE),
            memory_clock: Err(NONE),
            encoder: Err(NONE),
            decoder: Err(NONE),
            split: false,
            asleep: false,
            trouble: None,
            users: Err(NONE),
        }
    }
}

/// A share that may be told.
///
/// # Errors
/// `Unsupported` above 100: drivers have told more than the whole, and stale numbers, which are none.
pub fn share(percent: u32) -> Reading<f32> {
    if percent <= 100 {
        Ok(percent as f32)
    } else {
        Err(Missing::Unsupported)
    }
}

impl Gpus {
    /// What a process uses of all cards: percent of one card's time, and memory; nothing where it uses none.
    ///
    /// # Errors
    /// `Denied` for one that hides what it holds.
    pub fn of(&self, pid: Pid) -> (Reading<f64>, Reading<f64>) {
        let hides = || self.hidden.binary_search(&pid).is_ok();
        let uses = |user: &User| user.pid == pid;
        if hides()
            && !self
                .cards
                .iter()
                .any(|c| c.users.iter().flatten().any(uses))
        {
            return (Err(Missing::Denied), Err(Missing::Denied));
        }
        let mut busy: Reading<f64> = Ok(0.0);
        let mut memory: Reading<f64> = Ok(0.0);
        let add = |sum: &mut Reading<f64>, more: Reading<f64>| {
            *sum = match (*sum, more) {
                (Ok(sum), Ok(more)) => Ok(sum + more),
                (Err(why), _) | (Ok(_), Err(why)) => Err(why),
            };
        };
        for card in &self.cards {
            match &card.users {
                Ok(users) => {
                    for user in users.iter().filter(|user| user.pid == pid) {
                        add(&mut busy, user.busy.map(f64::from));
                        add(&mut memory, user.memory.map(|b| b.0 as f64));
                    }
                }
                Err(why) => {
                    add(&mut busy, Err(*why));
                    add(&mut memory, Err(*why));
                }
            }
        }
        (busy, memory)
    }

    /// What is wrong with a library that tells nothing, in words.
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.cards.iter().find_map(|card| card.trouble)?;
        Some(format!("not told: {trouble}"))
    }

    /// The same in words: `85 % of a card, 39.0G of its memory`; `None` where it uses none, or that is not told.
    pub fn words(&self, pid: Pid) -> Option<String> {
        let uses = |card: &&Card| card.users.iter().flatten().any(|user| user.pid == pid);
        let cards: Vec<String> = self
            .cards
            .iter()
            .filter(uses)
            .map(|c| c.name.to_string())
            .collect();
        let (busy, memory) = self.of(pid);
        let busy = busy.map_or("–".to_owned(), |share| format!("{share:.0} %"));
        let memory = memory.map_or("–".to_owned(), |held| bytes(Bytes(held as u64)));
        let whose = if cards.len() == 1 {
            "its memory"
        } else {
            "their memory"
        };
        (!cards.is_empty()).then(|| format!("{busy} of {}, {memory} of {whose}", cards.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_above_the_whole_are_not_told() {
        assert_eq!(share(100), Ok(100.0));
        assert_eq!(share(101), Err(Missing::Unsupported));
        assert_eq!(share(u32::MAX), Err(Missing::Unsupported));
    }

    #[test]
    fn what_a_process_uses_is_added_up_over_cards() {
        let user = |pid, memory, busy| User {
            pid: Pid(pid),
            memory: Ok(Bytes(memory)),
            busy,
        };
        let card = |users| Card {
            users: Ok(users),
            ..Card::default()
        };
        let gpus = Gpus {
            cards: vec![
                card(vec![
                    user(7, 100, Ok(20.0)),
                    user(9, 1, Err(Missing::Unsupported)),
                ]),
                card(vec![user(7, 50, Ok(5.0))]),
            ],
            hidden: vec![Pid(7), Pid(8)],
        };
        assert_eq!(gpus.of(Pid(7)), (Ok(25.0), Ok(150.0)));
        assert_eq!(gpus.of(Pid(8)).0, Err(Missing::Denied));
        assert_eq!(gpus.of(Pid(9)), (Err(Missing::Unsupported), Ok(1.0)));
        assert_eq!(gpus.of(Pid(1)), (Ok(0.0), Ok(0.0)));
        assert_eq!(gpus.words(Pid(1)), None);
        assert_eq!(
            gpus.words(Pid(9)).as_deref(),
            Some("– of , 1B of its memory")
        );
    }

    #[test]
    fn a_library_that_tells_nothing_says_what_is_wrong() {
        let with = |trouble| Gpus {
            cards: vec![
                Card::default(),
                Card {
                    trouble,
                    ..Card::default()
                },
            ],
            hidden: Vec::new(),
        };
        assert_eq!(with(None).trouble(), None);
        let said = with(Some(Trouble::Answers(9))).trouble();
        assert_eq!(said.as_deref(), Some("not told: the driver is not loaded"));
    }
}
