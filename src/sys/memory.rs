//! The address spaces of processes: mappings and ELF files.

pub mod elf;
pub mod maps;
pub mod pagemap;
pub mod process_memory;
pub mod semaphores;
pub mod shared_maps;
pub mod stack_pointers;
pub mod symbols;
