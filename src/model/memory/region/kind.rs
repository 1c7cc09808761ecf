//! What regions are called: fifteen kinds, groups of them for the picture, and what each part means in words.

/// What a region is; the words of the JSON field `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Code of the program.
    Text,
    /// Constants of the program.
    Rodata,
    /// Globals with a first value, of the program and of libraries.
    Data,
    /// Globals that begin as zero, of the program and of libraries.
    Bss,
    /// Memory that an allocator hands out: brk, arenas, the Go heap.
    Heap,
    /// The stack of the first thread.
    Stack,
    /// The stack of another thread.
    ThreadStack,
    /// Code and constants of a library.
    Library,
    /// A mapped file.
    File,
    /// Shared memory: System V, POSIX, memfd, or shared with children.
    Shared,
    /// Memory without a file.
    Anonymous,
    /// Code and clock pages that the kernel lends.
    Vdso,
    /// Reserved or guard: no access at all.
    Guard,
    /// Memory of a device or of a ring shared with the kernel.
    Device,
    /// Anything else.
    Other,
}

/// Kinds that a person looks at together, in the order of the picture: high addresses first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Kernel-lent pages.
    Vdso,
    /// The first thread's stack.
    Stack,
    /// Other threads' stacks.
    ThreadStacks,
    /// Libraries.
    Libraries,
    /// Mapped files.
    Files,
    /// Shared memory.
    Shared,
    /// Device memory.
    Devices,
    /// Anonymous memory.
    Anonymous,
    /// Reserved and guards.
    Reserved,
    /// Heap.
    Heap,
    /// Data and bss.
    Globals,
    /// Constants.
    Rodata,
    /// Code.
    Text,
    /// Anything else.
    Other,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Text,
        Self::Rodata,
        Self::Data,
        Self::Bss,
        Self::Heap,
        Self::Stack,
        Self::ThreadStack,
        Self::Library,
        Self::File,
        Self::Shared,
        Self::Anonymous,
        Self::Vdso,
        Self::Guard,
        Self::Device,
        Self::Other,
    ];

    /// The kind as one word, as in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Rodata => "rodata",
            Self::Data => "data",
            Self::Bss => "bss",
            Self::Heap => "heap",
            Self::Stack => "stack",
            Self::ThreadStack => "thread_stack",
            Self::Library => "library",
            Self::File => "file",
            Self::Shared => "shared",
            Self::Anonymous => "anonymous",
            Self::Vdso => "vdso",
            Self::Guard => "guard",
            Self::Device => "device",
            Self::Other => "other",
        }
    }

    /// The group that it is shown in.
    pub fn group(self) -> Group {
        match self {
            Self::Text => Group::Text,
            Self::Rodata => Group::Rodata,
            Self::Data | Self::Bss => Group::Globals,
            Self::Heap => Group::Heap,
            Self::Stack => Group::Stack,
            Self::ThreadStack => Group::ThreadStacks,
            Self::Library => Group::Libraries,
            Self::File => Group::Files,
            Self::Shared => Group::Shared,
            Self::Anonymous => Group::Anonymous,
            Self::Vdso => Group::Vdso,
            Self::Guard => Group::Reserved,
            Self::Device => Group::Devices,
            Self::Other => Group::Other,
        }
    }
}

impl Group {
    /// Every group in the order of the picture.
    pub const ALL: [Self; 14] = [
        Self::Stack,
        Self::ThreadStacks,
        Self::Libraries,
        Self::Files,
        Self::Shared,
        Self::Devices,
        Self::Anonymous,
        Self::Heap,
        Self::Globals,
        Self::Rodata,
        Self::Text,
        Self::Reserved,
        Self::Vdso,
        Self::Other,
    ];

    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Vdso => "vdso, vvar",
            Self::Stack => "stack",
            Self::ThreadStacks => "thread stacks",
            Self::Libraries => "libraries",
            Self::Files => "mapped files",
            Self::Shared => "shared memory",
            Self::Devices => "devices",
            Self::Anonymous => "anonymous",
            Self::Reserved => "reserved",
            Self::Heap => "heap",
            Self::Globals => "globals",
            Self::Rodata => "read-only data",
            Self::Text => "text",
            Self::Other => "other",
        }
    }

    /// What it is, for one who asks.
    pub fn about(self) -> &'static str {
        match self {
            Self::Vdso => {
                "Pages that the kernel lends to every process: clock values and the code that reads them without a system call."
            }
            Self::Stack => {
                "Calls, local variables and, at its top, arguments and environment of the first thread. The kernel lets it grow down to the limit `stack`."
            }
            Self::ThreadStacks => {
                "Each further thread has a stack of its own, claimed whole when it starts; only touched pages become resident."
            }
            Self::Libraries => {
                "Code and constants of shared objects. Their pages come from the page cache and are shared by all who use the library; their globals are counted under globals."
            }
            Self::Files => {
                "Files read and written through memory. Pages come from the page cache; private mappings keep what they wrote for themselves."
            }
            Self::Shared => {
                "Memory that several processes see: System V, POSIX (/dev/shm), memfd, or inherited by fork."
            }
            Self::Devices => "Memory of a device, or a ring shared with the kernel.",
            Self::Anonymous => {
                "Memory from mmap(2) without a file: large allocations, runtimes with allocators of their own, code made while running."
            }
            Self::Reserved => {
                "Address space set aside without access: guards under stacks, room in which an allocator may grow. It costs no memory."
            }
            Self::Heap => {
                "Memory that the allocator hands out. What the program has freed but the allocator keeps is not visible from outside."
            }
            Self::Globals => {
                "Variables that live as long as the program: data has a first value from the file, bss begins as zeros."
            }
            Self::Rodata => "Constants of the program; its pages come from the file.",
            Self::Text => "The program's code; its pages come from the file and are never written.",
            Self::Other => "The kernel lists it, but no rule names it.",
        }
    }
}

