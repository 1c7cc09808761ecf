//! Texts cut in their middle: both ends of a name tell more than its beginning.

use unicode_segmentation::UnicodeSegmentation as _;

use super::width;

/// The beginning of a text, in at most so many cells.
pub fn front(text: &str, cells: usize) -> String {
    take(text.graphemes(true), cells).concat()
}

fn take<'a>(graphemes: impl Iterator<Item = &'a str>, cells: usize) -> Vec<&'a str> {
    let mut used = 0;
    graphemes
        .take_while(|g| {
            used += width(g);
            used <= cells
        })
        .collect()
}

/// `john.appl…ple.com`; the text as it is where it fits.
pub fn cut_middle(text: &str, cells: usize) -> String {
    if width(text) <= cells {
        return text.to_owned();
    }
    let room = cells.saturating_sub(1);
    let mut end = take(text.graphemes(true).rev(), room / 2);
    end.reverse();
    front(text, room - room / 2) + "…" + &end.concat()
}
