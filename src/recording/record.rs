//! A record: one tick in bytes, with a head that says when it was, how the machine did, how long the record is, and by its
//! checksum whether it is whole. The heads alone are the index of a recording.

use super::checksum;
use super::packed::Before;
use super::{Broken, MAGIC};
use crate::model::id::Nanos;
use crate::model::snapshot::Snapshot;

/// How long a head of this version is; later ones may be longer.
pub const HEAD: usize = 44;
const SIGN: &[u8; 4] = b"PSr1";
/// What a tick may take at the most, unpacked: half a million processes.
const MOST_BYTES: usize = 64 << 20;
const DEFLATED: u8 = 1;
/// A share that is not known.
const UNKNOWN: u16 = u16::MAX;

/// What a record has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole state: a chunk begins.
    Whole,
    /// What changed since the record before.
    Change,
    /// The same, packed as what goes on from the bodies before it in its chunk: what they told again takes little room.
    Linked,
    /// Slices, or sums of them: it needs no other record.
    Lanes,
    /// What the inspector and the views showed: it needs no other record.
    Details,
    /// Something that a later version tells; it is left out.
    Other(u8),
}

bitflags::bitflags! {
    /// What happened at a tick.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Marks: u16 {
        /// What holds the machine back became another.
        const VERDICT = 1;
        /// A process was ended by a signal.
        const KILLED = 1 << 1;
        /// Memory ran out.
        const OOM = 1 << 2;
        /// A trigger fired.
        const TRIGGER = 1 << 3;
        /// Something holds the machine back.
        const HELD = 1 << 4;
    }
}

/// How the machine did at a tick, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// When, milliseconds after the Unix epoch.
    pub unix_ms: u64,
    /// Of all cores, how much was busy.
    pub cpu: Option<u16>,
    /// How much memory was used.
    pub memory: Option<u16>,
    /// The highest of the three pressures.
    pub pressure: Option<u16>,
    /// What happened.
    pub marks: Marks,
}

impl Summary {
    /// Of a moment of which nothing else is told.
    pub fn at(unix_ms: u64) -> Self {
        Self {
            unix_ms,
            cpu: None,
            memory: None,
            pressure: None,
            marks: Marks::default(),
        }
    }

    /// Of a snapshot; marks are for whoever knows more than one.
    pub fn of(snapshot: &Snapshot, marks: Marks) -> Self {
        let system = &snapshot.system;
        let busy = system.cores.iter().filter_map(|core| core.share.ok());
        let (sum, n) = busy.fold((0.0, 0), |(sum, n), share| {
            (sum + f64::from(share.busy()), n + 1)
        });
        let share = |of: f64| (of * 1000.0).clamp(0.0, 1000.0) as u16;
        let memory = system.memory.ok().filter(|m| m.total.0 > 0);
        let pressure = system.pressure.iter().filter_map(|p| p.ok());
        let pressure = pressure.map(|p| p.some_10).reduce(f32::max);
        Self {
            unix_ms: snapshot.unix_ms(),
            cpu: (n > 0).then(|| share(sum / f64::from(n) / 100.0)),
            memory: memory.map(|m| share(m.used().0 as f64 / m.total.0 as f64)),
            pressure: pressure.map(|p| share(f64::from(p) / 100.0)),
            marks,
        }
    }
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// What follows.
    pub kind: Kind,
    /// When, `CLOCK_MONOTONIC` of the machine that was recorded.
    pub at: Nanos,
    /// How it did.
    pub summary: Summary,
    /// How long the head is.
    own: u16,
    flags: u8,
    packed: u32,
    raw: u32,
    sum: u32,
}

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A head, whose record is so long in all.
    Head(Head, usize),
    /// Perhaps a head, of which more bytes are needed.
    Short,
    /// No head.
    Nothing,
}

impl Kind {
    /// Whether it tells a tick, or how one became the next.
    pub fn is_tick(self) -> bool {
        matches!(self, Self::Whole | Self::Change | Self::Linked)
    }
}

impl Head {
    /// How long the body is once it is unpacked.
    pub fn unpacked(&self) -> usize {
        self.raw as usize
    }

    /// Reads the head at the beginning of some bytes.
    pub fn find(bytes: &[u8]) -> Found {
        let begun = bytes.len().min(SIGN.len());
        if bytes[..begun] != SIGN[..begun] {
            return Found::Nothing;
        }
        let Some((b, _)) = bytes.split_first_chunk::<HEAD>() else {
            return Found::Short;
        };
        let head = Self::read(b);
        let fits = head.raw as usize <= MOST_BYTES && head.packed as usize <= MOST_BYTES;
        if usize::from(head.own) < HEAD || !fits {
            return Found::Nothing;
        }
        Found::Head(head, usize::from(head.own) + head.packed as usize)
    }

