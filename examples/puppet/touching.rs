//! Two functions that are known by their names touch pages that nobody has touched before: one by itself, one by what the C
//! library does for it.

use std::hint::black_box;
use std::ptr;

use serde_json::{Value, json};

/// Pages that each of them touches.
const PAGES: usize = 1000;
const PAGE: usize = 4096;

/// Touches each page once.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn touch_pages(memory: *mut u8) {
    let mut page = 0;
    while page < PAGES {
        // SAFETY: the memory has so many pages.
        unsafe { *memory.wrapping_add(page * PAGE) = 1 };
        page += 1;
    }
    black_box(memory);
}

/// Has them filled.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn fill_pages(memory: *mut u8) {
    // SAFETY: the memory has so many pages.
    unsafe { libc::memset(memory.cast(), 1, PAGES * PAGE) };
    black_box(memory);
}

/// New memory that stands alone, without large pages.
fn memory() -> *mut u8 {
    let (none, flags) = (libc::PROT_NONE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    let open = libc::PROT_READ | libc::PROT_WRITE;
    // SAFETY: the mapping is new, and one page at each end of it stays closed.
    unsafe {
        let all = libc::mmap(ptr::null_mut(), (PAGES + 2) * PAGE, none, flags, -1, 0);
        assert!(all != libc::MAP_FAILED, "memory is to be had");
        let inner = all.byte_add(PAGE);
        assert!(libc::mprotect(inner, PAGES * PAGE, open) == 0, "it is ours");
        libc::madvise(inner, PAGES * PAGE, libc::MADV_NOHUGEPAGE);
        inner.cast()
    }
}

/// Touches both, and says where.
pub fn touch() -> Value {
    let (touched, filled) = (memory(), memory());
    touch_pages(touched);
    fill_pages(filled);
    json!({
        "pages": PAGES,
        "touch_pages": format!("{:#x}", touched as usize),
        "fill_pages": format!("{:#x}", filled as usize),
    })
}
