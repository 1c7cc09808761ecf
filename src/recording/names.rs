//! Names of sources: few, kept for good, so that a recording cannot make them grow without bound.

use std::sync::{Mutex, PoisonError};

use crate::model::text::SafeText;

/// More than any version has.
const MOST: usize = 64;

static KNOWN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// The name of a source as a text that stays.
pub fn source(name: &[u8]) -> &'static str {
    let name = SafeText::from_bytes(&name[..name.len().min(40)]);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.iter().find(|k| **k == name.as_str()) {
        return found;
    }
    if known.len() >= MOST {
        return "another source";
    }
    let kept: &'static str = Box::leak(name.as_str().to_owned().into_boxed_str());
    known.push(kept);
    kept
}
