//! Which code touched pages: a function of a file by what people call it, or why it is not told.

use std::fmt;

use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;

/// A place in code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// The function, or why it is not told: `Unsupported` where the file names none there, `Soon` while it is looked for.
    pub function: Reading<SafeText>,
    /// The file, or what the kernel calls it; empty for code of no file.
    pub object: SafeText,
    /// Where in it, by the file's own addresses; of no file, where in memory.
    pub address: u64,
}

impl Code {
    /// The file without its folders.
    fn short(&self) -> &str {
        let name = self.object.as_str();
        name.rsplit('/').next().unwrap_or(name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address;
        match (&self.function, self.short()) {
            (Ok(name), "") => write!(f, "{name}"),
            (Ok(name), file) => write!(f, "{name} of {file}"),
            (Err(_), "") => write!(f, "code of no file at {address:x}"),
            (Err(_), file) => write!(f, "{file}+{address:#x}"),
        }
    }
}

/// Who touched a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Toucher {
    /// The code that did; `None` for the kernel, as when it reads a file into memory that it was given.
    pub code: Option<Code>,
    /// Who had called that, where it only does what it is told (it copies, it fills) or is not named.
    pub caller: Option<Code>,
}

impl Toucher {
    /// What two touchers have in common that are the same to a person: functions, not places in them; and of code that is
    /// not named, who called it.
    pub fn same(&self) -> impl Eq + std::hash::Hash + use<'_> {
        fn part(code: &Code, told: bool) -> (Option<&SafeText>, &SafeText, u64) {
            let at = if told { 0 } else { code.address };
            (code.function.as_ref().ok(), &code.object, at)
        }
        let named = |code: &Code| code.function.is_ok();
        let told = self.caller.is_some();
        let code = self.code.as_ref().map(|c| part(c, told || named(c)));
        (code, self.caller.as_ref().map(|c| part(c, named(c))))
    }

    /// Why the function is not told, where neither it nor who called it is.
    pub fn untold(&self) -> Option<Missing> {
        let functions = self.code.iter().chain(&self.caller).map(|c| &c.function);
        let mut why = functions.clone().filter_map(|f| f.as_ref().err());
        let told = self.code.is_none() || functions.clone().any(Result::is_ok);
        why.next().copied().filter(|_| !told)
    }
}

impl fmt::Display for Toucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            None => f.write_str("the kernel in a call of it")?,
            Some(code) => write!(f, "{code}")?,
        }
        if let Some(caller) = &self.caller {
            write!(f, ", called by {caller}")?;
        }
        match self.untold() {
            Some(Missing::Soon) => f.write_str(" (function being looked for)"),
            Some(_) => f.write_str(" (function not told)"),
            None => Ok(()),
        }
    }
}

/// Whether a function only does what it is told by who calls it: it copies, compares or fills memory.
pub fn does_what_it_is_told(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    let families = [
        "mem",
        "wmem",
        "str",
        "wcs",
        "bzero",
        "bcopy",
        "explicit_bzero",
    ];
    families.iter().any(|family| name.starts_with(family))
}

/// What people call a function that a linker knows by this name: compilers of Rust and C++ make longer ones of them.
pub fn called(symbol: &[u8]) -> SafeText {
    let Ok(text) = std::str::from_utf8(symbol) else {
        return SafeText::from_bytes(symbol);
    };
    // Of C++ with what only a compiler can spell out, the name stays as it is.
    let rust = rustc_demangle::try_demangle(text).map(|name| format!("{name:#}"));
    let told = rust.ok().or_else(|| nested(text));
    SafeText::from_bytes(told.as_deref().unwrap_or(text).as_bytes())
}

