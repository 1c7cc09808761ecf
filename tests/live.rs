//! Real processes against what the kernel says: a puppet with known parts is inspected and compared field by field.

mod live {
    mod channels;
    mod inspect;
    pub mod puppet;
    mod regions;
    mod waits;
}
