//! Memory without a file or a name: by its access, its neighbours and where it lies.

use super::*;

#[test]
fn stacks_without_guards_are_stacks_unless_the_program_is_go() {
    let stacks = "7f0000001000-7f0000801000 rw-p 0 0 -";
    let two = [pointer(42, 0x7f00_0010_0000), pointer(43, 0x7f00_0050_0000)];
    assert_eq!(
        said(stacks, &[], &two),
        ["7f0000001000-7f0000801000 thread_stack several stacks"]
    );
    let go = format!("c000000000-c000400000 rw-p 0 0 -\n{stacks}");
    assert_eq!(
        said(&go, &[], &two)[1],
        "7f0000001000-7f0000801000 heap Go heap"
    );
}

/// Kind and part of the mapping in the middle of a list.
fn second(text: &str) -> String {
    let said = said(text, &[], &[pointer(1, 0x1000)]).swap_remove(1);
    let (_, what) = said.split_once(' ').expect("a kind");
    what.to_owned()
}

#[test]
fn a_stack_without_a_thread_lies_on_a_guard_and_wants_no_huge_pages() {
    let stack = "7f0000020000-7f0000820000 rw-p 0 0 - nh";
    let on = |below: &str| second(&format!("{below}\n{stack}"));
    let spare = "thread_stack spare stack";
    assert_eq!(on("7f000001f000-7f0000020000 ---p 0 0 -"), spare);
    assert_eq!(on("7f0000010000-7f0000020000 ---p 0 0 -"), spare, "64 KiB");
    for no_guard in [
        "7f000000f000-7f0000020000 ---p 0 0 -",
        "7f000001e000-7f000001f000 ---p 0 0 -",
        "7f000001f000-7f0000020000 rw-p 0 0 -",
        "7f000001f000-7f0000020000 ---p 0 5 /mnt/file",
    ] {
        assert_eq!(on(no_guard), "anonymous", "{no_guard}");
    }
    let huge = "7f000001f000-7f0000020000 ---p 0 0 -\n7f0000020000-7f0000820000 rw-p 0 0 -";
    assert_eq!(second(huge), "anonymous");
}

#[test]
fn a_guard_is_a_stacks_where_it_touches_one() {
    let guard = |text: &str| {
        let said = said(text, &[], &[pointer(1, 0x1000)]).swap_remove(0);
        said.contains("stack guard")
    };
    let stack = "7f0000020000-7f0000820000 rw-p 0 0 - nh gu";
    assert!(guard(&format!(
        "7f000001f000-7f0000020000 ---p 0 0 -\n{stack}"
    )));
    assert!(!guard(&format!(
        "7f000001e000-7f000001f000 ---p 0 0 -\n{stack}"
    )));
    assert!(!guard(
        "7f000001f000-7f0000020000 ---p 0 0 -\n7f0000020000-7f0000820000 rw-p 0 0 -"
    ));
}

#[test]
fn an_arena_is_aligned_to_its_greatest_size_and_reserved_up_to_the_next() {
    let low = "1000-2000 r--p 0 0 -\n";
    let of = |text: &str| second(&format!("{low}{text}"));
    let reserve = "7f0000021000-7f0004000000 ---p 0 0 -";
    let behind = |arena: &str| {
        let all = said(&format!("{low}{arena}\n{reserve}"), &[], &[]);
        let (_, what) = all[2].split_once(' ').expect("a kind");
        what.to_owned()
    };
    assert_eq!(
        of(&format!("7f0000000000-7f0000021000 rw-p 0 0 -\n{reserve}")),
        "heap arena"
    );
    assert_eq!(
        behind("7f0000000000-7f0000021000 rw-p 0 0 -"),
        "guard arena reserve"
    );
    for no_arena in [
        "7f0000000000-7f0000021000 r--p 0 0 -",
        "7f0000000000-7f0000021000 -w-p 0 0 -",
        "7f0000000000-7f0000021000 rwxp 0 0 -",
        "7f0000000000-7f0000021000 rw-s 0 0 -",
        "7f0000000000-7f0000021000 rw-p 0 5 /mnt/file",
        "7f0000000000-7f0000021000 rw-p 0 0 [anon:x]",
        "7f0000010000-7f0000021000 rw-p 0 0 -",
    ] {
        assert_eq!(behind(no_arena), "guard reserved", "{no_arena}");
    }
    let begun = "7f0000000000-7f0000021000 rw-p 0 0 - nr";
    for no_reserve in [
        "7f0000021000-7f0005000000 ---p 0 0 -",
        "7f0000021000-7f0003000000 ---p 0 0 -",
        "7f0000021000-7f0004000000 r--p 0 0 -",
        "7f0000021000-7f0004000000 ---p 0 5 /mnt/file",
        "7f0000022000-7f0004000000 ---p 0 0 -",
    ] {
        assert_eq!(
            of(&format!("{begun}\n{no_reserve}")),
            "anonymous",
            "{no_reserve}"
        );
    }
    assert_eq!(
        of("7f0000000000-7f0004000000 rw-p 0 0 - nr"),
        "heap arena",
        "used up"
    );
    assert_eq!(of("7f0000000000-7f0004000000 rw-p 0 0 -"), "anonymous");
    assert_eq!(of("7f0001000000-7f0005000000 rw-p 0 0 - nr"), "anonymous");
    let go = "c000000000-c000021000 rw-p 0 0 -\nc000021000-c004000000 ---p 0 0 -";
    assert_eq!(of(go), "heap Go heap");
}

