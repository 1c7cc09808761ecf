//! Which graphics cards there are, and what keeps them from being told.

use std::time::Duration;

use super::{Finding, State};
use crate::model::machine::gpu::Card;
use crate::model::reading::{Missing, Reading};
use crate::sys::clock;
use crate::sys::machine::{drm, gpus};
use crate::sys::root::ProcRoot;

pub(super) fn cards(root: &ProcRoot) -> Finding {
    let there = drm::there(root);
    let others = match there {
        Ok(true) => drm::Cards::new(root).read(clock::now()),
        _ => Vec::new(),
    };
    let others = others.into_iter().map(|(_, card)| card.name.to_string());
    let nvidia = root.is_live() && gpus::library().is_some();
    let nvidia = nvidia.then(|| gpus::read_now(Duration::MAX));
    finding(there, others.collect(), nvidia)
}

/// What is found: whether cards are listed, those of others, and what NVIDIA's library tells where there is one to be asked.
fn finding(
    there: Reading<bool>,
    mut names: Vec<String>,
    nvidia: Option<Reading<Vec<Card>>>,
) -> Finding {
    let gives = "graphics cards: use, memory, heat, power, and who uses them";
    let new = |state| Finding::new("gpu", gives, state);
    let late = "NVIDIA's driver did not answer within 3 s: it hangs, or goes on opening cards that no program has in use";
    match nvidia {
        Some(Ok(all)) => {
            if let Some(trouble) = all.iter().find_map(|card| card.trouble) {
                let state = if names.is_empty() {
                    State::Absent
                } else {
                    State::Limited
                };
                names.insert(0, format!("there is a card of NVIDIA's, and {trouble}"));
                return new(state).found(names.join("; ")).get(trouble.get());
            }
            let mut told: Vec<String> = all.iter().map(|card| card.name.to_string()).collect();
            told.append(&mut names);
            if told.is_empty() {
                return new(State::Absent).found("NVIDIA's driver is there, and tells of no card");
            }
            new(State::Ok).found(told.join(", "))
        }
        Some(Err(Missing::Denied)) => new(State::Denied).get("let this user open /dev/nvidiactl"),
        Some(Err(Missing::Late)) => new(State::Limited)
            .found(late)
            .get("sudo systemctl enable --now nvidia-persistenced   keeps the cards open"),
        Some(Err(why)) => {
            new(State::Absent).found(format!("NVIDIA's library tells nothing: {why}"))
        }
        None if !names.is_empty() => new(State::Ok).found(names.join(", ")),
        None => match there {
            Ok(_) => new(State::Absent).found("there is no card that computes or draws"),
            Err(Missing::Denied) => new(State::Denied).found("/sys may not be looked at"),
            Err(_) => new(State::Absent).found("there is no /sys here that lists cards"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::machine::gpu::trouble::Trouble;

    fn card(name: &str, trouble: Option<Trouble>) -> Card {
        Card {
            name: name.into(),
            trouble,
            ..Card::default()
        }
    }

    #[test]
    fn what_keeps_cards_from_being_told_is_named() {
        let troubled = |trouble| Some(Ok(vec![card("NVIDIA", Some(trouble))]));
        let told = |there, names: &[&str], nvidia| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            let found = finding(there, names, nvidia);
            (found.state, found.found, found.get)
        };
        let (state, found, get) = told(Ok(false), &[], troubled(Trouble::NoLibrary));
        assert_eq!(state, State::Absent);
        assert!(found.contains("no library libnvidia-ml.so.1"), "{found}");
        assert!(get.contains("install"), "{get}");
        let (state, found, get) = told(Ok(true), &["AMD"], troubled(Trouble::Answers(18)));
        assert_eq!(state, State::Limited);
        assert!(
            found.contains("different versions") && found.ends_with("; AMD"),
            "{found}"
        );
        assert!(get.contains("reboot"), "{get}");
        let (_, found, _) = told(Ok(false), &[], troubled(Trouble::Answers(999)));
        assert!(found.contains("error 999"), "{found}");
        let (state, found, _) = told(Ok(false), &[], Some(Err(Missing::Late)));
        assert_eq!(state, State::Limited);
        assert!(found.contains("goes on opening"), "{found}");
        // Not seen is not "none".
        let (state, found, _) = told(Err(Missing::Denied), &[], None);
        assert_eq!(
            (state, found.as_str()),
            (State::Denied, "/sys may not be looked at")
        );
        let (_, found, _) = told(Err(Missing::Unsupported), &[], None);
        assert!(!found.contains("no card"), "{found}");
        let (_, found, _) = told(Ok(false), &[], None);
        assert!(found.contains("there is no card"), "{found}");
        let (state, found, _) = told(Ok(true), &["AMD"], Some(Ok(vec![card("H100", None)])));
        assert_eq!((state, found.as_str()), (State::Ok, "H100, AMD"));
    }
}
