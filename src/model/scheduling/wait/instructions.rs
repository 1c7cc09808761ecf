//! What the standard library of Rust waits for, told by the instructions around its call of `futex(2)`: in a program that was
//! stripped no name tells it, but the compiled code of that library is the same in every program, and the compiler may only
//! copy it elsewhere.
//!
//! It calls `syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value, …)`, and the value comes last. A mutex and a parked thread
//! wait with a constant, the others with what they read before. Nothing else in the world passes that command so.

use super::runtimes::Made;

/// Bytes before and behind the return address of the call that are looked at.
pub const AROUND: usize = 256;

/// `FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG`.
const COMMAND: u32 = 0x89;
/// Between the command and the return address stand no more bytes than this.
const NEAR: usize = 24;
/// The words of a mutex that somebody waits for, and of a thread that parked itself.
const CONTENDED: u32 = 2;
const PARKED: u32 = u32::MAX;
/// In the word of a once: it runs, and somebody waits.
const RUNNING: u32 = 1;
const QUEUED: u32 = 4;
/// In the word of a read-write lock: a writer has it.
const WRITTEN: u32 = 0x3fff_ffff;

/// Where the value of the call comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Constant(u32),
    Register,
}

/// What is waited for with `value`, at most for a time or not; `before` and `behind` are the code up to the return address
/// and from there on. `None` where it is not the code of that library, or does not tell.
pub fn made_by(before: &[u8], behind: &[u8], value: u32, timed: bool) -> Option<Made> {
    let from = value_of(before)?;
    let near = |word: u32| {
        let word = word.to_le_bytes();
        let is = |w: &[u8]| w == word;
        before.windows(4).any(is) || behind.windows(4).any(is)
    };
    let arm = cfg!(target_arch = "aarch64");
    match from {
        Value::Constant(of) if of != value => None,
        Value::Constant(CONTENDED) => Some(Made::Mutex),
        Value::Constant(PARKED) => Some(Made::Parked),
        // Only a condition variable is waited for with a limit.
        Value::Register if timed => Some(Made::Condition),
        Value::Register if arm => None,
        Value::Register if near(WRITTEN) => Some(Made::RwLock),
        Value::Register if takes_again(behind) => Some(Made::Condition),
        Value::Register if value == RUNNING | QUEUED && masks_states(before) => Some(Made::Once),
        Value::Constant(_) | Value::Register => None,
    }
}

/// The command is there, and behind it where the value comes from.
fn value_of(before: &[u8]) -> Option<Value> {
    let last = &before[before.len().saturating_sub(NEAR)..];
    if cfg!(target_arch = "aarch64") {
        return value_of_arm(before);
    }
    // `mov edx, command`; then `mov ecx, constant` or `mov ecx, register`.
    let [b0, b1, b2, b3] = COMMAND.to_le_bytes();
    let command = [0xba, b0, b1, b2, b3];
    let at = last.windows(5).rposition(|w| w == command)?;
    match &last[at + 5..] {
        [0xb9, constant @ ..] => {
            let bytes = constant.first_chunk::<4>()?;
            Some(Value::Constant(u32::from_le_bytes(*bytes)))
        }
        [0x44, 0x89, how, ..] | [0x89, how, ..] if how & 0xc7 == 0xc1 => Some(Value::Register),
        _ => None,
    }
}

/// The same in instructions of 4 bytes, in any order: `mov w2, #command`; `mov w3, #2`, `mov w3, #-1`, `mov w3, register`.
fn value_of_arm(before: &[u8]) -> Option<Value> {
    let last = &before[before.len().saturating_sub(2 * NEAR)..];
    let (_, words) = last.as_rchunks::<4>();
    let words: Vec<u32> = words.iter().map(|w| u32::from_le_bytes(*w)).collect();
    words
        .iter()
        .position(|w| *w == 0x5280_0002 | COMMAND << 5)?;
    words.iter().rev().find_map(|word| match *word {
        0x1280_0003 => Some(Value::Constant(PARKED)),
        w if w & 0xffe0_001f == 0x5280_0003 => Some(Value::Constant((w >> 5) & 0xffff)),
        w if w & 0xffe0_ffff == 0x2a00_03e3 => Some(Value::Register),
        _ => None,
    })
}

/// Behind its wait a condition variable takes its mutex again: `mov ecx, 1`, and soon `lock cmpxchg`.
fn takes_again(behind: &[u8]) -> bool {
    let one = [0xb9, 1, 0, 0, 0];
    let swaps = |w: &[u8]| matches!(w, [0xf0, 0x0f, 0xb1] | [0xf0, _, 0x0f]);
    let starts = behind.windows(5).enumerate().filter(|(_, w)| *w == one);
    starts
        .map(|(at, _)| &behind[at + 5..behind.len().min(at + 20)])
        .any(|next| next.windows(3).any(swaps))
}

/// A once takes its state and whether somebody waits apart: `and reg, 3` and `and reg, 4`.
fn masks_states(before: &[u8]) -> bool {
    let masks = |by: u8| {
        let is = |w: &[u8]| w[0] == 0x83 && w[1] & 0xf8 == 0xe0 && w[2] == by;
        before.windows(3).any(is)
    };
    masks(3) && masks(4)
}

#[cfg(test)]
#[cfg(target_arch = "x86_64")]
mod tests {
    use super::*;

