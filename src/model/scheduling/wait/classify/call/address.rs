//! Addresses of sockets as programs hand them to the kernel: `struct sockaddr` of `ip(7)`, `ipv6(7)`, `unix(7)`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

const UNIX: u16 = 1;
const INET: u16 = 2;
const INET6: u16 = 10;

/// An address in words: `10.0.0.7:5432`, `/run/x.sock`, `@abstract`.
pub fn words(bytes: &[u8]) -> Option<String> {
    let family = u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?);
    let port = || Some(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?));
    match family {
        INET => {
            let ip: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
            Some(SocketAddr::from((Ipv4Addr::from(ip), port()?)).to_string())
        }
        INET6 => {
            let ip: [u8; 16] = bytes.get(8..24)?.try_into().ok()?;
            Some(SocketAddr::from((Ipv6Addr::from(ip), port()?)).to_string())
        }
        UNIX => {
            let path = &bytes[2..];
            let (sign, name) = match path.first()? {
                // The name of an abstract one is all that follows.
                0 => ("@", &path[1..]),
                _ => ("", path.split(|b| *b == 0).next()?),
            };
            Some(format!("{sign}{}", String::from_utf8_lossy(name)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_families_that_wait() {
        let mut v4 = INET.to_ne_bytes().to_vec();
        v4.extend([0x15, 0x38, 10, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(words(&v4).as_deref(), Some("10.0.0.7:5432"));
        let mut v6 = INET6.to_ne_bytes().to_vec();
        v6.extend([0, 80, 0, 0, 0, 0]);
        v6.extend(Ipv6Addr::LOCALHOST.octets());
        assert_eq!(words(&v6).as_deref(), Some("[::1]:80"));
        let mut unix = UNIX.to_ne_bytes().to_vec();
        unix.extend(b"/run/x\0junk");
        assert_eq!(words(&unix).as_deref(), Some("/run/x"));
        let mut unix = UNIX.to_ne_bytes().to_vec();
        unix.extend(b"\0x");
        assert_eq!(words(&unix).as_deref(), Some("@x"));
        assert_eq!(words(&[]), None);
        assert_eq!(words(&UNIX.to_ne_bytes()), None);
    }
}
