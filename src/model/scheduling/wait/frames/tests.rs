//! Calls, return addresses and names, as they stand in real libraries.

use super::*;

#[test]
#[cfg(target_arch = "x86_64")]
fn reads_calls_before_return_addresses() {
    // e8 1b fe ff ff: call 0x1e5 back.
    let direct = [0, 0, 0xe8, 0x1b, 0xfe, 0xff, 0xff];
    assert_eq!(
        call_before(&direct, 0x1000),
        Some(Callee::At(Entry::new(0xe1b)))
    );
    let gate = [0x65, 0xff, 0x15, 0x10, 0, 0, 0];
    assert_eq!(call_before(&gate, 0x1000), Some(Callee::Kernel));
    let memory = [0, 0xff, 0x15, 1, 2, 3, 4];
    assert_eq!(call_before(&memory, 0x1000), Some(Callee::Somewhere));
    let register = [0, 0, 0, 0, 0, 0xff, 0xd0];
    assert_eq!(call_before(&register, 0x1000), Some(Callee::Somewhere));
    assert_eq!(call_before(&[0; 7], 0x1000), None);
    assert_eq!(call_before(&[0xe8; 3], 0x1000), None);
}

#[test]
fn calls_in_memory_are_no_jumps_and_no_other_bytes() {
    let called = |two: [u8; 2]| call_before(&[0, 0, 0, 0, 0, two[0], two[1]], 0x1000);
    if cfg!(target_arch = "x86_64") {
        assert_eq!(called([0xff, 0xd0]), Some(Callee::Somewhere));
        assert_eq!(called([0xff, 0xe0]), None, "jmp *%rax");
        assert_eq!(called([0xfe, 0xd0]), None, "no instruction");
    }
}

#[test]
fn reads_branches_of_aarch64() {
    let before = |word: u32| {
        let [a, b, c, d] = word.to_le_bytes();
        branch_before([0, 0, 0, a, b, c, d], 0x1000)
    };
    let to = |at| Some(Callee::At(Entry::new(at)));
    for (word, callee, what) in [
        (0x9400_0010, to(0xffc + 0x40), "bl forward"),
        (0x97ff_fff0, to(0xffc - 0x40), "bl back"),
        (0x1400_0010, None, "b"),
        (0xd63f_0100, Some(Callee::Somewhere), "blr x8"),
        (0xd61f_0100, None, "br x8"),
        (0xd65f_03c0, None, "ret"),
    ] {
        assert_eq!(before(word), callee, "{what}");
    }
    let code = [0xd503_201f_u32, 0x1400_0010, 0x9400_0010, 0x17ff_fff0];
    let code: Vec<u8> = code.iter().flat_map(|w| w.to_le_bytes()).collect();
    assert_eq!(branches(&code, 0x1000), [0x1044, 0xfcc]);
    assert_eq!(branches(&code[2..], 0x1000), [0_u64; 0], "between words");
}

fn symbol(start: u64, size: u64, name: &str) -> Symbol {
    Symbol {
        start,
        size,
        name: name.into(),
    }
}

