//! Where time goes, system calls, and what threads wait for, as fields.

use super::{fields, variants, words};
use crate::model::scheduling::{call_rates, calls, schedule, spent, wait, wakes};

fields!(call_rates::CallRates { 1 span, 2 by, 3 youngest, 4 full });
fields!(call_rates::Made { 1 id, 2 calls });
fields!(calls::Number { 1 number, 2 narrow });
fields!(calls::CallSums { 1 calls, 2 span });
fields!(calls::CallError { 1 number, 2 name, 3 words, 4 calls });
fields!(calls::CallRow { 1 number, 2 name, 3 calls, 4 errors, 5 error, 6 span, 7 on_core, 8 mean, 9 p99, 10 longest, 11 descriptors, 12 inside, 13 earlier, 14 other_errors, 15 paths });
fields!(calls::Calls { 1 span, 2 exact, 3 why, 4 rows, 5 records, 6 lost });
fields!(schedule::Schedule { 1 policy, 2 nice, 3 rt_priority, 4 cores, 5 slice, 6 vruntime_ms, 7 lag_ms, 8 weight, 9 utilisation, 10 asleep, 11 counters, 12 rates, 13 throttling });
fields!(schedule::Counters { 1 threads, 2 run, 3 wait, 4 slices, 5 voluntary, 6 involuntary, 7 migrations });
fields!(schedule::Rates { 1 run, 2 wait, 3 slices, 4 voluntary, 5 involuntary, 6 migrations });
fields!(schedule::Throttling { 1 group, 2 periods, 3 throttled, 4 time });
fields!(spent::Spent { 1 span, 2 running, 3 ready, 4 blocked });
fields!(spent::Share { 1 cause, 2 span, 3 whole, 4 waits });
fields!(spent::ThreadSpent { 1 id, 2 name, 3 spent, 4 threads });
fields!(spent::Bucket { 1 from, 2 to, 3 readings, 4 threads, 5 exact, 6 why });
fields!(spent::TimeSpent { 1 buckets });
variants!(spent::Cause { 1 Wait(a), 2 Short, 3 Others, 4 Untold(a) });
fields!(wait::Waiting { 1 what, 2 call, 3 function, 4 uninterruptible });
variants!(wait::Wait { 1 Running, 2 Futex(a), 3 Any { how, set, fds, total, limit }, 4 On { verb, fd }, 5 Child(a), 6 Sleep(a), 7 Used(a), 8 Signal { set, limit }, 9 SystemV(a), 10 Opening { path, fifo }, 11 Page(a), 12 Phrase(a), 13 Call, 14 Outside, 15 Work, 16 Stopped, 17 Traced(a), 18 Ended, 19 Hidden, 20 Paged { swap, name }, 21 Frozen });
fields!(wait::Fd { 1 number, 2 target, 3 wants, 4 about, 5 listens });
words!(wait::End { 1 Read, 2 Write });
fields!(wait::SystemV { 1 what, 2 id, 3 about, 4 key });
variants!(wait::Object { 1 Semaphore(a), 2 Message, 3 Room });
variants!(wait::Limit { 1 None, 2 Asked(a), 3 Left(a) });
variants!(wait::Child { 1 Any, 2 One(a, b), 3 Group(a), 4 Behind(a), 5 Vforked, 6 Others });
fields!(wait::Futex { 1 kind, 2 word, 3 place, 4 limit });
variants!(wait::Lock { 1 Mutex(a, b), 2 RwLock(a), 3 Join(a), 4 Condition, 5 Semaphore, 6 Barrier, 7 Once, 8 Library(a), 9 Parked, 10 Ownerless, 11 Bare, 12 Unnamed, 13 Shared, 14 Several(a), 15 Latch, 16 Future, 17 Atomic, 18 AsyncIo, 19 Joins, 20 Stream(a), 21 Untold });
words!(wait::Mutex { 1 Plain, 2 Inherit, 3 Protect, 4 Robust });
variants!(wait::Owner { 1 Thread(a), 2 Elsewhere { tid, pid, name }, 3 Nobody(a), 4 Numbered(a), 5 Ended { tid, pid, name, others } });
variants!(wait::RwHeld { 1 Writer(a), 2 SomeWriter, 3 Readers(a), 4 Unknown });
fields!(wakes::WakeRow { 1 waker, 2 name, 3 wakes, 4 waited, 5 p50, 6 p99, 7 longest, 8 whom });
fields!(wakes::Wakes { 1 span, 2 rows, 3 all });
variants!(wakes::Waker { 1 Thread(a, b), 2 Timer, 3 Network, 4 Disk, 5 Interrupt(a), 6 Kernel });
