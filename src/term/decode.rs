//! Bytes that a terminal sends → keys, mouse, pasted text (`console_codes(4)`, xterm's ctlseqs).
//!
//! A decoder of our own, since crossterm's spins for ever at the end of the input, and may lose the rest of a long
//! paste: it waits for edges on a descriptor that blocks. Any bytes are survived; what is not understood is dropped.

use crate::app::event::Event;
use crate::app::key::{Code, Key, Mouse, Press};

/// The longest sequence that is read; a longer one is noise, and dropped to its end, lest its rest be taken for keys.
const LONGEST: usize = 64;
/// The most that one paste may bring; what follows is dropped.
const PASTE_MAX: usize = 64 * 1024;
const BEL: u8 = 0x07;
const ESC: u8 = 0x1b;
const PASTE_END: &[u8] = b"\x1b[201~";
/// Terminals take this out of what they paste, so a person pressed it: the end mark was lost.
const CTRL_C: u8 = 0x03;
/// How long an Escape byte waits for the rest of a sequence; slow links deliver it in pieces.
const ESCAPE_MS: u16 = 40;
/// How long a paste waits for its next piece. One without an end mark must not swallow keys for ever.
const PASTE_MS: u16 = 500;

/// Bytes that do not make an event yet.
#[derive(Debug, Default)]
pub struct Decoder {
    waiting: Vec<u8>,
    paste: Option<Vec<u8>>,
    /// Within a sequence that is too long.
    noise: Option<Noise>,
}

/// A sequence that is too long, by how it ends.
#[derive(Clone, Copy, Debug)]
enum Noise {
    /// `ESC [`: with a letter.
    Letter,
    /// `ESC ]`: with BEL or `ESC \\`; letters are part of it.
    Answer,
}

impl Noise {
    /// How many of these bytes belong to it, and whether it ended there.
    fn part(self, bytes: &[u8]) -> (usize, bool) {
        let found = match self {
            Noise::Letter => sequence_end(bytes),
            Noise::Answer => answer_end(bytes),
        };
        let Some(end) = found else {
            return (bytes.len(), false);
        };
        match (self, bytes[end], bytes.get(end + 1)) {
            // What ends no sequence begins something else.
            (Noise::Letter, last, _) => (end + usize::from(is_final(last)), true),
            (Noise::Answer, BEL, _) => (end + 1, true),
            (Noise::Answer, _, None) => (end, false),
            (Noise::Answer, _, Some(b'\\')) => (end + 2, true),
            (Noise::Answer, _, Some(_)) => (end, true),
        }
    }
}

/// What the bytes at the front are.
enum Front {
    /// This many bytes make an event, or nothing that anybody answers.
    Event(usize, Option<Event>),
    /// A paste begins after this many bytes.
    Paste(usize),
    /// More bytes are needed.
    More,
}

impl Decoder {
    /// Takes bytes in and gives out the events they complete.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        self.waiting.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            if self.paste.is_some() {
                match self.pasted(at, out) {
                    Some(next) => at = next,
                    None => return,
                }
            }
            if let Some(noise) = self.noise {
                let (part, ended) = noise.part(&self.waiting[at..]);
                at += part;
                if !ended {
                    break;
                }
                self.noise = None;
            }
            // No further, so that bytes mean the same however they come.
            let ahead = &self.waiting[at..];
            let ahead = &ahead[..ahead.len().min(LONGEST + 1)];
            match front(ahead) {
                Front::Event(used, event) => {
                    out.extend(event);
                    at += used;
                }
                Front::Paste(used) => {
                    at += used;
                    self.paste = Some(Vec::new());
                }
                Front::More if ahead.len() > LONGEST => {
                    // An Escape at its end may be the beginning of the end.
                    let kept = usize::from(ahead.ends_with(&[ESC]));
                    self.noise = Some(if ahead.starts_with(b"\x1b]") {
                        Noise::Answer
                    } else {
                        Noise::Letter
                    });
                    at += ahead.len() - kept;
                }
                Front::More => break,
            }
        }
        self.waiting.drain(..at);
    }

    /// For how many milliseconds what has begun waits for more; `None` where nothing has.
    ///
    /// An Escape key alone looks like the beginning of a sequence, and a paste may have lost its end mark.
    pub fn patience(&self) -> Option<u16> {
        if self.paste.is_some() {
            Some(PASTE_MS)
        } else {
            (self.noise.is_some() || !self.waiting.is_empty()).then_some(ESCAPE_MS)
        }
    }

    /// Nothing followed in time: a paste is over, an Escape byte is the key, anything else is dropped.
    pub fn give_up(&mut self, out: &mut Vec<Event>) {
        if let Some(mut paste) = self.paste.take() {
            let room = PASTE_MAX.saturating_sub(paste.len());
            let rest = self.waiting.len().min(room);
            paste.extend(self.waiting.drain(..).take(rest));
            out.push(Event::Paste(String::from_utf8_lossy(&paste).into_owned()));
            return;
        }
        match self.waiting.as_slice() {
            [0x1b] => out.push(key(Code::Esc)),
            [0x1b, c] if c.is_ascii_graphic() => out.extend(alt(&[*c])),
            _ => {}
        }
        self.waiting.clear();
        self.noise = None;
    }

    /// Moves pasted bytes over; `Some` when the paste ended, with where its end mark ended.
    fn pasted(&mut self, from: usize, out: &mut Vec<Event>) -> Option<usize> {
        let rest = &self.waiting[from..];
        let end = rest.windows(PASTE_END.len()).position(|w| w == PASTE_END);
        let cut = rest.iter().position(|b| *b == CTRL_C);
        let (end, mark) = match (end, cut) {
            (Some(end), Some(cut)) if cut < end => (Some(cut), 0),
            (None, Some(cut)) => (Some(cut), 0),
            (end, _) => (end, PASTE_END.len()),
        };
        // Without an end mark, the last bytes may be the beginning of one.
        let take = end.unwrap_or_else(|| rest.len().saturating_sub(PASTE_END.len() - 1));
        let paste = self.paste.get_or_insert_default();
        let room = PASTE_MAX.saturating_sub(paste.len());
        paste.extend_from_slice(&rest[..take.min(room)]);
        let Some(end) = end else {
            self.waiting.drain(..from + take);
            return None;
        };
        let text = String::from_utf8_lossy(paste).into_owned();
        self.paste = None;
        out.push(Event::Paste(text));
        Some(from + end + mark)
    }
}