#[test]
fn follows_only_calls_that_lead_to_where_it_is() {
    let to = |at| Some(Callee::At(Entry::new(at)));
    let callee = |back_to: u64| match back_to {
        // Left by an earlier call of something else.
        0x5500 => to(0x9000),
        0x5580 => to(0x4e00),
        0x5600 => to(0x4f00),
        0x8800 => Some(Callee::Somewhere),
        0x7700 => to(0x55c0),
        _ => None,
    };
    let stack = [0x5500, 0x1234, 0x5580, 0x5600, 0x8800, 0x7700];
    let symbols = Symbols::new(vec![symbol(0x4f00, 0, "begins")]);
    let told = places(0x5000, &stack, &callee, &symbols, &|_| true);
    assert_eq!(told.inside, [0x5000, 0x5600, 0x7700]);
    let symbols = Symbols::new(vec![symbol(0x4ff0, 0x20, "other")]);
    assert_eq!(
        places(0x5000, &stack, &callee, &symbols, &|_| true).inside,
        [0x5000]
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
fn follows_a_call_at_the_end_of_a_function() {
    // xor %r9d,%r9d; jmp 4651b0
    let code = [0x45, 0x31, 0xc9, 0xe9, 0xe8, 0xfe, 0xff, 0xff, 0x0f, 0x1f];
    // jmp 4652c0
    let before = [0xe9, 0x1b, 0x47, 0xff, 0xff];
    let read = |at: u64| match at {
        0x0046_52c0 => code.to_vec(),
        0x0047_0ba0 => before.to_vec(),
        _ => Vec::new(),
    };
    let entry = Entry::new(0x0047_0ba0).with_jumps(&read);
    assert_eq!(entry.jumps, [0x0046_52c0, 0x0046_51b0, 0, 0, 0, 0, 0, 0]);
    let callee = |back_to: u64| (back_to == 0x9000).then_some(Callee::At(entry));
    let told = |inside: bool| {
        let symbols = Symbols::default();
        places(0x0046_51e0, &[0x9000], &callee, &symbols, &|_| inside).inside
    };
    assert_eq!(told(true), [0x0046_51e0, 0x9000]);
    assert_eq!(
        told(false),
        [0x0046_51e0, 0x0047_0ba1],
        "told by where it begins"
    );
}

#[test]
fn finds_the_word_that_says_where_a_call_leads() {
    let call = [0, 0xff, 0x15, 0x10, 0, 0, 0];
    assert_eq!(slot_of_call(&call, 0x1000), Some(0x1010));
    assert_eq!(slot_of_call(&[0xe8; 7], 0x1000), None);
    // endbr64; bnd jmp *0x2f75(%rip)
    let stub = [0xf3, 0x0f, 0x1e, 0xfa, 0xf2, 0xff, 0x25, 0x75, 0x2f, 0, 0];
    assert_eq!(
        slot_of_stub(&stub, 0x1000, true, None),
        Some(0x1000 + 11 + 0x2f75)
    );
    assert_eq!(slot_of_stub(&stub[5..], 0x1000, false, None), Some(0x2f75));
    // endbr32; jmp *0x30(%ebx)
    let narrow = [0xf3, 0x0f, 0x1e, 0xfb, 0xff, 0xa3, 0x30, 0, 0, 0];
    let others = Some(0x5000);
    assert_eq!(slot_of_stub(&narrow, 0x1000, false, others), Some(0x5030));
    assert_eq!(slot_of_stub(&narrow, 0x1000, false, None), None);
    assert_eq!(slot_of_stub(&[0; 20], 0x1000, true, None), None);
    assert_eq!(slot_of_stub(&narrow, 0x1000, true, others), None, "wide");
    // push 0x10; jmp *0x20: what begins a table of stubs.
    let table = [0xff, 0x35, 0x10, 0, 0, 0, 0xff, 0x25, 0x20, 0, 0, 0];
    assert_eq!(slot_of_stub(&table, 0x1000, false, others), Some(0x20));
    assert_eq!(slot_of_stub(&table, 0x1000, true, None), Some(0x102c));
}

#[test]
fn the_kernels_page_is_passed_first_and_only_then() {
    let callee = |back_to: u64| match back_to {
        0x5500 | 0x5580 => Some(Callee::Kernel),
        0x5600 => Some(Callee::At(Entry::new(0x5400))),
        _ => None,
    };
    let symbols = Symbols::default();
    let told = |stack: &[u64]| places(0x9000, stack, &callee, &symbols, &|_| true).inside;
    assert_eq!(told(&[0x5500, 0x5580, 0x5600]), [0x9000, 0x5500, 0x5600]);
}

#[test]
fn no_function_holds_where_the_next_one_begins() {
    // Unnamed, it ends with a call that does not come back, so that its return address is where the next one begins.
    let symbols = Symbols::new(vec![symbol(0x5000, 0x40, "next")]);
    assert_eq!(symbols.start_of(0x5000), None);
    assert_eq!(symbols.start_of(0x5001), Some(0x5000));
    let callee = |_| Some(Callee::At(Entry::new(0x4f00)));
    let told = |pc| places(pc, &[0x8000], &callee, &symbols, &|_| true).inside;
    assert_eq!(told(0x5000), [0x5000, 0x8000]);
    assert_eq!(told(0x5001), [0x5001], "in the next one");
    assert_eq!(symbols.into_all().len(), 1);
}

#[test]
fn callers_are_followed_so_deep() {
    let symbols = Symbols::new(vec![symbol(0x100, 0x40, "itself")]);
    let callee = |_| Some(Callee::At(Entry::new(0x100)));
    let told = callers(0x110, &[0x120; 20], &callee, &symbols);
    assert_eq!(told.len(), DEEPEST);
}

#[test]
fn words_of_the_stack_are_candidates_where_they_lead_into_code() {
    let stack: Vec<u8> = [0x1234_u32, 1, 7, 0]
        .iter()
        .flat_map(|w| w.to_ne_bytes())
        .collect();
    let told = |wide, inside: &dyn Fn(u64) -> bool| candidates(&stack, wide, inside);
    assert_eq!(told(false, &|w| w > 1), [0x1234, 7]);
    if cfg!(target_endian = "little") {
        assert_eq!(told(true, &|w| w > 7), [0x1_0000_1234]);
    }
}

#[test]
fn callers_are_followed_through_functions_that_are_named() {
    let to = |at| Some(Callee::At(Entry::new(at)));
    let callee = |back_to: u64| match back_to {
        // Left by an earlier call; then who called 0x100, then who called that, which no name tells.
        0x700 => to(0x900),
        0x320 => to(0x100),
        0x540 => to(0x300),
        0x640 => to(0x500),
        _ => None,
    };
    let symbols = Symbols::new(vec![symbol(0x100, 0x40, "a"), symbol(0x300, 0x40, "b")]);
    let stack = [0x700, 0x320, 0x540, 0x640];
    assert_eq!(
        callers(0x110, &stack, &callee, &symbols),
        [0x110, 0x320, 0x540]
    );
    assert_eq!(callers(0x900, &stack, &callee, &symbols), [0x900]);
}

#[test]
fn names_what_holds_an_address() {
    let symbols = Symbols::new(vec![
        symbol(0x300, 0x10, "last"),
        symbol(0x100, 0x40, "sem_wait"),
        symbol(0x100, 0x40, "__sem_wait"),
        symbol(0x120, 0, "mark"),
    ]);
    let names = |at| symbols.at(at).collect::<Vec<_>>();
    assert_eq!(names(0x110), ["sem_wait", "__sem_wait"]);
    assert_eq!(
        names(0x140),
        ["sem_wait", "__sem_wait"],
        "behind its last call"
    );
    assert!(names(0x141).is_empty() && names(0xff).is_empty() && names(0x400).is_empty());
    assert!(symbols.has("last") && !symbols.has("first"));
}

proptest::proptest! {
    #[test]
    fn any_stack_is_harmless(stack: Vec<u8>, wide: bool, pc: u64) {
        let found = candidates(&stack, wide, &|w| w % 2 == 0);
        let callee = |w: u64| call_before(&w.to_le_bytes()[..7], w);
        let told = places(pc, &found, &callee, &Symbols::default(), &|_| true);
        proptest::prop_assert!(told.inside.len() <= DEEPEST && told.inside[0] == pc);
    }
}

#[test]
fn a_call_of_what_a_register_holds_names_the_word_that_it_was_loaded_from() {
    // `mov 0xf1f17(%rip),%rax; mov $0x1,%esi; call *%rax`, which goes back to 0x661d0.
    let code = [
        0x90, 0x48, 0x8b, 0x05, 0x17, 0x1f, 0x0f, 0x00, 0xbe, 1, 0, 0, 0, 0xff, 0xd0,
    ];
    assert_eq!(slot_loaded(&code, 0x661d0), Some(0x15_80e0));
    assert_eq!(slot_loaded(&code[4..], 0x661d0), None, "it is not in sight");
    assert_eq!(slot_loaded(&code[..14], 0x661d0), None, "it is no call");
}
