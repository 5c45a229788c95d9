//! Words that must not be written down: machine paths, secrets, unfinished marks.
//!
//! The patterns are put together at run time, because this file is checked too.

use super::Problem;
use super::tree::{Tree, extension, is_generated};

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let rules = rules();
    let mut problems = Vec::new();
    for (path, text) in tree.texts() {
        let environment = environment_reads(path, text);
        problems.extend(environment);
        for (number, line) in text.lines().enumerate() {
            for rule in &rules {
                if rule.applies_to(path, text) && (rule.finds)(line, &rule.pattern) {
                    problems.push(Problem::at_line(path, number + 1, rule.message));
                }
            }
        }
    }
    problems
}

/// One pattern that no line may hold.
struct Rule {
    pattern: String,
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

impl Rule {
    fn applies_to(&self, path: &str, text: &str) -> bool {
        self.scope == Scope::Everything
            || (["rs", "py", "ts", "tsx", "sh", "toml", "sql"].contains(&extension(path))
                && !is_generated(text))
    }
}

fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut add = |pattern: String, finds, scope, message| {
        rules.push(Rule {
            pattern,
            finds,
            scope,
            message,
        });
    };
    for folder in ["root", "home", "work"] {
        let message = "names a folder of one machine";
        add(
            format!("/{folder}/"),
            holds_path as fn(&str, &str) -> bool,
            Scope::Everything,
            message,
        );
    }
    for start in ["RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""] {
        let key = format!("-----BEGIN {start}PRIVATE {}", "KEY-----");
        add(key, str_contains, Scope::Everything, "holds a private key");
    }
    for (prefix, message) in [
        ("AKI", "holds what looks like an AWS access key"),
        ("LTA", "holds what looks like an Aliyun access key"),
    ] {
        let last = if prefix == "AKI" { "A" } else { "I" };
        add(
            format!("{prefix}{last}"),
            holds_token,
            Scope::Everything,
            message,
        );
    }
    for prefix in ["ghp", "gho", "npm", "pypi"] {
        let separator = if prefix == "pypi" { '-' } else { '_' };
        add(
            format!("{prefix}{separator}"),
            holds_token,
            Scope::Everything,
            "holds what looks like a token",
        );
    }
    for setting in ["index-url", "registry", "proxy", "mirror"] {
        let message = "names a package registry of one machine";
        add(setting.to_owned(), sets_address, Scope::Everything, message);
    }
    for word in ["TODO", "FIXME", "XXX"] {
        add(
            word.to_owned(),
            is_bare_mark,
            Scope::Source,
            "an open end needs an issue: write it as MARK(#12)",
        );
    }
    for (start, end, message) in [
        ("#[ign", "ore", "a test that does not run proves nothing"),
        ("#[should_", "panic", "check the error instead"),
        ("#[all", "ow(", "use expect with a reason instead"),
        ("#![all", "ow(", "use expect with a reason instead"),
        ("unimple", "mented!(", "finish it or leave it out"),
    ] {
        add(format!("{start}{end}"), starts_code, Scope::Source, message);
    }
    rules
}

fn str_contains(line: &str, pattern: &str) -> bool {
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

/// The prefix of a key followed by at least twelve characters of one.
fn holds_token(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let rest = &line[at + pattern.len()..];
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        !before.is_some_and(char::is_alphanumeric) && (12..100).contains(&length)
    })
}

/// `name = address`, `name: address` or `name address` at the start of a line or after a dash.
fn sets_address(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let before = line[..at].trim_start().trim_end_matches(['-', '"']);
        let rest = line[at + pattern.len()..].trim_start_matches([' ', '=', ':', '"', '\'']);
        let starts_setting =
            before.is_empty() || line[..at].ends_with("--") || line[..at].ends_with("extra-");
        starts_setting
            && (rest.starts_with("http://")
                || rest.starts_with("https://")
                || rest.starts_with("sparse+"))
    })
}

/// The mark as a word of its own, without the number of an issue.
fn is_bare_mark(line: &str, pattern: &str) -> bool {
    line.match_indices(pattern).any(|(at, _)| {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '"';
        let before = line[..at].chars().next_back();
        let after = &line[at + pattern.len()..];
        !before.is_some_and(word) && !after.starts_with(word) && !after.starts_with("(#")
    })
}

