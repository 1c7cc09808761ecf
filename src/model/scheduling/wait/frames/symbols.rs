//! The functions of a library by address.

/// A function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Where it begins.
    pub start: u64,
    /// Bytes of code.
    pub size: u64,
    /// What it is called.
    pub name: Box<str>,
}

/// Functions by ascending address; several names may have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbols {
    all: Vec<Symbol>,
    longest: u64,
}

impl Symbols {
    /// Of functions in any order.
    pub fn new(mut all: Vec<Symbol>) -> Self {
        all.sort_by(|a, b| a.start.cmp(&b.start).then_with(|| a.name.cmp(&b.name)));
        let longest = all.iter().map(|s| s.size).max().unwrap_or(0);
        Self { all, longest }
    }

    /// Whether a function is called so.
    pub fn has(&self, name: &str) -> bool {
        self.all.iter().any(|s| &*s.name == name)
    }

    /// All of them.
    pub fn into_all(self) -> Vec<Symbol> {
        self.all
    }

    /// Every name of the function that holds an address. A return address may be the first behind the last call of one.
    pub fn at(&self, address: u64) -> impl Iterator<Item = &str> {
        self.holding(address).map(|s| &*s.name)
    }

    /// Where the function begins that holds an address.
    pub fn start_of(&self, address: u64) -> Option<u64> {
        self.holding(address).map(|s| s.start).next()
    }

    /// Whether a function begins behind one address and before another. One that begins at a return address does not hold it.
    pub fn between(&self, start: u64, end: u64) -> bool {
        let after = self.all.partition_point(|s| s.start <= start);
        self.all.get(after).is_some_and(|s| s.start < end)
    }

    fn holding(&self, address: u64) -> impl Iterator<Item = &Symbol> {
        let after = self.all.partition_point(|s| s.start < address);
        let near = self.all[..after].iter().rev();
        near.take_while(move |s| address - s.start <= self.longest)
            .filter(move |s| address - s.start <= s.size)
    }
}
