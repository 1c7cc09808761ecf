//! What a column tells of several processes at once, in the row of a group or of what is folded away: their sum, the
//! greatest of them, all that is in their lists, what they have alike.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{Column, Shows, Sum};
use crate::model::reading::{Missing, Reading};
use crate::model::snapshot::{Proc, Snapshot};

/// How a column tells of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Together {
    /// Added up.
    Sum,
    /// The greatest: each is a share of its own whole, and what matters is whether one is near it.
    Greatest,
    /// Lists: what is in any of them.
    Union,
    /// Texts: what all of them have alike.
    Alike,
    /// Not at all.
    Nothing,
}

/// The text of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined<'a> {
    /// All that is in any of their lists, or what they have alike; empty where they differ; or why nothing is told.
    pub text: Reading<Cow<'a, str>>,
    /// How many have a list that is not told, or not yet: there may be more in it.
    pub missing: usize,
}

impl Joined<'_> {
    /// How a text of it ends: `,…` where a part of it is missing.
    pub fn sign(&self) -> &'static str {
        if self.missing > 0 && self.text.is_ok() {
            ",…"
        } else {
            ""
        }
    }
}

impl Column {
    /// How it tells of several.
    pub fn together(&self) -> Together {
        match self.shows {
            Shows::History | Shows::Number { adds: true, .. } => Together::Sum,
            Shows::Number { .. } if self.greatest => Together::Greatest,
            Shows::Text(_) if self.list => Together::Union,
            Shows::Text(_) => Together::Alike,
            Shows::Number { .. } | Shows::Command => Together::Nothing,
        }
    }

    /// Whether it tells a number of several.
    pub fn counts_several(&self) -> bool {
        matches!(self.together(), Together::Sum | Together::Greatest)
    }

