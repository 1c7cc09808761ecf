//! The clipboard of the terminal in front of the person, even over ssh: the OSC 52 sequence of xterm.

/// The sequence that puts `text` into the clipboard; the terminal may refuse it silently.
pub fn copy(text: &str) -> Vec<u8> {
    let mut out = b"\x1b]52;c;".to_vec();
    base64(text.as_bytes(), &mut out);
    out.push(0x07);
    out
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in bytes.chunks(3) {
        let at = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            out.push(if i <= three.len() {
                DIGITS[(bits >> (18 - 6 * i)) as usize & 63]
            } else {
                b'='
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_the_standard_says() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            let expected = format!("\x1b]52;c;{encoded}\x07");
            assert_eq!(String::from_utf8_lossy(&copy(plain)), expected);
        }
    }
}