fn front(bytes: &[u8]) -> Front {
    match bytes {
        [] => Front::More,
        [0x1b, rest @ ..] => escape(rest),
        [byte, ..] if *byte < 0x20 || *byte == 0x7f => Front::Event(1, control(*byte)),
        _ => character(bytes),
    }
}

fn key(code: Code) -> Event {
    Event::Key(Key::of(code))
}

/// A single control byte: `\r`, `\t`, `0x7f`, `0x03` (Ctrl-c).
fn control(byte: u8) -> Option<Event> {
    Some(match byte {
        b'\r' => key(Code::Enter),
        b'\n' => Event::Key(Key::ctrl('j')),
        b'\t' => key(Code::Tab),
        // Ctrl-h is what some terminals send for the Backspace key.
        0x7f | 0x08 => key(Code::Backspace),
        0x00 => Event::Key(Key::ctrl(' ')),
        0x01..=0x1a => Event::Key(Key::ctrl(char::from(byte + 0x60))),
        0x1c..=0x1f => Event::Key(Key::ctrl(char::from(byte + 0x40))),
        _ => return None,
    })
}

/// One character in UTF-8; a byte that begins none is dropped.
fn character(bytes: &[u8]) -> Front {
    let length = match bytes[0] {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Front::Event(1, None),
    };
    let have = &bytes[..length.min(bytes.len())];
    match std::str::from_utf8(have) {
        Ok(text) => Front::Event(length, text.chars().next().map(|c| key(Code::Char(c)))),
        Err(e) if e.error_len().is_none() && have.len() < length => Front::More,
        Err(_) => Front::Event(1, None),
    }
}

/// What follows an Escape byte.
fn escape(rest: &[u8]) -> Front {
    match rest {
        [] | [b']'] => Front::More,
        [b'[', rest @ ..] => sequence(rest),
        [b']', digit, ..] if digit.is_ascii_digit() => answer(rest),
        [b'O', rest @ ..] => match rest {
            [] => Front::More,
            [letter, ..] => Front::Event(3, lettered(*letter, 0)),
        },
        // Escape and at once Ctrl-c or another Escape are two keys; nobody means Alt-Ctrl-c.
        [next, ..] if *next < 0x20 && *next != b'\r' => Front::Event(1, Some(key(Code::Esc))),
        _ => match front(rest) {
            Front::Event(used, _) => Front::Event(1 + used, alt(&rest[..used])),
            other => other,
        },
    }
}

/// What the terminal answers to a question: `ESC ] 11 ; rgb:1c1c/1f1f/2626`, ended by BEL or `ESC \\`.
fn answer(rest: &[u8]) -> Front {
    let Some(end) = answer_end(rest) else {
        return Front::More;
    };
    let used = match (rest[end], rest.get(end + 1)) {
        (BEL, _) => 1 + end + 1,
        (_, None) => return Front::More,
        (_, Some(b'\\')) => 1 + end + 2,
        // Something else begins here.
        (_, Some(_)) => 1 + end,
    };
    let color = rest[..end].strip_prefix(b"]11;").and_then(color);
    Front::Event(used, color.map(|rgb| Event::Ground(Some(rgb))))
}

/// Where an answer ends, or is about to.
fn answer_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|b| matches!(*b, BEL | ESC))
}

