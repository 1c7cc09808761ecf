//! The checksum of a record: CRC-32 as zlib and PNG compute it.

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                0xedb8_8320 ^ (crc >> 1)
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
}

/// The checksum of these parts, one after the other.
pub fn of(parts: &[&[u8]]) -> u32 {
    let mut crc = !0;
    for byte in parts.iter().copied().flatten() {
        crc = TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8);
    }
    !crc
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_the_one_that_everybody_uses() {
        assert_eq!(super::of(&[b"1234", b"56789"]), 0xcbf4_3926);
        assert_eq!(super::of(&[]), 0);
    }
}
