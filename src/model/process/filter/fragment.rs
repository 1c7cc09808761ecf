//! Text to be found anywhere, whatever its case. A filter is answered for every process at every key, so this is hot.

/// A part of a text; a space of it also stands for the gap between two arguments.
#[derive(Clone, Debug)]
pub(super) struct Fragment {
    /// In lower case.
    text: String,
}

impl Fragment {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.to_lowercase(),
        }
    }

    /// Whether it stands somewhere in `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        if self.text.is_ascii() {
            self.is_in_bytes(text.as_bytes())
        } else {
            text.replace('\0', " ").to_lowercase().contains(&self.text)
        }
    }

    fn is_in_bytes(&self, text: &[u8]) -> bool {
        let Some((first, rest)) = self.text.as_bytes().split_first() else {
            return true;
        };
        let Some(last) = text.len().checked_sub(rest.len()) else {
            return false;
        };
        let starts = text.iter().take(last).enumerate();
        starts
            .filter(|(_, have)| same(**have, *first))
            .any(|(at, _)| {
                let there = &text[at + 1..];
                rest.iter()
                    .zip(there)
                    .all(|(want, have)| same(*have, *want))
            })
    }
}

fn same(have: u8, want: u8) -> bool {
    have.to_ascii_lowercase() == want || (have == 0 && want == b' ')
}

#[cfg(test)]
mod tests {
    use super::Fragment;

    #[test]
    fn finds_whatever_the_case() {
        let is_in = |part: &str, text: &str| Fragment::new(part).is_in(text);
        assert!(is_in("Tab 7", "x --TAB\x007"));
        assert!(is_in("e", "e") && is_in("", "") && is_in("über", "x ÜBER\x00y"));
        assert!(!is_in("ee", "e") && !is_in("abc", "ab\x00c") && !is_in("x", ""));
        assert!(is_in("aab", "aaab"));
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_the_plain_way(part in "[a-cA-C ]{0,4}", text in "[a-cA-C\0 ]{0,12}") {
            let plain = text.replace('\0', " ").to_lowercase();
            proptest::prop_assert_eq!(Fragment::new(&part).is_in(&text), plain.contains(&part.to_lowercase()));
        }
    }
}
