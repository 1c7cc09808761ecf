//! Which source is listened to: a table of what the kernel allows, who is selected, whether anybody looks, and who has
//! ended. Pure: it opens nothing.

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
    /// The switches of all cores.
    Every,
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
        (Rights::All, _, _) => Source::Every,
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

    #[test]
    fn the_table() {
        use Beside::{Hear, Keep, Nobody};
        use Is::{Gone, Refused, There};
        use Rights::{All, Own};
        use Source::{Every, Nothing, Samples};
        let (yes, no) = (true, false);
        #[rustfmt::skip]
        let table = [
            // rights, selected, shown, wanted
            (All, None,          no,  no,  Nothing),
            (All, None,          no,  yes, Every),
            (All, None,          yes, no,  Every),
            (All, None,          yes, yes, Every),
            (All, Some(There),   no,  no,  Nothing),
            (All, Some(There),   no,  yes, Every),
            (All, Some(There),   yes, no,  Every),
            (All, Some(There),   yes, yes, Every),
            (All, Some(Refused), no,  no,  Nothing),
            (All, Some(Refused), no,  yes, Every),
            (All, Some(Refused), yes, no,  Every),
            (All, Some(Refused), yes, yes, Every),
            (All, Some(Gone),    no,  no,  Nothing),
            (All, Some(Gone),    no,  yes, Every),
            (All, Some(Gone),    yes, no,  Every),
            (All, Some(Gone),    yes, yes, Every),
            (Own, None,          no,  no,  Nothing),
            (Own, None,          no,  yes, Nothing),
            (Own, None,          yes, no,  Samples(Nobody)),
            (Own, None,          yes, yes, Samples(Nobody)),
            (Own, Some(There),   no,  no,  Nothing),
            (Own, Some(There),   no,  yes, Nothing),
            (Own, Some(There),   yes, no,  Samples(Hear(ID))),
            (Own, Some(There),   yes, yes, Samples(Hear(ID))),
            (Own, Some(Refused), no,  no,  Nothing),
            (Own, Some(Refused), no,  yes, Nothing),
            (Own, Some(Refused), yes, no,  Samples(Nobody)),
            (Own, Some(Refused), yes, yes, Samples(Nobody)),
            (Own, Some(Gone),    no,  no,  Nothing),
            (Own, Some(Gone),    no,  yes, Nothing),
            (Own, Some(Gone),    yes, no,  Samples(Keep(ID))),
            (Own, Some(Gone),    yes, yes, Samples(Keep(ID))),
        ];
        assert_eq!(table.len(), 2 * 4 * 2 * 2, "it is whole");
        for (rights, is, shown, wanted, source) in table {
            let focus = is.map(|is| Focus { id: ID, is });
            let facts = Facts {
                rights,
                focus,
                shown,
                wanted,
            };
            assert_eq!(choose(&facts), source, "{facts:?}");
        }
    }
}
