//! The rules of the machine's zone: `TZ` or `/etc/localtime`, `tzset(3)`, `tzfile(5)`, read by jiff.
//!
//! Only the one file is read that the C library would read: jiff's own search reads the names of all zones first.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::zone::Zone;
use crate::sys::root::ProcRoot;

/// For how many seconds from a moment on the rules are looked up: ten years.
const AHEAD: i64 = 10 * 366 * 86_400;
/// And before it.
const BEFORE: i64 = 86_400;
/// No file of rules is longer.
const LONGEST: u64 = 1 << 20;

/// The rules between two moments, in seconds after the Unix epoch, and a while around them; UTC where no zone is named.
pub fn read(root: &ProcRoot, tz: Option<&str>, from: i64, to: i64) -> Zone {
    let rules = rules(root, tz).unwrap_or(TimeZone::UTC);
    Zone::between(from - BEFORE, to + AHEAD, |at| {
        let at = Timestamp::from_second(at).unwrap_or_default();
        rules.to_offset(at).seconds()
    })
}

/// `TZ` names a file of rules, below `/usr/share/zoneinfo` where it is no whole path, or tells the rules: `CET-1CEST`.
fn rules(root: &ProcRoot, tz: Option<&str>) -> Option<TimeZone> {
    let Some(named) = tz else {
        return file(&root.etc("localtime"));
    };
    let named = named.strip_prefix(':').unwrap_or(named);
    let path = match named {
        "" => return Some(TimeZone::UTC),
        whole if whole.starts_with('/') => PathBuf::from(whole),
        name => root.whole("/usr/share/zoneinfo").join(name),
    };
    file(&path).or_else(|| TimeZone::posix(named).ok())
}

fn file(path: &Path) -> Option<TimeZone> {
    let told = std::fs::metadata(path).ok()?;
    if !told.is_file() || told.len() > LONGEST {
        return None;
    }
    TimeZone::tzif("", &std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A summer's day and a winter's day of 2026, noon UTC.
    const SUMMER: i64 = 1_782_907_200;
    const WINTER: i64 = 1_768_478_400;

    #[test]
    fn rules_are_told_by_a_file_or_by_a_text() {
        let dir = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(dir.path());
        let at = |tz: Option<&str>| {
            let zone = read(&root, tz, WINTER, SUMMER);
            (zone.ahead(WINTER), zone.ahead(SUMMER))
        };
        assert_eq!(at(None), (0, 0), "there is no file");
        assert_eq!(at(Some("CET-1CEST,M3.5.0,M10.5.0/3")), (3600, 7200));
        assert_eq!(at(Some("<-03>3")), (-10_800, -10_800));
        for nothing in ["", ":", "Nowhere/Land", "/dev/zero"] {
            assert_eq!(at(Some(nothing)), (0, 0), "{nothing}");
        }
    }

    /// jiff and the C library read the same rules of this machine.
    #[test]
    fn this_machine_has_the_rules_that_date_tells() {
        let tz = std::env::var("TZ").ok();
        let zone = read(&ProcRoot::live(), tz.as_deref(), WINTER, SUMMER);
        for at in [WINTER, SUMMER] {
            let told = std::process::Command::new("date")
                .args(["-d", &format!("@{at}"), "+%z"])
                .output();
            let Ok(told) = told else {
                println!("skipped: there is no date(1)");
                return;
            };
            let ahead = zone.ahead(at);
            let sign = if ahead < 0 { '-' } else { '+' };
            let minutes = ahead.abs() / 60;
            let ours = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
            assert_eq!(String::from_utf8_lossy(&told.stdout).trim(), ours);
        }
    }
}
