//! What a restart keeps, and what an unclean end leaves.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{BASIC, BASIC_COLUMNS, PROJECT, block, hex, open, path};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn files_named(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(folder, &mut found);
    found.retain(|path| path.to_string_lossy().ends_with(end));
    found
}

#[tokio::test]
async fn tables_rows_and_open_uploads_survive() {
    let place = open().await;
    place
        .sql(&format!(
            "create table kept ({BASIC_COLUMNS}) partitioned by (pt string)"
        ))
        .await;
    place
        .sql("alter table kept add partition (pt='中/文=1')")
        .await;
    let partition = "partition=pt%3D'%E4%B8%AD/%E6%96%87%3D1'";
    let target = format!("{}?{partition}", path("kept"));
    let created = place
        .call("POST", &format!("{target}&uploads"), b"")
        .await
        .json();
    let id = created["UploadID"].as_str().expect("an id").to_owned();
    for number in [4, 2] {
        let put = place
            .call(
                "PUT",
                &format!("{target}&uploadid={id}&blockid={number}"),
                &hex(BASIC),
            )
            .await;
        assert_eq!(put.status, 200, "{}", put.text());
    }

    let place = place.restart().await;
    let loaded = place.get(&format!("{target}&uploadid={id}")).await.json();
    let blocks = loaded["UploadedBlockList"].as_array().expect("a list");
    let ids: Vec<_> = blocks
        .iter()
        .map(|block| block["BlockID"].as_u64())
        .collect();
    assert_eq!(ids, [Some(2), Some(4)]);
    let commit = place
        .call("POST", &format!("{target}&uploadid={id}"), b"")
        .await;
    assert_eq!(commit.json()["Status"], "CLOSED");

    let place = place.restart().await;
    let loaded = place.get(&format!("{target}&uploadid={id}")).await.json();
    assert_eq!(loaded["Status"], "CLOSED");
    place
        .call("POST", &format!("{target}&uploadid={id}"), b"")
        .await;
    let download = place
        .call("POST", &format!("{target}&downloads"), b"")
        .await
        .json();
    assert_eq!(download["RecordCount"], 6);
}

/// A process killed between the table's new manifest and the upload's last note must not commit twice.
#[tokio::test]
async fn a_commit_cut_off_by_a_crash_is_not_done_twice() {
    let place = open().await;
    place
        .sql(&format!("create table once ({BASIC_COLUMNS})"))
        .await;
    let id = place.create_upload("once", "uploads").await;
    place.call("PUT", &block("once", &id, 0), &hex(BASIC)).await;
    let note = files_named(place.folder.path(), "upload.json")
        .pop()
        .expect("a note");
    let before = fs::read(&note).expect("readable");
    let staged = files_named(place.folder.path(), "block-00000.seg")
        .pop()
        .expect("a block");
    let rows = fs::read(&staged).expect("readable");
    let commit = format!("{}?uploadid={id}", path("once"));
    place.call("POST", &commit, b"").await;
    place.server.stop().await;
    fs::write(&note, before).expect("writable");
    fs::write(&staged, rows).expect("writable");

    let server =
        crate::support::serve_folder(&place.folder, maxcompute_emulator::Access::Open).await;
    let place = crate::support::Place {
        folder: place.folder,
        server,
    };
    assert_eq!(place.get(&commit).await.json()["Status"], "CLOSED");
    place.call("POST", &commit, b"").await;
    assert_eq!(place.create_download("once").await.1, 3);
}

#[tokio::test]
async fn leftovers_are_cleared_away() {
    let place = open().await;
    place
        .sql(&format!("create table tidy ({BASIC_COLUMNS})"))
        .await;
    place.append("tidy", &hex(BASIC)).await;
    let id = place.create_upload("tidy", "uploads").await;
    place.call("PUT", &block("tidy", &id, 0), &hex(BASIC)).await;
    let kept = files_named(place.folder.path(), ".seg");
    for segment in &kept {
        fs::copy(segment, segment.with_file_name("orphan.seg")).expect("copies");
        fs::write(segment.with_file_name("half.part"), b"x").expect("writes");
    }
    place.sql("create table gone (a bigint)").await;
    place.sql("drop table gone").await;

    let place = place.restart().await;
    assert_eq!(place.create_download("tidy").await.1, 3);
    let mut left = files_named(place.folder.path(), ".seg");
    left.sort();
    let mut kept = kept;
    kept.sort();
    assert_eq!(left, kept);
    assert!(files_named(place.folder.path(), ".part").is_empty());
    assert_eq!(files_named(place.folder.path(), "table.json").len(), 1);
}

