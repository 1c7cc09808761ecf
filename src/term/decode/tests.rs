//! Every key that a terminal can send, in whatever pieces it comes, and whatever else.

use super::*;

/// The events in their written form; a lone Escape is given up on at the end.
fn read(pieces: &[&[u8]]) -> Vec<String> {
    let mut decoder = Decoder::default();
    let mut out = Vec::new();
    for piece in pieces {
        decoder.feed(piece, &mut out);
    }
    decoder.give_up(&mut out);
    words(&out)
}

fn words(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| match event {
            Event::Key(key) => key.to_string(),
            Event::Mouse(m) => format!("{:?} {} {}", m.press, m.column, m.row),
            Event::Paste(text) => format!("paste {text}"),
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn reads_keys() {
    for (bytes, expected) in [
        (&b"q"[..], "q"),
        (b"\x1b", "Esc"),
        (b"\x1b[A", "↑"),
        (b"\x1bOA", "↑"),
        (b"\x1b[1;5C", "Ctrl-→"),
        (b"\x1b[1;2D", "Shift-←"),
        (b"\x1b[Z", "BackTab"),
        (b"\x1b[3~", "Del"),
        (b"\x1b[6;5~", "Ctrl-PgDn"),
        (b"\x1bOP", "F1"),
        (b"\x1b[[A", "F1"),
        (b"\x1b[15~", "F5"),
        (b"\x1b[21~", "F10"),
        (b"\x1b[24~", "F12"),
        (b"\x1b[1~", "Home"),
        (b"\x1bOF", "End"),
        (b"\x03", "Ctrl-c"),
        (b"\x1a", "Ctrl-z"),
        (b"\r", "Enter"),
        (b"\t", "Tab"),
        (b"\x7f", "Backspace"),
        (b" ", "Space"),
        (b"\x1bx", "Alt-x"),
        (b"\x1b[", "Alt-["),
        ("é".as_bytes(), "é"),
        ("進".as_bytes(), "進"),
    ] {
        assert_eq!(read(&[bytes]), [expected], "{bytes:?}");
    }
}

#[test]
fn reads_the_mouse() {
    assert_eq!(read(&[b"\x1b[<0;12;5M\x1b[<0;12;5m"]), ["Left 11 4"]);
    assert_eq!(read(&[b"\x1b[<65;1;1M"]), ["WheelDown 0 0"]);
    assert_eq!(read(&[b"\x1b[<32;300;2M"]), ["Drag 299 1"]);
    assert_eq!(read(&[b"\x1b[<0;0;5M"]), [] as [&str; 0]);
}

#[test]
fn pasted_text_is_no_keys_however_it_is_cut() {
    let whole = b"a\x1b[200~kill -9 1\n\x1b[Aq\x1b[201~b";
    let expected = ["a", "paste kill -9 1\n\u{1b}[Aq", "b"];
    assert_eq!(read(&[whole]), expected);
    let single: Vec<&[u8]> = whole.chunks(1).collect();
    assert_eq!(read(&single), expected);
}

#[test]
fn sequences_nobody_knows_are_dropped_whole() {
    assert_eq!(read(&[b"\x1b[?62;22cx"]), ["Ground(None)", "x"]);
    assert_eq!(read(&[b"\x1b[12;40Ry"]), ["y"]);
    assert_eq!(read(&[b"\x1b[Iz"]), ["z"]);
    assert_eq!(read(&[b"\xff\xfeq"]), ["q"]);
    assert_eq!(read(&[b"\x1b[1;\x1b[A"]), ["↑"]);
    assert_eq!(read(&[b"\x1b\x1b[B"]), ["Esc", "↓"]);
    assert_eq!(read(&[b"\x1b\x03"]), ["Esc", "Ctrl-c"]);
}

#[test]
fn what_is_behind_the_text_is_an_answer_and_no_key() {
    let told = ["Ground(Some([28, 31, 38]))", "q"];
    for bytes in [
        &b"\x1b]11;rgb:1c1c/1f1f/2626\x1b\\q"[..],
        b"\x1b]11;rgb:1c/1f/26\x07q",
        b"\x1b]11;rgba:1c1c/1f1f/2626/ffff\x07q",
    ] {
        assert_eq!(read(&[bytes]), told);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single), told, "in pieces");
    }
    assert_eq!(read(&[b"\x1b]11;rgb:zz/00/00\x07q"]), ["q"], "no colour");
    assert_eq!(
        read(&[b"\x1b]10;rgb:ff/ff/ff\x07q"]),
        ["q"],
        "another answer"
    );
    assert_eq!(read(&[b"\x1b]11;rgb:ff\x1b[A"]), ["↑"], "cut off");
    assert_eq!(read(&[b"\x1b]"]), ["Alt-]"]);
    assert_eq!(read(&[b"\x1b]x"]), ["Alt-]", "x"]);
}

#[test]
fn the_rest_of_a_long_answer_is_no_key() {
    let text = "What a window is called; [1;5C 52 ".repeat(9);
    for end in ["\x07", "\x1b\\"] {
        let bytes = format!("a\x1b]52;{text}{end}q");
        let whole = read(&[bytes.as_bytes()]);
        assert_eq!(whole, ["a", "q"]);
        let pieces: Vec<_> = bytes.as_bytes().chunks(1).collect();
        assert_eq!(read(&pieces), whole);
    }
    let cut = format!("\x1b]52;{text}\x1b[Aq");
    assert_eq!(read(&[cut.as_bytes()]), ["↑", "q"]);
}

#[test]
fn the_rest_of_an_endless_sequence_is_no_key() {
    let endless = [b"\x1b[".as_slice(), &b"9;".repeat(80), b"q", b"x"].concat();
    for piece in [1, 7, 64, 1000] {
        let pieces: Vec<&[u8]> = endless.chunks(piece).collect();
        assert_eq!(read(&pieces), ["x"], "in {piece}s");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived_and_cuts_change_nothing(bytes: Vec<u8>, cut in 0usize..40) {
        let cut = cut.min(bytes.len());
        let mut whole = Decoder::default();
        let mut pieces = Decoder::default();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        whole.feed(&bytes, &mut a);
        pieces.feed(&bytes[..cut], &mut b);
        pieces.feed(&bytes[cut..], &mut b);
        proptest::prop_assert_eq!(format!("{:?}", a), format!("{:?}", b));
    }
}

#[test]
fn a_paste_without_an_end_is_over_when_nothing_follows_or_somebody_interrupts() {
    let mut decoder = Decoder::default();
    let mut out = Vec::new();
    decoder.feed(b"\x1b[200~abc", &mut out);
    assert_eq!(decoder.patience(), Some(PASTE_MS));
    decoder.give_up(&mut out);
    decoder.feed(b"q", &mut out);
    assert_eq!(words(&out), ["paste abc", "q"]);
    assert_eq!(decoder.patience(), None);
    out.clear();
    decoder.feed(b"\x1b[200~ab\x03q", &mut out);
    assert_eq!(words(&out), ["paste ab", "Ctrl-c", "q"]);
}
