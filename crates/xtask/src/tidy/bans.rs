//! Outside crates that must not come in, not even through others.
//!
//! Their list is that of `deny.toml`; `cargo deny` checks more and has to be installed first.

use super::Problem;
use super::tree::Tree;

const LIST: &str = "deny.toml";
/// Fuzzing is a workspace of its own.
const LOCKS: [&str; 2] = ["Cargo.lock", "fuzz/Cargo.lock"];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let bans = bans(tree.text(LIST).unwrap_or_default());
    if bans.is_empty() {
        let message = "has no list `deny` of crates below `[bans]`, one a line";
        return vec![Problem::in_file(LIST, message)];
    }
    let mut problems = Vec::new();
    for path in LOCKS {
        for (number, line) in tree.text(path).unwrap_or_default().lines().enumerate() {
            for (name, reason) in &bans {
                if quoted(line, "name = ") == Some(*name) {
                    let message = format!("{name} must not be built in: {reason}");
                    problems.push(Problem::at_line(path, number + 1, message));
                }
            }
        }
    }
    problems
}

/// The banned crates with the reasons.
fn bans(text: &str) -> Vec<(&str, &str)> {
    let section = text
        .lines()
        .skip_while(|line| *line != "[bans]")
        .skip_while(|line| *line != "deny = [");
    section
        .take_while(|line| *line != "]")
        .filter_map(|line| {
            let entry = line.trim_start().strip_prefix("{ ")?;
            let (_, reason) = entry.split_once(", ")?;
            Some((quoted(entry, "crate = ")?, quoted(reason, "reason = ")?))
        })
        .collect()
}

/// The text in quotes after what a line begins with.
fn quoted<'a>(line: &'a str, start: &str) -> Option<&'a str> {
    let (text, _) = line
        .strip_prefix(start)?
        .strip_prefix('"')?
        .split_once('"')?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENY: &str = "[licenses]\nallow = [\n    \"MIT\",\n]\n\n[bans]\nwildcards = \"deny\"\ndeny = [\n    \
        { crate = \"openssl-sys\", reason = \"the one TLS stack is rustls, and no other\" },\n    \
        { crate = \"datafusion\", reason = \"slow\" },\n]\n\n[sources]\n";

    fn messages(lock: &str) -> Vec<String> {
        let tree = Tree::from(&[("deny.toml", DENY), ("Cargo.lock", lock)][..]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_banned_crate_is_found_in_the_lock_file() {
        let lock = "[[package]]\nname = \"datafusion-expr\"\nversion = \"1.0.0\"\n\n\
            [[package]]\nname = \"openssl-sys\"\ndependencies = [\n \"datafusion\",\n]\n";
        assert_eq!(
            messages(lock),
            [
                "Cargo.lock:6: openssl-sys must not be built in: the one TLS stack is rustls, and no other"
            ]
        );
        assert_eq!(messages("[[package]]\nname = \"datafusion\"\n").len(), 1);
        assert_eq!(messages(""), [""; 0]);
    }

    #[test]
    fn a_list_that_is_not_understood_is_a_problem() {
        let tree = Tree::from(&[("deny.toml", "[bans]\ndeny = []\n")][..]);
        assert_eq!(check(&tree).len(), 1);
    }

    #[test]
    fn the_list_of_this_repository_is_understood() {
        let text = include_str!("../../../../deny.toml");
        let entries = text
            .lines()
            .filter(|line| line.contains("crate = "))
            .count();
        assert_eq!(bans(text).len(), entries);
    }
}
