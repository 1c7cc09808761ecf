//! Which list tells of a span of time: the finest that reaches back so far, and is no finer than needed.

use Origin::{Exact, Sampled, Sums};

use super::cells::Level;
use super::*;

/// A lane that forgot slices before 1000 ms, and the sums before 500, 100 and 0 ms.
fn lane() -> Lane {
    let mut lane = short().lanes.remove(0);
    (lane.since, lane.now) = (ms(0), ms(60_000));
    lane.slices.since = ms(1000);
    for (bins, since) in lane.bins.iter_mut().zip([500, 100, 0]) {
        bins.since = ms(since);
    }
    lane
}

const US: u64 = 1000;

#[test]
fn sums_of_a_window_are_made_of_the_finest_that_is_whole() {
    let lane = lane();
    let young = Lane {
        since: ms(1000),
        ..lane.clone()
    };
    let summed = Lane {
        summed: Arc::from([Window {
            from: ms(1900),
            to: ms(1950),
        }]),
        ..lane.clone()
    };
    for (lane, origin, from, to, level) in [
        (&lane, Exact, 1000, 2999, Level::Slices),
        (&lane, Exact, 999, 2000, Level::Bins(0)),
        (&young, Exact, 0, 1500, Level::Slices),
        (&lane, Exact, 1000, 3000, Level::Bins(1)),
        (&lane, Exact, 999, 2998, Level::Bins(0)),
        (&lane, Exact, 999, 2999, Level::Bins(1)),
        (&lane, Exact, 500, 600, Level::Bins(0)),
        (&lane, Exact, 499, 600, Level::Bins(1)),
        (&lane, Exact, 100, 600, Level::Bins(1)),
        (&lane, Exact, 99, 600, Level::Bins(2)),
        (&lane, Exact, 1000, 20_999, Level::Bins(1)),
        (&lane, Exact, 1000, 21_000, Level::Bins(2)),
        (&summed, Exact, 1000, 1900, Level::Slices),
        (&summed, Exact, 1000, 1901, Level::Bins(1)),
        (&summed, Exact, 1949, 1999, Level::Bins(1)),
        (&summed, Exact, 1950, 1999, Level::Slices),
        (&lane, Sampled, 1000, 2000, Level::Bins(2)),
        (&lane, Sums, 1000, 2000, Level::Bins(2)),
    ] {
        let window = Window {
            from: ms(from),
            to: ms(to),
        };
        assert_eq!(lane.summed_from(window, origin), level, "{from}..{to}");
    }
}

#[test]
fn cells_are_made_of_no_more_than_four_of_a_list_each() {
    let lane = lane();
    let young = Lane {
        since: ms(1000),
        ..lane.clone()
    };
    let summed = Lane {
        summed: Arc::from([Window {
            from: ms(1900),
            to: ms(1950),
        }]),
        ..lane.clone()
    };
    for (lane, origin, from, bucket, n, level) in [
        (&lane, Exact, 1000, 1000, 900, Level::Slices),
        (&lane, Exact, 1000, 3999, 9, Level::Slices),
        (&lane, Exact, 1000, 4000, 9, Level::Bins(0)),
        (&lane, Exact, 1000, 39_999, 9, Level::Bins(0)),
        (&lane, Exact, 1000, 40_000, 9, Level::Bins(1)),
        (&lane, Exact, 1000, 399_999, 9, Level::Bins(1)),
        (&lane, Exact, 1000, 400_000, 9, Level::Bins(2)),
        (&lane, Exact, 999, 1000, 9, Level::Bins(0)),
        (&lane, Exact, 500, 1000, 9, Level::Bins(0)),
        (&lane, Exact, 499, 1000, 9, Level::Bins(1)),
        (&lane, Exact, 99, 1000, 9, Level::Bins(2)),
        (&young, Exact, 0, 1000, 9, Level::Slices),
        (&summed, Exact, 1000, 1000, 900, Level::Slices),
        (&summed, Exact, 1000, 1000, 901, Level::Bins(1)),
        (&summed, Exact, 1000, 4000, 900, Level::Bins(1)),
        (&lane, Sampled, 1000, 1000, 9, Level::Bins(2)),
    ] {
        let told = lane.level(ms(from), Nanos(bucket * US), n, origin);
        assert_eq!(told, level, "{n} of {bucket} µs from {from} ms");
    }
}

