//! What the words of the tab mean.

pub fn lines() -> Vec<(String, String)> {
    [
        ("soft, hard", "The soft limit is enforced; the process may raise it up to the hard one by itself."),
        ("threads of its user", "The kernel counts all threads of the user, not of this process; they are counted here by effective user."),
        ("control group", "What this group and its neighbours may use together. The tightest limit counts, also where a group above sets it."),
        ("throttled", "The group had used up its share of the cores and had to wait for the next period."),
        ("namespace", "What the process sees of the machine. One that differs from pscope's own means a container or a sandbox."),
        ("capabilities", "Rights of root in pieces. Effective ones count now; the bounding set is the most that a program which it runs can get."),
        ("no new privileges", "No program that it runs gains rights, not even a set-user-id one."),
        ("seccomp", "Which system calls are allowed."),
        ("OOM score", "The higher it is, the sooner the kernel ends the process when memory runs out; -1000 of adjustment means never."),
    ]
    .map(|(word, meaning)| (word.to_owned(), meaning.to_owned()))
    .to_vec()
}
