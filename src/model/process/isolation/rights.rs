//! Users, capabilities and what else widens or narrows what a process may do, `capabilities(7)`.

use crate::model::id::Uid;

/// The names of all capabilities by their numbers, without `CAP_`.
const NAMES: [&str; 41] = [
    "chown",
    "dac_override",
    "dac_read_search",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "linux_immutable",
    "net_bind_service",
    "net_broadcast",
    "net_admin",
    "net_raw",
    "ipc_lock",
    "ipc_owner",
    "sys_module",
    "sys_rawio",
    "sys_chroot",
    "sys_ptrace",
    "sys_pacct",
    "sys_admin",
    "sys_boot",
    "sys_nice",
    "sys_resource",
    "sys_time",
    "sys_tty_config",
    "mknod",
    "lease",
    "audit_write",
    "audit_control",
    "setfcap",
    "mac_override",
    "mac_admin",
    "syslog",
    "wake_alarm",
    "block_suspend",
    "audit_read",
    "perfmon",
    "bpf",
    "checkpoint_restore",
];

/// A set of capabilities; bit n stands for number n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(pub u64);

/// What a process may do beyond its user's files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Real, effective and saved user.
    pub users: [Uid; 3],
    /// Real, effective and saved group.
    pub groups: [u32; 3],
    /// What it may do now.
    pub effective: Capabilities,
    /// What it may take up.
    pub permitted: Capabilities,
    /// What a program that it runs may ever get.
    pub bounding: Capabilities,
    /// What a program that it runs keeps.
    pub ambient: Capabilities,
    /// The highest capability that this kernel knows.
    pub last: u32,
    /// Whether no program that it runs can gain rights.
    pub no_new_privileges: bool,
    /// How its system calls are filtered.
    pub seccomp: Seccomp,
}

/// How system calls are filtered, `seccomp(2)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seccomp {
    /// Not at all, or the kernel cannot.
    #[default]
    Off,
    /// Only read, write and exit.
    Strict,
    /// By so many filter programs, where the kernel counts them.
    Filter(Option<u32>),
}

impl Seccomp {
    /// The mode in words.
    pub fn words(self) -> String {
        match self {
            Self::Off => "off: all system calls are allowed".to_owned(),
            Self::Strict => "strict: only read, write and exit".to_owned(),
            Self::Filter(None) => "filtered".to_owned(),
            Self::Filter(Some(1)) => "filtered by 1 program".to_owned(),
            Self::Filter(Some(n)) => format!("filtered by {n} programs"),
        }
    }
}

impl Capabilities {
    /// All that a kernel knows whose highest one is `last`.
    pub fn all(last: u32) -> Self {
        Self(u64::MAX >> (63 - last.min(63)))
    }

    /// Their names, in order; one that is newer than this program has none.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let named = NAMES.iter().enumerate();
        named.filter_map(move |(i, name)| (self.0 >> i & 1 == 1).then_some(*name))
    }

    /// The same, and where it holds: rights in another user namespace reach no further than that.
    pub fn words_in(self, last: u32, apart: bool) -> String {
        let words = self.words(last);
        if apart && self.0 != 0 {
            format!("{words}, in its own user namespace only")
        } else {
            words
        }
    }

    /// The set in words: `none`, `all`, `all but sys_resource`, `chown, kill`.
    pub fn words(self, last: u32) -> String {
        let all = Self::all(last);
        let missing = Self(all.0 & !self.0);
        if self.0 & all.0 == 0 {
            return "none".to_owned();
        }
        if missing.0 == 0 {
            return "all".to_owned();
        }
        let list = |set: Self| set.names().collect::<Vec<_>>().join(", ");
        if missing.0.count_ones() <= 8 {
            format!("all but {}", list(missing))
        } else {
            list(self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_in_another_user_namespace_are_told_as_such() {
        let all = Capabilities::all(40);
        assert_eq!(all.words_in(40, false), "all");
        let apart = "all, in its own user namespace only";
        assert_eq!(all.words_in(40, true), apart);
        assert_eq!(Capabilities(0).words_in(40, true), "none");
    }

    #[test]
    fn sets_in_words() {
        assert_eq!(Capabilities(0).words(40), "none");
        assert_eq!(Capabilities(0x1ff_ffff_ffff).words(40), "all");
        assert_eq!(
            Capabilities(0x1ff_feff_ffff).words(40),
            "all but sys_resource"
        );
        assert_eq!(Capabilities(0x21).words(40), "chown, kill");
        assert_eq!(
            Capabilities(0x3f_ffff_ffff).words(37),
            "all",
            "an older kernel knows fewer"
        );
        assert_eq!(Capabilities(u64::MAX).words(63), "all");
        assert_eq!(
            Capabilities(1 << 40).names().collect::<Vec<_>>(),
            ["checkpoint_restore"]
        );
        assert_eq!(Seccomp::Filter(Some(3)).words(), "filtered by 3 programs");
    }
}
