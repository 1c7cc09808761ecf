//! Bodies of records, packed (raw deflate, RFC 1951): each by itself, or as going on from those before it in its chunk.

use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress_to_output, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::Broken;

/// How hard it packs, of 10.
const LEVEL: i32 = 6;
const QUICK: i32 = 2;
/// How far back deflate looks, in bytes.
const WINDOW: usize = 32 << 10;
/// What ends a body that others go on from: an empty block that begins and ends with a byte. It is not written.
const END: [u8; 4] = [0, 0, 0xff, 0xff];
/// Deflate makes no byte into more than so many.
const MOST: usize = 1032;

/// Packs bodies of records.
pub struct Packer {
    packer: Box<CompressorOxide>,
    buffer: Vec<u8>,
}

impl Default for Packer {
    fn default() -> Self {
        Self::at(LEVEL)
    }
}

impl Packer {
    fn at(level: i32) -> Self {
        let flags = create_comp_flags_from_zip_params(level, -15, 0);
        Self {
            packer: Box::new(CompressorOxide::new(flags)),
            buffer: Vec::new(),
        }
    }

    /// One that packs less and takes less time for it.
    pub fn quick() -> Self {
        Self::at(QUICK)
    }

    /// The bytes packed by themselves; `None` where that is longer.
    pub fn pack(&mut self, raw: &[u8]) -> Option<&[u8]> {
        self.packer.reset();
        self.buffer.clear();
        let buffer = &mut self.buffer;
        let (status, _) = compress_to_output(&mut self.packer, raw, TDEFLFlush::Finish, |packed| {
            buffer.extend_from_slice(packed);
            buffer.len() < raw.len()
        });
        let shorter = self.buffer.len() < raw.len();
        (status == TDEFLStatus::Done && shorter).then_some(&*self.buffer)
    }

    /// What [`Self::follow`] goes on from.
    pub fn begin(&mut self, raw: &[u8]) {
        self.packer.reset();
        self.follow(last(raw));
    }

    /// The bytes packed as going on from all since [`Self::begin`]; `None` where that cannot be done.
    pub fn follow(&mut self, raw: &[u8]) -> Option<&[u8]> {
        self.buffer.clear();
        let buffer = &mut self.buffer;
        let (status, taken) =
            compress_to_output(&mut self.packer, raw, TDEFLFlush::Sync, |packed| {
                buffer.extend_from_slice(packed);
                true
            });
        let whole = status == TDEFLStatus::Okay && taken == raw.len();
        self.buffer.strip_suffix(&END).filter(|_| whole)
    }
}

fn last(raw: &[u8]) -> &[u8] {
    &raw[raw.len().saturating_sub(WINDOW)..]
}

/// The last of the bodies that a record goes on from.
#[derive(Clone, Debug, Default)]
pub struct Before(Vec<u8>);

impl Before {
    /// Of a whole state.
    pub fn begin(&mut self, raw: &[u8]) {
        self.0.clear();
        self.0.extend_from_slice(last(raw));
    }

    /// One more body.
    pub fn follow(&mut self, raw: &[u8]) {
        let raw = last(raw);
        let too_many = (self.0.len() + raw.len()).saturating_sub(WINDOW);
        self.0.drain(..too_many);
        self.0.extend_from_slice(raw);
    }

    /// A body of so many bytes, which goes on from these.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn unpack(&self, packed: &[u8], len: usize) -> Result<Vec<u8>, Broken> {
        if len > packed.len().saturating_mul(MOST) {
            return Err(Broken::Damaged);
        }
        let packed = [packed, &END].concat();
        let start = self.0.len();
        // Room for a byte more: a full buffer would not tell whether more is to come.
        let mut out = Vec::with_capacity(start + len + 1);
        out.extend_from_slice(&self.0);
        out.resize(start + len + 1, 0);
        let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
            | inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
        let mut state = DecompressorOxide::new();
        let (status, taken, made) = decompress(&mut state, &packed, &mut out, start, flags);
        let whole = status == TINFLStatus::NeedsMoreInput && taken == packed.len() && made == len;
        out.truncate(start + len);
        out.drain(..start);
        whole.then_some(out).ok_or(Broken::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies() -> Vec<Vec<u8>> {
        let body = |n: usize| -> Vec<u8> {
            let words = (0..n * 900).flat_map(|i| (i * i % 977 + n).to_string().into_bytes());
            words.collect()
        };
        // Larger than the window, empty, of one byte, and what was told before.
        vec![
            body(40),
            Vec::new(),
            body(1),
            vec![7],
            body(1),
            body(30),
            body(2),
        ]
    }

    #[test]
    fn what_goes_on_comes_back() {
        let all = bodies();
        let (mut packer, mut before) = (Packer::default(), Before::default());
        packer.begin(&all[0]);
        before.begin(&all[0]);
        let mut sizes = Vec::new();
        for body in &all[1..] {
            let packed = packer.follow(body).expect("packed").to_vec();
            let back = before.unpack(&packed, body.len());
            assert!(back.as_ref() == Ok(body), "{} bytes", body.len());
            for wrong in [body.len() + 1, body.len().saturating_sub(1)] {
                let back = before.unpack(&packed, wrong);
                assert!(wrong == body.len() || back.is_err(), "{wrong} bytes");
            }
            before.follow(body);
            sizes.push(packed.len());
        }
        assert!(sizes[3] < sizes[1] / 4, "told before: {sizes:?}");
    }

    #[test]
    fn nothing_else_can_stand_before() {
        let all = bodies();
        let mut packer = Packer::default();
        packer.begin(&all[0]);
        let packed = packer.follow(&all[0][..2000]).expect("packed").to_vec();
        assert!(Before::default().unpack(&packed, 2000).is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_borne(start: Vec<u8>, packed: Vec<u8>, len in 0_usize..70_000) {
            let mut before = Before::default();
            before.begin(&start);
            let _ = before.unpack(&packed, len);
        }
    }
}