#[test]
fn arenas_of_32_bits_are_a_mebibyte_and_whether_a_program_is_go_is_not_known() {
    let narrow = |text: &str, pointers: &[StackPointer]| {
        let text = format!("8048000-8049000 r-xp 0 e /bin/prog\n{text}");
        said_of(
            &text,
            &[(0xe, vec![load(0, 0x804_8000, 0x1000, 0x1000, "rx")])],
            pointers,
            false,
        )
    };
    assert_eq!(
        narrow(
            "f7000000-f7021000 rw-p 0 0 -\nf7021000-f7100000 ---p 0 0 -",
            &[]
        )[1..],
        [
            "f7000000-f7021000 heap arena",
            "f7021000-f7100000 guard arena reserve"
        ]
    );
    let two = [pointer(1, 0xf710_0000), pointer(2, 0xf711_0000)];
    assert_eq!(
        narrow("f7001000-f7801000 rw-p 0 0 -", &two)[1],
        "f7001000-f7801000 heap Go heap"
    );
}

#[test]
fn stacks_that_may_be_executed_are_stacks() {
    let text = "
        7f0000000000-7f0000001000 ---p 0 0 -
        7f0000001000-7f0000801000 rwxp 0 0 - nh
        7f0001000000-7f0001800000 rwxp 0 0 -
        7f0002000000-7f0002001000 ---p 0 0 -
        7f0002001000-7f0002801000 rwxp 0 0 - nh
        7f0003000000-7f0003800000 rwxp 0 0 -
        7f0004000000-7f0004800000 r-xp 0 0 -
        7f0005000000-7f0005001000 r--p 0 8 /usr/share/fonts/a.ttf";
    let pointers = [pointer(42, 0x7f00_0080_0000), pointer(43, 0x7f00_017f_f000)];
    assert_eq!(
        said(text, &[], &pointers),
        [
            "7f0000000000-7f0000001000 guard stack guard",
            "7f0000001000-7f0000801000 thread_stack tid=42 used=1000",
            "7f0001000000-7f0001800000 thread_stack tid=43 used=1000",
            "7f0002000000-7f0002001000 guard stack guard",
            "7f0002001000-7f0002801000 thread_stack spare stack",
            "7f0003000000-7f0003800000 anonymous JIT code",
            "7f0004000000-7f0004800000 anonymous JIT code",
            "7f0005000000-7f0005001000 file private /usr/share/fonts/a.ttf",
        ]
    );
}

#[test]
fn where_all_may_be_executed_that_says_nothing() {
    let text = "
        f7000000-f7021000 rwxp 0 0 - nr
        f7021000-f7100000 ---p 0 0 - nr
        f7200000-f7300000 rwxp 0 0 -
        f7400000-f7401000 r-xp 0 8 /usr/share/fonts/a.ttf
        f7500000-f7504000 r--p 0 0 [vvar]";
    assert_eq!(
        said_of(text, &[(0xe, program())], &[], false),
        [
            "f7000000-f7021000 heap arena",
            "f7021000-f7100000 guard arena reserve",
            "f7200000-f7300000 anonymous",
            "f7400000-f7401000 library code /usr/share/fonts/a.ttf",
            "f7500000-f7504000 vdso [vvar]",
        ]
    );
}
