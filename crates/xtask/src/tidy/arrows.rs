//! Which crate may use which: the arrows between our crates, and the outside crates with one owner.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Problem;
use crate::process;

/// The arrows; what can be reached along them may also be used directly.
const ARROWS: [(&str, &[&str]); 11] = [
    ("job", &[]),
    ("sdk", &[]),
    ("maxcompute", &[]),
    ("connectors", &["sdk", "maxcompute"]),
    ("engine", &["job", "sdk"]),
    ("cluster", &["engine"]),
    ("server", &["engine"]),
    ("cli", &["server", "cluster", "engine", "connectors"]),
    ("maxcompute-emulator", &["maxcompute"]),
    ("testkit", &["engine"]),
    ("xtask", &[]),
];
/// More arrows, for tests only.
const TEST_ARROWS: [(&str, &[&str]); 4] = [
    ("connectors", &["testkit", "maxcompute-emulator"]),
    ("engine", &["testkit"]),
    ("server", &["testkit", "connectors"]),
    ("cli", &["testkit", "maxcompute-emulator"]),
];
/// Outside crates, by the start of their names, and who alone may use them outside tests.
const OWNED: [(&str, &[&str]); 7] = [
    ("datafusion", &["engine"]),
    ("ballista", &["cluster"]),
    ("axum", &["server", "maxcompute-emulator"]),
    ("sqlx", &["server"]),
    ("tokio-postgres", &["connectors"]),
    ("anyhow", &["cli", "xtask"]),
    ("clap", &["cli", "maxcompute-emulator"]),
];

/// A dependency that a manifest declares.
#[derive(Debug, PartialEq)]
pub(super) struct Arrow {
    from: String,
    to: String,
    reach: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Reach {
    Always,
    Tests,
}

/// The dependencies of every crate of the workspace.
pub(super) fn read(root: &Path) -> Result<Vec<Arrow>> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root);
    let metadata: Value = serde_json::from_str(&process::output(&mut cargo)?)?;
    parse(&metadata).context("cargo metadata has another form than expected")
}

fn parse(metadata: &Value) -> Option<Vec<Arrow>> {
    let mut arrows = Vec::new();
    for package in metadata["packages"].as_array()? {
        for dependency in package["dependencies"].as_array()? {
            arrows.push(Arrow {
                from: package["name"].as_str()?.to_owned(),
                to: dependency["name"].as_str()?.to_owned(),
                reach: match dependency["kind"].as_str() {
                    Some("dev") => Reach::Tests,
                    _ => Reach::Always,
                },
            });
        }
    }
    Some(arrows)
}

pub(super) fn check(arrows: &[Arrow]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let shipped = closure(&ARROWS);
    let tested = closure(&[&ARROWS[..], &TEST_ARROWS[..]].concat());
    for Arrow { from, to, reach } in arrows {
        let manifest = format!("crates/{from}/Cargo.toml");
        let allowed = if *reach == Reach::Tests {
            &tested
        } else {
            &shipped
        };
        let Some(targets) = allowed.get(from.as_str()) else {
            let message = format!(
                "crate {from} is not in the list of crates; a new crate needs a decision record"
            );
            problems.push(Problem::in_file(&manifest, message));
            continue;
        };
        let is_ours = shipped.contains_key(to.as_str());
        if is_ours && !targets.contains(to.as_str()) {
            problems.push(Problem::in_file(
                &manifest,
                format!("{from} must not use {to}"),
            ));
        }
        if *reach == Reach::Always {
            for (start, owners) in OWNED {
                let is_owned = to == start || to.starts_with(&format!("{start}-"));
                if is_owned && !owners.contains(&from.as_str()) {
                    let message = format!(
                        "{from} must not use {to}, which belongs to {}",
                        owners.join(" and ")
                    );
                    problems.push(Problem::in_file(&manifest, message));
                }
            }
        }
    }
    problems
}

/// For each crate, all that can be reached along the arrows.
fn closure<'a>(arrows: &[(&'a str, &[&'a str])]) -> BTreeMap<&'a str, BTreeSet<&'a str>> {
    let mut reached: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, targets) in arrows {
        reached.entry(from).or_default().extend(*targets);
    }
    loop {
        let before = reached.clone();
        for targets in reached.values_mut() {
            let further: Vec<&str> = targets
                .iter()
                .filter_map(|to| before.get(to))
                .flatten()
                .copied()
                .collect();
            targets.extend(further);
        }
        if reached == before {
            return reached;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(from: &str, to: &str, reach: Reach) -> Vec<String> {
        let arrow = Arrow {
            from: from.to_owned(),
            to: to.to_owned(),
            reach,
        };
        check(&[arrow])
            .into_iter()
            .map(|problem| problem.message)
            .collect()
    }

    #[test]
    fn arrows_point_one_way() {
        for (from, to) in [
            ("cli", "job"),
            ("engine", "sdk"),
            ("connectors", "maxcompute"),
            ("job", "serde"),
        ] {
            assert_eq!(messages(from, to, Reach::Always), [""; 0], "{from} → {to}");
        }
        for (from, to) in [
            ("job", "sdk"),
            ("sdk", "job"),
            ("connectors", "engine"),
            ("engine", "connectors"),
            ("maxcompute", "sdk"),
            ("engine", "testkit"),
        ] {
            assert_eq!(
                messages(from, to, Reach::Always),
                [format!("{from} must not use {to}")]
            );
        }
    }

    #[test]
    fn tests_may_use_more() {
        for (from, to) in [
            ("engine", "testkit"),
            ("connectors", "testkit"),
            ("connectors", "maxcompute-emulator"),
            ("sdk", "anyhow"),
        ] {
            assert_eq!(messages(from, to, Reach::Tests), [""; 0], "{from} → {to}");
        }
        assert_eq!(
            messages("sdk", "engine", Reach::Tests),
            ["sdk must not use engine"]
        );
    }

    #[test]
    fn outside_crates_have_owners() {
        assert_eq!(
            messages("engine", "datafusion-expr", Reach::Always),
            [""; 0]
        );
        assert_eq!(
            messages("sdk", "datafusion-expr", Reach::Always),
            ["sdk must not use datafusion-expr, which belongs to engine"]
        );
        assert_eq!(
            messages("connectors", "tokio-postgres-rustls", Reach::Always),
            [""; 0]
        );
        assert_eq!(messages("connectors", "anyhow", Reach::Always).len(), 1);
    }

    #[test]
    fn a_new_crate_is_noticed() {
        assert_eq!(messages("wheels", "serde", Reach::Always).len(), 1);
    }

    #[test]
    fn reads_what_cargo_says() {
        let metadata = serde_json::json!({"packages": [{"name": "cli", "dependencies": [
            {"name": "engine", "kind": null}, {"name": "testkit", "kind": "dev"}]}]});
        let arrows = parse(&metadata).unwrap();
        assert_eq!(
            arrows[0],
            Arrow {
                from: "cli".into(),
                to: "engine".into(),
                reach: Reach::Always
            }
        );
        assert_eq!(arrows[1].reach, Reach::Tests);
    }
}
