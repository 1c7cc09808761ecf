//! Whether the kernel will allow a change, before it is tried. The rules are those of `setpriority(2)`, `sched(7)` and `ioprio_set(2)`.

use std::fmt;

use super::{Footing, IoClass, Policy, Setting};
use crate::model::reading::Missing;
use crate::model::text::SafeText;

/// What will come of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Forecast {
    /// It will be done.
    Allowed,
    /// It is so already.
    Same,
    /// It will be done but change nothing while the policy is this one.
    NoEffect(Policy),
    /// The process is gone.
    Gone,
    /// It belongs to this user.
    Foreign(SafeText),
    /// The limit on nice stands in the way: the lowest value that it allows, if any.
    NiceLimit(Option<i32>),
    /// The limit on real-time priority stands in the way: the highest that it allows.
    PriorityLimit(u8),
    /// Only with `CAP_SYS_NICE`.
    Privilege,
    /// No core was chosen.
    NoCore,
}

impl Forecast {
    /// Foretells a change; `owner` is the name of the process's user.
    pub fn of(setting: &Setting, to: &Footing, owner: &SafeText) -> Self {
        if to.there == Err(Missing::Gone) {
            return Self::Gone;
        }
        if to.now(setting.tunable()).as_ref() == Ok(setting) {
            return Self::Same;
        }
        if let Setting::Affinity(cores) = setting
            && cores.is_empty()
        {
            return Self::NoCore;
        }
        if to.privileged {
            return Self::with_effect(setting, to);
        }
        if !to.ours {
            return Self::Foreign(owner.clone());
        }
        Self::within_limits(setting, to)
    }

    fn within_limits(setting: &Setting, to: &Footing) -> Self {
        match setting {
            Setting::Nice(nice)
                if to.nice.is_ok_and(|now| *nice < now) && *nice < to.lowest_nice =>
            {
                Self::NiceLimit((to.lowest_nice < 20).then_some(to.lowest_nice))
            }
            Setting::Io(io) if io.class == IoClass::RealTime => Self::Privilege,
            Setting::Policy(new) => {
                let now = to.scheduling.unwrap_or_default();
                let raised = new.priority > to.highest_priority && new.priority > now.priority;
                let begun = new.policy.is_real_time()
                    && new.policy != now.policy
                    && to.highest_priority == 0;
                // Leaving IDLE counts as asking for the present nice value anew (`sched(7)`).
                let leaves_idle = now.policy == Policy::Idle
                    && new.policy != Policy::Idle
                    && to.nice.is_ok_and(|n| n < to.lowest_nice);
                if raised || begun {
                    Self::PriorityLimit(to.highest_priority)
                } else if leaves_idle {
                    Self::NiceLimit((to.lowest_nice < 20).then_some(to.lowest_nice))
                } else {
                    Self::Allowed
                }
            }
            _ => Self::with_effect(setting, to),
        }
    }

    fn with_effect(setting: &Setting, to: &Footing) -> Self {
        match (setting, to.scheduling) {
            (Setting::Nice(_), Ok(now))
                if now.policy.is_real_time() || now.policy == Policy::Idle =>
            {
                Self::NoEffect(now.policy)
            }
            _ => Self::Allowed,
        }
    }

    /// Whether the kernel will do it.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed | Self::Same | Self::NoEffect(_))
    }
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed => f.write_str("allowed"),
            Self::Same => f.write_str("it is so already"),
            Self::NoEffect(policy) => {
                write!(
                    f,
                    "allowed, without effect while its policy is {}",
                    policy.word()
                )
            }
            Self::Gone => f.write_str("gone: it has ended"),
            Self::Foreign(owner) => write!(f, "not permitted: it belongs to {owner}"),
            Self::NiceLimit(Some(lowest)) => {
                write!(
                    f,
                    "not permitted: its limit allows nice {lowest} at the least (RLIMIT_NICE)"
                )
            }
            Self::NiceLimit(None) => {
                f.write_str("not permitted: only root may lower nice (RLIMIT_NICE is 0)")
            }
            Self::PriorityLimit(0) => {
                f.write_str("not permitted: only root may ask for real time (RLIMIT_RTPRIO is 0)")
            }
            Self::PriorityLimit(highest) => {
                write!(
                    f,
                    "not permitted: its limit allows priority {highest} (RLIMIT_RTPRIO)"
                )
            }
            Self::Privilege => f.write_str("not permitted: needs CAP_SYS_NICE"),
            Self::NoCore => f.write_str("choose at least one core"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::acting::tuning::{CoreSet, IoPriority, Scheduling};

    fn footing() -> Footing {
        Footing {
            nice: Ok(5),
            scheduling: Ok(Scheduling::default()),
            ..Footing::default()
        }
    }

    fn says(setting: &Setting, to: &Footing) -> String {
        Forecast::of(setting, to, &"root".into()).to_string()
    }

    #[test]
    fn nice_goes_up_freely_and_down_to_the_limit() {
        let mut to = footing();
        assert_eq!(says(&Setting::Nice(9), &to), "allowed");
        assert_eq!(says(&Setting::Nice(5), &to), "it is so already");
        let refused = "not permitted: only root may lower nice (RLIMIT_NICE is 0)";
        assert_eq!(says(&Setting::Nice(4), &to), refused);
        to.lowest_nice = -3;
        assert_eq!(says(&Setting::Nice(-3), &to), "allowed");
        let refused = "not permitted: its limit allows nice -3 at the least (RLIMIT_NICE)";
        assert_eq!(says(&Setting::Nice(-4), &to), refused);
        to.privileged = true;
        assert_eq!(says(&Setting::Nice(-20), &to), "allowed");
        to.scheduling = Ok(Scheduling {
            policy: Policy::Fifo,
            priority: 1,
        });
        let moot = "allowed, without effect while its policy is FIFO";
        assert_eq!(says(&Setting::Nice(-20), &to), moot);
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        let to = Footing {
            ours: false,
            ..footing()
        };
        let refused = "not permitted: it belongs to root";
        assert_eq!(says(&Setting::Nice(9), &to), refused);
        let to = Footing {
            there: Err(Missing::Gone),
            ..footing()
        };
        assert_eq!(says(&Setting::Nice(9), &to), "gone: it has ended");
        assert_eq!(
            says(&Setting::Affinity(CoreSet::default()), &footing()),
            "choose at least one core"
        );
    }

    #[test]
    fn real_time_needs_a_limit_or_a_right() {
        let mut to = footing();
        let fifo = |priority| {
            Setting::Policy(Scheduling {
                policy: Policy::Fifo,
                priority,
            })
        };
        let refused = "not permitted: only root may ask for real time (RLIMIT_RTPRIO is 0)";
        assert_eq!(says(&fifo(1), &to), refused);
        to.highest_priority = 10;
        assert_eq!(says(&fifo(10), &to), "allowed");
        let refused = "not permitted: its limit allows priority 10 (RLIMIT_RTPRIO)";
        assert_eq!(says(&fifo(11), &to), refused);
        let idle = Setting::Policy(Scheduling {
            policy: Policy::Idle,
            priority: 0,
        });
        assert_eq!(says(&idle, &to), "allowed");
        let io = |class| Setting::Io(IoPriority { class, level: 0 });
        assert_eq!(
            says(&io(IoClass::RealTime), &to),
            "not permitted: needs CAP_SYS_NICE"
        );
        assert_eq!(says(&io(IoClass::Idle), &to), "allowed");
    }
}
