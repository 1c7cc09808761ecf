//! Names of users in a column: it grows with them, and what is still too long is cut in the middle, so that no two are alike.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::snapshot::Snapshot;
use crate::model::text::middle::{cut_middle, front};
use crate::model::text::{SafeText, width};

/// The fewest cells of the column, and the most.
const LEAST: usize = 8;
const MOST: usize = 16;

/// How users are shown: how wide the column is, and what stands for those who do not fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserNames {
    /// Cells.
    pub cells: u16,
    /// By name; the others are shown as they are.
    short: HashMap<SafeText, String>,
}

impl UserNames {
    /// For everybody of a snapshot, in a column that grows with them.
    pub fn of(snapshot: &Snapshot) -> Self {
        Self::fit(&Self::everybody(snapshot), LEAST, MOST)
    }

    /// For everybody of a snapshot, where there is more room than in a column.
    pub fn wide(snapshot: &Snapshot) -> Self {
        Self::fit(&Self::everybody(snapshot), LEAST, 40)
    }

    /// For everybody of a snapshot, in a column of so many cells.
    pub fn within(snapshot: &Snapshot, cells: usize) -> Self {
        Self::fit(&Self::everybody(snapshot), cells, cells)
    }

    fn everybody(snapshot: &Snapshot) -> Vec<(&SafeText, Option<u32>)> {
        let mut names: Vec<(&SafeText, Option<u32>)> = Vec::new();
        for proc in snapshot.procs.iter() {
            let user = &proc.facts.user;
            if names.last().is_none_or(|(last, _)| *last != user) {
                names.push((user, proc.facts.uid.ok().map(|uid| uid.0)));
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    fn fit(names: &[(&SafeText, Option<u32>)], least: usize, most: usize) -> Self {
        let widest = names.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        let cells = widest.clamp(least, most);
        let mut short: HashMap<SafeText, String> = HashMap::new();
        let long = names.iter().filter(|(name, _)| width(name) > cells);
        for (name, uid) in long {
            let cut = cut_middle(name, cells);
            let known = |text: &str| {
                let is = |(other, _): &(&SafeText, Option<u32>)| other.as_str() == text;
                short.values().any(|v| v == text) || names.iter().any(is)
            };
            // Two that differ in the middle alone are told apart by their numbers.
            let cut = match uid {
                Some(uid) if known(&cut) => {
                    // The last digits of a number differ most.
                    let digits = uid.to_string();
                    let digits = &digits[digits.len().saturating_sub(cells.saturating_sub(1))..];
                    let room = cells.saturating_sub(digits.len() + 1);
                    front(name, room) + "…" + digits
                }
                _ => cut,
            };
            short.insert((*name).clone(), cut);
        }
        Self {
            cells: cells as u16,
            short,
        }
    }

    /// What stands for a name.
    pub fn shown<'a>(&'a self, name: &'a str) -> Cow<'a, str> {
        let found = self.short.iter().find(|(long, _)| long.as_str() == name);
        found.map_or(Cow::Borrowed(name), |(_, cut)| Cow::Borrowed(cut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(names: &[(&str, u32)]) -> (u16, Vec<String>) {
        let safe: Vec<SafeText> = names
            .iter()
            .map(|(name, _)| SafeText::from(*name))
            .collect();
        let pairs: Vec<_> = safe
            .iter()
            .zip(names)
            .map(|(s, (_, uid))| (s, Some(*uid)))
            .collect();
        let users = UserNames::fit(&pairs, LEAST, MOST);
        let shown = names.iter().map(|(name, _)| users.shown(name).into_owned());
        (users.cells, shown.collect())
    }

    #[test]
    fn the_column_grows_and_long_names_are_cut_in_the_middle() {
        assert_eq!(fit(&[("root", 0)]), (8, vec!["root".to_owned()]));
        assert_eq!(fit(&[("systemd-resolve", 1)]).0, 15);
        let (cells, shown) = fit(&[("john.appleseed@corp.example.com", 1), ("root", 0)]);
        assert_eq!((cells, shown[0].as_str()), (16, "john.app…ple.com"));
    }

    #[test]
    fn no_two_users_are_alike() {
        let long = |middle: &str| format!("build-service-{middle}-of-the-team");
        let (a, b) = (long("a"), long("b"));
        let (_, shown) = fit(&[(&a, 70_001), (&b, 70_002)]);
        assert_ne!(shown[0], shown[1]);
        assert!(shown.iter().all(|s| width(s) <= 16), "{shown:?}");
        assert!(shown[1].ends_with("70002"), "{shown:?}");
    }

    proptest::proptest! {
        #[test]
        fn every_two_names_differ_and_fit(names in proptest::collection::btree_set("[a-c进]{1,30}", 1..12)) {
            let names: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(1000..).collect();
            let (cells, shown) = fit(&names);
            let mut unique = shown.clone();
            unique.sort();
            unique.dedup();
            proptest::prop_assert_eq!(unique.len(), shown.len(), "{:?}", shown);
            proptest::prop_assert!(shown.iter().all(|s| width(s) <= usize::from(cells)));
        }
    }

    #[test]
    fn in_a_narrow_column_names_of_one_beginning_and_end_are_told_by_their_numbers() {
        let names = ["service-account-one-x", "service-account-two-x"].map(SafeText::from);
        let pairs = [
            (&names[0], Some(1_234_567_801)),
            (&names[1], Some(1_234_567_802)),
        ];
        let users = UserNames::fit(&pairs, 9, 9);
        let shown = names.each_ref().map(|name| users.shown(name).into_owned());
        assert_ne!(shown[0], shown[1]);
        for text in &shown {
            assert_eq!(width(text), 9, "{text}");
        }
    }
}
