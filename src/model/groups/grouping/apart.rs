//! Tells groups apart that would look the same beside each other: by the number of the user or session, or by the path.

use std::collections::{HashMap, HashSet};

use super::{By, Group};
use crate::model::groups::unit::{self, Stands};
use crate::model::text::SafeText;

/// Says of each group that looks like another beside it what is its own.
pub(super) fn tell(groups: &mut [Group], by: By) {
    let mut alike: HashMap<(Option<u32>, &str, &str), Vec<usize>> = HashMap::new();
    for (at, group) in groups.iter().enumerate() {
        let looks = (group.parent, group.name.as_str(), group.kind);
        alike.entry(looks).or_default().push(at);
    }
    let alike = alike.into_values().filter(|same| same.len() > 1);
    let told: Vec<(usize, SafeText)> = alike
        .flat_map(|same| {
            same.iter()
                .copied()
                .zip(of_these(groups, &same, by))
                .collect::<Vec<_>>()
        })
        .collect();
    for (at, apart) in told {
        groups[at].apart = Some(apart);
    }
}

/// What each of these groups has of its own, in the first of several ways that tells them all apart.
fn of_these(groups: &[Group], same: &[usize], by: By) -> Vec<SafeText> {
    let ways: &[fn(&str) -> Option<String>] = match by {
        By::User => &[|uid| Some(format!("uid {uid}"))],
        By::Session => &[|leader| Some(format!("session {leader}"))],
        By::Cgroup | By::Unit => &[digits, above, |path| {
            Some(unit::readable(path).into_owned())
        }],
        By::Program | By::Parent => &[],
    };
    let keys = || same.iter().map(|at| &*groups[*at].key.of);
    for way in ways {
        let told: Option<Vec<SafeText>> = keys()
            .map(|key| Some(SafeText::from_exact(&way(key)?)))
            .collect();
        let differ = |told: &Vec<SafeText>| {
            let seen: HashSet<&str> = told.iter().map(SafeText::as_str).collect();
            seen.len() == told.len()
        };
        if let Some(told) = told.filter(differ) {
            return told;
        }
    }
    // They are spelled in different ways that are shown the same.
    let spelled = |key: &str| {
        key.rsplit('/')
            .next()
            .unwrap_or(key)
            .escape_default()
            .to_string()
    };
    keys().map(|key| spelled(key).into()).collect()
}

/// The first digits of a container.
fn digits(path: &str) -> Option<String> {
    match unit::stands(path) {
        Stands::Container { id, .. } => Some(id[..12].to_owned()),
        _ => None,
    }
}

/// What it is part of.
fn above(path: &str) -> Option<String> {
    let (above, _) = path.rsplit_once('/')?;
    let above = if above.is_empty() { "/" } else { above };
    Some(format!("in {}", unit::readable(above)))
}
