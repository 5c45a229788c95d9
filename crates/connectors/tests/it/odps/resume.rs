//! Runs that were killed, and attempts that were repeated.

use sdk::{Kind, State, TaskId, Writer};
use serde_json::{Value, json};

use super::harness::{Service, bulky, error_of, people, plan, write_task};

fn truncate() -> Value {
    json!({"table": "t", "column": ["*"], "truncate": true, "blockSizeInMB": 1})
}

async fn service() -> Service {
    let service = Service::start().await;
    service
        .sql("create table t (id bigint, name string);\n")
        .await;
    service
}

async fn prepare(writer: &dyn Writer, previous: Option<State>) -> State {
    let columns = writer.schema(&[]).await.unwrap();
    writer.prepare(&plan(columns, 3, previous)).await.unwrap()
}

/// A state as another process reads it from the ledger.
fn through_ledger(state: &State) -> State {
    serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
}

async fn ids(service: &Service) -> Vec<i64> {
    service
        .read(json!({"table": "t", "column": ["id"]}))
        .await
        .unwrap()
        .numbers(0)
}

#[tokio::test]
async fn a_repeated_task_with_fewer_blocks_leaves_nothing_of_the_first_attempt() {
    let service = service().await;
    let writer = service.writer(truncate()).await.unwrap();
    let prepared = prepare(writer.as_ref(), None).await;
    // Four blocks and then the attempt dies before it is published.
    let batches: Vec<_> = (0..12)
        .map(|part| bulky(part * 5..(part + 1) * 5))
        .collect();
    let first = write_task(writer.as_ref(), &prepared, TaskId(1), &batches)
        .await
        .unwrap();
    assert_eq!(first.row_count, 60);
    let second = write_task(writer.as_ref(), &prepared, TaskId(1), &[people(7..9)])
        .await
        .unwrap();
    let other = write_task(writer.as_ref(), &prepared, TaskId(2), &[people(100..101)])
        .await
        .unwrap();
    writer
        .commit(&prepared, &[second.receipt, other.receipt])
        .await
        .unwrap();
    assert_eq!(ids(&service).await, [7, 8, 100]);
}

