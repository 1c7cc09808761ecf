//! Files that a person asked to be written; nothing else is ever written.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Creates a file, or empties the one that is there.
///
/// # Errors
/// As the kernel says.
pub fn create(path: &Path) -> io::Result<Box<dyn Write>> {
    Ok(Box::new(BufWriter::new(File::create(path)?)))
}
