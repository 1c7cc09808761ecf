//! The small files of a process with a few numbers: `io`, `schedstat`, `statm`, `oom_score`, `smaps_rollup`, `proc(5)`.

use crate::model::id::{Bytes, Nanos};
use crate::model::sample::{Moved, SchedStat};
use crate::sys::fields;

/// Parses the `io` of a process or a thread: `b"rchar: 6976\n…read_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 0\n"`.
pub fn io(text: &[u8]) -> Option<Moved> {
    let of = |wanted: &[u8]| {
        let (_, value) = fields::pairs(text).find(|(key, _)| *key == wanted)?;
        fields::number(value)
    };
    let written = of(b"write_bytes")?;
    let cancelled = of(b"cancelled_write_bytes").unwrap_or(0);
    Some(Moved {
        read: Bytes(of(b"read_bytes")?),
        written: Bytes(written.saturating_sub(cancelled)),
    })
}

/// Parses `schedstat`: nanoseconds on a core, nanoseconds waiting for one, slices: `b"357284 1200 3\n"`.
pub fn schedstat(text: &[u8]) -> Option<SchedStat> {
    let mut numbers = fields::numbers(text);
    Some(SchedStat {
        run: Nanos(numbers.next()?),
        wait: Nanos(numbers.next()?),
        slices: numbers.next()?,
    })
}

/// Parses the resident pages of `statm`, its second number: `b"1245 327 251 40 0 182 0\n"`.
pub fn resident_pages(text: &[u8]) -> Option<u64> {
    fields::numbers(text).nth(1)
}

/// Parses `oom_score`: `b"666\n"`.
pub fn oom_score(text: &[u8]) -> Option<u32> {
    u32::try_from(fields::number(text)?).ok()
}

/// Parses the lines `b"Pss:                 325 kB"` and `Private_Hugetlb`, which that lacks, of `smaps_rollup`; kernel threads
/// have an empty file.
pub fn proportional(text: &[u8]) -> Option<Bytes> {
    let of = |name: &[u8]| {
        let (_, value) = fields::pairs(text).find(|(key, _)| *key == name)?;
        fields::number(value)
    };
    let pool = of(b"Private_Hugetlb").unwrap_or(0);
    Some(Bytes::from_kib(of(b"Pss")?.saturating_add(pool)))
}

/// Parses the lines `b"Private_Clean:  4 kB"`, `Private_Dirty` and `Private_Hugetlb` of `smaps_rollup`: what nobody shares.
pub fn private(text: &[u8]) -> Bytes {
    let parts = fields::pairs(text).filter(|(key, _)| key.starts_with(b"Private_"));
    let kib = parts.filter_map(|(_, value)| fields::number(value));
    Bytes::from_kib(kib.fold(0, u64::saturating_add))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_io() {
        let text = b"rchar: 6976\nwchar: 1\nsyscr: 10\nsyscw: 0\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 4096\n";
        let expected = Moved {
            read: Bytes(4096),
            written: Bytes(4096),
        };
        assert_eq!(io(text), Some(expected));
        assert_eq!(io(b"rchar: 1\n"), None);
    }

    #[test]
    fn reads_single_numbers() {
        let expected = SchedStat {
            run: Nanos(357_284),
            wait: Nanos(1200),
            slices: 3,
        };
        assert_eq!(schedstat(b"357284 1200 3\n"), Some(expected));
        assert_eq!(schedstat(b"357284 1200\n"), None);
        assert_eq!(oom_score(b"666\n"), Some(666));
        assert_eq!(oom_score(b""), None);
        let rollup = b"561470664000-7fffa8e09000 ---p 00000000 00:00 0    [rollup]\nRss:   1752 kB\nPss:    325 kB\nPss_Dirty: 116 kB\n";
        assert_eq!(proportional(rollup), Some(Bytes(325 << 10)));
        let pool = b"Rss: 9 kB\nPss: 9 kB\nPrivate_Dirty: 9 kB\nPrivate_Hugetlb: 8192 kB\n";
        assert_eq!(proportional(pool), Some(Bytes(8201 << 10)));
        assert_eq!(private(pool), Bytes(8201 << 10), "no more than that");
        let text = b"Rss: 9 kB\nPrivate_Clean: 4 kB\nPrivate_Dirty: 12 kB\nPrivate_Hugetlb: 0 kB\n";
        assert_eq!(private(text), Bytes(16 << 10));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = (io(&bytes), schedstat(&bytes), oom_score(&bytes), proportional(&bytes), private(&bytes));
        }
    }
}