    /// Code up to the return address, from the compiled library: the command, what the value is, the rest and the call.
    fn called(value: &[u8]) -> Vec<u8> {
        let command = [0xba, 0x89, 0, 0, 0];
        let rest = [0x45, 0x31, 0xc9, 0x31, 0xc0, 0x41, 0xff, 0xd7];
        [&[0x48, 0x89, 0xde][..], &command, value, &rest].concat()
    }

    const REGISTER: [u8; 3] = [0x44, 0x89, 0xf9];

    #[test]
    fn a_constant_tells_a_mutex_and_a_parked_thread() {
        let mutex = called(&[0xb9, 2, 0, 0, 0]);
        assert_eq!(made_by(&mutex, &[], 2, false), Some(Made::Mutex));
        let parked = called(&[0xb9, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(made_by(&parked, &[], u32::MAX, true), Some(Made::Parked));
        for (value, why) in [(5, "another constant"), (u32::MAX, "of another call")] {
            assert_eq!(made_by(&mutex, &[], value, false), None, "{why}");
        }
    }

    #[test]
    fn what_was_read_before_is_told_by_the_code_around() {
        let read = called(&REGISTER);
        // A writer has it and both kinds wait: the very word of a parked thread.
        let lock = [&WRITTEN.to_le_bytes()[..], &read].concat();
        assert_eq!(made_by(&lock, &[], u32::MAX, false), Some(Made::RwLock));
        let again = [
            0xb9, 1, 0, 0, 0, 0x31, 0xc0, 0x48, 0x8b, 0x7d, 0xd0, 0xf0, 0x0f, 0xb1, 0x0f,
        ];
        for value in [2, 7, u32::MAX] {
            let told = made_by(&read, &again, value, false);
            assert_eq!(told, Some(Made::Condition), "after {value} calls");
        }
        assert_eq!(made_by(&read, &[], 7, true), Some(Made::Condition));
        let once = [&[0x83, 0xe1, 3, 0x89, 0xc2, 0x83, 0xe2, 4][..], &read].concat();
        assert_eq!(made_by(&once, &[], 5, false), Some(Made::Once));
        assert_eq!(made_by(&once, &[], 9, false), None);
        assert_eq!(made_by(&read, &[], 2, false), None, "it does not tell");
        let swaps = &again[5..];
        assert_eq!(made_by(&read, swaps, 7, false), None, "not with 1");
    }

    #[test]
    fn a_once_masks_its_state_and_who_waits_apart() {
        let (state, waits) = ([0x83, 0xe1, 3], [0x83, 0xe2, 4]);
        let made = |code: &[[u8; 3]]| {
            let before = [&code.concat()[..], &called(&REGISTER)].concat();
            made_by(&before, &[], RUNNING | QUEUED, false)
        };
        assert_eq!(made(&[state, waits]), Some(Made::Once));
        for (code, why) in [
            (&[][..], "it masks nothing"),
            (&[state], "no state"),
            (&[waits], "nobody waits"),
            (&[[0x83, 0xc1, 3], [0x83, 0xc2, 4]], "it adds"),
            (&[[0x81, 0xe1, 3], [0x81, 0xe2, 4]], "other widths"),
            (&[[0x83, 0xe1, 7], [0x83, 0xe2, 8]], "other bits"),
        ] {
            assert_eq!(made(code), None, "{why}");
        }
    }

    #[test]
    fn the_same_is_read_from_instructions_of_aarch64() {
        let told = |words: &[u32]| {
            let code: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
            value_of_arm(&code)
        };
        let constant = |n| Some(Value::Constant(n));
        // mov w2, #0x89; mov w3, …; and blr x8, nop.
        let (command, call, nop) = (0x5280_1122, 0xd63f_0100, 0xd503_201f);
        let far = [&[command, 0x5280_0043][..], &[nop; 12]].concat();
        for (words, value, why) in [
            (&[command, 0x5280_0043, call][..], constant(2), "mov w3, #2"),
            (&[0x5280_0043, command, call], constant(2), "in any order"),
            (
                &[command, 0x5282_4683, call],
                constant(0x1234),
                "mov w3, #0x1234",
            ),
            (
                &[command, 0x1280_0003, call],
                constant(u32::MAX),
                "mov w3, #-1",
            ),
            (
                &[command, 0x2a13_03e3, call],
                Some(Value::Register),
                "mov w3, w19",
            ),
            (&[command, 0x2a13_03e4, call], None, "mov w4, w19"),
            (&[command, 0x5280_0044, call], None, "mov w4, #2"),
            (&[0x5280_1002, 0x5280_0043, call], None, "another command"),
            (&[0x5280_0043, call], None, "no command"),
            (&far, None, "of an earlier call"),
        ] {
            assert_eq!(told(words), value, "{why}");
        }
    }

    #[test]
    fn other_code_tells_nothing() {
        let other = [0xba, 0x80, 0, 0, 0, 0xb9, 2, 0, 0, 0, 0x41, 0xff, 0xd7];
        assert_eq!(made_by(&other, &[], 2, false), None, "another command");
        let far = [&called(&[0xb9, 2, 0, 0, 0])[..], &[0x90; 40]].concat();
        assert_eq!(made_by(&far, &[], 2, false), None, "of an earlier call");
        assert_eq!(made_by(&[], &[], 2, false), None);
        let elsewhere = called(&[0x89, 0xca]);
        assert_eq!(made_by(&elsewhere, &[], 7, true), None, "no value");
    }

    proptest::proptest! {
        #[test]
        fn any_code_is_harmless(before: Vec<u8>, behind: Vec<u8>, value: u32, timed: bool) {
            let _ = made_by(&before, &behind, value, timed);
            let _ = value_of_arm(&before);
        }
    }
}
