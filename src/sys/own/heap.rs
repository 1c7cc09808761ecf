//! The C library's heap: told to give back what a large table no longer needs, `mallopt(3)`.
#![cfg_attr(target_env = "gnu", expect(unsafe_code, reason = "mallopt(3)"))]

/// Keeps the heap small: one arena, and tables of a quarter of a megabyte or more in mappings of their own.
///
/// Without it the library lets each thread have an arena and, once a large table was freed, keeps all later ones in the heap,
/// where the gaps between them stay resident: 10 MiB more with 10,000 processes. The threads work at different things and
/// hardly ever wait for each other's allocations.
pub fn settle() {
    #[cfg(target_env = "gnu")]
    {
        // SAFETY: both only set parameters of the allocator, before there is any other thread.
        unsafe {
            libc::mallopt(libc::M_ARENA_MAX, 1);
            libc::mallopt(libc::M_MMAP_THRESHOLD, 256 << 10);
        }
    }
}
