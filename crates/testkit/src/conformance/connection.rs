//! The network: wrong credentials, and connections that break in the middle.

use super::proxy::CuttingProxy;
use super::subject::{Cut, Subject};
use super::trial::{Copy, Trial, Verdict, check, memory, people, people_columns, same_ids, text};

/// Enough rows that a connection can break well after the greetings and well before the end.
const ROWS: i64 = 8_000;
/// Where it breaks.
const CUT_AFTER: u32 = 200_000;

/// Some hundred kilobytes of people.
fn crowd() -> arrow_array::RecordBatch {
    people(0..ROWS, &"a name of some length ".repeat(4))
}

/// Neither side of a job gets past the login, and the message does not tell the password.
pub(super) async fn wrong_password(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let locked_out = subject
        .locked_out
        .clone()
        .ok_or("no datasource with a wrong password")?;
    let table = trial.people_table().await;
    let reading = trial
        .reading(&table, Cut::AsUsual)
        .through(locked_out.clone());
    let writing = trial.writing(&table, trial.mode()?).through(locked_out);
    let (source, from) = memory();
    source.offer(people_columns(), vec![vec![people(0..3, "row")]]);
    let (_, into) = memory();
    for (side, from, into) in [("reader", &reading, &into), ("writer", &from, &writing)] {
        let copy = Copy::of(from, into);
        // Some connectors ask the server when the job is planned, others when it begins.
        let message = match trial.jobs.run(&copy).await {
            Err(message) => message,
            Ok(ended) => match ended.failure {
                Some(failure) => failure.to_string(),
                None => return Err(format!("the {side} got in")),
            },
        };
        if message.contains("wrong-password") {
            return Err(format!("the {side} tells the password: {message}"));
        }
        let (datasource, parameter) = if side == "reader" { from } else { into }.opening();
        let connector = subject
            .registry
            .find(&datasource.connector)
            .ok_or("the connector is gone")?;
        let config = serde_json::Value::Object(datasource.config.clone());
        let error = if side == "reader" {
            let opening = connector
                .open_reader(&config, parameter)
                .and_then(Result::ok)
                .ok_or("the reader cannot be opened")?;
            match opening().await {
                Ok(reader) => reader.schema().await.err(),
                Err(error) => Some(error),
            }
        } else {
            let opening = connector
                .open_writer(&config, parameter)
                .and_then(Result::ok)
                .ok_or("the writer cannot be opened")?;
            match opening().await {
                Ok(writer) => writer.schema(&people_columns()).await.err(),
                Err(error) => Some(error),
            }
        };
        let kind = error.map(|error| error.kind());
        check(
            &format!("the {side}'s error"),
            &kind,
            &Some(sdk::Kind::Auth),
        )?;
    }
    trial.expect_ids(&table, [], "afterwards").await
}

/// Every row arrives once although the connection broke.
pub(super) async fn dropped_while_reading(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let network = subject.network.as_ref().ok_or("no network")?;
    let proxy = CuttingProxy::start(network.server).await.map_err(text)?;
    let table = trial.people_table().await;
    trial.fill(&table, &people_columns(), &crowd()).await?;
    for cut in [Cut::AsUsual, Cut::Fine] {
        let cuts_before = proxy.cuts();
        let from = trial
            .reading(&table, cut)
            .through((network.through)(proxy.address()));
        let (target, into) = memory();
        target.offer(people_columns(), Vec::new());
        proxy.arm(CUT_AFTER);
        trial
            .jobs
            .succeed(&Copy::of(&from, &into).channels(2).retries(3))
            .await
            .map_err(|problem| format!("{cut:?}: {problem}"))?;
        check("cuts", &(proxy.cuts() - cuts_before), &1)?;
        same_ids(&target.keys(), &(0..ROWS).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// Every row is there once although the connection broke; without retries, all or none are.
pub(super) async fn dropped_while_writing(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let network = subject.network.as_ref().ok_or("no network")?;
    let proxy = CuttingProxy::start(network.server).await.map_err(text)?;
    for retries in [0, 3] {
        let cuts_before = proxy.cuts();
        let table = trial.people_table().await;
        let into = trial
            .writing(&table, trial.mode()?)
            .through((network.through)(proxy.address()));
        let (source, from) = memory();
        let rows = crowd();
        let batches = (0..8).map(|part| rows.slice(part * 1_000, 1_000)).collect();
        source.offer(people_columns(), vec![batches]);
        proxy.arm(CUT_AFTER);
        let ended = trial
            .jobs
            .run(&Copy::of(&from, &into).retries(retries))
            .await?;
        check("cuts", &(proxy.cuts() - cuts_before), &1)?;
        match ended.failure {
            None => trial.expect_ids(&table, 0..ROWS, "after the cut").await?,
            Some(failure) if retries == 0 => {
                let lost = matches!(&failure, engine::Failure::Error(error) if error.kind() == sdk::Kind::Unreachable);
                if !lost {
                    return Err(format!("the wrong failure: {failure}"));
                }
                trial.expect_ids(&table, [], "after the cut").await?;
            }
            Some(failure) => return Err(format!("the retry failed: {failure}")),
        }
    }
    Ok(())
}
