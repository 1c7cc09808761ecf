//! Why the library of a driver tells nothing of its cards.

use std::fmt;

/// What is wrong with the library, or with the driver behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is not found.
    NoLibrary,
    /// It cannot be loaded by this program, which is linked statically.
    Static,
    /// What was found is another library, or one that is too old.
    Lacking,
    /// It answers with an error of this number.
    Answers(u32),
}

impl Trouble {
    /// The way to get what is missing; empty where there is none.
    pub fn get(self) -> &'static str {
        match self {
            Self::NoLibrary | Self::Lacking => "install the utilities of its driver",
            Self::Static => "use a pscope that is linked with the C library",
            Self::Answers(9) => "sudo modprobe nvidia",
            Self::Answers(18) => "reboot, or load the driver anew",
            Self::Answers(_) => "",
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLibrary => f.write_str("there is no library libnvidia-ml.so.1"),
            Self::Static => f.write_str("this program is linked statically and loads no library"),
            Self::Lacking => f.write_str("the library libnvidia-ml.so.1 lacks what is asked of it"),
            // The numbers of nvmlReturn_t that people meet.
            Self::Answers(9) => f.write_str("the driver is not loaded"),
            Self::Answers(15) => f.write_str("a card has fallen off the bus"),
            Self::Answers(18) => {
                f.write_str("the library and the driver in the kernel are of different versions")
            }
            Self::Answers(code) => write!(f, "the library answers with error {code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_told_where_there_is_one() {
        for (trouble, way) in [
            (Trouble::NoLibrary, "install the utilities of its driver"),
            (Trouble::Lacking, "install the utilities of its driver"),
            (
                Trouble::Static,
                "use a pscope that is linked with the C library",
            ),
            (Trouble::Answers(9), "sudo modprobe nvidia"),
            (Trouble::Answers(18), "reboot, or load the driver anew"),
            (Trouble::Answers(15), ""),
        ] {
            assert_eq!(trouble.get(), way, "{trouble}");
        }
    }
}
