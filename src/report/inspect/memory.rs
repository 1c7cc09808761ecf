//! The regions of a process, as JSON and as text.

use serde_json::{Map, Value, json};

use crate::model::format::bytes;
use crate::model::id::Bytes;
use crate::model::memory::region::{AddressSpace, Flags, Part, Region, Residency};
use crate::model::reading::{Missing, Reading};
use crate::report::printer::{Ink, Printer};

/// Every region by ascending address.
pub(super) fn regions(space: &AddressSpace) -> Value {
    space.regions.iter().map(|r| region(r, space)).collect()
}

fn region(r: &Region, space: &AddressSpace) -> Value {
    let pages = r.residency.as_ref().ok();
    let of = |field: fn(&Residency) -> u64| pages.map(field);
    let mut out = json!({
        "start": format!("{:#x}", r.start),
        "end": format!("{:#x}", r.end),
        "kind": r.kind.word(),
        "part": Some(r.part.word()).filter(|w| !w.is_empty()),
        "permissions": r.access.to_string(),
        "size_bytes": r.size().0,
        "rss_bytes": of(|p| p.resident.0),
        "pss_bytes": of(|p| p.proportional.0),
        "swap_bytes": of(|p| p.swapped.0),
        "private_dirty_bytes": of(|p| p.own_dirty.0),
        "freed_bytes": of(|p| p.freed.0),
        "huge_bytes": of(|p| p.huge.0),
        "guard_pages": (!r.flags.contains(Flags::GUARDS)).then_some(false),
        "path": Some(r.name.exact()).filter(|n| !n.is_empty()),
        "deleted": r.deleted,
        "tid": r.stack.as_ref().map(|s| s.tid.0),
        "offset": r.offset,
    });
    let mut why_not = Map::new();
    if r.flags.contains(Flags::GUARDS) {
        // The kernel keeps the flag of a mapping when the last guard is taken away.
        why_not.insert("guard_pages".to_owned(), Missing::Unsupported.word().into());
    }
    if r.access.shared {
        let sharers = r.sharers.iter();
        let sharers = sharers.map(|s| json!({"pid": s.pid.0, "name": s.name}));
        let known = if r.can_be_shared() {
            space.sharers
        } else {
            Err(Missing::Unsupported)
        };
        out["also_mapped_by"] = match known {
            Err(why) if r.sharers.is_empty() => {
                why_not.insert("also_mapped_by".to_owned(), why.word().into());
                Value::Null
            }
            known => {
                // Those that are known are told; there may be more.
                if let Err(why) = known {
                    why_not.insert("also_mapped_by_others".to_owned(), why.word().into());
                }
                sharers.collect()
            }
        };
    }
    if let Err(why) = r.residency {
        let fields = [
            "rss_bytes",
            "pss_bytes",
            "swap_bytes",
            "private_dirty_bytes",
            "freed_bytes",
            "huge_bytes",
        ];
        why_not.extend(fields.map(|f| (f.to_owned(), why.word().into())));
    }
    if !why_not.is_empty() {
        out["unavailable"] = Value::Object(why_not);
    }
    out
}

/// The sums of each kind that there is.
pub(super) fn by_kind(space: &AddressSpace) -> Value {
    let sums = space.by_kind().into_iter().map(|(kind, sum)| {
        let pages = sum.residency.ok();
        let value = json!({
            "size_bytes": sum.size.0,
            "rss_bytes": pages.map(|p| p.resident.0),
            "pss_bytes": pages.map(|p| p.proportional.0),
            "swap_bytes": pages.map(|p| p.swapped.0),
            "regions": sum.count,
        });
        (kind.word().to_owned(), value)
    });
    Value::Object(sums.collect())
}

/// The sums by group, then every region from the highest address down.
pub(super) fn write(space: &AddressSpace, printer: &mut Printer<'_>) -> std::io::Result<()> {
    if space.regions.is_empty() {
        return printer.line(&[(
            "  no address space: a kernel thread, or it has ended",
            Ink::Plain,
        )]);
    }
    let dash = if printer.ascii { "-" } else { "–" };
    let amount = |r: &Reading<Residency>, f: fn(&Residency) -> Bytes| {
        r.as_ref().map_or_else(|_| dash.to_owned(), |r| bytes(f(r)))
    };
    let row = |label: &str, size: String, r: &Reading<Residency>| {
        format!(
            "  {label:<16}{size:>8} {:>9} {:>8} {:>8} {:>8}",
            amount(r, |r| r.resident),
            amount(r, |r| r.proportional),
            amount(r, |r| r.own),
            amount(r, |r| r.swapped),
        )
    };
    let head = format!(
        "  {:<16}{:>8} {:>9} {:>8} {:>8} {:>8}",
        "", "claimed", "resident", "PSS", "own", "swapped"
    );
    printer.line(&[(&head, Ink::Dim)])?;
    for (group, sum) in space.by_group() {
        let line = row(group.title(), bytes(sum.size), &sum.residency);
        printer.line(&[(&line, Ink::Plain)])?;
    }
    let all = space.totals();
    printer.line(&[(&row("all", bytes(all.size), &all.residency), Ink::Strong)])?;
    printer.line(&[("", Ink::Plain)])?;
    for region in space.regions.iter().rev() {
        let resident = amount(&region.residency, |r| r.resident);
        write_region(region, &resident, space.others_untold(region), printer)?;
    }
    Ok(())
}

