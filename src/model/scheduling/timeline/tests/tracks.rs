//! Lists that grow at their end and forget at their begin.

use super::track::Growing;
use super::*;

fn who() -> Arc<Who> {
    let (id, name) = names(Pid(2), Tid(2));
    let tid = Tid(2);
    Arc::new(Who { id, tid, name })
}

/// `per` waits begin at each millisecond.
fn grown(most: usize, items: u64, per: u64) -> Growing<Wait> {
    let mut track = Growing::new(most, ms(0));
    for n in 0..items {
        let (start, end) = (ms(n / per), ms(n / per + 1));
        let (span, whole) = (Nanos(n), true);
        let wait = Wait {
            start,
            end,
            span,
            whole,
        };
        track.push(wait, 1, &who());
    }
    track
}

fn begins<'a>(items: impl Iterator<Item = (Wait, &'a Arc<Who>)>) -> Vec<u64> {
    items.map(|(w, _)| w.start.0 / 1_000_000).collect()
}

#[test]
fn a_track_begins_with_the_last_that_began_by_then() {
    let track = grown(4096, 3000, 3).publish(&[]);
    for at in 0..1000 {
        let from = begins(track.from(ms(at)).take(4));
        let next = (at + 1).min(999);
        let expected = if at < 999 {
            vec![at, at, at, next]
        } else {
            vec![at; 3]
        };
        assert_eq!(from, expected, "{at}");
        let between = begins(track.from(Nanos(ms(at).0 + 1)).take(1));
        assert_eq!(between, [at]);
    }
    assert!(!track.is_empty());
    assert!(Track::<Wait>::default().is_empty());
}

#[test]
fn a_track_holds_no_more_than_it_may_and_says_since_when_it_is_whole() {
    for items in (0..1000).step_by(7) {
        let track = grown(64, items, 3).publish(&[]);
        assert!(track.len() <= 64, "{items}: {}", track.len());
        let all = begins(track.all());
        let since = track.since.0 / 1_000_000;
        let whole = all.iter().filter(|at| **at >= since);
        assert_eq!(whole.count() as u64, items - since * 3, "{items}");
        let before = all.iter().filter(|at| **at < since).count();
        assert!(
            before < 3,
            "{items}: {before} of one moment are kept and not told"
        );
    }
}
