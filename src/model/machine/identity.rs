//! What the machine is: facts that do not change while it runs.

use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// What it runs, what it is sold as, and what its cores are.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The distribution with its version: `Debian GNU/Linux 12`.
    pub system: Reading<SafeText>,
    /// Maker and product: `LENOVO 21HMCTO1WW`; a virtual machine may have none.
    pub product: Reading<SafeText>,
    /// The models of its cores, each once.
    pub processors: Reading<Vec<SafeText>>,
}

impl Default for Identity {
    /// Nothing was asked.
    fn default() -> Self {
        Self::unread(Missing::Soon)
    }
}

impl Identity {
    /// Of which nothing was read, for this reason.
    pub fn unread(why: Missing) -> Self {
        Self {
            system: Err(why),
            product: Err(why),
            processors: Err(why),
        }
    }
}