/// Outside tests the environment is read by the executables and the developers' tools only.
fn environment_reads(path: &str, text: &str) -> Vec<Problem> {
    let reader = [
        "crates/cli/",
        "crates/xtask/",
        "crates/testkit/",
        "crates/maxcompute-emulator/",
    ];
    let is_library = path.starts_with("crates/")
        && path.contains("/src/")
        && !path.ends_with("tests.rs")
        && !reader.iter().any(|prefix| path.starts_with(prefix));
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

    fn found(path: &str, line: &str) -> Vec<&'static str> {
        let files = [(path, line)];
        let problems = check(&Tree::from(&files[..]));
        let mut messages = Vec::new();
        for problem in problems {
            let known = rules()
                .into_iter()
                .find(|rule| rule.message == problem.message);
            messages.push(known.map_or("environment", |rule| rule.message));
        }
        messages
    }

    #[test]
    fn machine_paths_are_absolute_ones() {
        for folder in ["root", "home", "work"] {
            let path = format!("/{folder}/somebody/file");
            assert_eq!(found("a.md", &format!("see {path}")).len(), 1, "{path}");
            assert_eq!(found("a.md", &format!("`{path}`")).len(), 1, "{path}");
            assert_eq!(found("a.md", &format!("docs{path}")).len(), 0, "{path}");
            assert_eq!(found("a.md", &format!("~{path}")).len(), 1, "{path}");
        }
        assert_eq!(
            found("a.md", "the homes/of and worker/ and ../rooted/x"),
            [""; 0]
        );
    }

    #[test]
    fn keys_and_tokens_are_found_and_words_are_not() {
        let aliyun = format!("{}{}", "LTA", "I5tAbCdEfGhIjKlMnOp");
        assert_eq!(
            found("a.toml", &format!("accessId = \"{aliyun}\"")).len(),
            1
        );
        assert_eq!(found("a.toml", "accessId = \"LTAI\"").len(), 0);
        let key = format!("-----BEGIN PRIVATE {}", "KEY-----");
        assert_eq!(found("a.pem", &key).len(), 1);
        assert_eq!(found("a.pem", "-----BEGIN CERTIFICATE-----").len(), 0);
    }

    #[test]
    fn open_ends_need_an_issue() {
        let mark = ["TO", "DO"].concat();
        assert_eq!(found("a.rs", &format!("// {mark}: later")).len(), 1);
        assert_eq!(found("a.rs", &format!("// {mark}(#12): later")).len(), 0);
        assert_eq!(found("a.rs", "let todos = 1;").len(), 0);
        assert_eq!(found("a.md", &format!("a {mark} list")).len(), 0);
    }

    #[test]
    fn tests_that_do_not_run_are_found() {
        let attribute = ["#[ign", "ore]"].concat();
        assert_eq!(found("a.rs", &format!("    {attribute}")).len(), 1);
        assert_eq!(found("a.rs", &format!("    // about {attribute}")).len(), 0);
    }

    #[test]
    fn registries_of_one_machine_are_found() {
        for setting in [
            "index-url = http:",
            "registry=http:",
            "pip install --index-url http:",
        ] {
            let line = format!("{setting}//10.0.0.1/simple");
            assert_eq!(found("a.conf", &line).len(), 1, "{line}");
        }
        assert_eq!(found("a.md", "the index-url option").len(), 0);
        assert_eq!(
            found("Cargo.lock", "source = \"registry+https://github.com/x\"").len(),
            0
        );
    }

    #[test]
    fn libraries_do_not_read_the_environment_outside_tests() {
        let line = "let x = std::env::var(\"X\");";
        assert_eq!(found("crates/engine/src/run.rs", line), ["environment"]);
        assert_eq!(found("crates/cli/src/main.rs", line).len(), 0);
        assert_eq!(found("crates/engine/tests/it/main.rs", line).len(), 0);
        assert_eq!(
            found("crates/engine/src/run.rs", &format!("#[cfg(test)]\n{line}")).len(),
            0
        );
    }
}