/// `rgb:1c1c/1f1f/2626` or `rgba:…/…/…/…`, one to four digits a channel (`XParseColor`).
fn color(text: &[u8]) -> Option<[u8; 3]> {
    let text = std::str::from_utf8(text).ok()?;
    let channels = text
        .strip_prefix("rgb:")
        .or_else(|| text.strip_prefix("rgba:"))?;
    let channel = |digits: &str| {
        let value = u32::from_str_radix(digits, 16).ok()?;
        let most = match digits.len() {
            n @ 1..=4 => (1_u32 << (4 * n)) - 1,
            _ => return None,
        };
        Some((value * 255 / most) as u8)
    };
    let mut channels = channels.split('/').map(channel);
    Some([channels.next()??, channels.next()??, channels.next()??])
}

/// A key with Alt held: Escape, then the key.
fn alt(bytes: &[u8]) -> Option<Event> {
    match front(bytes) {
        Front::Event(_, Some(Event::Key(key))) => Some(Event::Key(Key { alt: true, ..key })),
        _ => None,
    }
}

/// What follows `ESC [`: parameters `0x30..0x3f`, then intermediates, then a final byte.
fn sequence(rest: &[u8]) -> Front {
    // The Linux console sends F1..F5 as ESC [ [ A..E.
    if let [b'[', tail @ ..] = rest {
        return match tail {
            [] => Front::More,
            [letter @ b'A'..=b'E', ..] => Front::Event(4, Some(key(Code::F(letter - b'A' + 1)))),
            _ => Front::Event(3, None),
        };
    }
    let Some(end) = sequence_end(rest) else {
        return Front::More;
    };
    let (parameters, last) = (&rest[..end], rest[end]);
    let used = 2 + end + 1;
    if !is_final(last) {
        // Not the end of a sequence: it was cut off, and something else begins here.
        return Front::Event(used - 1, None);
    }
    // What the terminal is: the answer to a question that every terminal answers, and so the end of waiting for others.
    if last == b'c' && parameters.first() == Some(&b'?') {
        return Front::Event(used, Some(Event::Ground(None)));
    }
    if let [b'<', numbers @ ..] = parameters {
        return Front::Event(used, mouse(numbers, last));
    }
    let mut numbers = parameters.split(|b| *b == b';').map(number);
    let first = numbers.next().flatten();
    let held = numbers.next().flatten().map_or(0, |m| m.saturating_sub(1));
    match (last, first) {
        (b'~', Some(200)) => Front::Paste(used),
        (b'~', Some(n)) => Front::Event(used, numbered(n, held)),
        // A key begins with 1 or nothing; ESC [ 12 ; 40 R is an answer to somebody's question.
        (_, None | Some(1)) => Front::Event(used, lettered(last, held)),
        _ => Front::Event(used, None),
    }
}

/// Where parameters and intermediates end.
fn sequence_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|b| !(0x20..=0x3f).contains(b))
}

fn is_final(byte: u8) -> bool {
    (0x40..=0x7e).contains(&byte)
}

/// A decimal number; what follows a colon (a sub-parameter) is left out.
fn number(digits: &[u8]) -> Option<u16> {
    let digits = digits.split(|b| *b == b':').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// `held`: 1 shift, 2 alt, 4 control.
fn holding(code: Code, held: u16) -> Event {
    Event::Key(Key {
        code,
        shift: held & 1 != 0,
        alt: held & 2 != 0,
        ctrl: held & 4 != 0,
    })
}

/// `ESC [ 1 ; 5 A` and `ESC O A`: a key with a letter.
fn lettered(letter: u8, held: u16) -> Option<Event> {
    Some(holding(
        match letter {
            b'A' => Code::Up,
            b'B' => Code::Down,
            b'C' => Code::Right,
            b'D' => Code::Left,
            b'H' => Code::Home,
            b'F' => Code::End,
            b'Z' => Code::BackTab,
            b'M' => Code::Enter,
            b'P'..=b'S' => Code::F(letter - b'P' + 1),
            _ => return None,
        },
        held,
    ))
}

/// `ESC [ 5 ~`: a key with a number.
fn numbered(number: u16, held: u16) -> Option<Event> {
    Some(holding(
        match number {
            1 | 7 => Code::Home,
            2 => Code::Insert,
            3 => Code::Delete,
            4 | 8 => Code::End,
            5 => Code::PageUp,
            6 => Code::PageDown,
            11..=15 => Code::F(number as u8 - 10),
            17..=21 => Code::F(number as u8 - 11),
            23..=24 => Code::F(number as u8 - 12),
            _ => return None,
        },
        held,
    ))
}

/// `ESC [ < 0 ; 12 ; 5 M`: button, column, row from 1; `m` at the end when the button goes up.
fn mouse(numbers: &[u8], last: u8) -> Option<Event> {
    let mut numbers = numbers.split(|b| *b == b';').map(number);
    let (button, column, row) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let press = match (button & !0x1c, last) {
        (0, b'M') => Press::Left,
        (2, b'M') => Press::Right,
        (32, b'M') => Press::Drag,
        (35, b'M') => Press::Hover,
        (64, b'M') => Press::WheelUp,
        (65, b'M') => Press::WheelDown,
        _ => return None,
    };
    Some(Event::Mouse(Mouse {
        press,
        column: column.checked_sub(1)?,
        row: row.checked_sub(1)?,
    }))
}

#[cfg(test)]
mod tests;
