//! Words that find no room: of a path its end is shown, of a connection its ports.

use crate::model::text::width;

/// The end of a path that is too long, with `…` where its beginning is missing.
pub fn cut_left(path: &str, cells: usize) -> String {
    if width(path) <= cells || cells < 2 {
        return path.to_owned();
    }
    let mut from = path.len();
    for (at, c) in path.char_indices().rev() {
        if width(&path[at..]) + 1 > cells {
            break;
        }
        // A path begins at a slash where one is near.
        from = at;
        if c == '/' && width(&path[at..]) + 8 > cells {
            break;
        }
    }
    format!("…{}", &path[from..])
}

/// Both ends of a connection where they do not fit: the address of the other one is cut first, and no port is. Of a path the end.
pub fn cut_ends(words: &str, cells: usize) -> String {
    const BETWEEN: &str = " ⇄ ";
    const PORT: usize = 7;
    if width(words) <= cells {
        return words.to_owned();
    }
    let Some((here, there)) = words.split_once(BETWEEN) else {
        return if words.starts_with('/') {
            cut_left(words, cells)
        } else {
            words.to_owned()
        };
    };
    let both = cells.saturating_sub(width(BETWEEN));
    let first = width(here).min(both.saturating_sub(PORT).max(both / 2));
    let here = ending(here, first);
    format!("{here}{BETWEEN}{}", ending(there, both - first))
}

/// The end of a text that is too long, behind a mark.
fn ending(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let mut from = text.len();
    for (at, _) in text.char_indices().rev() {
        if width(&text[at..]) + 1 > cells {
            break;
        }
        from = at;
    }
    format!("…{}", &text[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_connection_both_ports_stay() {
        let words = "127.0.0.1:18080 ⇄ 192.168.10.20:33148";
        assert_eq!(cut_ends(words, 37), words);
        assert_eq!(cut_ends(words, 30), "127.0.0.1:18080 ⇄ …10.20:33148");
        assert_eq!(cut_ends(words, 25), "127.0.0.1:18080 ⇄ …:33148");
        assert_eq!(cut_ends(words, 20), "…0.1:18080 ⇄ …:33148");
        assert_eq!(cut_ends("/run/user/1000/bus", 10), "…/bus");
        assert_eq!(cut_ends("watches 3: 4r", 5), "watches 3: 4r");
        for cells in 0..40 {
            assert!(width(&cut_ends(words, cells)) <= cells.max(5), "{cells}");
        }
    }
}
