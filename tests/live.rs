//! Real processes against what the kernel says: a puppet with known parts is inspected and compared field by field.

mod live {
    pub mod puppet;
    mod regions;
}
