//! A target whose disk is full. For files that is a file system of two megabytes, which needs root to
//! be mounted; without it the test says so and passes.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{STRICT, job, postgresql};
use crate::setup::Place;

/// A mounted file system, until dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, with a printed word, where this user cannot mount.
    #[expect(clippy::print_stderr, reason = "a skipped test must say so")]
    fn mount(path: &Path) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs"])
            .arg(path)
            .output()
            .is_ok_and(|output| output.status.success());
        if mounted {
            return Some(SmallDisk(path.to_path_buf()));
        }
        eprintln!("skipped: mounting a small disk needs root");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

const SOURCE: &str = "CREATE TABLE source AS SELECT i AS id, md5(i::text) || md5(i::text) AS note FROM generate_series(1, 100000) i";

#[tokio::test(flavor = "multi_thread")]
async fn files_appear_whole_or_not_at_all() {
    let place = Place::new().await;
    let folder = place.path("out");
    let Some(disk) = SmallDisk::mount(&folder) else {
        return;
    };
    place.sql(SOURCE).await;
    for name in ["a.csv", "a.parquet", "a.jsonl"] {
        let document = job(&postgresql("source"), &super::to_file(name), STRICT);
        place.refuses(
            &document,
            1,
            &[
                "cannot write",
                "no space is left",
                "free space on the disk",
                "--resume",
            ],
        );
        let left: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    let run = place.latest_run().unwrap();
    drop(disk);
    place.run(&["run", "--resume", &run, "--quiet"]).ok();
    let lines = std::fs::read_to_string(folder.join("a.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 100_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_room_keeps_what_it_had() {
    let place = Place::new().await;
    place.sql(SOURCE).await;
    // The server that all tests share must not run out of room, so a trigger says what it would say.
    place
        .sql(
            "CREATE TABLE target (LIKE source); INSERT INTO target VALUES (0, 'was here');
             CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
               IF NEW.id = 70000 THEN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END IF;
               RETURN NEW; END $$;
             CREATE TRIGGER full_disk BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION full_disk()",
        )
        .await;
    let setting = r#"{"errorLimit": {"record": 0}, "retries": 0}"#;
    let (ran, report) = place.run_job(&job(&postgresql("source"), &postgresql("target"), setting));
    ran.fails(
        1,
        &[
            "No space left on device",
            "disk is full",
            "continue with: longshore run --resume",
        ],
    );
    assert_eq!(report["rowsWritten"], 0);
    assert_eq!(
        place
            .value("SELECT count(*) || ' ' || min(note) FROM target")
            .await,
        "1 was here"
    );
    place.sql("DROP TRIGGER full_disk ON target").await;
    let run = place.latest_run().unwrap();
    place.run(&["run", "--resume", &run, "--quiet"]).ok();
    assert_eq!(
        place
            .value("SELECT count(*) || ' ' || count(DISTINCT id) FROM target")
            .await,
        "100001 100001"
    );
}
