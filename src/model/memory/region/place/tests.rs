use super::*;
use crate::model::id::{Bytes, Tid};
use crate::model::memory::region::{Access, FileId, Flags, StackUse};
use crate::model::reading::Missing;

fn region(kind: Kind, part: Part, name: &str) -> Region {
    Region {
        start: 0x1000,
        end: 0x3000,
        kind,
        part,
        access: Access::from_letters(b"rw-s"),
        offset: 0x100,
        file: FileId::default(),
        name: name.into(),
        deleted: false,
        stack: None,
        residency: Err(Missing::Soon),
        flags: Flags::empty(),
        sharers: Vec::new(),
    }
}

#[test]
fn a_place_is_told_by_what_lies_there() {
    for (kind, part, name, words) in [
        (Kind::Heap, Part::Brk, "[heap]", "heap"),
        (Kind::Heap, Part::Arena, "", "heap arena"),
        (Kind::Heap, Part::GoHeap, "", "Go heap"),
        (
            Kind::Data,
            Part::Plain,
            "/lib/libc.so.6",
            "data of libc.so.6",
        ),
        (Kind::Bss, Part::Zeros, "/lib/libc.so.6", "bss of libc.so.6"),
        (Kind::Stack, Part::Plain, "[stack]", "main stack"),
        (Kind::ThreadStack, Part::Plain, "", "stack of a thread"),
        (
            Kind::Shared,
            Part::Posix,
            "/dev/shm/sem.x",
            "POSIX semaphore /x",
        ),
        (
            Kind::Shared,
            Part::Posix,
            "/dev/shm/x",
            "POSIX memory x +0x140",
        ),
        (
            Kind::Shared,
            Part::ForkShared,
            "/dev/zero",
            "memory shared by fork +0x140",
        ),
        (Kind::Shared, Part::Memfd, "/memfd:x", "memfd x +0x140"),
        (Kind::File, Part::SharedFile, "/var/db", "file db +0x140"),
        (Kind::File, Part::PrivateFile, "/var/db", "db"),
        (Kind::Anonymous, Part::Plain, "", "anonymous memory"),
        (Kind::Anonymous, Part::Jit, "", "JIT code"),
        (Kind::Other, Part::Plain, "", "other"),
        (Kind::Library, Part::Code, "/lib/libc.so.6", "libc.so.6"),
        (Kind::Device, Part::Plain, "/", "/"),
    ] {
        assert_eq!(region(kind, part, name).place(0x1040).as_str(), words);
    }
}

#[test]
fn a_semaphore_is_told_as_one_where_others_may_have_it() {
    let mut of = region(Kind::Shared, Part::Posix, "/dev/shm/sem.x");
    of.deleted = true;
    assert_eq!(of.place(0x1000).as_str(), "POSIX semaphore, unnamed now");
    of.name = "/dev/shm/x".into();
    assert_eq!(of.place(0x1000).as_str(), "POSIX memory x +0x100");
    of.name = "/dev/shm/sem.x".into();
    of.access = Access::from_letters(b"rw-p");
    assert_eq!(of.place(0x1000).as_str(), "POSIX memory sem.x +0x100");
}

#[test]
fn a_stack_is_told_by_its_thread() {
    let mut of = region(Kind::ThreadStack, Part::Plain, "");
    of.stack = Some(StackUse {
        tid: Tid(812),
        name: "worker".into(),
        used: Bytes(0),
    });
    assert_eq!(of.place(0x1000).as_str(), "stack of 812 worker");
}

#[test]
fn an_address_is_held_from_the_first_byte_to_the_last() {
    let low = region(Kind::Heap, Part::Brk, "");
    let high = Region {
        start: 0x5000,
        end: 0x6000,
        ..low.clone()
    };
    let all = [low, high];
    for (address, start) in [
        (0xfff, None),
        (0x1000, Some(0x1000)),
        (0x2fff, Some(0x1000)),
        (0x3000, None),
        (0x4fff, None),
        (0x5000, Some(0x5000)),
        (0x6000, None),
    ] {
        assert_eq!(
            holding(&all, address).map(|r| r.start),
            start,
            "{address:x}"
        );
    }
}