/// `_ZN3one3twoEv` is `one::two`, `_Z4fillPci` is `fill`: plain names, whatever the arguments are.
fn nested(symbol: &str) -> Option<String> {
    let rest = symbol.strip_prefix("_Z")?;
    let (mut rest, many) = match rest.strip_prefix('N') {
        Some(rest) => (rest.trim_start_matches(['K', 'V', 'r']), true),
        None => (rest, false),
    };
    let mut parts: Vec<&str> = Vec::new();
    loop {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (length, after) = rest.split_at(digits);
        let length: usize = length.parse().ok()?;
        parts.push(after.get(..length).filter(|name| !name.is_empty())?);
        rest = &after[length..];
        if !many {
            // What follows a plain name are the types of its arguments; of a template they would be its own.
            return (!rest.starts_with('I')).then(|| parts.concat());
        }
        if rest.starts_with('E') {
            return Some(parts.join("::"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_called_as_they_were_written() {
        for (symbol, name) in [
            ("touch_pages", "touch_pages"),
            (
                "_ZN6puppet5touch4fill17h0123456789abcdefE",
                "puppet::touch::fill",
            ),
            ("_RNvNtCs1234_6puppet5touch4fill", "puppet::touch::fill"),
            ("_ZN3one3twoEv", "one::two"),
            ("_ZNK3one3twoEi", "one::two"),
            ("_Z4fillPci", "fill"),
            ("_ZNSt6vectorIiE4pushEi", "_ZNSt6vectorIiE4pushEi"),
            ("_Z3maxIiET_S0_S0_", "_Z3maxIiET_S0_S0_"),
            ("_Z99fill", "_Z99fill"),
            ("_ZN4üxEv", "_ZN4üxEv"),
            ("main.(*T).Fill", "main.(*T).Fill"),
        ] {
            assert_eq!(called(symbol.as_bytes()).as_str(), name, "{symbol}");
        }
        assert_eq!(called(b"a\x1b[2J\xff").as_str(), r"a\x1b[2J\xff");
    }

    #[test]
    fn what_has_no_name_says_where_it_is_and_who_called_it() {
        let code = |function: Reading<&str>, object: &str, address| Code {
            function: function.map(Into::into),
            object: object.into(),
            address,
        };
        let none = Err(Missing::Unsupported);
        let fill = code(Ok("fill"), "/opt/a/puppet", 0x1000);
        let library = code(none, "/usr/lib/libc.so.6", 0x15a3);
        let of = |code: &Code, caller: Option<&Code>| Toucher {
            code: Some(code.clone()),
            caller: caller.cloned(),
        };
        let says = |toucher: &Toucher, words: &str| assert_eq!(toucher.to_string(), words);
        says(&of(&fill, None), "fill of puppet");
        says(&of(&library, None), "libc.so.6+0x15a3 (function not told)");
        let called = of(&library, Some(&fill));
        says(&called, "libc.so.6+0x15a3, called by fill of puppet");
        let bare = of(&library, Some(&code(none, "/opt/a/puppet", 0x10)));
        let words = "libc.so.6+0x15a3, called by puppet+0x10 (function not told)";
        says(&bare, words);
        let soon = code(Err(Missing::Soon), "/usr/lib/libc.so.6", 1);
        says(
            &of(&soon, None),
            "libc.so.6+0x1 (function being looked for)",
        );
        let jit = code(none, "", 0x7f00);
        says(
            &of(&jit, None),
            "code of no file at 7f00 (function not told)",
        );
        says(&Toucher::default(), "the kernel in a call of it");
        assert_eq!(called.untold(), None);
        assert_eq!(of(&library, None).untold(), Some(Missing::Unsupported));

        // One function is one, wherever in it; code without a name is one place, or one with who called it.
        let moved = |code: &Code| Code {
            address: code.address + 8,
            ..code.clone()
        };
        let same = |a: &Toucher, b: &Toucher| a.same() == b.same();
        assert!(same(&of(&fill, None), &of(&moved(&fill), None)));
        assert!(!same(&of(&library, None), &of(&moved(&library), None)));
        assert!(same(&called, &of(&moved(&library), Some(&moved(&fill)))));
        assert!(!same(&called, &of(&library, None)));
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_harmless(symbol: Vec<u8>, plain in "_Z[N0-9A-Za-z]{0,20}") {
            called(&symbol);
            called(plain.as_bytes());
        }
    }
}
