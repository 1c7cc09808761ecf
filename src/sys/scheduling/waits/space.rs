//! The mappings of the process in focus, as far as a wait needs them: where a stack begins, what may be shared, where code is.

use crate::model::memory::region::Mapping;

/// The mappings of a process, by ascending address.
#[derive(Clone, Debug, Default)]
pub struct Space(Vec<Mapping>);

impl Space {
    /// Over mappings in any order.
    pub fn new(mut all: Vec<Mapping>) -> Self {
        all.sort_by_key(|m| m.start);
        Self(all)
    }

    /// The mapping that holds an address.
    pub fn at(&self, address: u64) -> Option<&Mapping> {
        let after = self.0.partition_point(|m| m.start <= address);
        self.0[..after].last().filter(|m| address < m.end)
    }

    /// All of them.
    pub fn all(&self) -> &[Mapping] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::memory::maps;

    #[test]
    fn finds_what_holds_an_address() {
        let text = b"7f0000001000-7f0000002000 rw-s 00001000 00:01 2053                       /memfd:x (deleted)\n\
            55d0c8a00000-55d0c8a21000 rw-p 00000000 00:00 0                          [heap]\n";
        let space = Space::new(maps::parse(text).expect("mappings").mappings);
        let name = |at| space.at(at).map(|m| m.name.as_str());
        assert_eq!(name(0x55d0_c8a0_0010), Some("[heap]"));
        assert_eq!(name(0x7f00_0000_1040), Some("/memfd:x"));
        assert_eq!(name(0x7f00_0000_2000), None);
        assert_eq!(name(0), None);
    }
}
