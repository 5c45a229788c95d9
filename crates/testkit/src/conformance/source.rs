//! The promises of sources whose rows are made up, so that nothing can be written and read back.

use engine::Datasource;
use sdk::Registry;
use serde_json::Value;

use super::delivery::{finished, killed_and_resumed};
use super::trial::{Copy, End, Jobs, Verdict, memory, same_ids};
use crate::Death;

/// A source whose first column counts from 0.
pub struct Source {
    /// Its name in failure messages.
    pub name: &'static str,
    /// The connectors of the build.
    pub registry: Registry,
    /// How jobs reach it.
    pub datasource: Datasource,
    /// The reader's parameters.
    pub parameter: Value,
    /// How many rows it has.
    pub row_count: usize,
}

/// Reads with several numbers of channels, twice, and with a process that dies at every event; panics
/// if a row is missing, doubled, or another one than before.
pub async fn keeps_source_promises(source: &Source) {
    if let Err(problem) = keeps(source).await {
        panic!("{}, {} rows: {problem}", source.name, source.row_count);
    }
}

async fn keeps(source: &Source) -> Verdict {
    let jobs = Jobs::new(&source.registry)?;
    let from = End::new(source.datasource.clone(), source.parameter.clone());
    let ids: Vec<i64> = (0..).take(source.row_count).collect();
    let mut first: Option<Vec<String>> = None;
    for channels in [1, 3, 1] {
        let (target, into) = memory();
        let copy = Copy::of(&from, &into).channels(channels);
        jobs.succeed(&copy).await?;
        same_ids(&target.keys(), &ids)?;
        let rows = target.rows();
        let mut rows: Vec<String> = rows
            .iter()
            .flat_map(|batch| (0..batch.num_rows()).map(|row| sdk::row_to_json(batch, row)))
            .map(|row| Value::Object(row).to_string())
            .collect();
        rows.sort();
        match &first {
            Some(first) if *first != rows => {
                return Err(format!("other rows with {channels} channels"));
            }
            Some(_) => {}
            None => first = Some(rows),
        }
    }
    let mut events = 0;
    loop {
        let (target, into) = memory();
        let copy = Copy::of(&from, &into).channels(2);
        let resumed = killed_and_resumed(&jobs, &copy, events, Death::BeforeNoting).await?;
        if resumed.is_none() {
            break;
        }
        same_ids(&target.keys(), &ids)?;
        events += 1;
    }
    if source.row_count == 0 {
        return Ok(());
    }
    finished(events)
}
