//! `/etc/services` and `/etc/hosts`: read once, and again when they have changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::model::descriptors::socket::names::{Hosts, Names, Services};
use crate::sys::root::ProcRoot;

/// Keeps the names.
#[derive(Debug)]
pub struct NameReader {
    files: [PathBuf; 2],
    /// Length and time of change of both, as they were read.
    marks: [Option<(u64, SystemTime)>; 2],
    names: Arc<Names>,
}

impl NameReader {
    /// Reads nothing yet.
    pub fn new(root: &ProcRoot) -> Self {
        Self {
            files: [root.etc("services"), root.etc("hosts")],
            marks: [None; 2],
            names: Arc::default(),
        }
    }

    /// The names as the files have them now; a file that cannot be read names nothing.
    pub fn read(&mut self) -> Arc<Names> {
        let marks = [0, 1].map(|i| {
            let about = std::fs::metadata(&self.files[i]).ok()?;
            Some((about.len(), about.modified().ok()?))
        });
        if marks != self.marks {
            let text = |i: usize| std::fs::read(&self.files[i]).unwrap_or_default();
            self.names = Arc::new(Names {
                services: Services::parse(&text(0)),
                hosts: Hosts::parse(&text(1)),
            });
            self.marks = marks;
        }
        Arc::clone(&self.names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_read_again_and_an_unchanged_one_is_not() {
        let home = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(home.path());
        let mut reader = NameReader::new(&root);
        let ip = "10.0.0.1".parse().expect("an address");
        assert_eq!(reader.read().hosts.name(ip), None);
        std::fs::create_dir_all(root.etc("")).expect("made");
        std::fs::write(root.etc("hosts"), "10.0.0.1 one").expect("written");
        let first = reader.read();
        assert_eq!(first.hosts.name(ip), Some("one"));
        assert!(Arc::ptr_eq(&first, &reader.read()));
        std::fs::write(root.etc("hosts"), "10.0.0.1 another").expect("written");
        assert_eq!(reader.read().hosts.name(ip), Some("another"));
    }
}
