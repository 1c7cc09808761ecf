//! What a function of the C library waits for, by its name (`pthreads(7)`, `sem_overview(7)`).

use super::frames::Symbols;
use super::runtimes::{self, Made};
use crate::model::text::SafeText;

/// Which C library a process has, which decides how its locks lie in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flavour {
    /// The GNU one.
    Glibc,
    /// musl.
    Musl,
    /// Not told.
    #[default]
    Unknown,
}

/// Where in a library a thread waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inside {
    /// In a mutex.
    Mutex,
    /// In a condition variable, or in the mutex that is taken again behind it.
    Condition,
    /// In a POSIX semaphore.
    Semaphore,
    /// In a read-write lock.
    RwLock,
    /// In a barrier.
    Barrier,
    /// Joining a thread.
    Join,
    /// In what is done once, which another thread does now.
    Once,
    /// In what waits for asynchronous I/O or look-ups that were begun.
    AsyncIo,
    /// In a lock of the library's own, in this function of it.
    Own(SafeText),
    /// In no lock of the library: the program itself called the kernel.
    Bare,
    /// In one that the standard library of a language makes of the kernel's call.
    Made(Made),
    /// In Go's scheduler.
    Go,
}

/// Functions by how their names begin, without underscores and prefixes.
const KINDS: &[(Inside, &[&str])] = &[
    (
        Inside::Mutex,
        &[
            "pthread_mutex_lock",
            "pthread_mutex_timedlock",
            "pthread_mutex_clocklock",
            "pthread_mutex_cond_lock",
            "mtx_lock",
            "mtx_timedlock",
        ],
    ),
    (
        Inside::Condition,
        &[
            "pthread_cond_wait",
            "pthread_cond_timedwait",
            "pthread_cond_clockwait",
            "cnd_wait",
            "cnd_timedwait",
        ],
    ),
    (
        Inside::Semaphore,
        &["sem_wait", "sem_timedwait", "sem_clockwait"],
    ),
    (
        Inside::RwLock,
        &[
            "pthread_rwlock_rdlock",
            "pthread_rwlock_wrlock",
            "pthread_rwlock_timed",
            "pthread_rwlock_clock",
        ],
    ),
    (Inside::Barrier, &["pthread_barrier_wait"]),
    (
        Inside::Join,
        &[
            "pthread_join",
            "pthread_timedjoin",
            "pthread_clockjoin",
            "thrd_join",
        ],
    ),
    (Inside::Once, &["pthread_once", "call_once"]),
    (
        Inside::AsyncIo,
        &["aio_suspend", "lio_listio", "gai_suspend"],
    ),
    (Inside::Bare, &["syscall"]),
];

/// Functions that serve all of the above and tell nothing.
const HELPERS: &[&str] = &[
    "lll_",
    "futex_",
    "timedwait",
    "wait",
    "syscall_",
    "sccp",
    "libc_do_syscall",
    "libc_start",
    "clone",
    "start_thread",
    "start",
    "lock",
    "lockfile",
];

/// The plain name of a function: `___pthread_cond_wait`, `__new_sem_wait_slow64.constprop.0`, `pthread_clockjoin_ex`.
fn plain(name: &str) -> &str {
    let name = name.trim_start_matches('_');
    let name = name.strip_prefix("GI_").unwrap_or(name);
    let name = name.trim_start_matches('_');
    let name = name.strip_prefix("new_").unwrap_or(name);
    name.split('.').next().unwrap_or(name)
}

fn kind(name: &str) -> Option<Inside> {
    let name = plain(name);
    let is = |start: &&str| match *start {
        "syscall" => name == "syscall",
        start => name.starts_with(start),
    };
    let (inside, _) = KINDS.iter().find(|(_, starts)| starts.iter().any(is))?;
    Some(inside.clone())
}

/// What a thread waits for that is at these places of a library, the innermost first; `None` where nothing tells.
pub fn inside(places: &[u64], symbols: &Symbols) -> Option<Inside> {
    let mut own: Option<&str> = None;
    for place in places {
        let mut shown: Option<&str> = None;
        for name in symbols.at(*place) {
            match kind(name) {
                // A program that is linked as one has the functions that called, too.
                Some(Inside::Bare) => {
                    let names = places.iter().flat_map(|place| symbols.at(*place));
                    return Some(runtimes::told(names).map_or(Inside::Bare, Inside::Made));
                }
                Some(inside) => return Some(inside),
                None => {}
            }
            // Of several names the shortest is the one that programs know.
            if shown.is_none_or(|s| name.len() < s.len()) {
                shown = Some(name);
            }
        }
        // The innermost that a program can call; what begins with an underscore is between the library and itself.
        let tells = |name: &&str| {
            let name = plain(name);
            !HELPERS.iter().any(|h| name.starts_with(h))
        };
        let public = |name: &str| !name.starts_with('_');
        if let Some(name) = shown.filter(tells)
            && own.is_none_or(|o| !public(o) && public(name))
        {
            own = Some(name);
        }
    }
    own.map(|name| Inside::Own(plain(name).into()))
}

