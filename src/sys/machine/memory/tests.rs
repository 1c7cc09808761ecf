use super::*;

const TEXT: &[u8] = b"MemTotal:       1000 kB\nMemFree:         300 kB\nMemAvailable:    600 kB\nBuffers:          20 kB
Cached:          250 kB\nSwapTotal:       500 kB\nSwapFree:        400 kB\nAnonPages:       200 kB\nShmem:            50 kB
SReclaimable:     30 kB\nSUnreclaim:       40 kB\nHugePages_Total:   4\nHugePages_Free:    1\nHugepagesize:     10 kB\n";

fn sum(memory: &MachineMemory) -> u64 {
    memory.parts.iter().map(|(_, bytes)| bytes.0).sum()
}

#[test]
fn the_parts_add_up_to_the_total() {
    let memory = parse(TEXT, Neighbours::default()).expect("meminfo");
    assert_eq!(sum(&memory), memory.total.0);
    assert_eq!(
        memory.part(MemoryUse::Cache),
        Bytes::from_kib(200),
        "shared memory is no cache"
    );
    assert_eq!(memory.part(MemoryUse::Kernel), Bytes::from_kib(120));
    assert_eq!(
        memory.part(MemoryUse::Huge),
        Bytes::from_kib(40),
        "kernels without the line Hugetlb tell the pages"
    );
    assert_eq!(memory.used(), Bytes::from_kib(400));
    assert_eq!(memory.huge, Some((3, 4, Bytes::from_kib(10))));
}

#[test]
fn parts_that_overlap_for_a_moment_still_add_up() {
    let text = b"MemTotal: 100 kB\nMemFree: 60 kB\nCached: 50 kB\nAnonPages: 10 kB\n";
    let memory = parse(text, Neighbours::default()).expect("meminfo");
    assert_eq!(sum(&memory), memory.total.0);
}

#[test]
fn zram_and_zswap_are_added_up() {
    let text = [TEXT, b"Zswap: 10 kB\nZswapped: 40 kB\n"].concat();
    let extra = Neighbours {
        compressed: Some((Bytes::from_kib(90), Bytes::from_kib(30))),
        ..Neighbours::default()
    };
    let memory = parse(&text, extra).expect("meminfo");
    assert_eq!(
        memory.compressed,
        Some((Bytes::from_kib(130), Bytes::from_kib(40)))
    );
    assert_eq!(sum(&memory), memory.total.0);
}

proptest::proptest! {
    #[test]
    fn whatever_the_kernel_says_adds_up(values: Vec<u32>, total: u32) {
        let keys = ["MemFree", "Shmem", "AnonPages", "Hugetlb", "SUnreclaim", "Cached", "Buffers", "SReclaimable", "Zswap"];
        let lines = keys.iter().zip(&values).map(|(key, n)| format!("{key}: {n} kB\n"));
        let text = format!("MemTotal: {total} kB\n{}", lines.collect::<String>());
        let memory = parse(text.as_bytes(), Neighbours::default()).expect("meminfo");
        proptest::prop_assert_eq!(sum(&memory), memory.total.0);
    }
}

#[test]
fn this_machine_adds_up() {
    let memory = MachineMemories::new(&ProcRoot::live())
        .read_now()
        .expect("live");
    assert_eq!(sum(&memory), memory.total.0);
    assert!(memory.counters.is_ok_and(|c| c.faults > 0));
}

#[test]
fn zram_and_arc_are_parts_of_their_own() {
    let extra = Neighbours {
        arc: Some(Bytes::from_kib(100)),
        compressed: Some((Bytes::from_kib(90), Bytes::from_kib(30))),
        ..Neighbours::default()
    };
    let memory = parse(TEXT, extra).expect("meminfo");
    assert_eq!(sum(&memory), memory.total.0);
    assert_eq!(memory.part(MemoryUse::Arc), Bytes::from_kib(100));
    assert_eq!(memory.part(MemoryUse::Compressed), Bytes::from_kib(30));
}

#[test]
fn counters_of_zones_are_added() {
    let text = b"pgfault 10\npgmajfault 2\nallocstall_dma 1\nallocstall_normal 3\npgsteal_kswapd 5\npgsteal_direct 6\nbroken\n";
    let found = counters(text);
    assert_eq!(
        (
            found.faults,
            found.major_faults,
            found.stalls,
            found.reclaimed
        ),
        (10, 2, 4, 11)
    );
}

#[test]
fn swaps_by_path() {
    let text = b"Filename Type Size Used Priority\n/dev/zram0 partition 8388604 1024 100\n/swap\\040file file 100 0 -2\n";
    let found = swaps(text);
    assert_eq!(
        (found[0].used, found[0].priority),
        (Bytes::from_kib(1024), 100)
    );
    assert_eq!(found[1].priority, -2);
    assert_eq!(found[1].path.as_str(), "/swap file");
}

#[test]
fn a_text_without_a_total_is_refused() {
    assert!(parse(b"", Neighbours::default()).is_none());
    assert!(parse(b"MemTotal: x\n\xff\n", Neighbours::default()).is_none());
}

#[test]
fn pages_that_cores_keep_at_hand_are_not_the_kernels() {
    let text = b"Node 0, zone      DMA\n  pages free     3840\n  pagesets\n    cpu: 0\n              count:    2\n              high:     9\n    cpu: 1\n              count: 3\n";
    let page = procfs::page_size();
    assert_eq!(at_hand(text), Bytes(5 * page));
    assert_eq!(at_hand(b"count\ncount: x\n"), Bytes(0));
    let extra = Neighbours {
        at_hand: Bytes::from_kib(20),
        ..Neighbours::default()
    };
    let memory = parse(TEXT, extra).expect("meminfo");
    assert_eq!(sum(&memory), memory.total.0);
    assert_eq!(memory.part(MemoryUse::AtHand), Bytes::from_kib(20));
    assert_eq!(memory.part(MemoryUse::Kernel), Bytes::from_kib(100));
}
