//! Rules that go by the name that the kernel or the program gave a mapping.

use crate::model::id::Tid;
use crate::model::memory::region::{Flags, Kind, Mapping, Part};

/// Names in brackets are the kernel's own: `[heap]`, `[stack]`, `[anon:scudo:primary]`.
pub(super) fn bracketed(m: &Mapping) -> Option<(Kind, Part)> {
    let name = m.name.as_str();
    Some(match name {
        "[heap]" => (Kind::Heap, Part::Brk),
        "[stack]" => (Kind::Stack, Part::Plain),
        "[vdso]" | "[vvar]" | "[vvar_vclock]" | "[vsyscall]" | "[vectors]" | "[sigpage]" => {
            (Kind::Vdso, Part::Plain)
        }
        "[anon:.bss]" => return None,
        _ if name.starts_with("[stack:") => (Kind::ThreadStack, Part::Plain),
        _ if name.starts_with("[anon:") => given(m, &name[6..]),
        _ if name.starts_with("[anon_shmem:") => (Kind::Shared, Part::ForkShared),
        _ if name.starts_with('[') && m.file.inode == 0 => (Kind::Other, Part::Plain),
        _ => return None,
    })
}

/// A name given with `PR_SET_VMA_ANON_NAME`; glibc's own (`glibc.mem.decorate_maps`) tell what they are.
fn given(m: &Mapping, name: &str) -> (Kind, Part) {
    let name = name.trim_start();
    if m.access.none() {
        (Kind::Guard, Part::Reserve)
    } else if name.starts_with("glibc: pthread") || name.starts_with("stack_and_tls:") {
        (Kind::ThreadStack, Part::Plain)
    } else if name.starts_with("glibc: malloc arena") {
        (Kind::Heap, Part::Arena)
    } else if name.contains("malloc") || name.starts_with("scudo") || name.starts_with("Go: heap") {
        (Kind::Heap, Part::Named)
    } else if m.access.run {
        (Kind::Anonymous, Part::Jit)
    } else {
        (Kind::Anonymous, Part::Named)
    }
}

/// The thread in `[stack:1234]` or `[anon: glibc: pthread stack: 1234]`.
pub(super) fn stack_of(m: &Mapping) -> Option<Tid> {
    let name = m.name.strip_suffix(']')?;
    let (_, number) = name.rsplit_once(':')?;
    number.trim().parse().ok().map(Tid)
}

/// Names of memory that is no file of a program: shared segments, device and ring buffers.
pub(super) fn by_path(m: &Mapping) -> Option<(Kind, Part)> {
    let name = m.name.as_str();
    let shared = m.access.shared;
    let is = |prefix: &str| name.starts_with(prefix);
    let huge = m.flags().contains(Flags::HUGE);
    Some(if is("/SYSV") && shared && m.deleted {
        (Kind::Shared, Part::SysV)
    } else if is("/memfd:") {
        match (m.access.run, shared) {
            (true, true) => (Kind::Shared, Part::Jit),
            (true, false) => (Kind::Anonymous, Part::Jit),
            (false, true) => (Kind::Shared, Part::Memfd),
            (false, false) => (Kind::File, Part::PrivateFile),
        }
    } else if is("/secretmem") && m.deleted {
        (Kind::Shared, Part::Secret)
    } else if is("/dev/shm/") {
        if shared {
            (Kind::Shared, Part::Posix)
        } else {
            (Kind::File, Part::PrivateFile)
        }
    } else if is("/dev/zero") {
        if shared {
            (Kind::Shared, Part::ForkShared)
        } else {
            (Kind::Anonymous, Part::Plain)
        }
    } else if is("/anon_hugepage") || is("/dev/hugepages/") || huge && m.file.inode != 0 {
        if shared {
            (Kind::Shared, Part::Huge)
        } else {
            (Kind::Anonymous, Part::Huge)
        }
    } else if is("/dev/") || device_ring(name) || m.flags().contains(Flags::DEVICE) {
        (Kind::Device, Part::Plain)
    } else {
        return None;
    })
}

fn device_ring(name: &str) -> bool {
    const RINGS: [&str; 8] = [
        "anon_inode:",
        "socket:",
        "/[aio]",
        "/dmabuf:",
        "/drm mm object",
        "/i915",
        "/TTM",
        "/[io_uring]",
    ];
    RINGS.iter().any(|ring| name.starts_with(ring))
}
