//! What is kept in memory, and what is forgotten.

use std::time::Duration;

use super::*;
use crate::recording::past::Records as _;

#[test]
fn memory_is_kept_within_its_budget_and_the_newest_stays() {
    let (samples, seen) = script(400);
    let kept = Kept::new(20_000);
    for one in record(&samples, &seen) {
        kept.push(vec![one]);
    }
    assert!(kept.bytes() < 26_000, "{}", kept.bytes());
    let mut past = Past::new(Box::new(kept.clone()));
    let moments = past.moments();
    assert!(moments.len() > 20);
    assert_eq!(moments.last().map(|m| m.at), Some(seen[399].at));
    same(&past.at(seen[399].at).expect("kept"), &seen[399]);
    let (first, count) = kept.after(0, Duration::ZERO, || false);
    assert!(Head::find(&first[0]) != Found::Nothing && count >= 400);
    let (none, _) = kept.after(count, Duration::ZERO, || false);
    assert!(none.is_empty());
}

#[test]
fn what_was_taken_or_is_too_old_is_not_kept() {
    let (samples, seen) = script(400);
    let (kept, all) = (Kept::new(1 << 30), Kept::new(1 << 30));
    let (mut writer, mut told, mut most) = (Writer::default(), 0, 0);
    let mut before = None;
    for (sample, one) in samples.iter().zip(&seen) {
        if kept.last_chunk().0 > 10_000 {
            writer.begin_anew();
        }
        assert_eq!(
            kept.last_chunk(),
            all.last_chunk(),
            "whether it is kept or not"
        );
        let records = writer.tick(before, sample, Summary::of(one, Marks::default()));
        all.push(records.clone());
        kept.push(records);
        before = Some(sample);
        let (new, count) = kept.after(told, Duration::ZERO, || false);
        let same = all.after(told, Duration::ZERO, || false);
        assert_eq!((&new, count), (&same.0, same.1));
        told = count;
        most = most.max(kept.bytes());
        kept.taken(told);
        assert_eq!(kept.bytes(), 0);
    }
    assert!(most < 20_000, "{most}");
    let wholes = all.moments().len();
    let since = seen[300].at;
    all.forget_before(since);
    let mut past = Past::new(Box::new(all.clone()));
    let left = past.moments().len();
    assert!((100..wholes - 200).contains(&left), "{left} of {wholes}");
    same(&past.at(since).expect("still needed"), &seen[300]);
}
