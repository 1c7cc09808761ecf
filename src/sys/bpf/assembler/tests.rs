use super::*;
use Reg::{R0, R1, R2, R3, R6, R10};

/// The bytes of each instruction, as `bpftool prog dump xlated opcodes` shows them.
fn bytes(write: impl FnOnce(&mut Assembler)) -> Vec<[u8; 8]> {
    let mut a = Assembler::default();
    write(&mut a);
    let code = a.finish().expect("nothing is wrong");
    let one = |i: &Instruction| {
        let [low, high] = i.offset.to_le_bytes();
        let [a, b, c, d] = i.immediate.to_le_bytes();
        [i.code, i.registers, low, high, a, b, c, d]
    };
    code.iter().map(one).collect()
}

#[test]
fn each_operation() {
    #[rustfmt::skip]
    let table: [(Op, u8, u8); 11] = [
        (Op::Add, 0x07, 0x0f),
        (Op::Sub, 0x17, 0x1f),
        (Op::Mul, 0x27, 0x2f),
        (Op::Div, 0x37, 0x3f),
        (Op::Or,  0x47, 0x4f),
        (Op::And, 0x57, 0x5f),
        (Op::Lsh, 0x67, 0x6f),
        (Op::Rsh, 0x77, 0x7f),
        (Op::Mod, 0x97, 0x9f),
        (Op::Xor, 0xa7, 0xaf),
        (Op::Mov, 0xb7, 0xbf),
    ];
    for (op, number, register) in table {
        let made = bytes(|a| {
            a.op(op, R3, -2);
            a.op(op, R3, R6);
        });
        assert_eq!(made[0], [number, 0x03, 0, 0, 0xfe, 0xff, 0xff, 0xff]);
        assert_eq!(made[1], [register, 0x63, 0, 0, 0, 0, 0, 0]);
    }
}

#[test]
fn each_width_to_and_from_memory() {
    #[rustfmt::skip]
    let table = [
        (Width::Byte,   0x71, 0x72, 0x73),
        (Width::Half,   0x69, 0x6a, 0x6b),
        (Width::Word,   0x61, 0x62, 0x63),
        (Width::Double, 0x79, 0x7a, 0x7b),
    ];
    for (width, load, number, register) in table {
        let made = bytes(|a| {
            a.load(width, R0, (R1, 16));
            a.store(width, (R10, -8), 7);
            a.store(width, (R10, -8), R2);
        });
        assert_eq!(made[0], [load, 0x10, 16, 0, 0, 0, 0, 0]);
        assert_eq!(made[1], [number, 0x0a, 0xf8, 0xff, 7, 0, 0, 0]);
        assert_eq!(made[2], [register, 0x2a, 0xf8, 0xff, 0, 0, 0, 0]);
    }
    let made = bytes(|a| a.fetch_add(Width::Double, (R1, 8), R2));
    assert_eq!(made, [[0xdb, 0x21, 8, 0, 1, 0, 0, 0]]);
}

#[test]
fn wide_numbers_and_maps_take_two_places() {
    let made = bytes(|a| {
        a.wide(R1, 0x1122_3344_5566_7788);
        a.map(R1, 5);
        a.value(R2, 6);
    });
    assert_eq!(made[0], [0x18, 0x01, 0, 0, 0x88, 0x77, 0x66, 0x55]);
    assert_eq!(made[1], [0, 0, 0, 0, 0x44, 0x33, 0x22, 0x11]);
    assert_eq!(made[2], [0x18, 0x11, 0, 0, 5, 0, 0, 0]);
    assert_eq!(made[4], [0x18, 0x22, 0, 0, 6, 0, 0, 0]);
    assert_eq!(made.len(), 6);
}

#[test]
fn each_jump_by_number_and_by_register() {
    #[rustfmt::skip]
    let table = [
        (If::Eq, 0x15), (If::Gt, 0x25), (If::Ge, 0x35), (If::AnyBit, 0x45), (If::Ne, 0x55),
        (If::SignedGt, 0x65), (If::Lt, 0xa5), (If::Le, 0xb5), (If::SignedLt, 0xc5),
    ];
    for (what, code) in table {
        let made = bytes(|a| {
            let end = a.label();
            a.jump_if(what, R1, 9, end);
            a.jump_if(what, R1, R2, end);
            a.place(end);
            a.exit();
        });
        assert_eq!(made[0], [code, 0x01, 1, 0, 9, 0, 0, 0]);
        assert_eq!(made[1], [code | 0x08, 0x21, 0, 0, 0, 0, 0, 0]);
    }
}

#[test]
fn jumps_lead_forward_and_back_over_wide_numbers() {
    let made = bytes(|a| {
        let (again, end) = (a.label(), a.label());
        a.place(again);
        a.wide(R1, 1);
        a.jump(end);
        a.jump(again);
        a.place(end);
        a.call(Helper::KtimeGetNs);
        a.exit();
    });
    assert_eq!(made[2], [0x05, 0, 1, 0, 0, 0, 0, 0]);
    assert_eq!(made[3], [0x05, 0, 0xfc, 0xff, 0, 0, 0, 0]);
    assert_eq!(made[4], [0x85, 0, 0, 0, 5, 0, 0, 0]);
    assert_eq!(made[5], [0x95, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn what_leads_nowhere_is_told() {
    let mut a = Assembler::default();
    let (placed, lost) = (a.label(), a.label());
    a.place(placed);
    a.jump(lost);
    assert_eq!(a.finish(), Err(Fault::NoPlace(1)));

    let mut a = Assembler::default();
    let twice = a.label();
    a.place(twice);
    a.place(twice);
    assert_eq!(a.finish(), Err(Fault::TwoPlaces(0)));

    let mut a = Assembler::default();
    let far = a.label();
    a.jump(far);
    for _ in 0..1 << 15 {
        a.exit();
    }
    a.place(far);
    assert_eq!(a.finish(), Err(Fault::TooFar(0)));
}
