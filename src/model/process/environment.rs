//! The environment of a process, as it was fixed when it ran its program.

use std::collections::BTreeMap;

use crate::model::text::SafeText;

/// What stands in place of a secret.
pub const MASK: &str = "********";

/// The variables, in the order in which the process was given them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// The variables.
    pub variables: Vec<Variable>,
    /// It does not begin as an environment does: the program wrote a title over its beginning, and what stood there is gone.
    pub overwritten: bool,
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name; the whole text where it has no `=`.
    pub name: SafeText,
    /// Its value.
    pub value: SafeText,
    /// Whether it looks like a secret.
    pub secret: bool,
}

impl Environment {
    /// Parses the kernel's NUL-separated bytes (`/proc/PID/environ`: `b"HOME=/root\0LANG=C\0"`).
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let begin = bytes.split(|b| *b == 0).next().unwrap_or_default();
        // Titles are padded with blanks, too, which may run into what is left of a variable.
        let is_variable = |text: &[u8]| {
            let padded = text.first().is_some_and(u8::is_ascii_whitespace);
            !padded && text.iter().skip(1).any(|b| *b == b'=')
        };
        let overwritten = !bytes.is_empty() && !is_variable(begin);
        let texts = bytes.split(|b| *b == 0).filter(|t| !t.is_empty());
        // What is left of the title is no variable.
        let texts = texts.filter(|text| !overwritten || is_variable(text));
        Self {
            variables: texts.map(Variable::from_bytes).collect(),
            overwritten,
        }
    }

    /// Names and values as the JSON contract has them, secrets masked; of a name that stands twice the first counts, as for `getenv(3)`.
    pub fn to_json(&self) -> BTreeMap<&str, &str> {
        let mut out = BTreeMap::new();
        for variable in &self.variables {
            out.entry(variable.name.exact())
                .or_insert(if variable.secret {
                    MASK
                } else {
                    variable.value.exact()
                });
        }
        out
    }
}

impl Variable {
    fn from_bytes(text: &[u8]) -> Self {
        // A name is not empty, so `=` in the first place belongs to it.
        let equals = text
            .iter()
            .skip(1)
            .position(|b| *b == b'=')
            .map(|at| at + 1);
        let (name, value) = match equals {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, &b""[..]),
        };
        let (name, value) = (SafeText::from_bytes(name), SafeText::from_bytes(value));
        Self {
            secret: !value.is_empty() && (is_secret_name(&name) || has_password(&value)),
            name,
            value,
        }
    }

    /// The value, or the mask where it is a secret and nobody asked for it.
    pub fn shown(&self, reveal: bool) -> &str {
        if self.secret && !reveal {
            MASK
        } else {
            &self.value
        }
    }
}

/// Parts of a name that tell a secret wherever they stand.
const ANYWHERE: [&str; 9] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "CREDENTIAL",
    "PRIVATE",
    "APIKEY",
    "COOKIE",
];
/// Words of a name that tell a secret by themselves.
const WORDS: [&str; 5] = ["KEY", "KEYS", "PASS", "PW", "AUTH"];

/// Whether a name is that of a secret: `GITHUB_TOKEN`, `AWS_SECRET_ACCESS_KEY`, `MYSQL_PWD`, but not `PWD`, `KEYMAP`, `SSH_AUTH_SOCK`.
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_uppercase();
    if matches!(name.as_str(), "PWD" | "OLDPWD") || name.ends_with("_SOCK") {
        return false;
    }
    ANYWHERE.iter().any(|part| name.contains(part))
        || name
            .split(['_', '-', '.'])
            .any(|word| WORDS.contains(&word) || word == "PWD")
}

/// Whether a value is an address with a password in it: `postgres://user:password@host/db`.
pub fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority
        .rsplit_once('@')
        .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, p)| !p.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_the_first_equals_sign() {
        let all = Environment::from_bytes(
            b"HOME=/root\0OPTS=a=b\0EMPTY=\0lonely\0=C:=x\0\0BAD=\xff\x1b[2J\0",
        );
        let pairs: Vec<_> = all
            .variables
            .iter()
            .map(|v| (v.name.as_str(), v.value.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("HOME", "/root"),
                ("OPTS", "a=b"),
                ("EMPTY", ""),
                ("lonely", ""),
                ("=C:", "x"),
                ("BAD", "\\xff\\x1b[2J"),
            ]
        );
        assert!(Environment::from_bytes(b"").variables.is_empty());
    }

    #[test]
    fn a_title_that_was_written_over_it_is_told() {
        let left = Environment::from_bytes(b"user@pts/0\0\0\0\0LANG=C\0");
        assert!(left.overwritten);
        let names: Vec<_> = left.variables.iter().map(|v| v.name.as_str()).collect();
        assert_eq!(names, ["LANG"]);
        assert!(Environment::from_bytes(b"\0\0\0LANG=C\0").overwritten);
        for padded in [
            &b"\0      \0LANG=C\0"[..],
            b"        IL=x\0      \0LANG=C\0",
        ] {
            let left = Environment::from_bytes(padded);
            assert!(left.overwritten);
            assert_eq!(left.to_json().into_keys().collect::<Vec<_>>(), ["LANG"]);
        }
        assert!(!Environment::from_bytes(b"LANG=C\0lonely\0").overwritten);
        assert!(!Environment::from_bytes(b"").overwritten);
    }

    #[test]
    fn secrets_are_told_by_name_and_by_value() {
        let secret = |text: &str| Variable::from_bytes(text.as_bytes()).secret;
        for yes in [
            "GITHUB_TOKEN=x",
            "AWS_SECRET_ACCESS_KEY=x",
            "DB_PASSWORD=x",
            "db_passwd=x",
            "API_KEY=x",
            "OPENAI_APIKEY=x",
            "MYSQL_PWD=x",
            "REDIS_PASS=x",
            "GOOGLE_CREDENTIALS=x",
            "npm_config__auth=x",
            "SESSION_COOKIE=x",
            "DATABASE_URL=postgres://u:p@db/x",
        ] {
            assert!(secret(yes), "{yes}");
        }
        for no in [
            "PWD=/root",
            "OLDPWD=/",
            "KEYMAP=us",
            "XKB_KEYBOARD=us",
            "SSH_AUTH_SOCK=/tmp/x",
            "PATH=/bin",
            "MONKEY=x",
            "TOKEN=",
            "URL=https://host/a:b@c",
            "URL=https://user@host/",
            "COMPASS=n",
        ] {
            assert!(!secret(no), "{no}");
        }
    }

    #[test]
    fn json_masks_secrets_and_takes_the_first_of_two() {
        let all = Environment::from_bytes(b"A=1\0A=2\0TOKEN=abc\0");
        let json = serde_json::to_value(all.to_json()).expect("json");
        assert_eq!(json, serde_json::json!({"A": "1", "TOKEN": MASK}));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_never_panic(bytes: Vec<u8>) {
            let _ = Environment::from_bytes(&bytes).to_json();
        }
    }
}
