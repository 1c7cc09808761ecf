//! An address space, as fields.

use super::{fields, words};
use crate::model::memory::{faults, region};

fields!(region::Access { 1 read, 2 write, 3 run, 4 shared });
fields!(region::FileId { 1 major, 2 minor, 3 inode });
fields!(region::Residency { 1 resident, 2 proportional, 3 own, 4 own_dirty, 5 dirty, 6 swapped, 7 huge, 8 locked, 9 freed, 10 pool });
fields!(region::Region { 1 start, 2 end, 3 kind, 4 part, 5 access, 6 offset, 7 file, 8 name, 9 deleted, 10 stack, 11 residency, 12 flags, 13 sharers });
fields!(region::StackUse { 1 tid, 2 name, 3 used });
fields!(region::Sharer { 1 pid, 2 name });
fields!(faults::code::Code { 1 function, 2 object, 3 address });
fields!(faults::code::Toucher { 1 code, 2 caller });
fields!(faults::TouchedBy { 1 toucher, 2 faults });
fields!(faults::RegionFaults { 1 start, 2 first, 3 file, 4 swap, 5 waited, 6 by, 7 unknown });
fields!(faults::PageFaults { 1 span, 2 whole, 3 kernel, 4 regions, 5 by, 6 counted });
fields!(region::AddressSpace { 1 regions, 2 residency, 3 sharers, 4 cost });
words!(region::Kind { 1 Text, 2 Rodata, 3 Data, 4 Bss, 5 Heap, 6 Stack, 7 ThreadStack, 8 Library, 9 File, 10 Shared, 11 Anonymous, 12 Vdso, 13 Guard, 14 Device, 15 Other });
words!(region::Part { 1 Plain, 2 Code, 3 Constants, 4 Relocated, 5 Zeros, 6 Protected, 7 Brk, 8 Arena, 9 ArenaReserve, 10 GoHeap, 11 SpareStack, 12 Stacks, 13 StackGuard, 14 Reserve, 15 Jit, 16 Named, 17 Huge, 18 Posix, 19 SysV, 20 Memfd, 21 Secret, 22 ForkShared, 23 SharedFile, 24 PrivateFile });
