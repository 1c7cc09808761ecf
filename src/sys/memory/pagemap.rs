//! Whose the pages of a range are: `/proc/PID/pagemap`, one word a page, `proc_pid_pagemap(5)`. Reads no more than it is asked for.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::model::id::Bytes;
use crate::model::memory::region::merged::Pages;
use crate::model::reading::{Missing, Reading};
use crate::sys::bounded;

const PRESENT: u64 = 1 << 63;
const SWAPPED: u64 = 1 << 62;
/// Mapped by nobody else.
const OWN: u64 = 1 << 56;
/// A guard region, which reads as swapped.
const GUARD: u64 = 1 << 58;

/// So many pages are looked at: a gigabyte of small ones, two megabytes of words.
const MOST: u64 = 1 << 18;

/// Counts the pages of a range of a process, whose directory this is. The kernel takes its memory lock for that.
///
/// # Errors
/// `Unsupported` where the range is larger than one looks through; otherwise as the kernel says.
pub fn count(dir: &Path, (start, end): (u64, u64), page: u64) -> Reading<Pages> {
    let (first, last) = (start / page, end.div_ceil(page));
    if last.saturating_sub(first) > MOST {
        return Err(Missing::Unsupported);
    }
    let asked = vec![(dir.join("pagemap"), first, last)];
    let told = bounded::each("pagemap", asked, |(path, first, last)| {
        let mut words = vec![0; ((last - first) * 8) as usize];
        File::open(path)?.read_exact_at(&mut words, first * 8)?;
        Ok(words)
    });
    let words = told.into_iter().next().unwrap_or(Err(Missing::Late))?;
    Ok(counted(&words, page))
}

/// Counts words of the page map.
fn counted(words: &[u8], page: u64) -> Pages {
    let mut pages = Pages::default();
    for word in words.as_chunks::<8>().0 {
        let word = u64::from_ne_bytes(*word);
        let of = match word {
            w if w & PRESENT != 0 && w & OWN != 0 => &mut pages.own,
            w if w & PRESENT != 0 => &mut pages.others,
            w if w & SWAPPED != 0 && w & GUARD == 0 => &mut pages.swapped,
            _ => continue,
        };
        *of = Bytes(of.0 + page);
    }
    pages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_page_map_are_counted() {
        let words = [PRESENT | OWN, PRESENT, SWAPPED, SWAPPED | GUARD, 0];
        let words: Vec<u8> = words.iter().flat_map(|w| w.to_ne_bytes()).collect();
        let all = Bytes(4096);
        let pages = Pages {
            own: all,
            others: all,
            swapped: all,
        };
        assert_eq!(counted(&words, 4096), pages);
    }
}
