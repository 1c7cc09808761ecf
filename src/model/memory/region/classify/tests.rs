//! Literal address spaces. The mappings are written as the kernel writes them, shortened to what the rules look at.

use super::*;
use crate::model::memory::region::{Access, Load, Residency};
use crate::model::text::SafeText;

const PAGE: u64 = 4096;

/// `start-end access offset inode name flags…`, hexadecimal, `-` for no name.
fn mappings(text: &str) -> Vec<Mapping> {
    text.lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(|line| {
            let mut words = line.split_whitespace();
            let mut next = || words.next().expect("a word");
            let hex = |w: &str| u64::from_str_radix(w, 16).expect("hexadecimal");
            let (start, end) = next().split_once('-').expect("a range");
            let mapping = Mapping {
                start: hex(start),
                end: hex(end),
                access: Access::from_letters(next().as_bytes()),
                offset: hex(next()),
                file: FileId {
                    inode: hex(next()),
                    ..FileId::default()
                },
                name: SafeText::from(Some(next()).filter(|n| *n != "-").unwrap_or("")),
                deleted: false,
                pages: None,
            };
            let mut flags = Flags::empty();
            let mut deleted = false;
            for word in words {
                match word {
                    "nh" => flags |= Flags::NO_HUGE,
                    "nr" => flags |= Flags::NO_RESERVE,
                    "ht" => flags |= Flags::HUGE,
                    "gu" => flags |= Flags::GUARDS,
                    "(deleted)" => deleted = true,
                    other => panic!("{other}"),
                }
            }
            let resident = Residency {
                resident: Bytes(mapping.end - mapping.start),
                ..Residency::default()
            };
            Mapping {
                pages: Some((resident, flags)),
                deleted,
                ..mapping
            }
        })
        .collect()
}

fn load(offset: u64, address: u64, from_file: u64, in_memory: u64, letters: &str) -> Load {
    Load {
        offset,
        address,
        from_file,
        in_memory,
        write: letters.contains('w'),
        run: letters.contains('x'),
    }
}

fn file(inode: u64) -> FileId {
    FileId {
        inode,
        ..FileId::default()
    }
}

fn pointer(tid: u32, at: u64) -> StackPointer {
    StackPointer {
        tid: Tid(tid),
        name: "worker".into(),
        at,
    }
}

/// What the rules say, one line a region: `start-end kind part name`.
fn said(text: &str, headers: &[(u64, Vec<Load>)], pointers: &[StackPointer]) -> Vec<String> {
    said_of(text, headers, pointers, true)
}

