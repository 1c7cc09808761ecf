//! Files that releases wrote, which later ones must open for ever.

use super::super::{Past, Recorded, Slices, lanes};
use super::{details, file, record, same, script};
use crate::model::id::Nanos;
use crate::model::reading::Missing;
use crate::model::snapshot::{Proc, Snapshot};

/// A recording of the first version: it must open for ever.
#[test]
fn what_the_first_version_wrote_opens() {
    let bytes = include_bytes!("../../../tests/recordings/version-1.pscope").to_vec();
    let recorded = Recorded::open(Box::new(bytes)).expect("it opens");
    assert_eq!(recorded.lacks, None);
    let mut past = Past::new(Box::new(recorded));
    let (_, seen) = script(60);
    assert_eq!(past.moments().len(), 60);
    for live in &seen {
        // What it did not count is not told as nothing.
        let procs = live.procs.iter().map(|proc| Proc {
            ended: Err(Missing::Unsupported),
            ..proc.clone()
        });
        let told = Snapshot {
            procs: procs.collect(),
            ..live.clone()
        };
        same(&past.at(live.at).expect("it is kept"), &told);
    }
}

/// All that a release can write: ticks, lanes, and what the inspector showed.
fn of_this_release() -> Vec<u8> {
    let (samples, seen) = script(60);
    let mut records = record(&samples, &seen);
    records.extend(lanes::tests::records(&lanes::tests::script(), Slices::All));
    records.extend(details::record_of_everything(seen[59].at));
    file(&records)
}

/// What release 1.0.0 wrote must open for ever, and tell the same; in the second file changes are linked.
#[test]
fn what_release_1_0_0_wrote_opens() {
    let alone = include_bytes!("../../../tests/recordings/1.0.0.pscope");
    let linked = include_bytes!("../../../tests/recordings/1.0.0-linked.pscope");
    opens(alone.to_vec());
    opens(linked.to_vec());
    assert!(linked.len() < alone.len());
}

fn opens(bytes: Vec<u8>) {
    let recorded = Recorded::open(Box::new(bytes)).expect("it opens");
    assert_eq!(recorded.lacks, None);
    let mut past = Past::new(Box::new(recorded));
    let (_, seen) = script(60);
    assert_eq!(past.moments().len(), 60);
    let told = |snapshot: &Snapshot| -> Vec<String> {
        let all = snapshot.procs.iter();
        all.map(|p| {
            format!(
                "{:?} {} {:?} {}",
                p.id,
                p.facts.name,
                p.cpu,
                p.command_line()
            )
        })
        .collect()
    };
    for live in &seen {
        let at = live.at;
        let live = told(live).join("\n").replace("Soon", "Unrecorded");
        assert_eq!(told(&past.at(at).expect("it is kept")).join("\n"), live);
    }
    let line = past.lanes(Nanos(5_000_000_000), Nanos(10_000_000_000));
    let line = line.expect("sound").expect("slices were recorded");
    let slices: usize = line
        .lanes
        .iter()
        .map(|lane| lane.slices.all().count())
        .sum();
    assert!(slices > 150, "{slices}");
    details::was_everything(&past, seen[59].at);
}

#[test]
#[ignore = "writes the file of a release, once: no later version writes it again"]
fn write_the_file_of_this_release() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings");
    let name = format!("{dir}/{}.pscope", env!("CARGO_PKG_VERSION"));
    std::fs::write(name, of_this_release()).expect("written");
}
