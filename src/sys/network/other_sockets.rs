//! What sockets beside TCP, UDP and unix ones are called: `/proc/net/{netlink,packet,raw,raw6,icmp,icmp6}`
//! (`netlink(7)`, `packet(7)`, `raw(7)`). Lines that read otherwise are passed over.

use crate::model::text::SafeText;
use crate::sys::fields;

/// The tables, as they are called below `/proc/PID/net`.
pub const TABLES: [&str; 6] = ["netlink", "packet", "raw", "raw6", "icmp", "icmp6"];

/// Families of netlink by number (`linux/netlink.h`).
const FAMILIES: [&str; 23] = [
    "ROUTE",
    "1",
    "USERSOCK",
    "FIREWALL",
    "SOCK_DIAG",
    "NFLOG",
    "XFRM",
    "SELINUX",
    "ISCSI",
    "AUDIT",
    "FIB_LOOKUP",
    "CONNECTOR",
    "NETFILTER",
    "IP6_FW",
    "DNRTMSG",
    "KOBJECT_UEVENT",
    "GENERIC",
    "17",
    "SCSITRANSPORT",
    "ECRYPTFS",
    "RDMA",
    "CRYPTO",
    "SMC",
];

/// Protocols that raw sockets are opened for (`protocols(5)`).
const PROTOCOLS: [(u64, &str); 13] = [
    (1, "ICMP"),
    (2, "IGMP"),
    (6, "TCP"),
    (17, "UDP"),
    (41, "IPv6"),
    (47, "GRE"),
    (50, "ESP"),
    (58, "ICMPv6"),
    (89, "OSPF"),
    (103, "PIM"),
    (112, "VRRP"),
    (132, "SCTP"),
    (255, "any"),
];

/// The name of the socket with an inode in one of [`TABLES`]: `netlink ROUTE`, `packets of all kinds`, `raw OSPF`.
pub fn name(table: &str, text: &[u8], inode: u64) -> Option<SafeText> {
    let found = fields::lines(text).skip(1).find_map(|line| {
        let words: Vec<&[u8]> = fields::words(line).collect();
        let at = |i: usize| words.get(i).copied();
        let number = |i: usize| fields::number(at(i)?);
        match table {
            "netlink" => (number(9)? == inode).then(|| netlink(number(1)))?,
            "packet" => (number(8)? == inode).then(|| packet(at(3)))?,
            _ => (number(9)? == inode).then(|| raw(table, at(1)))?,
        }
    })?;
    Some(found.into())
}

/// The name of a socket that stands in no table, by the kernel's name of its protocol: `vsock socket`, `TCP socket of IPv6`.
pub fn by_protocol(name: &[u8]) -> Option<SafeText> {
    let name = name.strip_prefix(b"AF_").unwrap_or(name);
    let (name, six) = match name.strip_suffix(b"v6") {
        Some(name) => (name, " of IPv6"),
        None => (name, ""),
    };
    let name = match name {
        b"" => return None,
        b"VSOCK" => "vsock".into(),
        b"NETLINK" => "netlink".into(),
        b"PACKET" => "packet".into(),
        b"RAW" => "raw".into(),
        b"PING" => "ping".into(),
        unix if unix.starts_with(b"UNIX") => "unix".into(),
        other => SafeText::from_bytes(other),
    };
    Some(format!("{name} socket{six}").into())
}

fn netlink(family: Option<u64>) -> Option<String> {
    let family = family?;
    let known = usize::try_from(family).ok().and_then(|f| FAMILIES.get(f));
    Some(format!(
        "netlink {}",
        known.map_or_else(|| family.to_string(), |k| (*k).to_owned())
    ))
}

fn packet(protocol: Option<&[u8]>) -> Option<String> {
    let protocol = u32::from_str_radix(std::str::from_utf8(protocol?).ok()?, 16).ok()?;
    Some(match protocol {
        3 => "packets of all kinds".to_owned(),
        0x800 => "packets of IPv4".to_owned(),
        0x806 => "packets of ARP".to_owned(),
        0x86dd => "packets of IPv6".to_owned(),
        0x88cc => "packets of LLDP".to_owned(),
        other => format!("packets of kind {other:#06x}"),
    })
}

/// A raw socket has its protocol where others have their port.
fn raw(table: &str, local: Option<&[u8]>) -> Option<String> {
    let port = local?.rsplit(|b| *b == b':').next()?;
    let number = u64::from_str_radix(std::str::from_utf8(port).ok()?, 16).ok()?;
    if table.starts_with("icmp") {
        return Some("ping".to_owned());
    }
    let known = PROTOCOLS.iter().find(|(n, _)| *n == number);
    Some(format!(
        "raw {}",
        known.map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_no_table_is_called_by_its_protocol() {
        let of = |name: &[u8]| by_protocol(name).map(|name| name.to_string());
        assert_eq!(of(b"AF_VSOCK").as_deref(), Some("vsock socket"));
        assert_eq!(of(b"MPTCPv6").as_deref(), Some("MPTCP socket of IPv6"));
        assert_eq!(of(b"XDP").as_deref(), Some("XDP socket"));
        assert_eq!(of(b"UNIX-STREAM").as_deref(), Some("unix socket"));
        assert_eq!(of(b""), None);
    }

    #[test]
    fn sockets_are_called_by_what_they_hear() {
        let netlink = b"sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n\
            00000000d6f6a202 0   812        00000000 0        0        0     2        0        4\n\
            00000000aa817a3e 15  0          00000000 0        0        0     2        0        1434\n";
        let called = |table, text: &[u8], inode| name(table, text, inode).map(|n| n.to_string());
        assert_eq!(
            called("netlink", netlink, 4).as_deref(),
            Some("netlink ROUTE")
        );
        assert_eq!(
            called("netlink", netlink, 1434).as_deref(),
            Some("netlink KOBJECT_UEVENT")
        );
        assert_eq!(called("netlink", netlink, 9), None);
        let packet = b"sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n\
            00000000d6f6a202 3      3    0003   0     1 0      0      77\n";
        assert_eq!(
            called("packet", packet, 77).as_deref(),
            Some("packets of all kinds")
        );
        let raw = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
            89: 00000000:0059 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 39457 2 0 0\n";
        assert_eq!(called("raw", raw, 39457).as_deref(), Some("raw OSPF"));
        assert_eq!(called("icmp", raw, 39457).as_deref(), Some("ping"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_harmless(text: Vec<u8>, inode in 0_u64..4) {
            for table in TABLES {
                let _ = name(table, &text, inode);
            }
        }
    }
}
