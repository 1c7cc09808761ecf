//! A process with known parts: it makes regions, descriptors and threads, tells on one line of JSON what it has made, and
//! waits for its input to end. The live tests inspect it and compare.
//!
//! Each part is a file of its own that answers its truth and what must be kept alive.

#![expect(
    unsafe_code,
    reason = "makes mappings, shared segments and children that std has no words for"
)]

use std::any::Any;
use std::io::BufRead as _;

mod calls;
mod channels;
mod circles;
mod elsewhere;
mod joined;
mod locks;
mod modes;
mod owner_ended;
mod regions;
mod rust_locks;
mod signals;
mod terminal;
mod touching;
mod waits;

/// Every part by its name.
///
/// Signals come first, since every thread inherits what is blocked; regions next, since they fork while there is one
/// thread, and so does what joins; channels before waits, so that their child holds no end of what is waited for.
const PARTS: &[(&str, Make)] = &[
    ("signals", signals::make),
    ("regions", regions::make),
    ("joined", joined::make),
    ("elsewhere", elsewhere::make),
    ("channels", channels::make),
    ("waits", waits::make),
];

/// Makes a part.
type Make = fn() -> Part;

/// A part's truth, and what keeps it true.
type Part = (serde_json::Value, Box<dyn Any>);

fn main() {
    // One that does a single thing, as its argument says, and nothing else.
    if let Some(mode) = std::env::args().nth(1) {
        if let Some(how) = mode.strip_prefix("circle-") {
            circles::run(how);
        }
        match (mode.as_str(), mode.strip_prefix("locks")) {
            ("calls", _) => calls::run(),
            ("owner_ended", _) => owner_ended::run(),
            ("terminal", _) => terminal::run(),
            (_, Some(how)) => locks::run(how.strip_prefix('-')),
            (_, None) => modes::run(&mode),
        }
    }
    let mut truth = serde_json::Map::new();
    let mut kept = Vec::new();
    truth.insert("pid".to_owned(), std::process::id().into());
    for (name, make) in PARTS {
        let (value, keep) = make();
        truth.insert((*name).to_owned(), value);
        kept.push(keep);
    }
    println!("{}", serde_json::Value::Object(truth));
    let mut grown: Vec<Vec<u8>> = Vec::new();
    for line in std::io::stdin().lock().lines() {
        match line.as_deref() {
            Ok("grow") => {
                grown.push(vec![1; 8 << 20]);
                println!("{{\"grown\":{}}}", grown.len());
            }
            Ok("touch") => println!("{}", touching::touch()),
            _ => break,
        }
    }
}
