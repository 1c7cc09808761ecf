//! Rules for memory without file or name: thread stacks, arenas, the Go heap, code made while running, reserves.

use super::{Evidence, Flags, Kind, Mapping, Part, Region, plain, pointers_in, used};

/// A stack's guard mapping is at most this large.
const GUARD: u64 = 64 << 10;
/// Where the Go runtime puts its heap on 64-bit machines; nothing else is placed there unless asked for.
const GO_HEAP: std::ops::Range<u64> = 0xc0_0000_0000..0xe0_0000_0000;

/// Classifies the mapping at this place of the list.
pub(super) fn classify(evidence: &Evidence<'_>, at: usize) -> Region {
    let m = &evidence.mappings[at];
    let below = at.checked_sub(1).and_then(|i| evidence.mappings.get(i));
    let above = evidence.mappings.get(at + 1);
    let touching_below = below.filter(|b| b.end == m.start);
    let touching_above = above.filter(|a| a.start == m.end);
    let mut region = alone(evidence, m);
    if m.access.none() {
        if touching_below.is_some_and(|b| is_arena(evidence, b, Some(m))) {
            region.part = Part::ArenaReserve;
        }
        return region;
    }
    if region.kind != Kind::Anonymous || !m.access.write {
        return region;
    }
    let guarded = m.flags().contains(Flags::GUARDS)
        || touching_below
            .is_some_and(|b| b.is_anonymous() && b.access.none() && b.end - b.start <= GUARD);
    if is_arena(evidence, m, touching_above) {
        region.kind = Kind::Heap;
        region.part = Part::Arena;
    } else if guarded && m.flags().contains(Flags::NO_HUGE) {
        // Of a program whose stacks may be executed, too (`-z execstack`).
        region.kind = Kind::ThreadStack;
        region.part = if evidence.all_threads {
            Part::SpareStack
        } else {
            Part::Plain
        };
    }
    region
}

/// Classifies a mapping by itself, without a look at its neighbours.
pub(super) fn alone(evidence: &Evidence<'_>, m: &Mapping) -> Region {
    let mut region = plain(m, Kind::Anonymous, Part::Plain);
    if m.access.none() {
        (region.kind, region.part) = (Kind::Guard, Part::Reserve);
    } else if m.flags().contains(Flags::DEVICE) {
        region.kind = Kind::Device;
    } else if GO_HEAP.contains(&m.start) && m.access.write {
        (region.kind, region.part) = (Kind::Heap, Part::GoHeap);
    } else if m.access.run && !runs_anyhow(evidence, m) {
        region.part = Part::Jit;
    } else if m.flags().contains(Flags::HUGE) {
        region.part = Part::Huge;
    } else if m.access.write {
        let mut pointers = pointers_in(evidence, m);
        match (pointers.next(), pointers.next()) {
            (Some(pointer), None) => {
                region.kind = Kind::ThreadStack;
                region.stack = Some(used(pointer, m));
            }
            // Goroutines' stacks lie in the Go heap; elsewhere threads were given stacks without guards.
            (Some(_), Some(_)) if is_go(evidence) => {
                (region.kind, region.part) = (Kind::Heap, Part::GoHeap);
            }
            (Some(_), Some(_)) => (region.kind, region.part) = (Kind::ThreadStack, Part::Stacks),
            (None, _) => {}
        }
    }
    region
}

/// Whether memory that may be executed is no code for that: it is written to and a stack pointer stands in it, or this is a
/// program for which the kernel makes all executable that may be read (`READ_IMPLIES_EXEC`, `personality(2)`), as for those of
/// 32 bits that ask for an executable stack.
fn runs_anyhow(evidence: &Evidence<'_>, m: &Mapping) -> bool {
    // What the kernel maps by itself it maps as ever.
    let runs = |m: &Mapping| m.access.run || !m.access.read || m.name.starts_with('[');
    let stack = || pointers_in(evidence, m).next().is_some();
    m.access.write && (stack() || evidence.mappings.iter().all(runs))
}

/// Whether the Go runtime has put its heap where it does on this kind of machine; nothing is known of it on 32 bits.
fn is_go(evidence: &Evidence<'_>) -> bool {
    let headers = evidence.exe.and_then(|exe| evidence.headers.get(&exe));
    let narrow = headers.is_some_and(|h| !h.wide);
    let mut starts = evidence.mappings.iter().map(|m| m.start);
    narrow || starts.any(|start| GO_HEAP.contains(&start))
}

/// glibc's arenas begin at a multiple of their greatest size, and what they have not used is reserved up to the next:
/// `above`, which touches it.
fn is_arena(evidence: &Evidence<'_>, m: &Mapping, above: Option<&Mapping>) -> bool {
    let wide = evidence
        .exe
        .and_then(|exe| evidence.headers.get(&exe))
        .is_none_or(|h| h.wide);
    let size: u64 = if wide { 64 << 20 } else { 1 << 20 };
    let runs = m.access.run && !runs_anyhow(evidence, m);
    let rw = m.access.read && m.access.write && !runs && !m.access.shared;
    if !rw || !m.is_anonymous() || !m.start.is_multiple_of(size) || GO_HEAP.contains(&m.start) {
        return false;
    }
    let next = m.start.saturating_add(size);
    let whole = m.end == next && m.flags().contains(Flags::NO_RESERVE);
    whole || above.is_some_and(|a| a.is_anonymous() && a.access.none() && a.end == next)
}
