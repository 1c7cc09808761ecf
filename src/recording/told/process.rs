//! One process: its overview, its threads, its signals, what confines it, as fields.

use super::{fields, variants, words};
use crate::model::acting::signal;
use crate::model::process::{environment, isolation, overview, threads};

fields!(environment::Environment { 1 variables, 2 overwritten });
fields!(environment::Variable { 1 name, 2 value, 3 secret });
fields!(isolation::Isolation { 1 limits, 2 namespaces, 3 numbers, 4 group, 5 rights, 6 label, 7 login, 8 oom_score, 9 oom_adjustment });
fields!(isolation::Namespace { 1 kind, 2 about, 3 id, 4 ours });
words!(isolation::group::Layout { 1 V1, 2 V2, 3 Hybrid, 4 None });
fields!(isolation::group::Membership { 1 controllers, 2 path });
fields!(isolation::group::Group { 1 layout, 2 memberships, 3 memory, 4 swap, 5 tasks, 6 cpu, 7 oom_kills, 8 pressure });
fields!(isolation::group::Frozen { 1 group, 2 old });
fields!(isolation::group::Usage { 1 used, 2 limit, 3 set_by, 4 near });
fields!(isolation::group::Near { 1 group, 2 used, 3 limit });
fields!(isolation::group::GroupCpu { 1 cores, 2 set_by, 3 periods, 4 throttled, 5 throttled_time, 6 above });
fields!(isolation::group::Quota { 1 group, 2 cores, 3 periods, 4 throttled });
words!(isolation::limit::Resource { 1 Cpu, 2 FileSize, 3 Data, 4 Stack, 5 Core, 6 Resident, 7 Processes, 8 Files, 9 Locked, 10 AddressSpace, 11 Locks, 12 Signals, 13 Queues, 14 Nice, 15 RealTime, 16 RealTimeout });
fields!(isolation::limit::Limit { 1 resource, 2 soft, 3 hard, 4 used });
fields!(isolation::rights::Rights { 1 users, 2 groups, 3 effective, 4 permitted, 5 bounding, 6 ambient, 7 last, 8 no_new_privileges, 9 seccomp });
variants!(isolation::rights::Seccomp { 1 Off, 2 Strict, 3 Filter(a) });
fields!(overview::Overview { 1 exe, 2 cwd, 3 root, 4 cgroup, 5 status, 6 descriptors, 7 standard, 8 limits, 9 schedule, 10 io, 11 memory, 12 since, 13 frozen });
fields!(overview::Credentials { 1 uids, 2 capabilities, 3 last_capability, 4 apart, 5 seccomp, 6 tracer, 7 no_new_privileges, 8 cores, 9 peak, 10 locked, 11 switches, 12 signals, 13 pending, 14 inside });
variants!(overview::Inside { 1 Untold, 2 Unmapped, 3 As(a) });
fields!(overview::Scheduled { 1 total, 2 lately, 3 threads });
fields!(overview::Lately { 1 slices, 2 mean, 3 waiting_ms });
fields!(overview::Limit { 1 name, 2 used, 3 soft, 4 bytes });
fields!(threads::Threads { 1 rows, 2 deadlocks, 3 others });
fields!(threads::Other { 1 tid, 2 name, 3 waits_for });
fields!(threads::ThreadRow { 1 id, 2 name, 3 stat, 4 at, 5 cpu, 6 detail });
fields!(threads::ThreadDetail { 1 at, 2 switches, 3 rates, 4 waiting, 5 seen, 6 stack, 7 sp });
fields!(threads::Stack { 1 start, 2 used, 3 size });
fields!(signal::SignalState { 1 ignored, 2 caught, 3 blocked, 4 pending, 5 thread_pending, 6 queued, 7 threads, 8 waiters, 9 thread_count, 10 kernel_thread, 11 zombie });
fields!(signal::ThreadSignals { 1 tid, 2 name, 3 blocked, 4 pending });
fields!(signal::SignalWaiter { 1 tid, 2 name, 3 signals, 4 fd });
fields!(threads::Switches<u64> { 1 voluntary, 2 involuntary });
fields!(threads::Switches<f64> { 1 voluntary, 2 involuntary });
