//! The order of the rows within their sections, which stay where they are.

use super::items::Item;

/// What orders the rows of a section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// As they belong together.
    #[default]
    Kind,
    /// By name.
    Name,
    /// The fullest first: which limit is near?
    Use,
}

impl By {
    /// The next order, or the one before.
    pub fn beside(self, on: bool) -> Self {
        match (self, on) {
            (Self::Kind, true) | (Self::Use, false) => Self::Name,
            (Self::Name, true) | (Self::Kind, false) => Self::Use,
            (Self::Use, true) | (Self::Name, false) => Self::Kind,
        }
    }

    /// For the status.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kind => "by kind",
            Self::Name => "by name",
            Self::Use => "by use",
        }
    }
}

/// The rows with those of each section in this order; sections stay where they are.
pub fn sorted(mut items: Vec<Item>, by: By, inverted: bool) -> Vec<Item> {
    let used = |i: &Item| {
        i.amounts
            .as_ref()
            .and_then(|(_, share)| *share)
            .unwrap_or(-1.0)
    };
    for section in items.chunk_by_mut(|_, next| !next.section) {
        let Some((_, rows)) = section.split_first_mut() else {
            continue;
        };
        match by {
            By::Kind => {}
            By::Name => rows.sort_by(|a, b| a.name.cmp(&b.name)),
            By::Use => rows.sort_by(|a, b| used(b).total_cmp(&used(a))),
        }
        if inverted {
            rows.reverse();
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::theme::Role;

    fn item(name: &str, share: Option<f64>, section: bool) -> Item {
        Item {
            name: name.to_owned(),
            value: String::new(),
            role: Role::Text,
            amounts: share.map(|s| (Default::default(), Some(s))),
            section,
        }
    }

    #[test]
    fn rows_are_ordered_within_their_sections() {
        let items = || {
            vec![
                item("LIMITS", None, true),
                item("b", Some(0.1), false),
                item("a", None, false),
                item("c", Some(0.9), false),
                item("RIGHTS", None, true),
                item("z", None, false),
                item("y", None, false),
            ]
        };
        let names = |by, inverted| -> String {
            let sorted = sorted(items(), by, inverted);
            sorted.iter().map(|i| i.name.clone() + " ").collect()
        };
        assert_eq!(names(By::Kind, false), "LIMITS b a c RIGHTS z y ");
        assert_eq!(names(By::Name, false), "LIMITS a b c RIGHTS y z ");
        assert_eq!(names(By::Use, false), "LIMITS c b a RIGHTS z y ");
        assert_eq!(names(By::Name, true), "LIMITS c b a RIGHTS z y ");
        assert_eq!(By::Kind.beside(true).beside(true).beside(true), By::Kind);
        assert_eq!(By::Kind.beside(false), By::Use);
    }
}
