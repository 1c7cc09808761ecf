//! Interfaces: what one is, what it is joined with, and what it moves.

use std::net::IpAddr;

use super::traffic::Rates;
use crate::model::descriptors::socket::Scope;
use crate::model::id::Bytes;
use crate::model::reading::Reading;
use crate::model::text::SafeText;

/// One interface.
#[derive(Clone, Debug, PartialEq)]
pub struct Interface {
    /// Its name.
    pub name: SafeText,
    /// Its number in the kernel.
    pub index: u32,
    /// What it is, where it is more than a card; empty where that is not told.
    pub kind: Kind,
    /// `up`, `down`, `unknown`, as the kernel says it.
    pub state: Reading<SafeText>,
    /// Whether a signal is on the cable or the radio.
    pub carrier: Reading<bool>,
    /// Megabits a second.
    pub speed: Reading<u32>,
    /// Its hardware address; `None` where it has none.
    pub mac: Reading<Option<SafeText>>,
    /// The largest packet it takes.
    pub mtu: Reading<u32>,
    /// Its addresses with the length of their network's prefix.
    pub addresses: Vec<(IpAddr, u8)>,
    /// What it counted since it came up.
    pub counters: Counters,
    /// What it moves now.
    pub rates: Reading<Rates>,
}

/// Counters of an interface (`/proc/net/dev`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Received.
    pub received: Bytes,
    /// Packets received.
    pub packets_in: u64,
    /// Received broken.
    pub errors_in: u64,
    /// Received and thrown away.
    pub drops_in: u64,
    /// Sent.
    pub sent: Bytes,
    /// Packets sent.
    pub packets_out: u64,
    /// Could not be sent.
    pub errors_out: u64,
    /// Thrown away instead of being sent.
    pub drops_out: u64,
}

/// What kind of interface it is, and which others it belongs with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// The kernel's word: `bond`, `vlan`, `bridge`, `veth`, `wireguard`; `None` for a card and where it is not told.
    pub word: Option<SafeText>,
    /// The number of a VLAN.
    pub vlan: Option<u16>,
    /// The name of the interface that it runs on, or of its other half.
    pub under: Option<SafeText>,
    /// The name of the bond or bridge that it is a part of.
    pub part_of: Option<SafeText>,
}

impl Kind {
    /// The kind in words, `vlan 7 on eth0, part of br0`; nothing for a plain card.
    pub fn words(&self) -> String {
        let mut out = self.word.as_deref().unwrap_or_default().to_owned();
        let mut say = |text: String| {
            if !out.is_empty() && !text.starts_with(' ') {
                out.push_str(", ");
            }
            out.push_str(&text);
        };
        if let Some(vlan) = self.vlan {
            say(format!(" {vlan}"));
        }
        if let Some(under) = &self.under {
            let joint = if self.word.as_deref() == Some("veth") {
                "to"
            } else {
                "on"
            };
            say(format!(" {joint} {under}"));
        }
        if let Some(whole) = &self.part_of {
            say(format!("part of {whole}"));
        }
        out.trim_start().to_owned()
    }
}

impl Interface {
    /// Whether it carries traffic of this machine only.
    pub fn is_loopback(&self) -> bool {
        // In a namespace that may not be entered, only the name tells.
        self.name.as_str() == "lo"
            || self
                .addresses
                .iter()
                .any(|(ip, _)| Scope::of(*ip) == Scope::Loopback)
    }

    /// Whether it is up, as far as the kernel knows; loopback says `unknown` and works.
    pub fn is_up(&self) -> bool {
        match &self.state {
            Ok(state) if state.as_str() == "unknown" => self.carrier == Ok(true),
            Ok(state) => state.as_str() == "up",
            Err(_) => false,
        }
    }
}
