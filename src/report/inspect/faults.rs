//! Which regions took pages, as text and JSON.

use serde_json::{Value, json};

use crate::model::format::{duration, per_second};
use crate::model::memory::faults::code::Code;
use crate::model::memory::faults::{PageFaults, RegionFaults, TouchedBy};
use crate::model::memory::region::{AddressSpace, Region};
use crate::model::reading::Missing;
use crate::model::text::SafeText;
use crate::report::printer::{Ink, Printer};

/// Where pages were taken: how many in how long, and where they came from; by region, the busiest first.
pub(super) fn page_faults(faults: &PageFaults, space: Option<&AddressSpace>) -> Value {
    let rows = busiest(faults).into_iter().map(|row| {
        let region = region_of(row, space);
        let mut out = json!({
            "start": (row.start != 0).then(|| format!("{:#x}", row.start)),
            "kind": region.map(|r| r.kind.word()),
            "path": region.map(|r| r.name.exact()).filter(|n| !n.is_empty()),
            "faults": row.all(),
            "faults_per_second": faults.rate(row.all()),
            "first_touch": row.first,
            "from_file": row.file,
            "from_swap": row.swap,
            "from_unknown": row.unknown,
            "waited_for_disk": row.waited,
            "touched_by": row.by.iter().map(touched_by).collect::<Vec<_>>(),
        });
        if row.start == 0 {
            let gone = Missing::Gone.word();
            out["unavailable"] = json!({"start": gone, "kind": gone, "path": gone});
        }
        out
    });
    let (untold, waited) = faults.elsewhere();
    json!({
        "span_ns": faults.span.0,
        "faults": faults.all(),
        "counted": faults.counted.map(|(minor, major)| json!({"minor": minor, "major": major})),
        "without_address": {"faults": untold, "waited_for_disk": waited},
        "exact": faults.whole,
        "with_kernel": faults.kernel,
        "regions": rows.collect::<Vec<_>>(),
        "touched_by": faults.by.iter().map(touched_by).collect::<Vec<_>>(),
    })
}

/// A function that touched pages; `code` is null for the kernel.
fn touched_by(by: &TouchedBy) -> Value {
    json!({
        "faults": by.faults,
        "code": by.toucher.code.as_ref().map(code),
        "called_by": by.toucher.caller.as_ref().map(code),
    })
}

fn code(code: &Code) -> Value {
    let mut out = json!({
        "function": code.function.as_ref().ok().map(SafeText::exact),
        "file": Some(code.object.exact()).filter(|file| !file.is_empty()),
        "address": format!("{:#x}", code.address),
    });
    if let Err(why) = code.function {
        out["unavailable"] = json!({"function": why.word()});
    }
    out
}

fn busiest(faults: &PageFaults) -> Vec<&RegionFaults> {
    let mut rows: Vec<_> = faults.regions.iter().collect();
    rows.sort_by_key(|row| (std::cmp::Reverse(row.all()), row.start));
    rows
}

fn region_of<'a>(row: &RegionFaults, space: Option<&'a AddressSpace>) -> Option<&'a Region> {
    space?.regions.iter().find(|r| r.start == row.start)
}

/// The same as text: a line for each region, the busiest first.
pub(super) fn write_faults(
    faults: &PageFaults,
    space: Option<&AddressSpace>,
    printer: &mut Printer<'_>,
) -> std::io::Result<()> {
    let about = if faults.whole { "" } else { ", about" };
    let kernel = if faults.kernel {
        "those that the kernel took for it among them"
    } else {
        "those that the kernel took for it are not told to this user"
    };
    let head = format!(
        "  pages taken in {}{about}: {} a second, {kernel}",
        duration(faults.span),
        per_second(faults.rate(faults.all())),
    );
    printer.line(&[(&head, Ink::Strong)])?;
    if let Some((minor, major)) = faults.counted {
        let line = format!(
            "  the kernel counted {}, {major} of them waited for a disk",
            minor + major
        );
        printer.line(&[(&line, Ink::Dim)])?;
    }
    for row in busiest(faults) {
        let region = region_of(row, space);
        let gone = "in a region that was given back before it was looked at";
        let what = region.map_or(gone, |r| r.kind.word());
        let name = region.map_or_else(String::new, |r| r.name.to_string());
        let (start, from) = if row.start == 0 {
            (
                "–".to_owned(),
                format!("from where – ({} in all)", row.unknown),
            )
        } else {
            let from = format!(
                "first touch {}, file {}, swap {}",
                row.first, row.file, row.swap
            );
            (format!("{:x}", row.start), from)
        };
        let line = format!(
            "  {start:>12} {:>8}/s  {from}, waited for a disk {}  {what} {name}",
            per_second(faults.rate(row.all())),
            row.waited,
        );
        printer.line(&[(line.trim_end(), Ink::Plain)])?;
        for by in &row.by {
            let share = by.faults as f64 * 100.0 / row.all().max(1) as f64;
            let line = format!("  {:>12} {share:>8.1} %  by {}", "", by.toucher);
            printer.line(&[(&line, Ink::Dim)])?;
        }
    }
    write_untold(faults, printer)
}

/// Those of which no address is known, and why.
fn write_untold(faults: &PageFaults, printer: &mut Printer<'_>) -> std::io::Result<()> {
    let (untold, waited) = faults.elsewhere();
    if untold == 0 {
        return Ok(());
    }
    let why = match (faults.whole, faults.kernel) {
        (false, _) => "more came at once than could be told",
        (true, false) => "the kernel took them for it, which is not told to this user",
        (true, true) => "the kernel took them for it where it told nobody",
    };
    let line = format!(
        "  {:>12} {:>8}/s  {untold} without an address, waited for a disk {waited}  {why}",
        "–",
        per_second(faults.rate(untold)),
    );
    printer.line(&[(&line, Ink::Plain)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Nanos;
    use crate::report::printer::piped;

    #[test]
    fn what_is_not_known_of_faults_is_said_and_they_add_up() {
        let gone = RegionFaults {
            unknown: 30,
            waited: 10,
            ..RegionFaults::default()
        };
        let faults = PageFaults {
            span: Nanos(2_000_000_000),
            whole: false,
            regions: vec![gone],
            ..PageFaults::default()
        };
        let faults = faults.counted((60, 40));
        let text = piped(false, |to| write_faults(&faults, None, to)).expect("written");
        for told in [
            "about: 50 a second",
            "the kernel counted 100, 40 of them waited for a disk",
            "–       15/s  from where – (30 in all), waited for a disk 10  in a region that was given back",
            "–       35/s  70 without an address, waited for a disk 30  more came at once than could be told",
        ] {
            assert!(text.contains(told), "{told}\n{text}");
        }
        let json = page_faults(&faults, None);
        assert_eq!(json["faults"], 100);
        let untold = json!({"faults": 70, "waited_for_disk": 30});
        assert_eq!(json["without_address"], untold);
        let region = &json["regions"][0];
        assert_eq!(
            (&region["start"], &region["from_unknown"]),
            (&Value::Null, &json!(30))
        );
        assert_eq!(region["unavailable"]["start"], "gone");
    }
}
