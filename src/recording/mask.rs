//! Secrets in command lines: what stands behind a name that tells one, masked before it is written anywhere.

use std::borrow::Cow;

use crate::model::process::environment::{self, MASK};

/// A command line as it may be kept: arguments divided by NUL, as [`Command::raw`](crate::model::sample::Command::raw).
///
/// Masked are the values of `--password=…`, `TOKEN=…` and `--token …`, and passwords in addresses.
pub fn command(raw: &str) -> Cow<'_, str> {
    let mut out: Option<String> = None;
    let mut hide_next = false;
    let mut at = 0;
    for (i, arg) in raw.split('\0').enumerate() {
        let shown = if i == 0 {
            Cow::Borrowed(arg)
        } else if hide_next && !arg.starts_with('-') && !arg.is_empty() {
            Cow::Borrowed(MASK)
        } else {
            argument(arg)
        };
        hide_next = i > 0
            && arg.starts_with("--")
            && !arg.contains('=')
            && environment::is_secret_name(arg.trim_start_matches('-'));
        if out.is_none() && shown != arg {
            out = Some(raw[..at].to_owned());
        } else if let Some(out) = &mut out {
            out.push('\0');
        }
        if let Some(out) = &mut out {
            out.push_str(&shown);
        }
        at += arg.len() + 1;
    }
    out.map_or(Cow::Borrowed(raw), Cow::Owned)
}

fn argument(arg: &str) -> Cow<'_, str> {
    if let Some((name, value)) = arg.split_once('=')
        && !value.is_empty()
        && environment::is_secret_name(name.trim_start_matches('-'))
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    {
        return Cow::Owned(format!("{name}={MASK}"));
    }
    if environment::has_password(arg)
        && let Some((scheme, rest)) = arg.split_once("://")
        && let Some((user, _)) = rest.split_once(':')
        && let Some((_, host)) = rest.rsplit_once('@')
    {
        return Cow::Owned(format!("{scheme}://{user}:{MASK}@{host}"));
    }
    Cow::Borrowed(arg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_nothing_else_is() {
        for (plain, kept) in [
            ("sleep|100", "sleep|100"),
            ("db|--password=hunter2|-v", "db|--password=********|-v"),
            ("db|--token|abc|x", "db|--token|********|x"),
            ("db|--token|--other", "db|--token|--other"),
            ("env|API_KEY=abc|make", "env|API_KEY=********|make"),
            (
                "psql|postgres://me:pw@host/db",
                "psql|postgres://me:********@host/db",
            ),
            ("a||", "a||"),
            ("PASSWORD=x", "PASSWORD=x"),
        ] {
            let raw = plain.replace('|', "\0");
            assert_eq!(command(&raw).replace('\0', "|"), kept);
            assert_eq!(command(&command(&raw)), command(&raw), "twice is once");
        }
    }
}
