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
    fn who_has_real_time_already_keeps_or_lowers_it_within_any_limit() {
        let policy = |policy, priority| Scheduling { policy, priority };
        let says = |highest, now, new| {
            let to = Footing {
                scheduling: Ok(now),
                highest_priority: highest,
                ..footing()
            };
            Forecast::of(&Setting::Policy(new), &to, &"root".into())
        };
        let fifo = |priority| policy(Policy::Fifo, priority);
        let round_robin = |priority| policy(Policy::RoundRobin, priority);
        for (highest, new, expected) in [
            (10, fifo(21), Forecast::PriorityLimit(10)),
            (10, fifo(20), Forecast::Same),
            (10, fifo(19), Forecast::Allowed),
            (10, round_robin(20), Forecast::Allowed),
            (0, fifo(19), Forecast::Allowed),
            (0, round_robin(20), Forecast::PriorityLimit(0)),
            (0, policy(Policy::Normal, 0), Forecast::Allowed),
            (30, fifo(21), Forecast::Allowed),
        ] {
            assert_eq!(says(highest, fifo(20), new), expected, "{highest} {new:?}");
        }
    }

    #[test]
    fn to_leave_idle_is_to_ask_for_the_nice_value_anew() {
        let policy = |policy| Scheduling {
            policy,
            priority: 0,
        };
        let leaves = |lowest_nice, now, new| {
            let to = Footing {
                scheduling: Ok(policy(now)),
                lowest_nice,
                ..footing()
            };
            Forecast::of(&Setting::Policy(policy(new)), &to, &"root".into())
        };
        let (idle, other) = (Policy::Idle, Policy::Normal);
        assert_eq!(leaves(20, idle, other), Forecast::NiceLimit(None));
        assert_eq!(leaves(6, idle, other), Forecast::NiceLimit(Some(6)));
        assert_eq!(leaves(5, idle, other), Forecast::Allowed);
        assert_eq!(leaves(20, other, Policy::Batch), Forecast::Allowed);
        assert_eq!(leaves(20, idle, idle), Forecast::Same);
    }

    #[test]
    fn what_changes_nothing_is_no_refusal() {
        for forecast in [
            Forecast::Allowed,
            Forecast::Same,
            Forecast::NoEffect(Policy::Idle),
        ] {
            assert!(forecast.is_allowed(), "{forecast}");
        }
        for forecast in [
            Forecast::Gone,
            Forecast::Foreign("root".into()),
            Forecast::NiceLimit(None),
            Forecast::PriorityLimit(3),
            Forecast::Privilege,
            Forecast::NoCore,
        ] {
            assert!(!forecast.is_allowed(), "{forecast}");
        }
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
