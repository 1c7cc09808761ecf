//! Fields by number, as Protocol Buffers write them: a varint or a run of bytes behind a tag. A reader skips the numbers
//! that it does not know.

use super::Broken;

/// Writes fields.
#[derive(Debug, Default)]
pub struct Fields(pub Vec<u8>);

/// One field that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number.
    Number(u64),
    /// A text, a list of numbers, or fields of their own.
    Bytes(&'a [u8]),
}

/// A signed difference as a number that is small where the difference is.
pub fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ ((difference as i64) >> 63) as u64
}

/// The difference that [`zigzag`] wrote.
pub fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

impl Fields {
    /// Writes a number of 1 to 10 bytes.
    pub fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Writes a field that is a number.
    pub fn number(&mut self, field: u32, number: u64) {
        self.varint(u64::from(field) << 3);
        self.varint(number);
    }

    /// Writes a field of bytes.
    pub fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    /// Writes a field that is fields of its own.
    pub fn fields(&mut self, field: u32, inner: &Self) {
        self.bytes(field, &inner.0);
    }

    /// Writes ascending numbers by the gaps between them.
    pub fn ascending(&mut self, field: u32, numbers: impl Iterator<Item = u64>) {
        let mut packed = Self::default();
        let mut last = 0;
        for number in numbers {
            packed.varint(number.wrapping_sub(last));
            last = number;
        }
        self.fields(field, &packed);
    }
}

/// Takes a varint off the front.
pub fn take_varint(bytes: &mut &[u8]) -> Result<u64, Broken> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Broken::Damaged)?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(Broken::Damaged)
}

/// The numbers that [`Fields::ascending`] wrote.
pub fn ascending(mut bytes: &[u8]) -> Result<Vec<u64>, Broken> {
    let mut numbers = Vec::new();
    let mut last: u64 = 0;
    while !bytes.is_empty() {
        last = last.wrapping_add(take_varint(&mut bytes)?);
        if numbers.len() >= super::MOST_TASKS {
            return Err(Broken::TooLarge);
        }
        numbers.push(last);
    }
    Ok(numbers)
}

/// Hears every field of a message; fields of kinds that this version does not know are left out.
pub fn each<'a>(
    mut bytes: &'a [u8],
    mut hear: impl FnMut(u32, Value<'a>) -> Result<(), Broken>,
) -> Result<(), Broken> {
    while !bytes.is_empty() {
        let tag = take_varint(&mut bytes)?;
        let field = u32::try_from(tag >> 3).map_err(|_| Broken::Damaged)?;
        let mut take = |n: usize| {
            let (taken, rest) = bytes.split_at_checked(n).ok_or(Broken::Damaged)?;
            bytes = rest;
            Ok(taken)
        };
        match tag & 7 {
            0 => {
                let number = take_varint(&mut bytes)?;
                hear(field, Value::Number(number))?;
            }
            1 => drop(take(8)?),
            5 => drop(take(4)?),
            2 => {
                let len = take_varint(&mut bytes)?;
                let len = usize::try_from(len).map_err(|_| Broken::Damaged)?;
                let (taken, rest) = bytes.split_at_checked(len).ok_or(Broken::Damaged)?;
                bytes = rest;
                hear(field, Value::Bytes(taken))?;
            }
            _ => return Err(Broken::Damaged),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_skipped() {
        let mut fields = Fields::default();
        fields.number(1, 300);
        fields.varint(9 << 3 | 1);
        fields.0.extend([0; 8]);
        fields.varint(8 << 3 | 5);
        fields.0.extend([0; 4]);
        fields.bytes(2, b"abc");
        let mut heard = Vec::new();
        each(&fields.0, |field, value| {
            heard.push((field, value));
            Ok(())
        })
        .expect("sound");
        assert_eq!(
            heard,
            [(1, Value::Number(300)), (2, Value::Bytes(&b"abc"[..]))]
        );
        for cut in 1..fields.0.len() {
            let _ = each(&fields.0[..cut], |_, _| Ok(()));
        }
    }

    #[test]
    fn differences_come_back() {
        for n in [0, 1, u64::MAX, 1 << 63, 12_345, u64::MAX - 500] {
            assert_eq!(unzigzag(zigzag(n)), n);
        }
        assert_eq!(zigzag(u64::MAX), 1, "one less is small");
        let numbers = [3, 3, 9, 4_000_000];
        let mut fields = Fields::default();
        fields.ascending(1, numbers.into_iter());
        each(&fields.0, |_, value| {
            let Value::Bytes(bytes) = value else {
                return Err(Broken::Damaged);
            };
            assert_eq!(ascending(bytes)?, numbers);
            Ok(())
        })
        .expect("sound");
    }
}