fn write_region(
    region: &Region,
    resident: &str,
    others_untold: Option<&str>,
    printer: &mut Printer<'_>,
) -> std::io::Result<()> {
    let range = format!(
        "  {:>12x}-{:<12x} {} ",
        region.start, region.end, region.access
    );
    let kind = match region.part.word() {
        "" => region.kind.word().to_owned(),
        part => format!("{} {part}", region.kind.word()),
    };
    let sizes = format!("{kind:<22}{:>7} {resident:>7}  ", bytes(region.size()));
    let mut name = region.name.to_string();
    if region.deleted {
        name.push_str(" (deleted)");
    }
    if let Some(stack) = &region.stack {
        let used = bytes(stack.used);
        let comma = if name.is_empty() { "" } else { ", " };
        name = format!(
            "{name}{comma}thread {} {}, {used} deep",
            stack.tid, stack.name
        );
    }
    let sharers = region.sharers.first().map(|first| {
        let more = match region.sharers.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("also mapped by {} {}{more}", first.pid, first.name)
    });
    let part = |of: fn(&Residency) -> Bytes| {
        let amount = region.residency.as_ref().ok().map(of);
        amount.filter(|amount| amount.0 > 0)
    };
    // Pages of the pool are what the region is called by.
    let huge = part(|r| r.huge).filter(|_| region.part != Part::Huge);
    let huge = huge.map(|huge| format!("{} of it in huge pages", bytes(huge)));
    let freed = part(|r| r.freed);
    let freed = freed.map(|freed| format!("{} of it freed, not yet taken back", bytes(freed)));
    let guards = region.flags.contains(Flags::GUARDS);
    let guards = guards.then(|| "may have guard pages".to_owned());
    let others = others_untold.map(str::to_owned);
    for note in [sharers, others, huge, freed, guards].into_iter().flatten() {
        let comma = if name.is_empty() { "" } else { ", " };
        name = format!("{name}{comma}{note}");
    }
    printer.line(&[
        (&range, Ink::Dim),
        (&sizes, Ink::Plain),
        (&name, Ink::Plain),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Pid;
    use crate::model::memory::region::{Access, FileId, Kind, Sharer};

    fn make(pid: u32) -> Sharer {
        Sharer {
            pid: Pid(pid),
            name: "make".into(),
        }
    }

    fn ring(sharers: Reading<()>) -> AddressSpace {
        let region = Region {
            start: 0x1000,
            end: 0x3000,
            kind: Kind::Shared,
            part: Part::Plain,
            access: Access::from_letters(b"rw-s"),
            offset: 0,
            file: FileId {
                major: 0,
                minor: 26,
                inode: 7,
            },
            name: "/dev/shm/ring".into(),
            deleted: false,
            stack: None,
            residency: Err(Missing::Denied),
            flags: Flags::empty(),
            sharers: Vec::new(),
        };
        AddressSpace {
            regions: vec![region],
            sharers,
            ..AddressSpace::default()
        }
    }

    #[test]
    fn every_reason_stands_and_nobody_is_not_an_empty_list() {
        let mut space = ring(Err(Missing::Late));
        let told = &regions(&space)[0];
        assert_eq!(told["also_mapped_by"], Value::Null);
        assert_eq!(told["unavailable"]["also_mapped_by"], "late");
        assert_eq!(told["unavailable"]["rss_bytes"], "denied");
        space.sharers = Err(Missing::Denied);
        space.regions[0].sharers = vec![make(812)];
        let told = &regions(&space)[0];
        let known = json!([{"pid": 812, "name": "make"}]);
        assert_eq!(told["also_mapped_by"], known, "those that are known");
        assert_eq!(told["unavailable"]["also_mapped_by_others"], "denied");
        assert_eq!(told["unavailable"]["also_mapped_by"], Value::Null);
        space.regions[0].sharers.clear();
        space.sharers = Ok(());
        space.regions[0].residency = Ok(Residency {
            resident: Bytes(4096),
            ..Residency::default()
        });
        let told = &regions(&space)[0];
        assert_eq!(told["also_mapped_by"], json!([]));
        assert_eq!(told["unavailable"], Value::Null);
        space.regions[0].kind = Kind::Device;
        let told = &regions(&space)[0];
        assert_eq!(told["also_mapped_by"], Value::Null, "nobody looked");
        assert_eq!(told["unavailable"]["also_mapped_by"], "unsupported");
    }

    fn told(space: &AddressSpace) -> String {
        let mut out = Vec::new();
        let mut printer = Printer {
            out: &mut out,
            width: None,
            ascii: true,
            styled: false,
        };
        write(space, &mut printer).expect("memory takes all");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn huge_pages_are_told_in_text_too() {
        let mut space = ring(Ok(()));
        space.regions[0].residency = Ok(Residency {
            resident: Bytes(6 << 20),
            huge: Bytes(4 << 20),
            ..Residency::default()
        });
        let text = told(&space);
        assert!(text.contains("ring, 4.0M of it in huge pages\n"), "{text}");
        assert_eq!(regions(&space)[0]["huge_bytes"], 4 << 20);
        space.regions[0].part = Part::Huge;
        assert!(!told(&space).contains("of it"), "its name says so");
    }

    #[test]
    fn text_says_that_others_may_map_it_who_cannot_be_seen() {
        let mut space = ring(Err(Missing::Denied));
        let text = told(&space);
        assert!(
            text.contains("/dev/shm/ring, others not visible\n"),
            "{text}"
        );
        space.regions[0].sharers = [812, 813].map(make).into();
        let text = told(&space);
        let all = "ring, also mapped by 812 make and 1 more, others not visible\n";
        assert!(text.contains(all), "{text}");
        space.sharers = Err(Missing::Late);
        assert!(told(&space).contains("more, others did not answer\n"));
        space.sharers = Ok(());
        assert!(told(&space).contains("also mapped by 812 make and 1 more\n"));
    }
}
