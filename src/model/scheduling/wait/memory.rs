//! Pieces of another process's memory, as they were copied.

/// Copied pieces by address.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    pieces: Vec<(u64, Vec<u8>)>,
}

impl Memory {
    /// Adds a piece.
    pub fn insert(&mut self, address: u64, bytes: Vec<u8>) {
        self.pieces.push((address, bytes));
    }

    /// `N` bytes at an address, where a piece holds them all.
    pub fn bytes<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        self.slice(address, N)?.try_into().ok()
    }

    /// So many bytes at an address, where a piece holds them all.
    pub fn slice(&self, address: u64, length: usize) -> Option<&[u8]> {
        self.pieces.iter().find_map(|(start, bytes)| {
            let from = usize::try_from(address.checked_sub(*start)?).ok()?;
            bytes.get(from..from.checked_add(length)?)
        })
    }

    /// The bytes from an address to the first zero, at most so many; pieces may follow each other.
    pub fn text(&self, address: u64, most: usize) -> Option<Vec<u8>> {
        let bytes = (0..most as u64).map_while(|i| self.bytes::<1>(address.wrapping_add(i)));
        let text: Vec<u8> = bytes.map(|[b]| b).take_while(|b| *b != 0).collect();
        (!text.is_empty()).then_some(text)
    }

    /// The 32-bit number at an address.
    pub fn u32(&self, address: u64) -> Option<u32> {
        self.bytes(address).map(u32::from_ne_bytes)
    }

    /// The signed number at an address, of 8 bytes where `wide`, else of 4.
    pub fn long(&self, address: u64, wide: bool) -> Option<i64> {
        if wide {
            self.bytes(address).map(i64::from_ne_bytes)
        } else {
            self.bytes(address).map(i32::from_ne_bytes).map(i64::from)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_piece_holds_whole() {
        let mut memory = Memory::default();
        memory.insert(0x1000, vec![1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        assert_eq!(memory.u32(0x1000), Some(1));
        assert_eq!(memory.long(0x1004, false), Some(-1));
        assert_eq!(memory.long(0x1004, true), None);
        assert_eq!(memory.u32(0xfff), None);
        assert_eq!(memory.slice(u64::MAX, usize::MAX), None);
    }
}
