//! What processes hold open and who talks to whom, as fields.

use super::{fields, variants, words};
use crate::model::descriptors::{descriptor, ipc, peer, socket};

fields!(descriptor::Files { 1 of, 2 rows, 3 limit, 4 pipelines, 5 hidden, 6 gpu, 7 unlisted, 8 taken });
fields!(descriptor::Descriptor { 1 fd, 2 kind, 3 object, 4 target, 5 deleted, 6 mode, 7 info, 8 extent, 9 socket, 10 peers });
fields!(descriptor::Info { 1 position, 2 flags, 3 inode, 4 about });
fields!(descriptor::Extent { 1 size, 2 held, 3 device, 4 inode });
fields!(descriptor::about::Marks { 1 files, 2 mounts, 3 filesystems });
variants!(descriptor::About { 1 Nothing, 2 Epoll(a), 3 Eventfd { count, id }, 4 Timerfd { clock, ticks, left, every }, 5 Signalfd(a), 6 Inotify(a), 7 Fanotify(a, b), 8 Pidfd(a), 9 IoUring { submitted, completed }, 10 Pty(a), 11 Bpf(a, b), 12 Gpu(a), 13 Socket(a) });
fields!(descriptor::about::Watch { 1 fd, 2 events });
fields!(descriptor::Gpu { 1 driver, 2 card, 3 client, 4 busy, 5 resident, 6 memory, 7 total, 8 engines });
fields!(descriptor::gpu::Engine { 1 name, 2 worked, 3 cycles, 4 capacity });
fields!(descriptor::GpuUse { 1 drivers, 2 busy, 3 share, 4 holds, 5 total });
words!(descriptor::Mode { 1 Read, 2 Write, 3 Both, 4 Path });
variants!(peer::Object { 1 Pipe(a), 2 Socket(a), 3 Pty { instance, index, master }, 4 Eventfd(a), 5 Inode { device, inode, memory }, 6 Fifo { device, inode }, 7 Queue { device, inode }, 8 File(a), 9 Other, 10 Card });
words!(peer::Flow { 1 In, 2 Out, 3 Both });
fields!(peer::Peer { 1 id, 2 name, 3 fd, 4 flow, 5 foreign });
variants!(peer::Note { 1 NotAccepted, 2 Hidden(a), 3 Looking, 4 Closed, 5 Elsewhere, 6 Shared, 7 Full, 8 Alone(a), 9 AloneInSight });
fields!(peer::Peers { 1 named, 2 more, 3 note });
variants!(socket::Socket { 1 Inet(a), 2 Unix(a) });
words!(socket::Protocol { 1 Tcp, 2 Udp });
fields!(socket::Inet { 1 protocol, 2 inode, 3 cookie, 4 state, 5 local, 6 remote, 7 receive_queue, 8 send_queue, 9 uid, 10 interface, 11 namespace, 12 only_v6, 13 tcp });
fields!(socket::Tcp { 1 rtt, 2 retransmits, 3 acked, 4 received, 5 window, 6 mss, 7 path_mtu, 8 delivery_rate });
fields!(socket::Unix { 1 inode, 2 style, 3 state, 4 name, 5 peer, 6 peer_name, 7 waiting, 8 receive_queue, 9 send_queue, 10 uid });
words!(socket::Style { 1 Stream, 2 Datagram, 3 Packet });
variants!(socket::State { 1 Established, 2 SynSent, 3 SynReceived, 4 FinWait1, 5 FinWait2, 6 TimeWait, 7 Closed, 8 CloseWait, 9 LastAck, 10 Listening, 11 Closing, 12 Other(a) });
words!(ipc::Channel { 1 Pipe, 2 Fifo, 3 Unix, 4 Tcp, 5 Udp, 6 Pty, 7 Memory, 8 Eventfd, 9 Queue, 10 Semaphore, 11 Lock });
fields!(ipc::Party { 1 id, 2 name, 3 fd });
fields!(ipc::Edge { 1 channel, 2 a, 3 b, 4 flow, 5 detail, 6 crowd });
fields!(ipc::Pair { 1 a, 2 b, 3 flow, 4 channels, 5 details });
fields!(ipc::Ipc { 1 edges, 2 more, 3 pairs, 4 lines, 5 processes, 6 pipelines, 7 hidden, 8 descriptors, 9 complete, 10 unlisted });
variants!(ipc::lines::Key { 1 Pair(a, b), 2 Crowd(a), 3 Alike(a) });
fields!(ipc::lines::Manner { 1 hub, 2 name, 3 flow, 4 channels });
fields!(ipc::lines::Line { 1 key, 2 a, 3 b, 4 flow, 5 channels, 6 details, 7 pairs });
words!(descriptor::Kind { 1 File, 2 Directory, 3 Pipe, 4 Fifo, 5 Unix, 6 Tcp, 7 Udp, 8 Netlink, 9 Packet, 10 Tty, 11 Device, 12 Eventfd, 13 Epoll, 14 Timerfd, 15 Signalfd, 16 Inotify, 17 Fanotify, 18 Memfd, 19 Pidfd, 20 IoUring, 21 Bpf, 22 Perf, 23 Userfaultfd, 24 Other });
