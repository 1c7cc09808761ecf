//! Parts of the past as recordings of their own.

use super::*;
use crate::recording::Cut;

#[test]
fn a_marked_moment_is_whole_and_can_be_cut_out() {
    let (samples, seen) = script(30);
    let kept = Kept::new(1 << 20);
    let records = record(&samples, &seen);
    let (first, rest) = records.split_at(20);
    kept.push(first.to_vec());
    kept.mark(seen[5].at, Marks::TRIGGER);
    kept.mark(seen[25].at, Marks::TRIGGER);
    kept.push(rest.to_vec());
    let mut past = Past::new(Box::new(kept));
    for live in &seen {
        same(&past.at(live.at).expect("it is whole"), live);
    }
    let mut whole = Cut::new(past, seen[4].at);
    let cut = whole.more(seen[6].at, seen[6].at).expect("kept");
    let mut past = Past::new(Box::new(
        Recorded::open(Box::new(file(&cut))).expect("sound"),
    ));
    let moments = past.moments();
    let marked = moments
        .iter()
        .filter(|m| m.summary.marks.contains(Marks::TRIGGER));
    assert_eq!(marked.map(|m| m.at).collect::<Vec<_>>(), [seen[5].at]);
    same(&past.at(seen[6].at).expect("kept"), &seen[6]);
}

#[test]
fn what_is_cut_out_bit_by_bit_is_what_is_cut_out_at_once() {
    let (samples, seen) = script(30);
    let kept = Kept::new(1 << 20);
    let mut bit_by_bit = Cut::new(Past::new(Box::new(kept.clone())), seen[4].at);
    let mut bits = Vec::new();
    let end = seen[20].at;
    let beside = |tick: usize| {
        let at = Nanos(seen[tick].at.0 - 1);
        crate::recording::record::write(Kind::Details, at, &Summary::at(0), &[tick as u8], None)
    };
    let records = record(&samples, &seen);
    let mut now = 0;
    for one in records {
        let Found::Head(head, _) = Head::find(&one) else {
            panic!("a record");
        };
        kept.push(vec![one]);
        if head.at >= seen[now].at && head.kind != Kind::Whole {
            // What was read before a tick may be told after it.
            kept.push(vec![beside(now)]);
            let seen = seen[now].at.min(end);
            bits.extend(bit_by_bit.more(seen, end).expect("kept"));
            now += 1;
        }
    }
    let at_once = Cut::new(Past::new(Box::new(kept)), seen[4].at).more(end, end);
    let at_once = at_once.expect("kept");
    assert!(at_once.len() > 30, "ticks and what stands between them");
    let ticks = |records: &[Vec<u8>]| {
        let ticks = records.iter().filter(|r| r[4] != 4);
        ticks.cloned().collect::<Vec<_>>()
    };
    assert!(ticks(&bits) == ticks(&at_once));
    let (mut one, mut other) = (bits, at_once);
    one.sort();
    other.sort();
    assert!(one == other, "each once");
}