#[test]
fn a_moment_is_covered_by_one_slice_or_by_none() {
    let mut lane = short().lanes.remove(0);
    let told = |lane: &Lane, at: u64| {
        let found = lane.slice_at(Nanos(at))?;
        let next = found.next.map(|who| who.tid.0);
        Some((found.who.tid.0, next))
    };
    for (at, found) in [
        (ms(89).0, None),
        (ms(100).0 - 1, None),
        (ms(100).0, Some((2, Some(5)))),
        (ms(110).0 - 1, Some((2, Some(5)))),
        (ms(110).0, Some((5, None))),
        (ms(114).0 - 1, Some((5, None))),
        (ms(114).0, None),
        (ms(120).0, Some((2, None))),
        (ms(130).0, None),
    ] {
        assert_eq!(told(&lane, at), found, "{at}");
    }
    let (from, to) = (ms(105), ms(107));
    lane.summed = Arc::from([Window { from, to }]);
    for (at, single) in [(104, true), (105, false), (106, false), (107, true)] {
        assert_eq!(told(&lane, ms(at).0).is_some(), single, "{at}");
    }
}

/// Who had a cell, how many of its slices ended there, and how many of them were preempted.
fn ends(cells: &[Cell]) -> Vec<(Option<u32>, u32, u32)> {
    let who = |c: &Cell| c.who.as_ref().map(|w| w.tid.0);
    cells
        .iter()
        .map(|c| (who(c), c.slices, c.preempted))
        .collect()
}

#[test]
fn a_cell_counts_the_slices_that_end_in_it() {
    let line = short();
    let lane = &line.lanes[0];
    let cells = |from: Nanos, bucket: Nanos, n| ends(&lane.cells(Exact, from, bucket, n, None));
    let told = cells(ms(108), ms(1), 7);
    let (two, five) = ((Some(2), 0, 0), (Some(5), 0, 0));
    assert_eq!(told[..4], [two, (Some(2), 1, 1), five, five]);
    assert_eq!(told[4..], [five, (Some(5), 1, 0), (None, 0, 0)]);
    assert_eq!(cells(ms(128), ms(1), 2), [two, two], "it has not ended");
    // One nanosecond before the last cell ends, and behind it.
    let before = Nanos(ms(110).0 - 5_000_001);
    assert_eq!(cells(before, ms(1), 5)[4], two);
    assert_eq!(cells(Nanos(before.0 + 1), ms(1), 5)[4], (Some(2), 1, 1));
    // From sums: one that begins where the bin of its end does counts there, and gives nobody the core.
    let cells = cells(ms(110), ms(4), 2);
    assert_eq!(cells, [(Some(5), 0, 0), (None, 0, 0)]);
    let fills = lane.cells(Exact, ms(80), ms(10), 2, None);
    assert_eq!([fills[0].fill, fills[1].fill], [Fill::Unknown, Fill::Known]);
}

#[test]
fn a_slice_is_seen_as_one_from_five_cells_on() {
    let line = short();
    let lane = &line.lanes[0];
    // The second one has 4 ms.
    for (bucket, seen) in [(800_000, true), (800_001, false)] {
        let cells = lane.cells(Exact, ms(110), Nanos(bucket), 5, None);
        assert_eq!(cells[1].slice.is_some(), seen, "{bucket} ns");
    }
}

#[test]
fn an_offline_core_is_one_now() {
    let lane = short().lanes.remove(0);
    for (start, end, why, offline) in [
        (100, 130, Blind::Offline, true),
        (130, 130, Blind::Offline, true),
        (100, 129, Blind::Offline, false),
        (131, 140, Blind::Offline, false),
        (100, 130, Blind::Lost, false),
    ] {
        let gaps = Arc::from([Gap {
            start: ms(start),
            end: ms(end),
            why,
        }]);
        let lane = Lane {
            gaps,
            ..lane.clone()
        };
        assert_eq!(lane.is_offline(), offline, "{start}..{end} {why:?}");
    }
}

#[test]
fn what_is_known_of_one_process_is_asked_of_its_own_slices() {
    let mut line = short();
    let of = ProcId::new(2, 7);
    let mut own = short();
    own.origin = Origin::Own;
    line.own = Some(Arc::new(Own { of, line: own }));
    assert_eq!(line.about(of).origin, Origin::Own);
    assert_eq!(line.about(ProcId::new(4, 7)).origin, Exact);
}

#[test]
fn words_of_what_is_known() {
    let origins = [
        (Origin::None, "none", false),
        (Exact, "exact", true),
        (Origin::Inside, "exact", true),
        (Origin::Own, "own", false),
        (Origin::Summed, "exact", false),
        (Sums, "exact", false),
        (Sampled, "sampled", false),
    ];
    for (origin, word, ends) in origins {
        assert_eq!((origin.word(), origin.tells_all_ends()), (word, ends));
    }
    let ends = [
        (Ended::Preempted, Some("preempted")),
        (Ended::Yielded, Some("yielded")),
        (Ended::Exited, Some("exited")),
        (Ended::Running, Some("running")),
        (Ended::Unseen, None),
    ];
    for (ended, word) in ends {
        assert_eq!(ended.word(), word);
    }
    let blind = [Blind::Lost, Blind::Suspended(ms(1)), Blind::Offline];
    let words = blind.map(Blind::word);
    assert_eq!(words, ["lost", "suspended", "offline"]);
}
