//! Disks, sensors, cards, the memory of the machine and control groups, as fields.

use super::{fields, variants, words};
use crate::model::groups::{facts, frozen, own_group, refusal, unit};
use crate::model::machine::{disk, gpu, memory, requests, sensor};

fields!(disk::Disks { 1 at, 2 devices, 3 filesystems, 4 delay_accounting });
fields!(disk::Device { 1 name, 2 size, 3 rotational, 4 counters });
fields!(disk::DiskCounters { 1 reads, 2 read, 3 read_ms, 4 writes, 5 written, 6 write_ms, 7 in_flight, 8 busy_ms, 9 weighted_ms });
fields!(disk::Filesystem { 1 mount, 2 source, 3 kind, 4 read_only, 5 space, 6 silent });
fields!(disk::Space { 1 total, 2 free, 3 available, 4 inodes, 5 inodes_free });
words!(requests::Kind { 1 Read, 2 Write, 3 Other });
fields!(requests::Column { 1 number, 2 steps });
fields!(requests::Took { 1 done, 2 mean, 3 device, 4 p50, 5 p99 });
fields!(requests::DeviceRequests { 1 name, 2 kind, 3 took, 4 longest, 5 columns });
fields!(requests::ProcessRequests { 1 pid, 2 device, 3 kind, 4 took, 5 called });
fields!(requests::Requests { 1 at, 2 span, 3 since, 4 why, 5 devices, 6 processes, 7 dropped, 8 denied, 9 focus });
fields!(requests::FocusRequests { 1 pid, 2 since, 3 devices });
fields!(gpu::Gpus { 1 cards, 2 hidden });
fields!(gpu::Card { 1 index, 2 name, 3 driver, 4 busy, 5 memory_busy, 6 used, 7 total, 8 temperature, 9 power, 10 power_limit, 11 clock, 12 memory_clock, 13 encoder, 14 decoder, 15 split, 16 users, 17 asleep, 18 trouble });
variants!(gpu::trouble::Trouble { 1 NoLibrary, 2 Static, 3 Lacking, 4 Answers(a) });
fields!(gpu::User { 1 pid, 2 memory, 3 busy });
words!(memory::MemoryUse { 1 Processes, 2 Shared, 3 Huge, 4 Slab, 5 Kernel, 6 Arc, 7 Compressed, 8 Cache, 9 Buffers, 10 SlabReclaimable, 11 AtHand, 12 Free });
fields!(memory::MachineMemory { 1 at, 2 total, 3 available, 4 parts, 5 swap_total, 6 swap_free, 7 swaps, 8 dirty, 9 writeback, 10 committed, 11 huge, 12 compressed, 13 nodes, 14 counters, 15 transparent, 16 own });
fields!(memory::Swap { 1 path, 2 size, 3 used, 4 priority });
fields!(memory::Node { 1 id, 2 total, 3 free });
fields!(memory::Counters { 1 faults, 2 major_faults, 3 swapped_in, 4 swapped_out, 5 scanned, 6 reclaimed, 7 stalls, 8 refaults, 9 oom_kills });
fields!(sensor::Sensors { 1 temperatures, 2 fans, 3 supplies });
fields!(sensor::Temperature { 1 chip, 2 label, 3 celsius, 4 critical, 5 place, 6 told, 7 silent });
fields!(sensor::Fan { 1 chip, 2 label, 3 rpm, 4 place });
fields!(sensor::Supply { 1 name, 2 kind, 3 state, 4 percent, 5 watts, 6 online });
fields!(facts::GroupFacts { 1 path, 2 limits, 4 memory_peak, 5 memory, 7 cpu_time, 8 cpu_weight, 9 io, 10 frozen, 12 rates, 13 high, 14 limit_met, 15 slowed, 16 freeze_refused, 17 kill_refused, 18 quota_time, 19 forks_refused, 20 io_told });
variants!(refusal::Refusal { 1 Whole, 2 Lacking, 3 Denied, 4 ReadOnly, 5 Ourselves, 6 Threads, 7 Above(a) });
fields!(facts::DeviceIo { 1 device, 2 read, 3 written, 4 requests });
fields!(facts::GroupRates { 1 cpu, 2 throttled, 3 read, 4 written, 5 throttled_above, 6 of_quota });
fields!(frozen::Frozen { 1 groups, 2 pids });
fields!(own_group::OwnGroup { 1 memory, 2 cpu, 3 unseen });
fields!(own_group::GroupMemory { 1 path, 2 limit, 3 soft, 4 used, 5 cache, 6 hits });
fields!(unit::Called { 1 name, 2 pod });
