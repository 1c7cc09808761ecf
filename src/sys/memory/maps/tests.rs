use super::*;

const SMAPS: &[u8] = b"5581b0000000-5581b0002000 r-xp 00001000 fe:01 77                         /opt/a b\\012c (deleted)
Size:                  8 kB
KernelPageSize:        4 kB
Rss:                   8 kB
Pss:                   3 kB
Pss_Dirty:             0 kB
Shared_Clean:          4 kB
Shared_Dirty:          0 kB
Private_Clean:         0 kB
Private_Dirty:         4 kB
Swap:                 12 kB
THPeligible:           0
VmFlags: rd ex mr mw me nh nr 
7f0000000000-7f0000400000 rw-p 00000000 00:0f 4711                       /anon_hugepage (deleted)
Rss:                   0 kB
Private_Hugetlb:    4096 kB
VmFlags: rd wr mr mw me de ht 
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                          [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
";

#[test]
fn reads_every_column_and_field() {
    let listing = parse(SMAPS).expect("well formed");
    let code = &listing.mappings[0];
    assert_eq!(
        (code.start, code.end, code.offset),
        (0x5581_b000_0000, 0x5581_b000_2000, 0x1000)
    );
    assert_eq!(code.access.to_string(), "r-xp");
    assert_eq!(
        (code.file.major, code.file.minor, code.file.inode),
        (0xfe, 1, 77)
    );
    assert_eq!((code.name.as_str(), code.deleted), ("/opt/a b\\nc", true));
    assert_eq!(listing.paths[0], b"/opt/a b\\012c");
    let (residency, flags) = code.pages.expect("smaps tells");
    assert_eq!(residency.resident, Bytes(8192));
    assert_eq!(
        (residency.own, residency.own_dirty, residency.dirty),
        (Bytes(4096), Bytes(4096), Bytes(4096))
    );
    assert_eq!(
        (residency.proportional, residency.swapped),
        (Bytes(3072), Bytes(12288))
    );
    assert_eq!(flags, Flags::NO_HUGE | Flags::NO_RESERVE);
    let (huge, flags) = listing.mappings[1].pages.expect("smaps tells");
    assert_eq!(
        (huge.resident, huge.own, huge.huge),
        (Bytes(4 << 20), Bytes(4 << 20), Bytes(4 << 20))
    );
    assert_eq!(huge.pool, huge.huge, "of hugetlbfs");
    assert_eq!(residency.pool, Bytes(0));
    assert!(flags.contains(Flags::HUGE));
    assert_eq!(listing.mappings[2].pages, None);
    assert_eq!(listing.mappings[3].end, 0xffff_ffff_ff60_1000);
}

#[test]
fn bytes_that_are_no_text_stay_a_path_and_become_printable() {
    let listing =
        parse(b"1000-2000 r--p 00000000 fe:01 5    /tmp/\xff\x1b[2J\n").expect("well formed");
    assert_eq!(listing.paths[0], b"/tmp/\xff\x1b[2J");
    assert_eq!(listing.mappings[0].name.as_str(), "/tmp/\\xff\\x1b[2J");
}

#[test]
fn a_broken_line_is_named() {
    let error = parse(b"1000-2000 r--p 00000000 fe:01 5\nnonsense\n").expect_err("broken");
    assert_eq!(
        error.to_string(),
        "maps, line 2: mapping is not as expected"
    );
}

#[test]
fn nothing_is_no_address_space() {
    assert!(parse(b"").expect("empty").mappings.is_empty());
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_harmless(text: Vec<u8>) {
        let _ = parse(&text);
    }

    #[test]
    fn any_line_after_a_good_one_is_harmless(tail in "[0-9a-f]{0,20}-[0-9a-f]{0,20} [rwxps-]{0,5} [ -~]{0,60}") {
        let _ = parse(format!("1000-2000 r--p 00000000 fe:01 5\n{tail}\n").as_bytes());
    }
}
