//! Names of controlling terminals from their device numbers (`tty(4)`, `pts(4)`).

use std::borrow::Cow;

/// The name below `/dev` of a terminal's device number: `pts/3`, `tty1`, `ttyS0`; `None` for no terminal.
///
/// The number is encoded as in `proc_pid_stat(5)`, field 7: minor in bits 31..20 and 7..0, major in bits 15..8.
pub fn name(device: u32) -> Option<Cow<'static, str>> {
    let major = (device >> 8) & 0xff;
    let minor = (device & 0xff) | ((device >> 12) & 0xfff00);
    Some(match (major, minor) {
        (0, 0) => return None,
        (4, 0..64) => format!("tty{minor}").into(),
        (4, _) => format!("ttyS{}", minor - 64).into(),
        (5, 0) => "tty".into(),
        (5, 1) => "console".into(),
        (136..=143, _) => format!("pts/{}", (major - 136) * 256 + minor).into(),
        (188, _) => format!("ttyUSB{minor}").into(),
        (166, _) => format!("ttyACM{minor}").into(),
        (229, _) => format!("hvc{minor}").into(),
        _ => format!("{major}:{minor}").into(),
    })
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn device_numbers_become_names() {
        let of = |n| name(n).map(std::borrow::Cow::into_owned);
        assert_eq!(of(0), None);
        assert_eq!(of(34819).as_deref(), Some("pts/3"));
        assert_eq!(of(1025).as_deref(), Some("tty1"));
        assert_eq!(of(1088).as_deref(), Some("ttyS0"));
        assert_eq!(of(0x8900).as_deref(), Some("pts/256"));
        assert_eq!(of(0x0010_8801).as_deref(), Some("pts/257"));
    }
}
