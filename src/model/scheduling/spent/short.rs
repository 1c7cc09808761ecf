//! Waits that had begun and ended between two looks.

use super::{Cause, Share, Spent};
use crate::model::id::Nanos;

impl Spent {
    /// Tells waits that were too short to be seen as the others that a look met on its way: a look comes at no moment in
    /// particular, so that it finds each cause as often as that lasts long. Where less was met than was not, they stay what
    /// they are.
    pub fn tell_short(&mut self) {
        let Some(at) = self.blocked.iter().position(|s| s.cause == Cause::Short) else {
            return;
        };
        // Waits that were seen whole are long, and say nothing of short ones.
        let met = |s: &Share| u128::from(s.span.since(s.whole).0);
        let all: u128 = self.blocked.iter().map(met).sum::<u128>() - met(&self.blocked[at]);
        let short = self.blocked[at].span;
        if all == 0 || all < u128::from(short.0) {
            return;
        }
        self.blocked.remove(at);
        let (mut left, mut rest) = (short, all);
        for share in &mut self.blocked {
            let met = met(share);
            // What was left of the last one goes to it in whole.
            let part = Nanos((u128::from(left.0) * met / rest.max(1)) as u64);
            rest -= met;
            left = left.since(part);
            share.span.0 += part.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(cause: Cause, span: u64, whole: u64) -> Share {
        Share {
            cause,
            span: Nanos(span),
            whole: Nanos(whole),
            waits: 0,
        }
    }

    fn spent(blocked: Vec<Share>) -> Spent {
        Spent {
            span: Nanos(blocked.iter().map(|s| s.span.0).sum()),
            blocked,
            ..Spent::default()
        }
    }

    fn page(name: &str) -> Cause {
        Cause::page(false, name.into())
    }

    #[test]
    fn short_waits_are_told_as_those_that_were_met() {
        let mut told = spent(vec![
            share(page("a"), 30, 0),
            share(Cause::Short, 20, 0),
            share(page("long"), 500, 500),
            share(page("b"), 1010, 1000),
        ]);
        told.tell_short();
        let of = |name| {
            let found = told.blocked.iter().find(|s| s.cause == page(name));
            found.map(|s| (s.span.0, s.whole.0))
        };
        assert_eq!(of("a"), Some((45, 0)));
        assert_eq!(of("b"), Some((1015, 1000)));
        assert_eq!(of("long"), Some((500, 500)), "that one is never short");
        assert_eq!(told.blocked(), told.span);
    }

    #[test]
    fn where_less_was_met_than_was_not_nothing_is_made_up() {
        for met in [0, 19] {
            let all = vec![share(page("a"), 100 + met, 100), share(Cause::Short, 20, 0)];
            let mut told = spent(all.clone());
            told.tell_short();
            assert_eq!(told.blocked, all);
        }
        let mut none = spent(vec![share(page("a"), 100, 0)]);
        none.tell_short();
        assert_eq!(none.blocked().0, 100);
    }
}
