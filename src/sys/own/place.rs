//! Who writes a file that a person asked for writes nothing else: a Landlock domain leaves it the folder of that file, as far
//! as the kernel has it (`landlock(7)`).
//!
//! Only such a process of our own is in a domain. What looks at others cannot be: in a domain a process may look into no other
//! one, whatever the domain handles (docs/kernel.md).

use std::fs;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, AccessFs, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError,
};

use super::sandbox;

/// The rights of this version are asked for, and of those each that the kernel knows is in force: to write, make, remove and
/// move files, and to cut them.
const VERSION: ABI = ABI::V3;

/// No file is changed from now on but below the folder of this one, by this thread and those that it starts. Does nothing where
/// [`sandbox::begin`] did nothing, and where the folder cannot be told, as of what is no path.
pub fn only_below(file: &Path) {
    if sandbox::state() == Some(&Ok(()))
        && let Some(folder) = folder(file)
    {
        // Where the kernel refuses it the file is written all the same.
        let _ = confine(&folder);
    }
}

/// The folder that is there in which a file is, or is to be made with the folders that lead to it; of a link that of its target.
fn folder(file: &Path) -> Option<PathBuf> {
    let file = std::path::absolute(file).ok()?;
    if let Ok(there) = fs::canonicalize(&file) {
        return there.parent().map(Path::to_owned);
    }
    if fs::symlink_metadata(&file).is_ok() {
        // A link to nothing, or what cannot be followed.
        return None;
    }
    let above = file.ancestors().skip(1);
    above.map(fs::canonicalize).find_map(Result::ok)
}

/// Whether the kernel keeps who writes to a folder.
pub fn kept() -> bool {
    let least = AccessFs::from_write(ABI::V1);
    let strict = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    strict
        .handle_access(least)
        .and_then(Ruleset::create)
        .is_ok()
}

fn confine(folder: &Path) -> Result<(), RulesetError> {
    let writing = AccessFs::from_write(VERSION);
    let rules = Ruleset::default().handle_access(writing)?.create()?;
    let rules = match PathFd::new(folder) {
        Ok(folder) => rules.add_rule(PathBeneath::new(folder, writing))?,
        // Then nothing can be written there either.
        Err(_) => rules,
    };
    rules.restrict_self().map(drop)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::os::unix::fs::symlink;

    use super::*;

    fn denied<T>(what: io::Result<T>) -> Option<i32> {
        what.err().and_then(|e| e.raw_os_error())
    }

    #[test]
    fn the_folder_of_a_file_is_found_wherever_it_leads() {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = fs::canonicalize(dir.path()).expect("there");
        let (here, other) = (dir.join("here"), dir.join("other"));
        fs::create_dir(&here).expect("made");
        fs::create_dir(&other).expect("made");
        fs::write(other.join("file"), "").expect("written");
        symlink(other.join("file"), here.join("link")).expect("made");
        symlink(other.join("nothing"), here.join("broken")).expect("made");
        assert_eq!(folder(&here.join("new")), Some(here.clone()));
        assert_eq!(folder(&here.join("a/b/new")), Some(here.clone()));
        assert_eq!(folder(&here.join("link")), Some(other));
        assert_eq!(folder(&here.join("broken")), None);
    }

    /// In a thread of its own, whose domain ends with it.
    #[test]
    fn whoever_writes_a_file_writes_nothing_elsewhere() {
        let dir = tempfile::tempdir().expect("a directory");
        let (here, other) = (dir.path().join("here"), dir.path().join("other"));
        fs::create_dir(&here).expect("made");
        fs::create_dir(&other).expect("made");
        fs::write(other.join("old"), "old").expect("written");
        let done = std::thread::spawn(move || {
            if !kept() {
                println!("skipped: this kernel has no Landlock");
                return;
            }
            confine(&here).expect("the kernel takes it");
            fs::write(here.join("new"), "text").expect("it is for this");
            fs::rename(here.join("new"), here.join("moved")).expect("it is for this");
            fs::create_dir(here.join("below")).expect("it is for this");
            let not = Some(libc::EACCES);
            assert_eq!(denied(fs::write(other.join("old"), "new")), not);
            assert_eq!(denied(fs::remove_file(other.join("old"))), not);
            assert_eq!(denied(fs::create_dir(other.join("dir"))), not);
            let across = fs::rename(here.join("moved"), other.join("moved"));
            assert!(across.is_err());
            assert_eq!(fs::read_to_string(other.join("old")).expect("read"), "old");
        });
        done.join().expect("no panic");
    }
}