/// What a program waits for that called the kernel itself, at these places of its own code, the innermost first.
pub fn made_at(places: &[u64], symbols: &Symbols) -> Option<Inside> {
    let names = places.iter().flat_map(|place| symbols.at(*place));
    runtimes::told(names).map(Inside::Made)
}

/// Which C library these functions are of.
pub fn flavour(symbols: &Symbols) -> Flavour {
    let any = |names: &[&str]| names.iter().any(|n| symbols.has(n));
    // Exported by every libc.so.6; of a static program the functions that every start links.
    if any(&[
        "gnu_get_libc_version",
        "__libc_start_call_main",
        "__lll_lock_wait_private",
    ]) {
        return Flavour::Glibc;
    }
    // Those of musl: exported, or of a static program.
    if any(&["__timedwait_cp", "__timedwait", "__wait"]) || any(&["__libc_start_main"]) {
        return Flavour::Musl;
    }
    Flavour::Unknown
}

#[cfg(test)]
mod tests {
    use super::super::frames::Symbol;
    use super::*;

    fn symbols(names: &[&str]) -> Symbols {
        let symbol = |(i, name): (usize, &&str)| Symbol {
            start: 0x100 * (i as u64 + 1),
            size: 0x80,
            name: (*name).into(),
        };
        Symbols::new(names.iter().enumerate().map(symbol).collect())
    }

    fn told(names: &[&str]) -> Option<Inside> {
        let places: Vec<u64> = (1..=names.len() as u64).map(|n| 0x100 * n + 8).collect();
        inside(&places, &symbols(names))
    }

    #[test]
    fn the_innermost_known_function_tells() {
        assert_eq!(
            told(&["__lll_lock_wait", "pthread_mutex_lock", "pthread_cond_wait"]),
            Some(Inside::Mutex)
        );
        for (name, inside) in [
            ("___pthread_cond_timedwait64", Inside::Condition),
            ("__new_sem_wait_slow64.constprop.0", Inside::Semaphore),
            ("sem_clockwait", Inside::Semaphore),
            ("pthread_rwlock_wrlock", Inside::RwLock),
            ("__pthread_clockjoin_ex", Inside::Join),
            ("pthread_barrier_wait", Inside::Barrier),
            ("__GI___aio_suspend_time64", Inside::AsyncIo),
            ("aio_suspend64", Inside::AsyncIo),
            ("syscall", Inside::Bare),
        ] {
            assert_eq!(told(&[name]), Some(inside), "{name}");
        }
    }

    #[test]
    fn a_lock_of_its_own_is_told_by_what_the_program_called() {
        let malloc = told(&[
            "__lll_lock_wait_private",
            "_int_malloc",
            "malloc",
            "start_thread",
        ]);
        assert_eq!(malloc, Some(Inside::Own("malloc".into())));
        assert_eq!(told(&["__lll_lock_wait_private"]), None);
        assert_eq!(told(&[]), None);
        assert_eq!(told(&["__syscall_cp_c"]), None, "not `syscall`");
    }

    #[test]
    fn a_function_is_told_by_the_name_that_programs_know() {
        let same = |names: &[&str]| {
            let symbol = |name: &&str| Symbol {
                start: 0x100,
                size: 0x80,
                name: (*name).into(),
            };
            inside(&[0x108], &Symbols::new(names.iter().map(symbol).collect()))
        };
        let own = |name: &str| Some(Inside::Own(name.into()));
        assert_eq!(same(&["__libc_free", "free", "cfree_old"]), own("free"));
        assert_eq!(same(&["a_longer", "short", "the_longest"]), own("short"));
        assert_eq!(told(&["free", "exit"]), own("free"), "the innermost");
        assert_eq!(told(&["_int_free", "free", "exit"]), own("free"));
    }

    #[test]
    fn what_a_program_made_itself_is_told_by_who_called() {
        let made = |name| made_at(&[0x108], &symbols(&[name]));
        let latch = "_ZSt21__atomic_wait_addressIiZNKSt5latch4waitEvEUlvE_EvPKT_T0_";
        assert_eq!(made(latch), Some(Inside::Made(Made::Latch)));
        assert_eq!(made("main"), None);
    }

    #[test]
    fn libraries_are_told_apart() {
        assert_eq!(flavour(&symbols(&["gnu_get_libc_version"])), Flavour::Glibc);
        assert_eq!(flavour(&symbols(&["__libc_start_main"])), Flavour::Musl);
        assert_eq!(flavour(&symbols(&["main"])), Flavour::Unknown);
    }
}
