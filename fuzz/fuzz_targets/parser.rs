//! Feeds one parser of `src/parsers.rs`: the one that `PSCOPE_PARSER` names.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pscope::parsers::{PARSERS, Parser};

static CHOSEN: LazyLock<&Parser> = LazyLock::new(|| {
    let name = std::env::var("PSCOPE_PARSER").expect("PSCOPE_PARSER names a parser");
    let found = PARSERS.iter().find(|(known, _)| *known == name);
    found.expect("a parser of src/parsers.rs")
});

fuzz_target!(|bytes: &[u8]| (CHOSEN.1)(bytes));
