//! Connector folders are complete: a user finds the same files in each.

use std::collections::BTreeSet;

use super::Problem;
use super::tree::Tree;

const FOLDER: &str = "crates/connectors/src/";
/// Ground that connectors share; these folders are no connectors.
const SHARED: [&str; 3] = ["sql", "store", "format"];
const ALWAYS: [&str; 3] = ["mod.rs", "README.md", "logo.svg"];

pub(super) fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    for name in names(tree) {
        let folder = format!("{FOLDER}{name}");
        let module = |part: &str| {
            tree.contains(&format!("{folder}/{part}.rs"))
                || tree.contains(&format!("{folder}/{part}/mod.rs"))
        };
        for file in ALWAYS {
            if !tree.contains(&format!("{folder}/{file}")) {
                problems.push(Problem::in_file(&folder, format!("lacks {file}")));
            }
        }
        if !module("config") {
            problems.push(Problem::in_file(&folder, "lacks config.rs"));
        }
        if !module("read") && !module("write") {
            problems.push(Problem::in_file(
                &folder,
                "has neither read.rs nor write.rs",
            ));
        }
        let path = format!("{folder}/logo.svg");
        if let Some(logo) = tree.text(&path)
            && (!logo.contains("<svg") || logo.contains("<script"))
        {
            problems.push(Problem::in_file(&path, "must be a plain SVG picture"));
        }
        let declared = format!("mod {name};");
        let list = tree
            .text("crates/connectors/src/lib.rs")
            .unwrap_or_default();
        if !list
            .lines()
            .any(|line| line.trim_end().ends_with(&declared))
        {
            problems.push(Problem::in_file(
                &folder,
                "is missing in crates/connectors/src/lib.rs",
            ));
        }
    }
    problems
}

/// The folders beside `lib.rs` that are connectors.
fn names(tree: &Tree) -> BTreeSet<&str> {
    tree.paths()
        .filter_map(|path| path.strip_prefix(FOLDER)?.split_once('/'))
        .map(|(name, _)| name)
        .filter(|name| !SHARED.contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_folder_passes_and_each_missing_file_is_named() {
        let whole = [
            ("crates/connectors/src/lib.rs", "mod sql;\npub mod odps;\n"),
            ("crates/connectors/src/sql/mod.rs", ""),
            ("crates/connectors/src/odps/mod.rs", ""),
            ("crates/connectors/src/odps/config.rs", ""),
            ("crates/connectors/src/odps/README.md", ""),
            ("crates/connectors/src/odps/logo.svg", "<svg/>"),
            ("crates/connectors/src/odps/write/mod.rs", ""),
        ];
        assert_eq!(check(&Tree::from(&whole[..])), []);
        for left_out in 3..whole.len() {
            let mut files = whole.to_vec();
            files.remove(left_out);
            assert_eq!(check(&Tree::from(&files[..])).len(), 1, "{left_out}");
        }
        let unlisted = [
            &[("crates/connectors/src/lib.rs", "mod sql;\n")],
            &whole[1..],
        ]
        .concat();
        let problems = check(&Tree::from(&unlisted[..]));
        assert_eq!(problems.len(), 1);
        assert!(
            problems[0].message.contains("is missing in"),
            "{problems:?}"
        );
    }

    #[test]
    fn a_logo_is_a_picture_and_nothing_else() {
        let files = [
            ("crates/connectors/src/lib.rs", "mod odps;"),
            ("crates/connectors/src/odps/mod.rs", ""),
            ("crates/connectors/src/odps/config/mod.rs", ""),
            ("crates/connectors/src/odps/README.md", ""),
            (
                "crates/connectors/src/odps/logo.svg",
                "<svg><script/></svg>",
            ),
            ("crates/connectors/src/odps/read.rs", ""),
        ];
        assert_eq!(check(&Tree::from(&files[..])).len(), 1);
    }
}
