//! Which number `perf_event_open(2)` knows a tracepoint by, and where the fields of its records lie: `events/…/format` of
//! tracefs. It is read where somebody has mounted it, never mounted or written; mostly root alone may.

use std::io;

use crate::sys::root::ProcRoot;

/// Where tracefs is mounted, under `/sys`: its own place, and the one that it had before Linux 4.1.
const PLACES: [&str; 2] = ["kernel/tracing", "kernel/debug/tracing"];

/// What the kernel says of a tracepoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    /// Its number.
    pub id: u16,
    fields: Vec<(String, Field)>,
}

/// Where a field lies in the bytes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    offset: usize,
    size: usize,
}

impl Format {
    /// Reads the format of a tracepoint.
    ///
    /// # Errors
    /// `NotFound` where tracefs is not mounted or has no such tracepoint, `PermissionDenied` where it is closed to us.
    pub fn read(root: &ProcRoot, group: &str, name: &str) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for place in PLACES {
            match std::fs::read(root.sys(format!("{place}/events/{group}/{name}/format"))) {
                Ok(text) => {
                    let strange = || io::Error::from(io::ErrorKind::InvalidData);
                    return Self::parse(&text).ok_or_else(strange);
                }
                // That a place is closed says more than that another one is empty.
                Err(error) if last.kind() == io::ErrorKind::NotFound => last = error,
                Err(_) => {}
            }
        }
        Err(last)
    }

    /// `ID: 443`, then `field:unsigned long args[6]; offset:16; size:48; signed:0;` for each field, with tabs between the parts.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let id = text.lines().find_map(|line| line.strip_prefix("ID:"))?;
        Some(Self {
            id: id.trim().parse().ok()?,
            fields: text.lines().filter_map(field).collect(),
        })
    }

    /// Where a field is.
    pub fn field(&self, name: &str) -> Option<Field> {
        let mut fields = self.fields.iter();
        fields.find(|(known, _)| known == name).map(|(_, at)| *at)
    }
}

/// Why passages through tracepoints are not told, in words.
pub fn why(error: &io::Error) -> String {
    let text = match (error.raw_os_error(), error.kind()) {
        (Some(libc::EACCES), _) => "need tracefs that one may read, and CAP_PERFMON, or root",
        (Some(libc::EPERM), _) => "need CAP_PERFMON, or root",
        (_, io::ErrorKind::NotFound) => "need tracefs, which is not mounted at /sys/kernel/tracing",
        (Some(libc::ESRCH), _) => "the process has ended",
        (Some(libc::EMFILE), _) => "not enough descriptors for each thread on each core",
        _ => return error.to_string(),
    };
    text.to_owned()
}

fn field(line: &str) -> Option<(String, Field)> {
    let mut parts = line.trim().strip_prefix("field:")?.split(';');
    let declared = parts.next()?;
    let name = declared.split('[').next()?.rsplit([' ', '*']).next()?;
    let mut number = |what: &str| {
        let text = parts.next()?.trim().strip_prefix(what)?;
        text.strip_prefix(':')?.parse().ok()
    };
    let (offset, size) = (number("offset")?, number("size")?);
    Some((name.to_owned(), Field { offset, size }))
}

impl Field {
    /// The number that it holds, or the first one of several, as wide as the kernel's `long` is.
    pub fn long(self, record: &[u8]) -> Option<i64> {
        let bytes = record.get(self.offset..self.offset.checked_add(self.size)?)?;
        match bytes.first_chunk::<8>() {
            Some(eight) => Some(i64::from_ne_bytes(*eight)),
            None => Some(i32::from_ne_bytes(*bytes.first_chunk::<4>()?).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &[u8] = include_bytes!("../../../fuzz/seeds/tracepoint/sys_enter");

    #[test]
    fn a_format_tells_the_number_and_where_fields_are() {
        let format = Format::parse(SEED).expect("a format");
        assert_eq!(format.id, 443);
        let at = |offset, size| Some(Field { offset, size });
        assert_eq!(format.field("id"), at(8, 8));
        assert_eq!(format.field("args"), at(16, 48));
        assert_eq!(format.field("common_type"), at(0, 2));
        assert_eq!(format.field("ret"), None);
        let mut record = vec![0; 64];
        record[8..16].copy_from_slice(&(-2_i64).to_ne_bytes());
        record[16..24].copy_from_slice(&7_i64.to_ne_bytes());
        let long = |name, record: &[u8]| format.field(name).and_then(|f| f.long(record));
        assert_eq!(long("id", &record), Some(-2));
        assert_eq!(long("args", &record), Some(7));
        assert_eq!(long("args", &record[..60]), None);
        assert_eq!(long("common_type", &record), None);
    }

    #[test]
    fn what_is_no_format_is_none() {
        assert_eq!(Format::parse(b"name: x\n"), None);
        assert_eq!(Format::parse(b"ID: many\n"), None);
        let odd = Format::parse(b"ID: 7\n\tfield:int a;\toffset:x;\tsize:4;\n\tfield:int b\n");
        assert_eq!(odd.expect("a number").field("a"), None);
    }
}
