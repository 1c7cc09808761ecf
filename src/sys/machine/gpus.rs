//! Graphics cards of NVIDIA, by way of their management library, which a process of the `asker` has open while somebody
//! shows them. Without `/dev/nvidiactl` nothing is opened or asked.
//!
//! For tests `PSCOPE_NVML` names a library that stands in for it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::drm;
use super::nvml::{CardFacts, Told};
use crate::model::id::{Bytes, Pid};
use crate::model::machine::gpu::trouble::Trouble;
use crate::model::machine::gpu::{Card, User, share};
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::asker;
use crate::sys::root::ProcRoot;

/// The library's name, as the loader finds it.
const LIBRARY: &str = "libnvidia-ml.so.1";

/// Whether cards are left out, as a person wants it.
static LEFT_OUT: AtomicBool = AtomicBool::new(false);

/// Leaves cards out from now on: nothing of them is opened, asked or shown.
pub fn leave_out() {
    LEFT_OUT.store(true, Ordering::Relaxed);
}

/// Whether there is a card of any maker; where they are left out there is none.
///
/// # Errors
/// Why that is not known: there is no `/sys`, or it may not be looked at.
pub fn there(root: &ProcRoot) -> Reading<bool> {
    if LEFT_OUT.load(Ordering::Relaxed) {
        return Ok(false);
    }
    if root.is_live() && library().is_some() {
        return Ok(true);
    }
    drm::there(root)
}

/// Which library tells of NVIDIA's cards; `None` where there is no such card.
pub fn library() -> Option<PathBuf> {
    if LEFT_OUT.load(Ordering::Relaxed) {
        return None;
    }
    if let Some(stand_in) = std::env::var_os("PSCOPE_NVML").filter(|name| !name.is_empty()) {
        return Some(stand_in.into());
    }
    let there = std::fs::symlink_metadata("/dev/nvidiactl").is_ok();
    there.then(|| LIBRARY.into())
}

/// How long the driver is waited for at least, and at most: it takes seconds to open cards that no program has in use.
const PATIENCE: [Duration; 2] = [Duration::from_millis(300), Duration::from_secs(3)];

/// Asks for all cards of NVIDIA now, for about so long; where its library tells nothing, one stands for all and says why.
///
/// # Errors
/// `Unsupported` without a card, `Late` where the driver does not answer, `Denied` where it refuses.
pub fn read_now(budget: Duration) -> Reading<Vec<Card>> {
    let library = library().ok_or(Missing::Unsupported)?;
    let [least, most] = PATIENCE;
    let text = asker::gpus(&library, budget.clamp(least, most))?;
    let told: Told = serde_json::from_slice(&text).map_err(|_| Missing::Unsupported)?;
    let trouble = match told {
        Told::Cards(cards) => return Ok(cards.into_iter().zip(0..).map(card).collect()),
        Told::NoLibrary if cfg!(target_feature = "crt-static") => Trouble::Static,
        Told::NoLibrary => Trouble::NoLibrary,
        Told::Lacking => Trouble::Lacking,
        Told::Answers(code) => Trouble::Answers(code),
    };
    Ok(vec![Card {
        name: "NVIDIA".into(),
        trouble: Some(trouble),
        ..Card::default()
    }])
}

fn card((told, index): (CardFacts, u32)) -> Card {
    let some = |value: Option<u32>| value.ok_or(Missing::Unsupported);
    let watts = |value: Option<u32>| some(value).map(|milliwatts| milliwatts as f32 / 1000.0);
    let bytes = |value: Option<u64>| value.map(Bytes).ok_or(Missing::Unsupported);
    // Of a card that is split each part has numbers of its own, which are not asked for.
    let whole = |value: Option<u32>| if told.split { None } else { value };
    let busy_of = |pid: u32| match &told.shares {
        _ if told.split => Err(Missing::Unsupported),
        None => Err(Missing::Unsupported),
        Some(shares) => {
            let found = shares.iter().find(|(of, _)| *of == pid);
            found.map_or(Ok(0.0), |(_, percent)| share(*percent))
        }
    };
    let users = told.users.as_ref().ok_or(Missing::Unsupported);
    let users = users.map(|users| {
        let user = |(pid, memory): &(u32, Option<u64>)| User {
            pid: Pid(*pid),
            memory: bytes(*memory),
            busy: busy_of(*pid),
        };
        users.iter().map(user).collect()
    });
    let driver = format!("NVIDIA {}", told.driver);
    Card {
        index,
        name: SafeText::from(told.name.as_str()),
        driver: SafeText::from(driver.trim()),
        busy: some(whole(told.busy)).and_then(share),
        memory_busy: some(whole(told.memory_busy)).and_then(share),
        used: bytes(told.used),
        total: bytes(told.total),
        temperature: some(told.temperature).map(|t| t as f32),
        power: watts(told.milliwatts),
        power_limit: watts(told.limit_milliwatts),
        clock: some(told.clock),
        memory_clock: some(told.memory_clock),
        encoder: some(whole(told.encoder)).and_then(share),
        decoder: some(whole(told.decoder)).and_then(share),
        split: told.split,
        asleep: false,
        trouble: None,
        users,
    }
}
