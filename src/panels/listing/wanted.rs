//! One word of a table's filter: text that stands anywhere in a row, or a field of it such as `port:80`.

/// A word that rows must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// Anywhere in the row.
    Text(&'a str),
    /// A field with just this value.
    Field(&'a str),
    /// A field that is still being typed: it begins so.
    Begun(&'a str),
}

impl<'a> Wanted<'a> {
    /// What a word means for these rows. It is a field where rows have one of that name; while no row has that value,
    /// it is taken for the beginning of one.
    pub fn of(word: &'a str, rows: &[String]) -> Self {
        let Some(colon) = word.find(':') else {
            return Self::Text(word);
        };
        let name = &word[..=colon];
        let fields = || rows.iter().flat_map(|row| fields(row, name));
        if fields().any(|field| field == word) {
            Self::Field(word)
        } else if fields().next().is_some() {
            Self::Begun(word)
        } else {
            Self::Text(word)
        }
    }

    /// Whether a row has it.
    pub fn is_in(self, row: &str) -> bool {
        match self {
            Self::Text(word) => row.contains(word),
            Self::Field(word) => row.split_whitespace().any(|field| field == word),
            Self::Begun(word) => row.split_whitespace().any(|field| field.starts_with(word)),
        }
    }
}

/// The words of a row that are fields of this name; a name alone is none.
fn fields<'a>(row: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let plain = name.len() > 2
        && name[..name.len() - 1]
            .bytes()
            .all(|b| b.is_ascii_lowercase());
    let words = row.split_whitespace().filter(move |_| plain);
    words.filter(move |word| word.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(filter: &str) -> Vec<usize> {
        let rows = [
            "tcp *:80 everyone httpd port:80",
            "tcp 10.0.0.1:8080 router port:8080 port:50000",
            "tcp [fe80::1]:22 sshd port:22",
        ]
        .map(str::to_owned);
        let wanted: Vec<_> = filter.split_whitespace().collect();
        let wanted: Vec<_> = wanted.iter().map(|w| Wanted::of(w, &rows)).collect();
        let passes = |i: &usize| wanted.iter().all(|w| w.is_in(&rows[*i]));
        (0..rows.len()).filter(passes).collect()
    }

    #[test]
    fn a_port_is_that_port_and_while_it_is_typed_every_one_that_begins_so() {
        for (filter, rows) in [
            ("port:80", vec![0]),
            ("port:808", vec![1]),
            ("port:8", vec![0, 1]),
            ("port:", vec![0, 1, 2]),
            ("port:50000 tcp", vec![1]),
            ("port:9", vec![]),
            ("80", vec![0, 1, 2]),
            ("fe80::1", vec![2]),
            ("*:80", vec![0]),
            ("10.0.0.1:80", vec![1]),
        ] {
            assert_eq!(left(filter), rows, "{filter}");
        }
    }
}
