//! Memory that goes by the name that the kernel or its program gave it.

use super::*;

#[test]
fn secret_memory_has_a_word_of_its_own() {
    let text = "7f0000001000-7f0000002000 rw-s 0 5 /secretmem (deleted)";
    assert_eq!(
        said(text, &[], &[]),
        ["7f0000001000-7f0000002000 shared secret memory /secretmem"]
    );
}

/// What a mapping is: its access and its name with flags, then kind and part in words.
#[test]
fn a_name_tells_what_memory_is() {
    for (access, inode, name, what) in [
        ("rw-p", 0, "[heap]", "heap brk"),
        ("r-xp", 0, "[vvar_vclock]", "vdso"),
        ("r--p", 0, "[uprobes]", "other"),
        ("rw-s", 0, "[anon_shmem:x]", "shared shared by fork"),
        ("rw-p", 0, "[anon:x]", "anonymous named"),
        ("rwxp", 0, "[anon:x]", "anonymous JIT code"),
        ("---p", 0, "[anon:x]", "guard reserved"),
        ("rw-p", 0, "[anon:scudo:primary]", "heap named"),
        ("rw-s", 5, "/anon_hugepage", "shared huge pages"),
        ("rw-s", 5, "/dev/hugepages/x", "shared huge pages"),
        ("rw-p", 5, "/mnt/huge/x ht", "anonymous huge pages"),
        ("rw-p", 5, "/mnt/file", "file private"),
        ("rw-p", 0, "- ht", "anonymous huge pages"),
        ("rw-p", 5, "/dev/zero", "anonymous"),
        ("rw-p", 5, "/memfd:x", "file private"),
    ] {
        let text = format!("7f0000001000-7f0000002000 {access} 0 {inode} {name}");
        let name = name.split(' ').next().filter(|name| *name != "-");
        let said = said(&text, &[], &[]).swap_remove(0);
        let name = name.unwrap_or_default();
        let expected = format!("7f0000001000-7f0000002000 {what} {name}");
        assert_eq!(said, expected.trim_end());
    }
}

#[test]
fn a_stack_that_bears_the_number_of_its_thread_is_that_threads() {
    let at = |name: &str, pointers: &[StackPointer]| {
        let mut mappings = mappings("7f0000001000-7f0000801000 rw-p 0 0 -");
        mappings[0].name = name.into();
        let regions = classify(&Evidence {
            mappings: &mappings,
            headers: &HashMap::new(),
            exe: None,
            pointers,
            all_threads: true,
            page: PAGE,
        });
        let stack = regions[0].stack.clone();
        (
            regions[0].kind,
            stack.map(|s| (s.tid.0, s.name.to_string(), s.used.0)),
        )
    };
    let inside = [pointer(6, 0x7f00_0070_0000), pointer(7, 0x7f00_0080_0000)];
    let names = [
        "[stack:7]",
        "[anon: glibc: pthread stack: 7]",
        "[anon:stack_and_tls:7]",
    ];
    for name in names {
        let worker = Some((7, "worker".to_owned(), 0x1000));
        assert_eq!(at(name, &inside), (Kind::ThreadStack, worker), "{name}");
    }
    let elsewhere = [pointer(7, 0x7f00_0100_0000)];
    let unused = Some((7, "worker".to_owned(), 0));
    assert_eq!(at("[stack:7]", &elsewhere), (Kind::ThreadStack, unused));
    let unseen = Some((8, String::new(), 0));
    assert_eq!(at("[stack:8]", &inside), (Kind::ThreadStack, unseen));
}

#[test]
fn room_in_an_object_whose_headers_could_not_be_read_is_reserved() {
    let text = "
        7f0000000000-7f0000001000 r-xp 0    b /lib/b.so
        7f0000001000-7f0000002000 ---p 1000 b /lib/b.so";
    assert_eq!(
        said(text, &[], &[])[1],
        "7f0000001000-7f0000002000 guard reserved /lib/b.so"
    );
}

#[test]
fn globals_without_access_are_protected_for_now() {
    let text = "
        555500001000-555500002000 r-xp 1000 e /bin/prog
        555500005000-555500006000 rw-p 4000 e /bin/prog
        555500006000-555500007000 ---p 0    0 -
        555500007000-555500009000 rw-p 0    0 -";
    assert_eq!(
        said(text, &[(0xe, program())], &[])[1..],
        [
            "555500005000-555500005200 data /bin/prog",
            "555500005200-555500006000 bss zeros /bin/prog",
            "555500006000-555500007000 bss zeros, no access /bin/prog",
            "555500007000-555500009000 bss zeros /bin/prog",
        ]
    );
}

#[test]
fn of_one_mapping_that_is_two_regions_the_larger_has_what_is_resident() {
    let told = |end: &str, resident: Option<u64>| {
        let text = format!(
            "7f0000001000-7f0000003000 r-xp 1000 a /lib/liba.so
             7f0000006000-7f000000{end} rw-p 0 0 -"
        );
        let mut mappings = mappings(&text);
        if let (Some((whole, _)), Some(resident)) = (&mut mappings[1].pages, resident) {
            whole.resident = Bytes(resident);
        }
        let headers = HashMap::from([(
            file(0xa),
            Headers {
                loads: program(),
                wide: true,
            },
        )]);
        let regions = classify(&Evidence {
            mappings: &mappings,
            headers: &headers,
            exe: None,
            pointers: &[],
            all_threads: true,
            page: PAGE,
        });
        [1, 2].map(|at: usize| regions[at].residency.is_ok())
    };
    let page = Some(PAGE);
    assert_eq!(
        told("b000", page),
        [true, false],
        "2 pages of 5 are something else"
    );
    assert_eq!(told("c000", page), [true, false], "half of them");
    assert_eq!(told("d000", page), [false, true]);
    assert_eq!(told("d000", None), [true, true], "all are resident");
}
