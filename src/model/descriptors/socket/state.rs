//! States of sockets, in the kernel's numbers and in words.

use super::Protocol;

/// What a socket is doing (`include/net/tcp_states.h`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Connected.
    Established,
    /// Asked the other end to connect.
    SynSent,
    /// Was asked to connect, and answered.
    SynReceived,
    /// Closed here; the other end has not acknowledged.
    FinWait1,
    /// Closed here; the other end has not closed.
    FinWait2,
    /// Closed; late segments are awaited.
    TimeWait,
    /// Not connected.
    #[default]
    Closed,
    /// Closed by the other end; the process has not closed it.
    CloseWait,
    /// Closed by both; the last acknowledgement is awaited.
    LastAck,
    /// Waits for connections.
    Listening,
    /// Both closed at once.
    Closing,
    /// A number that this program does not know.
    Other(u8),
}

impl State {
    /// From the kernel's number.
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Established,
            2 => Self::SynSent,
            3 | 12 => Self::SynReceived,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            7 => Self::Closed,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listening,
            11 => Self::Closing,
            other => Self::Other(other),
        }
    }

    /// The state as one word; UDP has only two.
    pub fn word(self, protocol: Protocol) -> &'static str {
        match (protocol, self) {
            (Protocol::Udp, Self::Established) => "connected",
            (Protocol::Udp, _) => "open",
            (_, Self::Established) => "established",
            (_, Self::SynSent) => "connecting",
            (_, Self::SynReceived) => "answering",
            (_, Self::FinWait1) => "fin-wait-1",
            (_, Self::FinWait2) => "fin-wait-2",
            (_, Self::TimeWait) => "time-wait",
            (_, Self::Closed) => "not connected",
            (_, Self::CloseWait) => "close-wait",
            (_, Self::LastAck) => "last-ack",
            (_, Self::Listening) => "listening",
            (_, Self::Closing) => "closing",
            (_, Self::Other(_)) => "unknown",
        }
    }

    /// What the state means to whoever looks for a fault.
    pub fn about(self, protocol: Protocol) -> &'static str {
        match (protocol, self) {
            (Protocol::Udp, Self::Established) => "sends to and hears one address only",
            (Protocol::Udp, _) => "hears datagrams from anybody",
            (_, Self::Established) => "both ends may send",
            (_, Self::SynSent) => {
                "waits for the other end to answer: unreachable, filtered or slow"
            }
            (_, Self::SynReceived) => "answered; waits for the other end to confirm",
            (_, Self::FinWait1) => "closed here; the other end has not acknowledged it",
            (_, Self::FinWait2) => "closed here; the other end may still send",
            (_, Self::TimeWait) => "over; the kernel keeps the ports for a minute",
            (_, Self::Closed) => "neither connected nor listening",
            (_, Self::CloseWait) => "the other end has closed; this process has not yet",
            (_, Self::LastAck) => "closed by both; waits for the last acknowledgement",
            (_, Self::Listening) => "waits for connections",
            (_, Self::Closing) => "closed by both at once",
            (_, Self::Other(_)) => "a state unknown to pscope",
        }
    }
}