/// What a region is within its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Nothing more is known.
    #[default]
    Plain,
    /// Code.
    Code,
    /// Constants.
    Constants,
    /// Globals that the loader filled in and then protected (RELRO).
    Relocated,
    /// Zeros that share their page with data before them, and go on behind it.
    Zeros,
    /// Globals that begin as zeros, to which the program has taken the access away for now.
    Protected,
    /// The kernel's own heap segment, moved by brk(2).
    Brk,
    /// A malloc arena of 64 MiB for threads (glibc).
    Arena,
    /// What an arena may still grow into.
    ArenaReserve,
    /// The Go runtime's heap, where goroutine stacks live too.
    GoHeap,
    /// The stack of a thread that has ended, kept for the next one.
    SpareStack,
    /// Stacks of several threads, with no guard between them.
    Stacks,
    /// A guard under a stack.
    StackGuard,
    /// Address space without access.
    Reserve,
    /// Code made while running.
    Jit,
    /// Memory with a name given by the program.
    Named,
    /// Huge pages of hugetlbfs.
    Huge,
    /// `shm_open(3)`.
    Posix,
    /// `shmget(2)`; the inode is the segment's id.
    SysV,
    /// `memfd_create(2)`.
    Memfd,
    /// `memfd_secret(2)`: not even the kernel sees it.
    Secret,
    /// `MAP_SHARED | MAP_ANONYMOUS`, shared by fork.
    ForkShared,
    /// A file mapped so that writes reach it.
    SharedFile,
    /// A file mapped so that writes stay here.
    PrivateFile,
}

impl Part {
    /// One or two words beside a name.
    pub fn word(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Code => "code",
            Self::Constants => "constants",
            Self::Relocated => "relro",
            Self::Zeros => "zeros",
            Self::Protected => "zeros, no access",
            Self::Brk => "brk",
            Self::Arena => "arena",
            Self::ArenaReserve => "arena reserve",
            Self::GoHeap => "Go heap",
            Self::SpareStack => "spare stack",
            Self::Stacks => "several stacks",
            Self::StackGuard => "stack guard",
            Self::Reserve => "reserved",
            Self::Jit => "JIT code",
            Self::Named => "named",
            Self::Huge => "huge pages",
            Self::Posix => "POSIX",
            Self::SysV => "System V",
            Self::Memfd => "memfd",
            Self::Secret => "secret memory",
            Self::ForkShared => "shared by fork",
            Self::SharedFile => "shared",
            Self::PrivateFile => "private",
        }
    }

    /// What it means, one sentence; empty where the group says it all.
    pub fn about(self) -> &'static str {
        match self {
            Self::Plain | Self::Named => "",
            Self::Code => "Code: mapped from the file, shared by all who run it.",
            Self::Constants => "Constants: strings, tables, unwinding data; mapped from the file.",
            Self::Relocated => {
                "The loader wrote addresses here at the start and then took the right to write away (RELRO)."
            }
            Self::Zeros => {
                "Globals that begin as zeros. The first of them share a page with data, which the kernel counts once."
            }
            Self::Protected => {
                "Globals that begin as zeros, to which the program took the access away (mprotect); what was touched stays resident."
            }
            Self::Brk => {
                "malloc has claimed this from the kernel with brk(2); free memory inside it is not visible from outside."
            }
            Self::Arena => {
                "A malloc arena: threads other than the first allocate from such ones, 64 MiB apart."
            }
            Self::ArenaReserve => {
                "Room into which the malloc arena below may grow; it costs no memory."
            }
            Self::GoHeap => "The Go runtime allocates objects and goroutine stacks here.",
            Self::SpareStack => {
                "Its thread has ended; the C library keeps the stack for the next thread."
            }
            Self::Stacks => {
                "Stacks of several threads without guards between them: where one ends and the next begins is not told."
            }
            Self::StackGuard => {
                "No access: a stack that overflows faults here instead of overwriting its neighbour."
            }
            Self::Reserve => {
                "Address space without access, set aside for later; it costs no memory."
            }
            Self::Jit => "Code that the program made while running.",
            Self::Huge => "Pages of 2 MiB or more from the pool of hugetlbfs; never swapped.",
            Self::Posix => "POSIX shared memory: whoever opens the same name in /dev/shm sees it.",
            Self::SysV => {
                "System V shared memory: it stays after its last user until it is removed (ipcrm)."
            }
            Self::Memfd => {
                "Memory behind a descriptor (memfd_create); whoever is given the descriptor can map it."
            }
            Self::Secret => {
                "Memory that is taken out of the kernel's own view (memfd_secret): never swapped, never dumped, read by its holders only."
            }
            Self::ForkShared => "Shared with children made by fork, and with nobody else.",
            Self::SharedFile => "Writes go to the file and are seen by all who map it.",
            Self::PrivateFile => "Writes stay in this process; the file does not change.",
        }
    }
}
