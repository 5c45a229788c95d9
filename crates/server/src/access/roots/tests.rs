//! Tests of the roots with real folders and links.

use std::os::unix::fs::symlink;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// A folder with `in/day/part.csv`, `out/`, `secret/key`, and links between them.
struct Tree {
    _folder: tempfile::TempDir,
    top: PathBuf,
}

fn tree() -> Tree {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().canonicalize().unwrap();
    for part in ["in/day", "out", "secret", "inside-not"] {
        fs::create_dir_all(top.join(part)).unwrap();
    }
    fs::write(top.join("in/day/part.csv"), "1").unwrap();
    fs::write(top.join("secret/key"), "1").unwrap();
    symlink(top.join("secret"), top.join("in/leak")).unwrap();
    symlink(top.join("secret/key"), top.join("in/leak.csv")).unwrap();
    symlink(top.join("secret/new"), top.join("in/dangling.csv")).unwrap();
    symlink("../../secret", top.join("in/day/up")).unwrap();
    symlink("loop", top.join("in/loop")).unwrap();
    symlink(top.join("out"), top.join("in/to-out")).unwrap();
    symlink("day", top.join("in/today")).unwrap();
    symlink(top.join("in"), top.join("alias")).unwrap();
    Tree {
        _folder: folder,
        top,
    }
}

impl Tree {
    fn path(&self, part: &str) -> String {
        self.top.join(part).to_str().unwrap().to_string()
    }

    fn roots(&self, parts: &[&str]) -> Roots {
        let entries: Vec<_> = parts.iter().map(|part| self.path(part)).collect();
        Roots::parse(&entries).unwrap()
    }
}

#[test]
fn paths_below_a_root_are_answered_with_where_they_lead() {
    let tree = tree();
    let roots = tree.roots(&["in", "out"]);
    for (path, real) in [
        ("in", "in"),
        ("in/", "in"),
        ("in/day/part.csv", "in/day/part.csv"),
        ("in/./day//part.csv", "in/day/part.csv"),
        ("in/today/part.csv", "in/day/part.csv"),
        ("in/to-out/new.csv", "out/new.csv"),
        ("alias/day", "in/day"),
        ("out/new/folder/x.csv", "out/new/folder/x.csv"),
        ("in/2024-*/part-*.csv", "in/2024-*/part-*.csv"),
        ("in/..hidden", "in/..hidden"),
    ] {
        let checked = roots.check(None, &tree.path(path)).unwrap();
        assert_eq!(checked, tree.top.join(real), "{path}");
    }
    let base = tree.top.join("in");
    assert_eq!(
        roots.check(Some(&base), "day/*.csv").unwrap(),
        base.join("day/*.csv")
    );
    assert_eq!(
        roots.check(Some(&base), &tree.path("out/x")).unwrap(),
        tree.top.join("out/x")
    );
}

#[test]
fn paths_that_lead_out_are_refused() {
    let tree = tree();
    let roots = tree.roots(&["in", "out"]);
    let base = tree.top.join("in");
    for path in [
        "..",
        "../secret/key",
        "day/../../secret/key",
        "day/..",
        "*/../../secret/key",
        "leak",
        "leak/key",
        "leak/new",
        "leak/*",
        "leak.csv",
        "dangling.csv",
        "day/up/key",
        "day/up/*/x",
        "loop",
        "loop/x",
        "/etc/passwd",
        "/",
    ] {
        let error = roots.check(Some(&base), path).unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{path}");
        assert!(error.hint_text().is_some(), "{path}");
    }
    for path in [
        "secret",
        "secret/key",
        "inside-not",
        "in/../secret",
        "alias/leak",
    ] {
        assert!(roots.check(None, &tree.path(path)).is_err(), "{path}");
    }
    for path in ["", "a\0b"] {
        assert_eq!(
            roots.check(Some(&base), path).unwrap_err().kind(),
            Kind::Config
        );
    }
}

#[test]
fn a_relative_path_needs_a_base() {
    let tree = tree();
    let roots = tree.roots(&["in"]);
    for base in [None, Some(Path::new("in")), Some(Path::new(""))] {
        let error = roots.check(base, "day/part.csv").unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(error.hint_text().unwrap().contains("`root`"));
    }
    let climbing = tree.top.join("in/../secret");
    assert!(roots.check(Some(&climbing), "key").is_err());
}

#[test]
fn without_roots_nothing_may_be_touched() {
    let tree = tree();
    let error = Roots::default().check(None, &tree.path("in")).unwrap_err();
    assert!(error.hint_text().unwrap().starts_with("there are none yet"));
    assert!(
        tree.roots(&["missing"])
            .check(None, &tree.path("missing/x"))
            .is_err()
    );
    let hint = tree.roots(&["in"]).check(None, "/etc/passwd").unwrap_err();
    assert!(hint.hint_text().unwrap().contains(&tree.path("in")));
}

#[test]
fn a_root_may_be_a_link_and_the_whole_machine() {
    let tree = tree();
    let roots = tree.roots(&["alias"]);
    assert_eq!(
        roots.check(None, &tree.path("alias/day")).unwrap(),
        tree.top.join("in/day")
    );
    assert!(roots.check(None, &tree.path("secret")).is_err());
    let all = Roots::parse(&["/".to_string()]).unwrap();
    assert!(all.check(None, &tree.path("secret/key")).is_ok());
}

#[test]
fn bad_roots_are_named() {
    let entries = ["/data", "data", "/data/../etc", "", "/a\0"].map(str::to_string);
    let problems = Roots::parse(&entries).unwrap_err();
    let places: Vec<_> = problems
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(places, ["/1", "/2", "/3", "/4"]);
}

#[test]
fn paths_in_a_configuration_are_found() {
    let config = json!({
        "root": "/data/in",
        "sslKey": "keys/client.pem",
        "sslRootCert": "",
        "jdbcUrl": ["jdbc:postgresql://h/d?sslcert=%2Fdata%2F%2e%2e%2Fc.pem&user=a&sslkey=", "jdbc:postgresql://h/d"],
        "endpoint": "http://h/api?root=x",
        "project": "/data",
    });
    let found = paths_of(config.as_object().unwrap());
    let shown: Vec<_> = found
        .iter()
        .map(|(at, path)| format!("{at} {path}"))
        .collect();
    assert_eq!(
        shown,
        [
            "/root /data/in",
            "/sslKey keys/client.pem",
            "/jdbcUrl/0 /data/../c.pem",
            "/endpoint x"
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_path_leads_out(
        parts in proptest::collection::vec(
            proptest::sample::select(vec![
                "in", "out", "secret", "day", "up", "leak", "leak.csv", "to-out", "today", "loop", "alias", "..",
                ".", "", "*", "key", "dangling.csv", "new",
            ]),
            0..6,
        ),
    ) {
        let tree = tree();
        let roots = tree.roots(&["in", "out"]);
        let path = tree.path(&parts.join("/"));
        if let Ok(real) = roots.check(None, &path) {
            prop_assert!(real.starts_with(tree.top.join("in")) || real.starts_with(tree.top.join("out")));
            // Where the path leads is a fixed point: nothing in it is left to follow.
            prop_assert_eq!(roots.check(None, real.to_str().unwrap()).unwrap(), real.clone());
            if let Ok(followed) = fs::canonicalize(&path) {
                prop_assert_eq!(followed, real);
            }
        }
    }
}
