//! The roles that text and shapes play on the screen, with the names that a theme file calls them by.

macro_rules! roles {
    ($($(#[$doc:meta])* $id:ident = $name:literal,)*) => {
        /// A role that text or a shape plays; a theme gives each a style.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[$doc])* $id,)*
        }

        impl Role {
            /// Every role, in the order of the enum.
            pub const ALL: &[Self] = &[$(Self::$id),*];

            /// Its name in a theme file.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }
        }
    };
}

roles! {
    /// Ordinary text.
    Text = "text",
    /// What matters most in its place.
    Strong = "strong",
    /// What recedes: units, labels, lines of the tree.
    Dim = "dim",
    /// What recedes furthest: empty parts of bars, grids.
    Faint = "faint",
    /// Borders.
    Border = "border",
    /// The border of the pane that has the keyboard.
    BorderFocus = "border-focus",
    /// Titles of panes.
    Title = "title",
    /// The one accent: keys in the footer, the chosen tab, links to other processes.
    Accent = "accent",
    /// The chosen tab, the badge with the program's name.
    Badge = "badge",
    /// The loud badge of stopped time.
    Paused = "paused",
    /// The selected row.
    Selected = "selected",
    /// All is well, live, running.
    Good = "good",
    /// Look here: high, near a limit, waiting.
    Warn = "warn",
    /// Wrong: blocked, lost, failed.
    Bad = "bad",
    /// A tagged row.
    Tagged = "tagged",
    /// A row that just began.
    New = "new",
    /// A row that has ended.
    Ended = "ended",
    /// A match of the search.
    Match = "match",
    /// Names of users.
    User = "user",
    /// Names of threads.
    Thread = "thread",
    /// Kernel threads.
    Kernel = "kernel",
    /// Share of a core: user land.
    CpuUser = "cpu-user",
    /// Share of a core: the kernel.
    CpuSystem = "cpu-system",
    /// Share of a core: interrupts.
    CpuIrq = "cpu-irq",
    /// Share of a core: taken by the hypervisor.
    CpuSteal = "cpu-steal",
    /// Share of a core: waiting for I/O.
    CpuIowait = "cpu-iowait",
    /// Memory in use.
    MemUsed = "mem-used",
    /// Memory as cache.
    MemCache = "mem-cache",
    /// Swap.
    Swap = "swap",
    /// What comes in: read from a disk, received from a network.
    FlowIn = "flow-in",
    /// What goes out: written, sent.
    FlowOut = "flow-out",
    /// Waiting: for a core, for memory, for a disk.
    Wait = "wait",
    /// Regions: text (code).
    RegionText = "region-text",
    /// Regions: read-only data.
    RegionRodata = "region-rodata",
    /// Regions: globals.
    RegionGlobals = "region-globals",
    /// Regions: heap.
    RegionHeap = "region-heap",
    /// Regions: stacks.
    RegionStack = "region-stack",
    /// Regions: libraries.
    RegionLibrary = "region-library",
    /// Regions: mapped files.
    RegionFile = "region-file",
    /// Regions: shared memory.
    RegionShared = "region-shared",
    /// Regions: anonymous memory.
    RegionAnonymous = "region-anonymous",
    /// Regions: reserved, guard, vdso, devices.
    RegionOther = "region-other",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<&str> = Role::ALL.iter().map(|r| r.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Role::ALL.len());
    }
}
