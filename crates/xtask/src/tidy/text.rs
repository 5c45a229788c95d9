//! Words that must not be written down: machine paths, secrets, unfinished marks.
//!
//! This file is the only one that is not checked, because it names them all.

use super::Problem;
use super::tree::{Tree, extension, is_generated};

const THIS_FILE: &str = "crates/xtask/src/tidy/text.rs";

/// One pattern that no line may hold.
struct Rule {
    pattern: &'static str,
    finds: fn(line: &str, pattern: &str) -> bool,
    scope: Scope,
    message: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Scope {
    Everything,
    /// Source that people write.
    Source,
}

const fn rule(
    pattern: &'static str,
    finds: fn(&str, &str) -> bool,
    scope: Scope,
    message: &'static str,
) -> Rule {
    Rule {
        pattern,
        finds,
        scope,
        message,
    }
}

const MACHINE: &str = "names a folder of one machine";
const TOKEN: &str = "holds what looks like a key or token";
const REGISTRY: &str = "names a package registry of one machine";
const OPEN_END: &str = "an open end needs an issue, written as (#12) after the mark";
const SUPPRESSED: &str = "use expect with a reason instead";

#[rustfmt::skip]
const RULES: [Rule; 22] = [
    rule("/root/", holds_path, Scope::Everything, MACHINE),
    rule("/home/", holds_path, Scope::Everything, MACHINE),
    rule("/work/", holds_path, Scope::Everything, MACHINE),
    rule("PRIVATE KEY-----", holds, Scope::Everything, "holds a private key"),
    rule("AKIA", holds_token, Scope::Everything, TOKEN),
    rule("LTAI", holds_token, Scope::Everything, TOKEN),
    rule("ghp_", holds_token, Scope::Everything, TOKEN),
    rule("gho_", holds_token, Scope::Everything, TOKEN),
    rule("npm_", holds_token, Scope::Everything, TOKEN),
    rule("pypi-", holds_token, Scope::Everything, TOKEN),
    rule("index-url", sets_address, Scope::Everything, REGISTRY),
    rule("registry", sets_address, Scope::Everything, REGISTRY),
    rule("proxy", sets_address, Scope::Everything, REGISTRY),
    rule("mirror", sets_address, Scope::Everything, REGISTRY),
    rule("TODO", is_bare_mark, Scope::Source, OPEN_END),
    rule("FIXME", is_bare_mark, Scope::Source, OPEN_END),
    rule("XXX", is_bare_mark, Scope::Source, OPEN_END),
    rule("#[ignore", starts_code, Scope::Source, "a test that does not run proves nothing"),
    rule("#[should_panic", starts_code, Scope::Source, "check the error instead"),
    rule("#[allow(", starts_code, Scope::Source, SUPPRESSED),
    rule("#![allow(", starts_code, Scope::Source, SUPPRESSED),
    rule("unimplemented!(", starts_code, Scope::Source, "finish it or leave it out"),
];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| *path != THIS_FILE) {
        problems.extend(environment_reads(path, text));
        let is_source = is_written_source(path, text);
        let rules = || {
            RULES
                .iter()
                .filter(|rule| is_source || rule.scope == Scope::Everything)
        };
        for (number, line) in text.lines().enumerate() {
            for rule in rules().filter(|rule| (rule.finds)(line, rule.pattern)) {
                problems.push(Problem::at_line(path, number + 1, rule.message));
            }
        }
    }
    problems
}

fn is_written_source(path: &str, text: &str) -> bool {
    let extensions = ["rs", "py", "ts", "tsx", "sh", "toml", "sql"];
    extensions.contains(&extension(path)) && !is_generated(text)
}

fn holds(line: &str, pattern: &str) -> bool {
    line.contains(pattern)
}

/// An attribute or macro, not its name in a string or comment.
fn starts_code(line: &str, pattern: &str) -> bool {
    line.trim_start().starts_with(pattern)
}

/// An absolute path: nothing before it that would make it a part of another one.
fn holds_path(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-/}>)*".contains(c))
    })
}

/// The prefix of a key, followed by at least twelve characters of one.
fn holds_token(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let rest = &line[at + pattern.len()..];
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        !before.is_some_and(char::is_alphanumeric) && length >= 12
    })
}

