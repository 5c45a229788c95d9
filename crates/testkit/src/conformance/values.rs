//! Rows and types: what is written is what is read, whatever the shape of the table.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, Int16Array, Int64Array, RecordBatch, UInt32Array};
use arrow_schema::DataType;
use arrow_select::take::take;
use engine::Fit;
use sdk::{Column, Listing};

use super::subject::{Cut, ModeOutcome, Subject, Table};
use super::trial::{
    Copy, Trial, Verdict, batch, check, memory, people, people_columns, same_ids, same_rows, text,
};
use crate::id_column;

/// The reader offers the columns in the job's order, and the browser knows the table.
pub(super) async fn schema(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let table = trial.people_table().await;
    trial
        .fill(&table, &people_columns(), &people(0..30, "row"))
        .await?;
    let mut backwards = table.clone();
    backwards.columns.reverse();
    let (from, (_, into)) = (trial.reading(&backwards, Cut::AsUsual), memory());
    let plan = trial.jobs.plan(&Copy::of(&from, &into)).await?;
    let names: Vec<&str> = plan
        .columns()
        .iter()
        .map(|column| column.source.as_str())
        .collect();
    check("columns", &names, &vec!["name", "id"])?;
    let (target, into) = memory();
    let copy = Copy::of(&from, &into);
    trial.jobs.succeed(&copy).await?;
    let expected = people(0..30, "row").project(&[1, 0]).map_err(text)?;
    let seen: usize = target.rows().iter().map(RecordBatch::num_rows).sum();
    check("rows", &seen, &30)?;
    let first = target.rows().remove(0);
    check(
        "first row",
        &first.column(0).to_data(),
        &expected.slice(0, 1).column(0).to_data(),
    )?;
    browse(subject, &table).await
}

/// The browser lists the table, or the table's file, and shows its columns and its first rows.
async fn browse(subject: &Subject, table: &Table) -> Verdict {
    let connector = subject.registry.find(&subject.datasource.connector);
    let config = serde_json::Value::Object(subject.datasource.config.clone());
    let opening = connector.and_then(|connector| connector.open_browser(&config));
    let Some(Ok(opening)) = opening else {
        return Err("there is no browser".to_string());
    };
    let browser = opening().await.map_err(text)?;
    for stage in browser.ping().await {
        if let Err(error) = stage.outcome {
            return Err(format!("the ping failed to {}: {error}", stage.name));
        }
    }
    let listed = browser
        .list(Listing::Tables, &table.name, 100)
        .await
        .map_err(text)?;
    // Bare, behind a schema, or a folder with a file.
    let (qualified, file) = (format!(".{}", table.name), format!("{}/", table.name));
    let is_it =
        |name: &str| name == table.name || name.ends_with(&qualified) || name.starts_with(&file);
    let found = listed
        .iter()
        .find(|listed| is_it(&listed.name))
        .ok_or_else(|| format!("{} is not among {listed:?}", table.name))?;
    // Without a job, nobody says whether the first line of a file holds names.
    let columns = browser.columns(&found.name).await.map_err(text)?;
    check("columns in the browser", &columns.len(), &2)?;
    let preview = browser.preview(&found.name, 5).await.map_err(text)?;
    check("rows of the preview", &preview.num_rows(), &5)
}

/// One table of all types: the first row is all NULL, the others hold the extremes.
pub(super) async fn every_type(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let names: Vec<String> = (0..subject.types.len())
        .map(|index| format!("c{index}"))
        .collect();
    let natives: Vec<(&str, &str)> = names
        .iter()
        .zip(&subject.types)
        .map(|(name, case)| (name.as_str(), case.native.as_str()))
        .collect();
    let most = subject.types.iter().map(|case| case.values.len()).max();
    let row_count = u32::try_from(1 + most.unwrap_or(0)).map_err(text)?;
    let mut columns = vec![id_column()];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(Int64Array::from_iter_values(
        0..i64::from(row_count),
    ))];
    for (name, case) in names.iter().zip(&subject.types) {
        let places: UInt32Array = (0..row_count)
            .map(|row| {
                row.checked_sub(1)
                    .filter(|place| (*place as usize) < case.values.len())
            })
            .collect();
        columns.push(case.column(name));
        arrays.push(take(&case.values, &places, None).map_err(text)?);
    }
    let expected = batch(&columns, arrays);
    let table = trial.table(&natives).await;
    trial.fill(&table, &columns, &expected).await?;
    exact_fit(&trial, &table, &columns).await?;
    let target = trial.read_back(&table, &columns).await?;
    same_rows(&expected, &target)
}

/// The reader's types are the ones that hold every value.
async fn exact_fit(trial: &Trial<'_>, table: &Table, columns: &[Column]) -> Verdict {
    let (from, (target, into)) = (trial.reading(table, Cut::AsUsual), memory());
    target.offer(columns.to_vec(), Vec::new());
    let plan = trial.jobs.plan(&Copy::of(&from, &into)).await?;
    match plan
        .columns()
        .iter()
        .find(|column| column.fit != Fit::Lossless)
    {
        None => Ok(()),
        Some(column) => Err(format!(
            "{} is read as {} which does not always fit {}",
            column.source, column.source_type, column.target_type
        )),
    }
}

