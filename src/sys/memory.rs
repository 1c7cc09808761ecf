//! The address spaces of processes: mappings, ELF files, who shares what.

pub mod address_space;
pub mod elf;
pub mod maps;
pub mod process_memory;
pub mod shared_maps;
pub mod sharers;
pub mod stack_pointers;
