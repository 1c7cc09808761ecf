//! The C library's heap: told to give back what a large table no longer needs, `mallopt(3)`.
#![expect(unsafe_code, reason = "mallopt(3)")]

/// Keeps the heap small: at most two arenas, and tables of a megabyte or more in mappings of their own.
///
/// Without it the library lets each thread have an arena and, once a large table was freed, keeps all later ones in the heap,
/// where the gaps between them stay resident: 10 MiB more with 10,000 processes.
pub fn settle() {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: both only set parameters of the allocator; before any other thread allocates.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 2);
            libc::mallopt(libc::M_MMAP_THRESHOLD, 1 << 20);
        }
    }
}