    /// The number of several: the sum, or the greatest; `None` where there is none.
    pub fn of_several<'a>(
        &self,
        snapshot: &Snapshot,
        procs: impl Iterator<Item = &'a Proc>,
    ) -> Option<Sum> {
        match self.together() {
            Together::Sum => self.sum(snapshot, procs),
            Together::Greatest => self.greatest_of(snapshot, procs),
            _ => None,
        }
    }

    /// The greatest number of some processes; of how many it is hidden is said with it, as one of them may have more.
    fn greatest_of<'a>(
        &self,
        snapshot: &Snapshot,
        procs: impl Iterator<Item = &'a Proc>,
    ) -> Option<Sum> {
        let mut greatest: Option<Reading<f64>> = None;
        let mut missing = 0;
        for proc in procs {
            let one = self.number(snapshot, proc)?;
            missing += usize::from(one.is_err_and(Missing::may_be_much));
            greatest = Some(match (greatest, one) {
                (Some(Ok(most)), Ok(one)) => Ok(most.max(one)),
                (Some(Ok(most)), Err(_)) => Ok(most),
                (_, one) => one,
            });
        }
        greatest.map(|value| Sum { value, missing })
    }

    /// The text of several; `None` where the column has no texts.
    pub fn text_of_several<'a>(
        &self,
        snapshot: &'a Snapshot,
        mut procs: impl Iterator<Item = &'a Proc>,
    ) -> Option<Joined<'a>> {
        match self.together() {
            Together::Union => Some(self.union(snapshot, procs)),
            Together::Alike => {
                let first = self.text(snapshot, procs.next()?);
                let alike = procs.all(|proc| self.text(snapshot, proc) == first);
                let text = if alike { first } else { Ok(Cow::Borrowed("")) };
                Some(Joined { text, missing: 0 })
            }
            _ => None,
        }
    }

    /// All that is in any of the lists, numbers by their size. Nothing at all is no list where somebody hides its own.
    fn union<'a>(
        &self,
        snapshot: &Snapshot,
        procs: impl Iterator<Item = &'a Proc>,
    ) -> Joined<'static> {
        let mut all = BTreeSet::new();
        let (mut missing, mut hidden) = (0, None);
        for proc in procs {
            match self.text(snapshot, proc) {
                Ok(list) => {
                    let parts = list.split(',').filter(|part| !part.is_empty());
                    all.extend(parts.map(|part| (part.parse::<u64>().ok(), part.to_owned())));
                }
                Err(why) => {
                    missing += usize::from(why.may_be_much());
                    hidden = hidden.or(Some(why));
                }
            }
        }
        let text = if let Some(why) = hidden.filter(|_| all.is_empty()) {
            Err(why)
        } else {
            let parts: Vec<String> = all.into_iter().map(|(_, part)| part).collect();
            Ok(Cow::Owned(parts.join(",")))
        };
        Joined { text, missing }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::process::column::all;
    use crate::model::sample::{Held, OptionalStats};
    use crate::model::scene::Scene;

    fn scene(all: impl IntoIterator<Item = OptionalStats>) -> Snapshot {
        let mut scene = Scene::new();
        for (pid, extra) in (7..).zip(all) {
            scene.task(pid, 1, "x").extra = Some(Arc::new(extra));
        }
        scene.snapshot()
    }

    #[test]
    fn a_share_of_ones_own_limit_is_told_of_whom_is_nearest() {
        let held = |open, limit| {
            Ok(Held {
                open,
                limit: Some(limit),
            })
        };
        let of = |held| OptionalStats {
            held,
            ..OptionalStats::default()
        };
        let fd = all::HELD_SHARE;
        let most = |snapshot: &Snapshot| fd.of_several(snapshot, snapshot.procs.iter());
        let sum = |value, missing| Some(Sum { value, missing });
        let snapshot = scene([of(held(90, 100)), of(held(500, 1000))]);
        assert_eq!(most(&snapshot), sum(Ok(90.0), 0), "and not 140 %");
        let snapshot = scene([of(held(90, 100)), of(Err(Missing::Denied))]);
        assert_eq!(most(&snapshot), sum(Ok(90.0), 1));
        assert_eq!(most(&snapshot).map(|most| most.sign()), Some("≥"));
        let snapshot = scene([of(Err(Missing::Denied))]);
        assert_eq!(most(&snapshot), sum(Err(Missing::Denied), 1));
        // What neither adds up nor has a greatest that says anything is not told of several.
        assert_eq!(all::NICE.of_several(&snapshot, snapshot.procs.iter()), None);
    }

    #[test]
    fn ports_of_several_are_those_that_any_of_them_owns() {
        let of = |ports: Reading<&[u16]>| OptionalStats {
            opened: ports.map(|owned| {
                Arc::new(crate::model::sample::Opened {
                    owned: owned.to_vec(),
                    ..crate::model::sample::Opened::default()
                })
            }),
            ..OptionalStats::default()
        };
        let told = |all: &[Reading<&[u16]>]| {
            let snapshot = scene(all.iter().map(|ports| of(*ports)));
            let union = all::PORTS.text_of_several(&snapshot, snapshot.procs.iter());
            let union = union.expect("texts");
            let sign = union.sign();
            union.text.map(|text| text.into_owned() + sign)
        };
        assert_eq!(
            told(&[Ok(&[443, 80]), Ok(&[80, 9]), Ok(&[])]),
            Ok("9,80,443".to_owned())
        );
        assert_eq!(
            told(&[Ok(&[80]), Err(Missing::Denied)]),
            Ok("80,…".to_owned())
        );
        assert_eq!(
            told(&[Ok(&[]), Err(Missing::Denied)]),
            Err(Missing::Denied),
            "nothing is not hidden"
        );
        assert_eq!(told(&[Ok(&[]), Ok(&[])]), Ok(String::new()));
    }

    #[test]
    fn a_text_of_several_is_what_they_have_alike() {
        let mut scene = Scene::new();
        scene.task(7, 1, "x").stat.policy = 3;
        scene.task(8, 1, "y").stat.policy = 3;
        let snapshot = scene.snapshot();
        let text = |column: &Column, snapshot: &Snapshot| {
            let text = column.text_of_several(snapshot, snapshot.procs.iter());
            text.map(|joined| joined.text.map(Cow::into_owned))
        };
        assert_eq!(text(all::POLICY, &snapshot), Some(Ok("batch".to_owned())));
        scene.of(8).stat.policy = 0;
        assert_eq!(
            text(all::POLICY, &scene.snapshot()),
            Some(Ok(String::new()))
        );
        assert_eq!(text(all::MEM, &snapshot), None);
    }
}
