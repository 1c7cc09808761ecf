//! What the standard libraries of Rust and C++ wait for: they call the kernel themselves, and the compiler puts their code
//! into the program, where only the names of functions tell one wait from another. Names are those in the program's file, as
//! the compiler wrote them (`_RNvMNtNtNtNtCs…_3std3sys4sync5mutex5futexNtB2_5Mutex14lock_contended`).

/// What such a function waits for. None of these stores who has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// A mutex.
    Mutex,
    /// A read-write lock of Rust, whose word counts the readers.
    RwLock,
    /// A condition variable.
    Condition,
    /// What is done once.
    Once,
    /// The thread parked itself.
    Parked,
    /// A semaphore.
    Semaphore,
    /// A latch.
    Latch,
    /// A barrier.
    Barrier,
    /// The result of a future.
    Future,
    /// An atomic value.
    Atomic,
}

/// Parts of names, all of which a function's name has in this order. Identifiers stand behind their lengths.
const NAMES: &[(Made, &[&str])] = &[
    (Made::Mutex, &["5Mutex14lock_contended"]),
    (Made::RwLock, &["6RwLock14read_contended"]),
    (Made::RwLock, &["6RwLock15write_contended"]),
    (Made::Condition, &["7Condvar", "wait"]),
    (Made::Once, &["5futex", "4Once4call"]),
    (Made::Once, &["5futex", "4Once4wait"]),
    (Made::Barrier, &["7barrier", "7Barrier4wait"]),
    (Made::Parked, &["6thread", "4park"]),
    (Made::Parked, &["6thread", "12park_timeout"]),
    // The crate parking_lot.
    (Made::Mutex, &["8RawMutex9lock_slow"]),
    (Made::RwLock, &["9RawRwLock", "_slow"]),
    (Made::Once, &["4Once14call_once_slow"]),
    // libstdc++, whose templates have what they wait for among their arguments.
    (Made::Semaphore, &["18__atomic_semaphore"]),
    (Made::Latch, &["5latch", "4wait"]),
    (Made::Barrier, &["14__tree_barrier"]),
    (
        Made::Future,
        &["28__atomic_futex_unsigned_base", "_M_futex_wait_until"],
    ),
    (Made::Atomic, &["15__platform_wait"]),
    (Made::Atomic, &["_atomic_wait_address"]),
    (Made::Atomic, &["20__libcpp_atomic_wait"]),
];

/// What a function of this name waits for, if it is one that waits.
pub fn made(name: &str) -> Option<Made> {
    if !name.starts_with("_Z") && !name.starts_with("_R") {
        return None;
    }
    let has = |parts: &&[&str]| {
        let mut rest = name;
        parts.iter().all(|part| match rest.split_once(part) {
            Some((_, behind)) => {
                rest = behind;
                true
            }
            None => false,
        })
    };
    let (made, _) = NAMES.iter().find(|(_, parts)| has(parts))?;
    Some(*made)
}

/// What a thread waits for by the names of the functions that it is in, the innermost first: what is more than a value in
/// memory is told by who waits for that.
pub fn told<'a>(names: impl Iterator<Item = &'a str>) -> Option<Made> {
    let mut value = None;
    for made in names.filter_map(made) {
        match made {
            Made::Atomic => value = Some(made),
            _ => return Some(made),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rust_and_cpp_are_told() {
        for (name, what) in [
            (
                "_RNvMNtNtNtNtCsjrHSEGnQ3l9_3std3sys4sync5mutex5futexNtB2_5Mutex14lock_contended",
                Made::Mutex,
            ),
            (
                "_ZN3std3sys4sync6rwlock5futex6RwLock15write_contended17h0123456789abcdefE",
                Made::RwLock,
            ),
            (
                "_RNvMNtNtNtNtCsjrHSEGnQ3l9_3std3sys4sync7condvar5futexNtB2_7Condvar21wait_optional_timeout",
                Made::Condition,
            ),
            (
                "_ZN3std4sync6poison7condvar7Condvar12wait_timeout17h047bcfcf14d654a2E",
                Made::Condition,
            ),
            (
                "_RNvMs0_NtNtNtNtCsjrHSEGnQ3l9_3std3sys4sync4once5futexNtB5_4Once4call",
                Made::Once,
            ),
            (
                "_ZNSt28__atomic_futex_unsigned_base19_M_futex_wait_untilEPjjb",
                Made::Future,
            ),
            (
                "_ZSt26__atomic_wait_address_bareIZNSt18__atomic_semaphore10_M_acquireEvEUlvE_EvPKiT_",
                Made::Semaphore,
            ),
            (
                "_ZSt21__atomic_wait_addressIiZNKSt5latch4waitEvEUlvE_EvPKT_T0_",
                Made::Latch,
            ),
        ] {
            assert_eq!(made(name), Some(what), "{name}");
        }
        for other in [
            "pthread_mutex_lock",
            "_RNvMNtNtNtNtCsjrHSEGnQ3l9_3std3sys4sync5mutex5futexNtB2_5Mutex4wake",
            "_ZNSt28__atomic_futex_unsigned_base19_M_futex_notify_allEPj",
            "5Mutex14lock_contended",
        ] {
            assert_eq!(made(other), None, "{other}");
        }
    }

    #[test]
    fn who_waits_for_a_value_tells_more() {
        let latch = "_ZSt21__atomic_wait_addressIiZNKSt5latch4waitEvEUlvE_EvPKT_T0_";
        let wait = "_ZNSt8__detail15__platform_waitIiEEvPKT_i";
        assert_eq!(told([wait, "main", latch].into_iter()), Some(Made::Latch));
        assert_eq!(told([wait, "main"].into_iter()), Some(Made::Atomic));
        assert_eq!(told(["main"].into_iter()), None);
    }
}
