//! As much of `/proc/PID/maps` as a wait needs: where a lock lies and where a stack begins, `proc_pid_maps(5)`.

use crate::model::text::SafeText;

/// One mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    pub start: u64,
    pub end: u64,
    pub shared: bool,
    pub offset: u64,
    /// The file or the kernel's name in brackets; empty for memory without a name.
    pub path: Box<[u8]>,
}

/// The mappings of a process, by ascending address.
#[derive(Clone, Debug, Default)]
pub struct Space(Vec<Mapping>);

impl Space {
    /// Parses lines such as `7f12a0000000-7f12a0021000 rw-s 00000000 00:01 2053   /memfd:x (deleted)`; others are skipped.
    pub fn parse(text: &[u8]) -> Self {
        let lines = text.split(|b| *b == b'\n');
        let mut all: Vec<Mapping> = lines.filter_map(line).collect();
        all.sort_by_key(|m| m.start);
        Self(all)
    }

    /// The mapping that holds an address.
    pub fn at(&self, address: u64) -> Option<&Mapping> {
        let after = self.0.partition_point(|m| m.start <= address);
        self.0[..after].last().filter(|m| address < m.end)
    }
}

impl Mapping {
    /// What lies at an address of it: `heap`, `main stack`, `memfd:x +0x40`, `data of libc.so.6`, `anonymous memory`.
    pub fn place(&self, address: u64) -> SafeText {
        let path = self.path.strip_suffix(b" (deleted)").unwrap_or(&self.path);
        let file = path.rsplit(|b| *b == b'/').next().unwrap_or(path);
        let file = SafeText::from_bytes(file);
        let at = (address - self.start).saturating_add(self.offset);
        match path {
            b"[heap]" => "heap".into(),
            b"[stack]" => "main stack".into(),
            b"" => "anonymous memory".into(),
            b"/dev/zero" if self.shared => format!("shared anonymous memory +{at:#x}").into(),
            _ if self.shared => format!("{file} +{at:#x}").into(),
            [b'/', ..] => format!("data of {file}").into(),
            _ => file,
        }
    }
}

fn line(line: &[u8]) -> Option<Mapping> {
    let mut rest = line;
    let mut word = || {
        let end = rest.iter().position(|b| *b == b' ').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after.strip_prefix(b" ").unwrap_or(after);
        word
    };
    let range = word();
    let letters = word();
    let offset = word();
    let (_device, _inode) = (word(), word());
    let dash = range.iter().position(|b| *b == b'-')?;
    let hex = |text: &[u8]| u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok();
    let mapping = Mapping {
        start: hex(&range[..dash])?,
        end: hex(&range[dash + 1..])?,
        shared: letters.get(3) == Some(&b's'),
        offset: hex(offset)?,
        path: rest.trim_ascii_start().into(),
    };
    (mapping.start < mapping.end).then_some(mapping)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_places() {
        let space = Space::parse(
            b"55d0c8a00000-55d0c8a21000 rw-p 00000000 00:00 0                          [heap]\n\
            7f0000000000-7f0000001000 rw-s 00001000 00:01 2053                       /memfd:x (deleted)\n\
            7f0000001000-7f0000002000 rw-p 00001000 00:01 2053                       /usr/lib/a b.so\n\
            7f0000002000-7f0000003000 rw-p 00000000 00:00 0 \n\
            nonsense\n\
            7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]\n",
        );
        let place = |at| space.at(at).map(|m| m.place(at).to_string());
        assert_eq!(place(0x55d0_c8a0_0010).as_deref(), Some("heap"));
        assert_eq!(place(0x7f00_0000_0040).as_deref(), Some("memfd:x +0x1040"));
        assert_eq!(place(0x7f00_0000_1040).as_deref(), Some("data of a b.so"));
        assert_eq!(place(0x7f00_0000_2000).as_deref(), Some("anonymous memory"));
        assert_eq!(place(0x7f00_0000_3000), None);
        assert_eq!(place(0x7ffc_0000_0000).as_deref(), Some("main stack"));
        assert_eq!(place(0), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>, at: u64) {
            let _ = Space::parse(&bytes).at(at).map(|m| m.place(at));
        }
    }
}
