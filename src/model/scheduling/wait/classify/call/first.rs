//! What a call waits for as far as its first argument tells, which is all that the kernel notes where it counts waits.

use super::super::super::call::base;
use super::super::super::{Child, Limit, Wait};
use super::{child, epoll, fd, named};

/// What a call waits for, where no more than its first argument is known.
pub fn by_first(name: &str, first: u64) -> Wait {
    match base(name) {
        "nanosleep" | "clock_nanosleep" => Wait::Sleep(Limit::None),
        "vfork" => Wait::Child(Child::Vforked),
        "wait4" | "waitpid" => Wait::Child(child(first)),
        "pause" | "rt_sigsuspend" | "sigsuspend" | "rt_sigtimedwait" => Wait::Signal {
            set: None,
            limit: Limit::None,
        },
        "epoll_wait" | "epoll_pwait" | "epoll_pwait2" => epoll(first, Limit::None),
        "connect" => Wait::On {
            verb: "connect of",
            fd: fd(first),
        },
        "fcntl" | "fcntl64" => Wait::On {
            verb: "fcntl on",
            fd: fd(first),
        },
        name => named(name, first),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_argument_tells_a_descriptor_or_a_child() {
        let fds = |name| {
            let wait = by_first(name, 7);
            wait.descriptors()
                .iter()
                .map(|fd| fd.number)
                .collect::<Vec<_>>()
        };
        for name in ["read", "recvfrom", "connect", "fcntl", "accept4"] {
            assert_eq!(fds(name), [7], "{name}");
        }
        assert!(
            matches!(by_first("epoll_wait", 7), Wait::Any { set: Some(set), .. } if set.number == 7)
        );
        assert!(matches!(
            by_first("wait4", u64::MAX),
            Wait::Child(Child::Any)
        ));
        assert_eq!(
            by_first("futex", 7),
            Wait::Call,
            "which lock it is, only a look tells"
        );
        assert_eq!(by_first("clock_nanosleep", 0), Wait::Sleep(Limit::None));
    }
}