/// Rows that nobody can read any more take no space.
#[tokio::test]
async fn replaced_rows_leave_the_disk() {
    let place = open().await;
    place
        .sql(&format!("create table replaced ({BASIC_COLUMNS})"))
        .await;
    for _ in 0..3 {
        place.append("replaced", &hex(BASIC)).await;
    }
    assert_eq!(files_named(place.folder.path(), ".seg").len(), 3);
    place
        .sql("insert overwrite table replaced select * from replaced where id > 0")
        .await;
    assert_eq!(files_named(place.folder.path(), ".seg").len(), 1);
    assert_eq!(place.create_download("replaced").await.1, 6);
}

#[tokio::test]
async fn a_folder_belongs_to_one_project() {
    let place = open().await;
    let options = maxcompute_emulator::Options {
        data: place.folder.path().join("data"),
        listen: "127.0.0.1:0".parse().expect("an address"),
        project: "another".to_owned(),
        access: maxcompute_emulator::Access::Open,
    };
    let error = maxcompute_emulator::serve(options)
        .await
        .err()
        .expect("refused")
        .to_string();
    assert!(error.contains("test_project"), "{error}");
}

#[tokio::test]
async fn schemas_keep_their_tables_apart() {
    let mut place = open().await;
    place.sql("create schema s").await;
    place.sql("create schema if not exists s").await;
    assert_eq!(place.try_sql("create schema s").await.0, "Failed");
    place
        .sql(&format!("create table s.t ({BASIC_COLUMNS})"))
        .await;
    place.sql("create view s.v as select id from s.t").await;
    for _ in 0..2 {
        let named = |schema: &str| format!("/projects/{PROJECT}/schemas/{schema}/tables/t");
        for (target, status) in [
            (format!("/api{}?curr_schema=S", path("t")), 200),
            (format!("/api{}", named("S")), 200),
            (format!("/api{}", named("default")), 404),
            (format!("/api{}", path("t")), 404),
            (format!("/api{}?curr_schema=other", path("t")), 404),
        ] {
            assert_eq!(place.get(&target).await.status, status, "{target}");
        }
        let created = place
            .call(
                "POST",
                &format!("{}?uploads&quotaName=night", named("s")),
                b"",
            )
            .await;
        assert_eq!(created.json()["QuotaName"], "night");
        let tables = format!("/api/projects/{PROJECT}/tables?expectmarker=true");
        let listed = async |more: &str| {
            let text = place.get(&format!("{tables}{more}")).await.text();
            ["<Name>t</Name>", "VIRTUAL_VIEW"].map(|part| text.contains(part))
        };
        assert_eq!(listed("&curr_schema=s").await, [true, true]);
        assert_eq!(
            listed("&curr_schema=s&type=MANAGED_TABLE").await,
            [true, false]
        );
        assert_eq!(listed("").await, [false, false]);
        place = place.restart().await;
    }
}

#[tokio::test]
async fn what_has_no_rows_takes_no_transfer_and_no_query() {
    let place = open().await;
    place.sql("create table t (a bigint)").await;
    place.sql("create view v as select a from t").await;
    place
        .sql("create external table e (a bigint) location 'oss://bucket/folder/'")
        .await;
    for name in ["v", "e"] {
        for begin in ["uploads", "downloads"] {
            let target = format!("{}?{begin}", path(name));
            let answer = place.call("POST", &target, b"").await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (400, "InvalidArgument")
            );
        }
        for query in [
            format!("select * from {name}"),
            format!("insert into {name} values (1)"),
            format!("truncate table {name}"),
        ] {
            let (status, text) = place.try_sql(&query).await;
            assert_eq!(status, "Failed", "{query}");
            assert!(text.starts_with("ODPS-0130071"), "{query}: {text}");
        }
    }
    place.sql("drop view v").await;
    place.sql("drop table e").await;
}