/// A setting at the start of a line, or an option of a command, with an address as its value.
fn sets_address(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let before = &line[..at];
        let value = line[at + pattern.len()..].trim_start_matches([' ', '=', ':', '"', '\'']);
        let is_setting = before.trim_start().is_empty()
            || ["--", "-", "\""].iter().any(|end| before.ends_with(end));
        let starts = ["http://", "https://", "sparse+"];
        is_setting && starts.iter().any(|start| value.starts_with(start))
    })
}

/// The mark as a word of its own, without the number of an issue.
fn is_bare_mark(line: &str, pattern: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + pattern.len()..];
        !before.is_some_and(word) && !after.starts_with(word) && !after.starts_with("(#")
    })
}

/// Outside tests the environment is read by the executables and the developers' tools only.
fn environment_reads(path: &str, text: &str) -> Vec<Problem> {
    let readers = [
        "crates/cli/",
        "crates/xtask/",
        "crates/testkit/",
        "crates/maxcompute-emulator/",
    ];
    let is_library = path.starts_with("crates/")
        && path.contains("/src/")
        && !path.ends_with("tests.rs")
        && !readers.iter().any(|prefix| path.starts_with(prefix));
    if !is_library || extension(path) != "rs" {
        return Vec::new();
    }
    let code = text
        .lines()
        .take_while(|line| line.trim() != "#[cfg(test)]");
    code.enumerate()
        .filter(|(_, line)| line.contains("env::var"))
        .map(|(number, _)| {
            Problem::at_line(
                path,
                number + 1,
                "environment variables are read in `cli` only",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many problems a file of one line has.
    fn found(path: &str, line: &str) -> usize {
        check(&Tree::from(&[(path, line)][..])).len()
    }

    #[test]
    fn machine_paths_are_absolute_ones() {
        assert_eq!(found("a.md", "see /root/x"), 1);
        assert_eq!(found("a.md", "`/home/somebody/file`"), 1);
        assert_eq!(
            found(
                "a.md",
                "docs/work/x, ${W}/work/x, the homes/of and ../rooted/x"
            ),
            0
        );
    }

    #[test]
    fn keys_and_tokens_are_found_and_words_are_not() {
        assert_eq!(found("a.toml", "accessId = \"LTAI5tAbCdEfGhIjKlMnOp\""), 1);
        assert_eq!(found("a.toml", "accessId = \"LTAI\""), 0);
        assert_eq!(found("a.pem", "-----BEGIN EC PRIVATE KEY-----"), 1);
        assert_eq!(found("a.pem", "-----BEGIN CERTIFICATE-----"), 0);
    }

    #[test]
    fn open_ends_need_an_issue() {
        assert_eq!(found("a.rs", "// TODO: later"), 1);
        assert_eq!(found("a.rs", "// TODO(#12): later"), 0);
        assert_eq!(found("a.rs", "let todos = TODOS;"), 0);
        assert_eq!(found("a.md", "a TODO list"), 0);
    }

    #[test]
    fn tests_that_do_not_run_are_found() {
        assert_eq!(found("a.rs", "    #[ignore]"), 1);
        assert_eq!(found("a.rs", "    // about #[ignore]"), 0);
    }

    #[test]
    fn registries_of_one_machine_are_found() {
        assert_eq!(found("pip.conf", "index-url = http://10.0.0.1/simple"), 1);
        assert_eq!(found(".npmrc", "registry=https://10.0.0.1/npm"), 1);
        assert_eq!(
            found(
                "a.md",
                "pip install --extra-index-url http://10.0.0.1/simple"
            ),
            1
        );
        assert_eq!(found("a.md", "the index-url option"), 0);
        assert_eq!(
            found("Cargo.lock", "source = \"registry+https://github.com/x\""),
            0
        );
    }

    #[test]
    fn libraries_do_not_read_the_environment_outside_tests() {
        let line = "let x = std::env::var(\"X\");";
        assert_eq!(found("crates/engine/src/run.rs", line), 1);
        assert_eq!(found("crates/cli/src/main.rs", line), 0);
        assert_eq!(found("crates/engine/tests/it/main.rs", line), 0);
        let in_tests = format!("#[cfg(test)]\n{line}");
        assert_eq!(found("crates/engine/src/run.rs", &in_tests), 0);
    }
}
