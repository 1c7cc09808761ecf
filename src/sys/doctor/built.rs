//! What the kernel was built with and which controllers of groups it has, by procfs: `/proc/config.gz` or
//! `/boot/config-RELEASE` (`proc_config.gz(5)`), `/proc/cgroups` (`cgroups(7)`). Read once, when the doctor is asked.
//!
//! procfs unpacks with a library that nothing else here needs, so the text is unpacked before it is handed over.

use std::fs;
use std::path::Path;

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use procfs::{CGroupControllers, FromBufRead as _, KernelConfig};

use crate::sys::root::ProcRoot;

/// No configuration is longer, packed or not.
const LONGEST: usize = 4 << 20;

/// Whether the kernel was built with an option such as `CONFIG_PSI`; `None` where it does not tell.
pub(super) fn with(root: &ProcRoot, option: &str) -> Option<bool> {
    let packed = short(&root.proc("config.gz")).and_then(|packed| unpacked(&packed));
    let text = packed.or_else(|| {
        let release = root.read("sys/kernel/osrelease").ok()?;
        let release = String::from_utf8(release).ok()?;
        short(&root.whole(format!("/boot/config-{}", release.trim())))
    })?;
    let config = KernelConfig::from_buf_read(text.as_slice()).ok()?;
    // One that has none of these is no configuration.
    (!config.0.is_empty()).then(|| config.0.contains_key(option))
}

/// Controllers that the kernel has and that were switched off when it was booted.
pub(super) fn switched_off(root: &ProcRoot) -> Vec<String> {
    let text = root.read("cgroups").unwrap_or_default();
    let all = CGroupControllers::from_buf_read(text.as_slice());
    let all = all.map_or(Vec::new(), |all| all.0).into_iter();
    all.filter(|c| !c.enabled).map(|c| c.name).collect()
}

fn short(path: &Path) -> Option<Vec<u8>> {
    let told = fs::metadata(path).ok()?;
    let read = told.is_file() && told.len() <= LONGEST as u64;
    read.then(|| fs::read(path).ok())?
}

/// What a gzip file holds, RFC 1952; its checksum is not looked at.
fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let [0x1f, 0x8b, 8, flags, _, _, _, _, _, _, rest @ ..] = packed else {
        return None;
    };
    let mut rest = rest;
    if flags & 4 != 0 {
        let (length, after) = rest.split_first_chunk()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    // A name and a comment, each ended by a zero.
    for _ in 0..(flags >> 3 & 1) + (flags >> 4 & 1) {
        let end = rest.iter().position(|b| *b == 0)?;
        rest = &rest[end + 1..];
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    decompress_to_vec_with_limit(rest, LONGEST).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kernel_was_built_with_is_told_by_either_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        assert_eq!(with(&root, "CONFIG_PSI"), None);
        let text = b"# CONFIG_NO is not set\nCONFIG_PSI=y\nCONFIG_HZ=250\n";
        fs::create_dir_all(dir.path().join("proc/sys/kernel")).expect("made");
        fs::create_dir_all(dir.path().join("boot")).expect("made");
        fs::write(dir.path().join("proc/sys/kernel/osrelease"), "6.1\n").expect("written");
        fs::write(dir.path().join("boot/config-6.1"), text).expect("written");
        assert_eq!(with(&root, "CONFIG_PSI"), Some(true));
        assert_eq!(with(&root, "CONFIG_NO"), Some(false));
        let mut packed = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
        packed.extend(b"config\0");
        packed.extend(miniz_oxide::deflate::compress_to_vec(b"CONFIG_TWO=m\n", 6));
        packed.extend([0; 8]);
        fs::write(dir.path().join("proc/config.gz"), packed).expect("written");
        assert_eq!(with(&root, "CONFIG_TWO"), Some(true), "it goes before");
        fs::write(dir.path().join("proc/config.gz"), b"\x1f\x8b\x08\xff").expect("written");
        assert_eq!(
            with(&root, "CONFIG_PSI"),
            Some(true),
            "one cut short is none"
        );
    }

    #[test]
    fn controllers_that_are_off_are_told() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        assert_eq!(switched_off(&root), [] as [&str; 0]);
        fs::create_dir(dir.path().join("proc")).expect("made");
        let text = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t9\t1\nmemory\t0\t9\t0\n";
        fs::write(dir.path().join("proc/cgroups"), text).expect("written");
        assert_eq!(switched_off(&root), ["memory"]);
    }

    #[test]
    fn this_kernel_tells_or_does_not() {
        match with(&ProcRoot::live(), "CONFIG_PROC_FS") {
            Some(built) => assert!(built, "we read /proc"),
            None => println!("skipped: this kernel tells nothing of how it was built"),
        }
    }
}
