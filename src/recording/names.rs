//! Words that pscope itself has, such as names of sources: few, kept for good, so that a recording cannot make them grow
//! without bound.

use std::sync::{Mutex, PoisonError};

use crate::model::text::SafeText;

/// More than any version has.
const MOST: usize = 512;
/// Longer than any of them.
const LONGEST: usize = 120;

static KNOWN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// A word as a text that stays.
pub fn word(name: &[u8]) -> &'static str {
    let name = SafeText::from_bytes(&name[..name.len().min(LONGEST)]);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.iter().find(|k| **k == name.as_str()) {
        return found;
    }
    if known.len() >= MOST {
        return "something else";
    }
    let kept: &'static str = Box::leak(name.as_str().to_owned().into_boxed_str());
    known.push(kept);
    kept
}
