//! Walking the kernel's text: numbers, words and `Key: value` lines of raw bytes. Nothing here fails or panics.

/// The number at the front, and what follows it; `None` where no digit stands. A sign is read; too big a number saturates.
pub fn signed(text: &[u8]) -> Option<(i64, &[u8])> {
    match text {
        [b'-', rest @ ..] => unsigned(rest).map(|(n, rest)| {
            let n = i64::try_from(n).unwrap_or(i64::MAX);
            (-n, rest)
        }),
        _ => unsigned(text).map(|(n, rest)| (i64::try_from(n).unwrap_or(i64::MAX), rest)),
    }
}

/// The number at the front, and what follows it; `None` where no digit stands. Too big a number saturates.
pub fn unsigned(text: &[u8]) -> Option<(u64, &[u8])> {
    let mut n = 0_u64;
    let mut at = 0;
    while let Some(digit @ b'0'..=b'9') = text.get(at) {
        n = n.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
        at += 1;
    }
    (at > 0).then(|| (n, &text[at..]))
}

/// The first number of a text, blanks before it skipped.
pub fn number(text: &[u8]) -> Option<u64> {
    unsigned(text.trim_ascii_start()).map(|(n, _)| n)
}

/// The numbers of a line, in order, until something else stands there.
pub fn numbers(text: &[u8]) -> impl Iterator<Item = u64> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (n, after) = unsigned(rest.trim_ascii_start())?;
        rest = after;
        Some(n)
    })
}

/// The lines of a text, without their ends.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| *b == b'\n').filter(|l| !l.is_empty())
}

/// The words of a line.
pub fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|w| !w.is_empty())
}

/// The `key: value` lines of a text, values without the blanks around them.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    lines(text).filter_map(|line| {
        let colon = line.iter().position(|b| *b == b':')?;
        Some((&line[..colon], line[colon + 1..].trim_ascii()))
    })
}

/// The decimal number at the front, such as `1.38`.
pub fn decimal(text: &[u8]) -> Option<f32> {
    let text = text.trim_ascii();
    let end = text
        .iter()
        .position(|b| !(b.is_ascii_digit() || *b == b'.'))
        .unwrap_or(text.len());
    std::str::from_utf8(&text[..end]).ok()?.parse().ok()
}

/// Turns `\040` and its like back into the bytes they stand for.
pub fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        if let [
            b'\\',
            a @ b'0'..=b'3',
            b @ b'0'..=b'7',
            c @ b'0'..=b'7',
            after @ ..,
        ] = rest
        {
            out.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
            rest = after;
        } else {
            out.push(*first);
            rest = tail;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers() {
        assert_eq!(signed(b"-20 1"), Some((-20, &b" 1"[..])));
        assert_eq!(signed(b"-"), None);
        assert_eq!(
            unsigned(b"99999999999999999999x"),
            Some((u64::MAX, &b"x"[..]))
        );
        assert_eq!(number(b"  12 kB"), Some(12));
        assert_eq!(numbers(b"1 2 x 3").collect::<Vec<_>>(), [1, 2]);
        assert_eq!(decimal(b"1.38 x"), Some(1.38));
        assert_eq!(decimal(b"x"), None);
    }

    #[test]
    fn reads_pairs() {
        let text = b"Name:\ta:b\n\nbroken\nVmSwap:\t  12 kB\n";
        let found: Vec<_> = pairs(text).collect();
        assert_eq!(
            found,
            [(&b"Name"[..], &b"a:b"[..]), (&b"VmSwap"[..], &b"12 kB"[..])]
        );
    }
}
