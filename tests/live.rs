//! Real processes against what the kernel says: a puppet with known parts is inspected and compared field by field.

mod live {
    mod calls;
    mod channels;
    mod elsewhere;
    mod ended_children;
    mod frozen;
    mod heard;
    #[path = "../cli/heeding.rs"]
    mod heeding;
    mod inspect;
    mod leader_ended;
    mod locks;
    mod machine;
    mod masked;
    mod moved;
    mod one_value;
    pub mod ordinary;
    pub mod puppet;
    mod regions;
    pub mod script;
    mod signal_modes;
    mod slices;
    mod trigger;
    mod waits;
}