/// The same of a program for 64 bits, or for 32.
fn said_of(
    text: &str,
    headers: &[(u64, Vec<Load>)],
    pointers: &[StackPointer],
    wide: bool,
) -> Vec<String> {
    let mappings = mappings(text);
    let headers = headers
        .iter()
        .map(|(inode, loads)| {
            let headers = Headers {
                loads: loads.clone(),
                wide,
            };
            (file(*inode), headers)
        })
        .collect();
    let regions = classify(&Evidence {
        mappings: &mappings,
        headers: &headers,
        exe: Some(file(0xe)),
        pointers,
        all_threads: !pointers.is_empty(),
        page: PAGE,
    });
    let covered: u64 = regions.iter().map(|r| r.size().0).sum();
    let claimed: u64 = mappings.iter().map(|m| m.end - m.start).sum();
    assert_eq!(covered, claimed, "every byte belongs to one region");
    regions
        .iter()
        .map(|r| {
            let tid = r.stack.as_ref().map_or(String::new(), |s| {
                format!(" tid={} used={:x}", s.tid, s.used.0)
            });
            let (kind, part) = (r.kind.word(), r.part.word());
            format!("{:x}-{:x} {kind} {part} {}{tid}", r.start, r.end, r.name)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

fn program() -> Vec<Load> {
    vec![
        load(0, 0, 0x800, 0x800, "r"),
        load(0x1000, 0x1000, 0x1f00, 0x1f00, "rx"),
        load(0x3000, 0x3000, 0x400, 0x400, "r"),
        load(0x3d00, 0x4d00, 0x500, 0x3500, "rw"),
    ]
}

#[test]
fn a_program_is_split_by_its_headers() {
    let text = "
        555500000000-555500001000 r--p 0    e /bin/prog
        555500001000-555500003000 r-xp 1000 e /bin/prog
        555500003000-555500004000 r--p 3000 e /bin/prog
        555500004000-555500005000 r--p 3000 e /bin/prog
        555500005000-555500006000 rw-p 4000 e /bin/prog
        555500006000-555500009000 rw-p 0    0 -
        555500100000-555500121000 rw-p 0    0 [heap]
        7ffd00000000-7ffd00021000 rw-p 0    0 [stack]
        7ffd00100000-7ffd00102000 r-xp 0    0 [vdso]";
    let pointers = [pointer(7, 0x7ffd_0002_0000)];
    assert_eq!(
        said(text, &[(0xe, program())], &pointers),
        [
            "555500000000-555500001000 rodata constants /bin/prog",
            "555500001000-555500003000 text code /bin/prog",
            "555500003000-555500004000 rodata constants /bin/prog",
            "555500004000-555500005000 data relro /bin/prog",
            "555500005000-555500005200 data /bin/prog",
            "555500005200-555500009000 bss zeros /bin/prog",
            "555500100000-555500121000 heap brk [heap]",
            "7ffd00000000-7ffd00021000 stack [stack] tid=7 used=1000",
            "7ffd00100000-7ffd00102000 vdso [vdso]",
        ]
    );
}

#[test]
fn a_library_keeps_code_and_gives_its_globals_and_what_follows_is_apart() {
    let text = "
        7f0000000000-7f0000001000 r--p 0    a /lib/liba.so
        7f0000001000-7f0000003000 r-xp 1000 a /lib/liba.so
        7f0000003000-7f0000004000 r--p 3000 a /lib/liba.so
        7f0000004000-7f0000005000 r--p 3000 a /lib/liba.so
        7f0000005000-7f0000006000 rw-p 4000 a /lib/liba.so
        7f0000006000-7f000000f000 rw-p 0    0 -
        7f0000010000-7f0000014000 r--p 0    a /lib/liba.so";
    assert_eq!(
        said(text, &[(0xa, program())], &[]),
        [
            "7f0000000000-7f0000001000 library constants /lib/liba.so",
            "7f0000001000-7f0000003000 library code /lib/liba.so",
            "7f0000003000-7f0000004000 library constants /lib/liba.so",
            "7f0000004000-7f0000005000 data relro /lib/liba.so",
            "7f0000005000-7f0000005200 data /lib/liba.so",
            "7f0000005200-7f0000009000 bss zeros /lib/liba.so",
            "7f0000009000-7f000000f000 anonymous",
            "7f0000010000-7f0000014000 file private /lib/liba.so",
        ]
    );
}

#[test]
fn the_page_that_data_and_zeros_share_is_counted_once() {
    let mappings = mappings(
        "555500001000-555500002000 r-xp 1000 e /bin/prog
         555500005000-555500006000 rw-p 4000 e /bin/prog",
    );
    let headers = HashMap::from([(
        file(0xe),
        Headers {
            loads: vec![
                load(0x1000, 0x1000, 0x800, 0x800, "rx"),
                load(0x4000, 0x5000, 0x200, 0x300, "rw"),
            ],
            wide: true,
        },
    )]);
    let regions = classify(&Evidence {
        mappings: &mappings,
        headers: &headers,
        exe: Some(file(0xe)),
        pointers: &[],
        all_threads: false,
        page: PAGE,
    });
    let resident = |at: usize| regions[at].residency.map(|r| r.resident);
    assert_eq!(resident(1), Ok(Bytes(0x200)), "no more than it claims");
    assert_eq!(regions[2].kind, Kind::Bss);
    assert_eq!(resident(2), Ok(Bytes(4096 - 0x200)));
}

#[test]
fn threads_are_found_by_their_stack_pointers_and_by_their_guards() {
    let text = "
        7f0000000000-7f0000001000 ---p 0 0 -
        7f0000001000-7f0000801000 rw-p 0 0 - nh
        7f0000801000-7f0000802000 ---p 0 0 -
        7f0000802000-7f0001002000 rw-p 0 0 - nh
        7f0002000000-7f0002800000 rw-p 0 0 - nh gu
        7f0003000000-7f0003800000 rw-p 0 0 -";
    assert_eq!(
        said(text, &[], &[pointer(42, 0x7f00_0080_0000)]),
        [
            "7f0000000000-7f0000001000 guard stack guard",
            "7f0000001000-7f0000801000 thread_stack tid=42 used=1000",
            "7f0000801000-7f0000802000 guard stack guard",
            "7f0000802000-7f0001002000 thread_stack spare stack",
            "7f0002000000-7f0002800000 thread_stack spare stack",
            "7f0003000000-7f0003800000 anonymous",
        ]
    );
}

#[test]
fn arenas_go_heaps_and_jit_code_are_told_from_plain_memory() {
    let text = "
        c000000000-c000400000 rw-p 0 0 -
        c000400000-c004000000 ---p 0 0 -
        7f0000000000-7f0000021000 rw-p 0 0 - nr
        7f0000021000-7f0004000000 ---p 0 0 - nr
        7f0008000000-7f0008021000 rw-p 0 0 -
        7f0010000000-7f0010100000 rw-p 0 0 -
        7f0020000000-7f0020100000 rwxp 0 0 -
        7f0030000000-7f0030200000 rw-p 0 5 /anon_hugepage (deleted) ht";
    let pointers = [pointer(1, 0x7f00_1000_1000), pointer(2, 0x7f00_1000_2000)];
    assert_eq!(
        said(text, &[], &pointers),
        [
            "c000000000-c000400000 heap Go heap",
            "c000400000-c004000000 guard reserved",
            "7f0000000000-7f0000021000 heap arena",
            "7f0000021000-7f0004000000 guard arena reserve",
            "7f0008000000-7f0008021000 anonymous",
            "7f0010000000-7f0010100000 heap Go heap",
            "7f0020000000-7f0020100000 anonymous JIT code",
            "7f0030000000-7f0030200000 anonymous huge pages /anon_hugepage",
        ]
    );
}

#[test]
fn shared_memory_of_every_kind_and_devices() {
    let text = "
        7f0000000000-7f0000001000 rw-s 0 1 /dev/shm/wayland
        7f0000001000-7f0000002000 rw-s 0 2 /memfd:buffer (deleted)
        7f0000002000-7f0000003000 rw-s 0 3 /SYSV0000002a (deleted)
        7f0000003000-7f0000004000 rw-s 0 4 /dev/zero (deleted)
        7f0000004000-7f0000005000 rw-s 0 5 /dev/dri/card0
        7f0000005000-7f0000006000 rw-s 0 6 anon_inode:[io_uring]
        7f0000006000-7f0000007000 rw-s 0 7 /var/db/data
        7f0000007000-7f0000008000 r--p 0 8 /usr/share/fonts/a.ttf
        7f0000008000-7f0000009000 rw-p 0 0 [anon:v8]
        7f0000009000-7f000000a000 rw-p 0 0 [anon:libc_malloc]
        7f000000a000-7f000000b000 r-xs 0 9 /memfd:jit (deleted)";
    assert_eq!(
        said(text, &[], &[]),
        [
            "7f0000000000-7f0000001000 shared POSIX /dev/shm/wayland",
            "7f0000001000-7f0000002000 shared memfd /memfd:buffer",
            "7f0000002000-7f0000003000 shared System V /SYSV0000002a",
            "7f0000003000-7f0000004000 shared shared by fork /dev/zero",
            "7f0000004000-7f0000005000 device /dev/dri/card0",
            "7f0000005000-7f0000006000 device anon_inode:[io_uring]",
            "7f0000006000-7f0000007000 file shared /var/db/data",
            "7f0000007000-7f0000008000 file private /usr/share/fonts/a.ttf",
            "7f0000008000-7f0000009000 anonymous named [anon:v8]",
            "7f0000009000-7f000000a000 heap named [anon:libc_malloc]",
            "7f000000a000-7f000000b000 shared JIT code /memfd:jit",
        ]
    );
}

#[test]
fn code_without_readable_headers_goes_by_its_access() {
    let text = "
        400000-401000 r-xp 0    e /gone (deleted)
        401000-402000 r--p 1000 e /gone (deleted)
        402000-403000 rw-p 2000 e /gone (deleted)
        7f0000000000-7f0000001000 r--p 0    b /lib/b.so
        7f0000001000-7f0000002000 r-xp 1000 b /lib/b.so";
    assert_eq!(
        said(text, &[], &[]),
        [
            "400000-401000 text code /gone",
            "401000-402000 rodata constants /gone",
            "402000-403000 data /gone",
            "7f0000000000-7f0000001000 library constants /lib/b.so",
            "7f0000001000-7f0000002000 library code /lib/b.so",
        ]
    );
}

fn classified(text: &str, residency: impl Fn(usize) -> Residency) -> Vec<Region> {
    let mut mappings = mappings(text);
    for (i, m) in mappings.iter_mut().enumerate() {
        m.pages = Some((residency(i), m.flags()));
    }
    let headers = HashMap::from([(
        file(0xe),
        Headers {
            loads: vec![
                load(0x1000, 0x1000, 0x800, 0x800, "rx"),
                load(0x4000, 0x5000, 0x1200, 0x8200, "rw"),
            ],
            wide: true,
        },
    )]);
    classify(&Evidence {
        mappings: &mappings,
        headers: &headers,
        exe: Some(file(0xe)),
        pointers: &[],
        all_threads: false,
        page: PAGE,
    })
}

#[test]
fn zeros_in_several_mappings_are_all_counted() {
    // Split by madvise(2), by mprotect(2) to read only, and to no access at all.
    for middle in ["rw-p", "r--p", "---p"] {
        let text = format!(
            "555500001000-555500002000 r-xp 1000 e /bin/prog
             555500005000-555500007000 rw-p 4000 e /bin/prog
             555500007000-555500009000 rw-p 0 0 -
             555500009000-55550000a000 {middle} 0 0 -
             55550000a000-55550000e000 rw-p 0 0 -"
        );
        let whole = |i: usize| Residency {
            resident: Bytes([0x1000, 0x2000, 0x2000, 0x1000, 0x4000][i]),
            ..Residency::default()
        };
        let regions = classified(&text, whole);
        let bss = regions.iter().filter(|r| r.kind == Kind::Bss);
        let sums: (u64, u64) = bss.fold((0, 0), |(size, held), r| {
            let resident = r.residency.map_or(0, |r| r.resident.0);
            (size + r.size().0, held + resident)
        });
        assert_eq!(sums, (0x7e00, 0x7e00), "{middle}");
        for region in &regions {
            let resident = region.residency.map_or(0, |r| r.resident.0);
            assert!(resident <= region.size().0, "{middle}: {region:?}");
        }
    }
}

#[test]
fn a_shared_page_that_may_not_be_there_is_counted_with_neither() {
    let text = "555500001000-555500002000 r-xp 1000 e /bin/prog
                555500005000-555500007000 rw-p 4000 e /bin/prog";
    let one = |_: usize| Residency {
        resident: Bytes(0x1000),
        ..Residency::default()
    };
    let regions = classified(text, one);
    assert_eq!(regions[1].residency.map(|r| r.resident), Ok(Bytes(0x1000)));
    assert_eq!(regions[2].residency, Err(Missing::Unsupported));
}

mod named;
mod unnamed;
