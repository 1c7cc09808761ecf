//! Views 5 and 6 and the tab Sockets: who talks to whom.

use super::word;
use crate::app::word::Word;

/// View 5, and the tab Sockets.
pub const SOCKETS: &[Word] = &[
    word(
        "PROTO",
        "The protocol: TCP promises order and delivery, UDP sends what may get lost.",
        "sock_diag(7), else /proc/net/tcp, tcp6, udp, udp6",
    ),
    word(
        "STATE",
        "What the connection is doing.",
        "sock_diag(7): idiag_state",
    ),
    word(
        "LOCAL",
        "This end: address and port.",
        "sock_diag(7): idiag_src, idiag_sport",
    ),
    word(
        "REMOTE",
        "The other end; of a listener, who can reach it. everyone: it listens on every address, though a firewall may forbid it. only this machine: on a loopback address.",
        "sock_diag(7): idiag_dst, idiag_dport",
    ),
    word(
        "SERVICE",
        "What the port is called by custom.",
        "/etc/services",
    ),
    word(
        "RTT",
        "Smoothed time from a segment to its acknowledgement; – while nothing was acknowledged.",
        "sock_diag(7): struct tcp_info, tcpi_rtt",
    ),
    word(
        "RESENT",
        "Segments that were sent again since the connection began.",
        "struct tcp_info, tcpi_total_retrans",
    ),
    word(
        "QUEUES",
        "in: bytes that the process has not read. out: bytes that the other end has not acknowledged. Of a listener: connections that wait to be accepted, of how many may.",
        "sock_diag(7): idiag_rqueue, idiag_wqueue",
    ),
    word(
        "IN",
        "Bytes a second received. Of a UDP socket, and so of QUIC, nobody counts them; what a process moves over UDP is in NET IN.",
        "struct tcp_info, tcpi_bytes_received, by the time between two readings",
    ),
    word(
        "OUT",
        "Bytes a second that the other end acknowledged.",
        "struct tcp_info, tcpi_bytes_acked, by the time between two readings",
    ),
    word(
        "PROCESS",
        "Who holds the socket. not visible: its descriptors are not shown to this user. nobody yet: the listener has not accepted the connection. the kernel ends it: no process holds it any more; `was` names who held it last.",
        "the links of /proc/PID/fd with the socket's inode",
    ),
    word(
        "PEER",
        "The process at the other end, where that is on this machine.",
        "the links of /proc/PID/fd with the inode of the other end",
    ),
    word(
        "NETNS",
        "The network namespace that the socket lives in, where that is another one: a container has interfaces, addresses and ports of its own.",
        "/proc/PID/ns/net, named as by `ip netns`",
    ),
];

/// View 5 beside its sockets.
pub const NETWORK: &[Word] = &[
    word(
        "ports",
        "Listeners: how many, how many on an address that others can reach, how many in network namespaces of containers.",
        "sock_diag(7), else /proc/net/tcp and its like",
    ),
    word(
        "bandwidth",
        "What each process moves over TCP, with connections that ended since the last reading. short connections: they began and ended between two readings; the kernel tells what they moved, not whose they were.",
        "struct tcp_info of each socket, and SOCK_DIAG_DESTROY messages of sock_diag(7)",
    ),
    word(
        "way out",
        "The interface and gateway of the default route, and the servers that names are asked of; pscope asks none of them.",
        "rtnetlink(7), else /proc/net/route; /etc/resolv.conf",
    ),
    word(
        "Network",
        "Bytes a second of all interfaces together: loopback, bridges, tunnels and those of containers left out, since the same bytes pass another one.",
        "/proc/net/dev, between two ticks",
    ),
    word(
        "SPEED",
        "What the link can carry; – for what has no wire.",
        "/sys/class/net/NAME/speed",
    ),
    word(
        "ERRORS",
        "Packets that were received or sent broken, since boot.",
        "rtnetlink(7): struct rtnl_link_stats64",
    ),
    word(
        "DROPS",
        "Packets that were thrown away, since boot.",
        "rtnetlink(7): struct rtnl_link_stats64",
    ),
    word(
        "MAC, MTU",
        "The address of the card, and the largest packet that it carries.",
        "rtnetlink(7): IFLA_ADDRESS, IFLA_MTU",
    ),
];

/// View 6.
pub const IPC: &[Word] = &[
    word(
        "PROCESS",
        "The two ends. Processes of other users do not show their descriptors to you: their channels are missing here.",
        "the links of /proc/PID/fd, joined by what they lead to",
    ),
    word(
        "BY",
        "What joins the two: pipes, unix sockets, TCP inside this machine, a terminal and the program that draws it, memory that both map or hold, eventfds, message queues, semaphores, a file lock that one waits for.",
        "/proc/PID/fd and fdinfo, sock_diag(7), /proc/PID/maps, /proc/sysvipc, /proc/locks",
    ),
    word(
        "DETAIL",
        "Where they meet: addresses, paths, numbers; of a pipe how full it is. A full one makes its writer wait, an empty one its reader.",
        "sock_diag(7); FIONREAD and F_GETPIPE_SZ of the pipe, where pidfd_getfd(2) is permitted",
    ),
    word(
        "→ ← ⇄",
        "Which way data flows, or both ways.",
        "the modes of the links in /proc/PID/fd",
    ),
    word(
        "System V",
        "The kernel keeps only who used a queue or semaphore last; the longer you look, the more users are known.",
        "/proc/sysvipc/msg and sem",
    ),
    word(
        "50×[name]",
        "Processes of one name that talk to the same one in the same way; the key for unfolding lists them.",
        "",
    ),
    word(
        "one pipe",
        "One object that three or more hold, as when a whole tree of processes inherits its output. It counts as one channel, and comes after what joins two processes.",
        "",
    ),
    word(
        "each other",
        "All of them hold the same thing, and each may write and read it.",
        "",
    ),
    word(
        "pipelines",
        "Processes whose standard output is the standard input of the next, as a shell joins them with |. Of those who inherited one end the eldest stands for all.",
        "/proc/PID/fd/0 and fd/1",
    ),
];
