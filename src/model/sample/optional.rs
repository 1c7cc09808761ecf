//! What only shown rows have: what the costlier files of a process say.
//!
//! A field is one line of the list below. The structure, what of it is lacking, what is forgotten with a need, and how a
//! recording keeps it are all made from that line, so that none can be forgotten in one of these places.

use std::sync::Arc;

use super::{After, Growth, Held, Io, Means, Opened, SchedStat, Status};
use crate::model::id::Bytes;
use crate::model::plan::Needs;
use crate::model::reading::{Missing, Reading};
use crate::model::scheduling::blocked::Cause;
use crate::model::text::SafeText;

/// Hands the list to a macro: the number of the field in recordings, which is never used again for anything else
/// (`docs/recording.md`), its name, its type, and the flag of [`Needs`] that asks for it.
macro_rules! optional_stats {
    ($then:ident) => {
        $then! {
            /// From `/proc/PID/status`.
            1 status: Status, STATUS;
            /// What it read from and wrote to storage.
            2 io: Io, IO;
            /// Control group, the path that tells most of those in the hierarchies.
            3 cgroup: SafeText, CGROUP;
            /// The groups of other hierarchies that this path does not lead through.
            17 beside: Arc<[SafeText]>, CGROUP;
            /// Proportional set size.
            4 pss: Bytes, PSS;
            /// Memory that nobody else has mapped, from the same file.
            9 private: Bytes, PSS;
            /// How many descriptors it holds and may hold.
            10 held: Held, HELD;
            /// What it used of a core over the last minutes.
            11 means: Means, MEANS;
            /// Out-of-memory score, 0..2000.
            5 oom_score: u32, OOM;
            /// From `/proc/PID/schedstat`: the first thread only.
            6 schedstat: SchedStat, SCHEDSTAT;
            /// The path of the executable.
            7 exe: SafeText, EXE;
            /// What it holds open.
            8 opened: Arc<Opened>, DESCRIPTORS;
            /// What it waits for in state D; read of those alone.
            12 blocked_on: Cause, BLOCKED_ON;
            /// How its resident memory grew while somebody looked.
            13 growth: Growth, GROWTH;
            /// What its first thread waits for, in words.
            16 waits_for: SafeText, WAITS_FOR;
        }
    };
}

macro_rules! structure {
    ($($(#[$doc:meta])* $field:literal $name:ident: $type:ty, $need:ident;)*) => {
        /// Facts of one process that are read only where they are shown.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct OptionalStats {
            $($(#[$doc])* pub $name: Reading<$type>,)*
            /// How much later than the tick its counters were read.
            pub after: After,
        }

        impl Default for OptionalStats {
            fn default() -> Self {
                Self::unread(Missing::Soon)
            }
        }

        impl OptionalStats {
            /// Of which nothing was read, for this reason.
            pub fn unread(why: Missing) -> Self {
                Self { $($name: Err(why),)* after: After::default() }
            }

            /// Everything that its fields answer.
            pub const ANSWERED: Needs = Needs::empty()$(.union(Needs::$need))*;

            /// What nobody has read yet.
            pub fn lacking(&self) -> Needs {
                let mut lacking = Needs::empty();
                $(if matches!(self.$name, Err(Missing::Soon)) {
                    lacking |= Needs::$need;
                })*
                lacking
            }

            /// Forgets what answers none of these.
            pub fn keep(&mut self, needs: Needs) {
                $(if !needs.contains(Needs::$need) {
                    self.$name = Err(Missing::Soon);
                })*
            }
        }
    };
}

optional_stats!(structure);
pub(crate) use optional_stats;

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! told {
        ($($(#[$doc:meta])* $field:literal $name:ident: $type:ty, $need:ident;)*) => {
            &[$(($field, stringify!($name), Needs::$need)),*]
        };
    }

    const FIELDS: &[(u32, &str, Needs)] = optional_stats!(told);

    #[test]
    fn no_two_fields_are_kept_under_one_number() {
        for (i, (number, name, _)) in FIELDS.iter().enumerate() {
            let other = FIELDS[..i].iter().find(|(n, ..)| n == number);
            assert!(other.is_none(), "{name} and {other:?}");
        }
    }

    #[test]
    fn what_is_kept_is_not_lacking_and_nothing_else_stays() {
        let whole = OptionalStats {
            oom_score: Ok(7),
            exe: Err(Missing::Denied),
            pss: Ok(Bytes(1)),
            private: Ok(Bytes(1)),
            ..OptionalStats::default()
        };
        let had = OptionalStats::ANSWERED - whole.lacking();
        assert_eq!(had, Needs::OOM | Needs::EXE | Needs::PSS);
        for need in had.iter() {
            let mut kept = whole.clone();
            kept.keep(need);
            assert_eq!(kept.lacking(), OptionalStats::ANSWERED - need);
        }
    }
}