/// More splits than channels, keys with gaps and of both signs.
pub(super) async fn splits(subject: &Subject) -> Verdict {
    const CHANNELS: u32 = 3;
    let trial = Trial::new(subject)?;
    let ids: Vec<i64> = (-2_000..0)
        .chain((0..2_999).map(|id| id * id))
        .chain([i64::MAX - 1])
        .collect();
    let table = trial.people_table().await;
    let rows = people(ids.iter().copied(), "split");
    let adds = |outcome| matches!(outcome, ModeOutcome::Appended | ModeOutcome::KnownKeysDirty);
    let mode = subject.modes.iter().find(|mode| adds(mode.outcome));
    // Several jobs, since stores of files make at least a split of each file.
    for job in 0..5 {
        let part = rows.slice(job * 1_000, 1_000);
        trial
            .fill_by(
                mode.ok_or("no mode adds rows")?,
                &table,
                &people_columns(),
                &part,
            )
            .await?;
    }
    let (target, into) = memory();
    target.offer(people_columns(), Vec::new());
    let from = trial.reading(&table, Cut::Fine);
    let ended = trial
        .jobs
        .succeed(&Copy::of(&from, &into).channels(CHANNELS))
        .await?;
    let split_count = ended.report.splits.len();
    if split_count <= CHANNELS as usize {
        return Err(format!("only {split_count} splits for {CHANNELS} channels"));
    }
    same_ids(&target.keys(), &ids)?;
    same_rows(&rows, &target)
}

/// Nothing is written, and nothing is read back.
pub(super) async fn empty_table(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let table = trial.people_table().await;
    trial
        .fill(&table, &people_columns(), &people([], ""))
        .await?;
    trial.expect_ids(&table, [], "after an empty job").await?;
    for cut in [Cut::AsUsual, Cut::Fine] {
        let (from, (target, into)) = (trial.reading(&table, cut), memory());
        target.offer(people_columns(), Vec::new());
        let copy = Copy::of(&from, &into).channels(2);
        let ended = trial.jobs.succeed(&copy).await?;
        check("rows read", &ended.report.counts.rows_read, &0)?;
        check("commits", &target.ends().1, &1)?;
    }
    Ok(())
}

/// The smallest table that is not empty, cut as finely as can be.
pub(super) async fn one_row(subject: &Subject) -> Verdict {
    let trial = Trial::new(subject)?;
    let table = trial.people_table().await;
    let row = people([7], "only");
    trial.fill(&table, &people_columns(), &row).await?;
    for cut in [Cut::AsUsual, Cut::Fine] {
        let (from, (target, into)) = (trial.reading(&table, cut), memory());
        target.offer(people_columns(), Vec::new());
        trial
            .jobs
            .succeed(&Copy::of(&from, &into).channels(4))
            .await?;
        same_rows(&row, &target)?;
    }
    Ok(())
}

/// As many columns as the store allows, every third one NULL.
pub(super) async fn wide_rows(subject: &Subject) -> Verdict {
    const ROWS: i64 = 20;
    let trial = Trial::new(subject)?;
    let native = subject.store.native(&DataType::Int16);
    let names: Vec<String> = (1..subject.most_columns)
        .map(|index| format!("c{index:04}"))
        .collect();
    let natives: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), native.as_str()))
        .collect();
    let mut columns = vec![id_column()];
    let mut arrays: Vec<ArrayRef> = vec![Arc::new(Int64Array::from_iter_values(0..ROWS))];
    for (index, name) in names.iter().enumerate() {
        columns.push(Column::new(name, DataType::Int16));
        let value = i16::try_from(index).map_err(text)?;
        let cells: Int16Array = (0..ROWS)
            .map(|row| ((row + i64::from(value)) % 3 != 0).then_some(value))
            .collect();
        arrays.push(Arc::new(cells));
    }
    let expected = batch(&columns, arrays);
    let table = trial.table(&natives).await;
    trial.fill(&table, &columns, &expected).await?;
    let target = trial.read_back(&table, &columns).await?;
    same_rows(&expected, &target)
}

/// A copy from a table of one connector into a table of another.
pub struct Pairing<'a> {
    /// The reader and its table.
    pub from: (&'a Subject, &'a Table),
    /// The writer and its table.
    pub into: (&'a Subject, &'a Table),
}

/// Copies all rows through the engine, two channels wide; any dirty row is a failure.
pub async fn pair(pairing: &Pairing<'_>) -> Verdict {
    let (source, target) = (Trial::new(pairing.from.0)?, Trial::new(pairing.into.0)?);
    let from = source.reading(pairing.from.1, Cut::AsUsual);
    let into = target.writing(pairing.into.1, target.mode()?);
    source
        .jobs
        .succeed(&Copy::of(&from, &into).channels(2))
        .await
        .map(|_| ())
        .map_err(|problem| {
            format!(
                "{} into {}: {problem}",
                pairing.from.0.name, pairing.into.0.name
            )
        })
}
