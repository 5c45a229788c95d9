//! Documents name only things that exist: relative links, and names in backticks that look like paths.

use super::Problem;
use super::tree::{Tree, extension, is_generated};

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (path, text) in tree.texts() {
        if extension(path) != "md" || is_generated(text) {
            continue;
        }
        let mut in_block = false;
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                in_block = !in_block;
            }
            // A block shows commands and the user's own files.
            if in_block {
                continue;
            }
            let links = link_targets(line).filter(|target| !link_exists(tree, path, target));
            for target in links {
                let message = format!("links to {target:?}, which does not exist");
                problems.push(Problem::at_line(path, number + 1, message));
            }
            let names =
                code_spans(line).filter(|name| is_path(name) && !name_exists(tree, path, name));
            for name in names {
                let message = format!("names `{name}`, which does not exist");
                problems.push(Problem::at_line(path, number + 1, message));
            }
        }
    }
    problems
}

/// What follows `](` up to the closing bracket, for links into the repository.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let target = rest.split([')', ' ']).next()?;
        let target = target.split('#').next()?;
        let is_elsewhere = target.contains("://") || target.starts_with("mailto:");
        (!target.is_empty() && !is_elsewhere).then_some(target)
    })
}

/// The texts between single backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// True for what can only mean a file of this repository.
fn is_path(name: &str) -> bool {
    const TOP_FOLDERS: [&str; 10] = [
        "docs/",
        "crates/",
        "fixtures/",
        "examples/",
        "fuzz/",
        "console/",
        "e2e/",
        ".ci/",
        ".cargo/",
        "changelog.d/",
    ];
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let is_source = name.contains('/') && ["rs", "md"].contains(&extension(name));
    !name.starts_with('/')
        && name.chars().all(plain)
        && (is_source || TOP_FOLDERS.iter().any(|folder| name.starts_with(folder)))
}

fn link_exists(tree: &Tree, document: &str, target: &str) -> bool {
    resolve(document, target).is_some_and(|path| path.is_empty() || tree.contains(&path))
}

/// Names may be written from the root, from the document's folder, or from a crate's.
fn name_exists(tree: &Tree, document: &str, name: &str) -> bool {
    let crate_folder = document.split('/').take(2).collect::<Vec<_>>().join("/");
    let mut places = vec![name.to_owned(), format!("crates/{name}")];
    places.push(format!("{crate_folder}/{name}"));
    places.push(format!("{crate_folder}/src/{name}"));
    places.extend(resolve(document, name));
    places.iter().any(|place| tree.contains(place))
}

/// A path relative to the document, as one relative to the root; nothing when it leaves the root.
fn resolve(document: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = document.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(document: &str, text: &str) -> Vec<String> {
        let files = [
            (document, text),
            ("README.md", "x"),
            ("docs/guide/parameters.md", "x"),
            ("crates/engine/src/plan.rs", "x"),
        ];
        let tree = Tree::from(&files[..]);
        check(&tree)
            .into_iter()
            .map(|problem| problem.message)
            .collect()
    }

    #[test]
    fn links_are_followed_from_the_document() {
        let good = "[a](guide/parameters.md) [b](../README.md#top) [c](https://example.com/x.md) [d](#here) [e](..)";
        assert_eq!(messages("docs/index.md", good), [""; 0]);
        let bad = "[a](parameters.md) and [b](../../README.md)";
        assert_eq!(
            messages("docs/index.md", bad),
            [
                "links to \"parameters.md\", which does not exist",
                "links to \"../../README.md\", which does not exist"
            ]
        );
    }

    #[test]
    fn names_in_backticks_are_checked_when_they_look_like_paths() {
        let good = "`engine/src/plan.rs`, `crates/engine`, `docs/guide/`, `a/b`, `data/x.csv`, `cargo test`, `x.md`";
        assert_eq!(messages("docs/index.md", good), [""; 0]);
        let bad = "`engine/src/plans.rs` and `docs/nothing`";
        assert_eq!(
            messages("docs/index.md", bad),
            [
                "names `engine/src/plans.rs`, which does not exist",
                "names `docs/nothing`, which does not exist"
            ]
        );
    }

    #[test]
    fn blocks_show_the_users_own_files() {
        let text = "```\n[a](nothing.md) `docs/nothing`\n```\n[b](nothing.md)";
        assert_eq!(messages("docs/index.md", text).len(), 1);
    }
}
