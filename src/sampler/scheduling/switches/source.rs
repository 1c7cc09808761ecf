//! Which source is listened to: a table of what the kernel allows, who is selected, whether anybody looks, and who has
//! ended. Pure: it opens nothing.

use super::budget::Way;
use crate::model::id::ProcId;

/// What is so at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Whose switches the kernel tells.
    pub rights: Rights,
    /// Who is selected, and stays so.
    pub focus: Option<Focus>,
    /// Somebody looks at the lanes, or did a moment ago.
    pub shown: bool,
    /// A sweep would read by events.
    pub wanted: bool,
    /// How switches are to be recorded, where everybody's are told.
    pub way: Way,
}

/// Whose switches the kernel tells, as far as it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// Everybody's; so it is taken to be until it refuses.
    All,
    /// At most those of a process of one's own.
    Own,
}

/// The selected process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Focus {
    /// Which.
    pub id: ProcId,
    /// What is known of it.
    pub is: Is,
}

/// What is known of the selected process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Is {
    /// Nobody refused it yet, and it lives.
    There,
    /// It is not one's own, or has more threads than can be followed.
    Refused,
    /// It has ended.
    Gone,
}

/// What is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Nothing: nobody needs it.
    Nothing,
    /// The switches of all cores, each or as sums.
    Every(Way),
    /// Samples of all cores, and beside them the switches of one process.
    Samples(Beside),
}

/// Whose switches are heard beside the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// Nobody's.
    Nobody,
    /// Those of this process.
    Hear(ProcId),
    /// Those that were heard of it until it ended; nothing more will come.
    Keep(ProcId),
}

/// The source for these facts.
pub(super) fn choose(facts: &Facts) -> Source {
    match (facts.rights, facts.shown, facts.wanted) {
        (_, false, false) | (Rights::Own, false, true) => Source::Nothing,
        (Rights::All, _, _) => Source::Every(facts.way),
        (Rights::Own, true, _) => Source::Samples(match facts.focus {
            None => Beside::Nobody,
            Some(focus) => match focus.is {
                Is::There => Beside::Hear(focus.id),
                Is::Refused => Beside::Nobody,
                Is::Gone => Beside::Keep(focus.id),
            },
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ProcId = ProcId::new(7, 1);

    /// Rights, selected, shown, wanted; the source by the way of recording.
    type Row = (Rights, Option<Is>, bool, bool, fn(Way) -> Source);

    #[test]
    fn the_table() {
        use Beside::{Hear, Keep, Nobody};
        use Is::{Gone, Refused, There};
        use Rights::{All, Own};
        use Source::{Nothing, Samples};
        use Way::{Single, Summed};
        let (yes, no) = (true, false);
        #[rustfmt::skip]
        let table: [Row; 32] = [
            // rights, selected, shown, wanted
            (All, None,          no,  no, |_| Nothing),
            (All, None,          no,  yes, Source::Every),
            (All, None,          yes, no, Source::Every),
            (All, None,          yes, yes, Source::Every),
            (All, Some(There),   no,  no, |_| Nothing),
            (All, Some(There),   no,  yes, Source::Every),
            (All, Some(There),   yes, no, Source::Every),
            (All, Some(There),   yes, yes, Source::Every),
            (All, Some(Refused), no,  no, |_| Nothing),
            (All, Some(Refused), no,  yes, Source::Every),
            (All, Some(Refused), yes, no, Source::Every),
            (All, Some(Refused), yes, yes, Source::Every),
            (All, Some(Gone),    no,  no, |_| Nothing),
            (All, Some(Gone),    no,  yes, Source::Every),
            (All, Some(Gone),    yes, no, Source::Every),
            (All, Some(Gone),    yes, yes, Source::Every),
            (Own, None,          no,  no, |_| Nothing),
            (Own, None,          no,  yes, |_| Nothing),
            (Own, None,          yes, no, |_| Samples(Nobody)),
            (Own, None,          yes, yes, |_| Samples(Nobody)),
            (Own, Some(There),   no,  no, |_| Nothing),
            (Own, Some(There),   no,  yes, |_| Nothing),
            (Own, Some(There),   yes, no, |_| Samples(Hear(ID))),
            (Own, Some(There),   yes, yes, |_| Samples(Hear(ID))),
            (Own, Some(Refused), no,  no, |_| Nothing),
            (Own, Some(Refused), no,  yes, |_| Nothing),
            (Own, Some(Refused), yes, no, |_| Samples(Nobody)),
            (Own, Some(Refused), yes, yes, |_| Samples(Nobody)),
            (Own, Some(Gone),    no,  no, |_| Nothing),
            (Own, Some(Gone),    no,  yes, |_| Nothing),
            (Own, Some(Gone),    yes, no, |_| Samples(Keep(ID))),
            (Own, Some(Gone),    yes, yes, |_| Samples(Keep(ID))),
        ];
        assert_eq!(table.len(), 2 * 4 * 2 * 2, "it is whole");
        for (rights, is, shown, wanted, source) in table {
            let focus = is.map(|is| Focus { id: ID, is });
            // Which way changes only how everybody's switches are recorded.
            for (way, source) in [Single, Summed].map(|way| (way, source(way))) {
                let facts = Facts {
                    rights,
                    focus,
                    shown,
                    wanted,
                    way,
                };
                assert_eq!(choose(&facts), source, "{facts:?}");
            }
        }
    }
}