    fn read(b: &[u8; HEAD]) -> Self {
        let u16_at = |at: usize| u16::from_le_bytes([b[at], b[at + 1]]);
        let u32_at = |at| u32::from(u16_at(at)) | u32::from(u16_at(at + 2)) << 16;
        let u64_at = |at| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        let share = |at| Some(u16_at(at)).filter(|share| *share != UNKNOWN);
        Self {
            kind: match b[4] {
                1 => Kind::Whole,
                2 => Kind::Change,
                3 => Kind::Lanes,
                4 => Kind::Details,
                5 => Kind::Linked,
                other => Kind::Other(other),
            },
            flags: b[5],
            packed: u32_at(8),
            raw: u32_at(12),
            at: Nanos(u64_at(16)),
            summary: Summary {
                unix_ms: u64_at(24),
                cpu: share(32),
                memory: share(34),
                pressure: share(36),
                marks: Marks::from_bits_retain(u16_at(6)),
            },
            own: u16_at(38),
            sum: u32_at(40),
        }
    }

    /// Whether these bytes, which begin with this head, are as they were written.
    pub fn is_whole(&self, record: &[u8]) -> bool {
        let len = usize::from(self.own) + self.packed as usize;
        record.len() >= len && checksum::of(&[&record[..40], &record[HEAD..len]]) == self.sum
    }

    /// The body of a record as it was packed.
    fn body<'a>(&self, record: &'a [u8]) -> Result<&'a [u8], Broken> {
        let whole = self.is_whole(record).then_some(record);
        let record = whole.ok_or(Broken::Damaged)?;
        Ok(&record[usize::from(self.own)..][..self.packed as usize])
    }

    /// What a record says that goes on from those before it.
    ///
    /// # Errors
    /// When it is damaged, or something else than `before` stands before it.
    pub fn unpack_linked(&self, record: &[u8], before: &Before) -> Result<Vec<u8>, Broken> {
        before.unpack(self.body(record)?, self.raw as usize)
    }

    /// What the record says, unpacked.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn unpack(&self, record: &[u8]) -> Result<Vec<u8>, Broken> {
        let packed = self.body(record)?;
        if self.flags & DEFLATED == 0 {
            return Ok(packed.to_vec());
        }
        let raw = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, self.raw as usize);
        raw.ok()
            .filter(|raw| raw.len() == self.raw as usize)
            .ok_or(Broken::Damaged)
    }
}

/// A record in bytes; `packed` is `None` where packing would make it longer.
pub fn write(kind: Kind, at: Nanos, of: &Summary, raw: &[u8], packed: Option<&[u8]>) -> Vec<u8> {
    let body = packed.unwrap_or(raw);
    let mut out = Vec::with_capacity(HEAD + body.len());
    out.extend(SIGN);
    out.push(match kind {
        Kind::Whole => 1,
        Kind::Change => 2,
        Kind::Lanes => 3,
        Kind::Details => 4,
        Kind::Linked => 5,
        Kind::Other(other) => other,
    });
    out.push(if packed.is_some() { DEFLATED } else { 0 });
    out.extend(of.marks.bits().to_le_bytes());
    out.extend((body.len() as u32).to_le_bytes());
    out.extend((raw.len() as u32).to_le_bytes());
    out.extend(at.0.to_le_bytes());
    out.extend(of.unix_ms.to_le_bytes());
    for share in [of.cpu, of.memory, of.pressure] {
        out.extend(share.unwrap_or(UNKNOWN).to_le_bytes());
    }
    out.extend((HEAD as u16).to_le_bytes());
    let sum = checksum::of(&[&out, body]);
    out.extend(sum.to_le_bytes());
    out.extend(body);
    out
}

/// The same record with these marks besides its own; `None` where it is none.
pub fn marked(record: &[u8], marks: Marks) -> Option<Vec<u8>> {
    let Found::Head(head, len) = Head::find(record) else {
        return None;
    };
    let mut out = record.get(..len)?.to_vec();
    let bits = (head.summary.marks | marks).bits();
    out[6..8].copy_from_slice(&bits.to_le_bytes());
    let sum = checksum::of(&[&out[..40], &out[HEAD..]]);
    out[40..44].copy_from_slice(&sum.to_le_bytes());
    Some(out)
}

/// The place of the next record at or after `from`; the length of the bytes where there is none.
pub fn next(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let found = rest.windows(SIGN.len()).position(|w| w == SIGN);
    found.map_or(bytes.len(), |at| from + at)
}

/// Whether these bytes may be the beginning of a recording.
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}
