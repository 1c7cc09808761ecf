//! How many descriptors this program may hold, `getrlimit(2)`.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the limit to what is allowed without a privilege; answers with the number in force.
///
/// Nothing is run from here, so no child inherits a limit that it does not expect.
pub fn raise_limit() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else {
        return 256;
    };
    match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard as usize,
        Err(_) => soft as usize,
    }
}

/// How many files of processes may stay open; with those of threads half of the limit.
pub fn for_processes() -> usize {
    raise_limit() / 8 * 3
}

/// How many files of threads may stay open beside them.
pub fn for_threads() -> usize {
    raise_limit() / 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_as_high_as_it_goes() {
        let most = raise_limit();
        let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("it is told");
        assert_eq!((soft, most as u64), (hard, soft));
    }
}