#[tokio::test]
async fn a_killed_run_goes_on_in_another_process() {
    let service = service().await;
    let (prepared, first) = {
        let killed = service.writer(truncate()).await.unwrap();
        let prepared = prepare(killed.as_ref(), None).await;
        let done = write_task(killed.as_ref(), &prepared, TaskId(0), &[people(0..3)])
            .await
            .unwrap();
        let mut unfinished = killed.task(&prepared, TaskId(1)).await.unwrap();
        unfinished.write(people(50..60)).await.unwrap();
        (through_ledger(&prepared), done)
    };
    let writer = service.writer(truncate()).await.unwrap();
    assert_eq!(
        prepare(writer.as_ref(), Some(prepared.clone())).await,
        prepared
    );
    // The seal was noted, the publication was not.
    let recovered = writer
        .recover(&prepared, TaskId(0), &through_ledger(&first.seal))
        .await
        .unwrap();
    assert_eq!(recovered.as_ref(), Some(&first.receipt));
    let second = write_task(writer.as_ref(), &prepared, TaskId(1), &[people(3..6)])
        .await
        .unwrap();
    let receipts = [first.receipt, second.receipt];
    writer.commit(&prepared, &receipts).await.unwrap();
    assert_eq!(ids(&service).await, [0, 1, 2, 3, 4, 5]);

    // Killed between the commit and the ledger's last line: everything is repeated without effect.
    let again = service.writer(truncate()).await.unwrap();
    assert_eq!(
        prepare(again.as_ref(), Some(prepared.clone())).await,
        prepared
    );
    again.commit(&prepared, &receipts).await.unwrap();
    assert_eq!(ids(&service).await, [0, 1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_seal_whose_blocks_are_gone_counts_as_not_published() {
    let service = service().await;
    let writer = service.writer(truncate()).await.unwrap();
    let old = prepare(writer.as_ref(), None).await;
    let done = write_task(writer.as_ref(), &old, TaskId(0), &[people(0..3)])
        .await
        .unwrap();
    let fresh = prepare(writer.as_ref(), None).await;
    assert_eq!(
        writer.recover(&fresh, TaskId(0), &done.seal).await.unwrap(),
        None
    );
    assert!(
        writer
            .recover(&old, TaskId(0), &done.seal)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn an_upload_that_is_gone_is_begun_anew() {
    let service = service().await;
    let writer = service.writer(truncate()).await.unwrap();
    let prepared = prepare(writer.as_ref(), None).await;
    let mut unknown = serde_json::to_value(&prepared).unwrap();
    unknown["upload"]["id"] = json!("20240101000000000gone");
    let unknown: State = serde_json::from_value(unknown).unwrap();
    let anew = prepare(writer.as_ref(), Some(unknown.clone())).await;
    assert_ne!(anew, unknown);
    let done = write_task(writer.as_ref(), &anew, TaskId(0), &[people(0..2)])
        .await
        .unwrap();
    writer.commit(&anew, &[done.receipt]).await.unwrap();
    assert_eq!(ids(&service).await, [0, 1]);
}

#[tokio::test]
async fn rows_are_not_appended_again_while_nobody_knows_whether_they_are_there() {
    let service = service().await;
    let append = json!({"table": "t", "column": ["*"], "truncate": false});
    let writer = service.writer(append).await.unwrap();
    let prepared = prepare(writer.as_ref(), None).await;
    let mut unknown = serde_json::to_value(&prepared).unwrap();
    unknown["upload"]["id"] = json!("20240101000000000gone");
    let unknown: State = serde_json::from_value(unknown).unwrap();
    let columns = writer.schema(&[]).await.unwrap();
    let error = error_of(writer.prepare(&plan(columns, 3, Some(unknown))).await);
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(
        error.message(),
        "cannot tell whether the rows of this run are in table `t` already: its upload is `NoSuchUpload`"
    );
    assert!(error.hint_text().is_some());
}

#[tokio::test]
async fn a_committed_upload_counts_as_such_although_the_table_has_changed() {
    let service = service().await;
    let parameter = json!({
        "table": "t", "column": ["id", "name"], "truncate": false,
        "postSql": ["alter table t add columns (loaded string)"]
    });
    let writer = service.writer(parameter).await.unwrap();
    let prepared = prepare(writer.as_ref(), None).await;
    let done = write_task(writer.as_ref(), &prepared, TaskId(0), &[people(0..3)])
        .await
        .unwrap();
    writer
        .commit(&prepared, std::slice::from_ref(&done.receipt))
        .await
        .unwrap();
    // Killed before the ledger knew; the table is not the one that the upload began with.
    let parameter = json!({"table": "t", "column": ["id", "name"], "truncate": false});
    let again = service.writer(parameter).await.unwrap();
    assert_eq!(
        prepare(again.as_ref(), Some(through_ledger(&prepared))).await,
        prepared
    );
    again.commit(&prepared, &[done.receipt]).await.unwrap();
    assert_eq!(ids(&service).await, [0, 1, 2]);
}

#[tokio::test]
async fn a_commit_with_lost_or_foreign_blocks_is_refused() {
    let service = service().await;
    let writer = service.writer(truncate()).await.unwrap();
    let prepared = prepare(writer.as_ref(), None).await;
    let done = write_task(writer.as_ref(), &prepared, TaskId(0), &[people(0..2)])
        .await
        .unwrap();
    let fresh = prepare(writer.as_ref(), None).await;
    let error = error_of(
        writer
            .commit(&fresh, std::slice::from_ref(&done.receipt))
            .await,
    );
    assert_eq!(error.kind(), Kind::Conflict);
    assert_eq!(
        error.message(),
        "cannot commit into table `t`: the service has lost block 0"
    );
    write_task(writer.as_ref(), &prepared, TaskId(0), &[people(0..5)])
        .await
        .unwrap();
    let error = error_of(writer.commit(&prepared, &[done.receipt]).await);
    assert_eq!(
        error.message(),
        "cannot commit into table `t`: block 0 holds 5 rows instead of 2"
    );
    assert_eq!(ids(&service).await, Vec::<i64>::new());
}
