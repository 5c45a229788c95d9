//! `longshore ping`, `tables`, `columns` and `preview`: a look into a data source.

use sdk::{Browser, Listing, Registry};

use crate::arguments::{DatasourceArguments, NameArguments, TableArguments, TablesArguments};
use crate::catalog::aligned;
use crate::datasources;
use crate::exit::{Exit, Stop};
use crate::print;

const PREVIEW_ROWS: usize = 20;
const MOST_TABLES: usize = 1000;

/// `longshore ping`.
pub(crate) async fn ping(arguments: &NameArguments) -> Result<Exit, Stop> {
    let browser = open(&arguments.name, &arguments.datasources).await?;
    let mut exit = Exit::Success;
    for stage in browser.ping().await {
        let milliseconds = stage.took.as_secs_f64() * 1000.0;
        match stage.outcome {
            Ok(remark) => print::out(format_args!(
                "{:<8} ok      {milliseconds:>9.1} ms  {remark}\n",
                stage.name
            ))?,
            Err(error) => {
                print::out(format_args!(
                    "{:<8} failed  {milliseconds:>9.1} ms  {error}\n",
                    stage.name
                ))?;
                if let Some(hint) = error.hint_text() {
                    print::out(format_args!("{:30}hint: {hint}\n", ""))?;
                }
                exit = Exit::of_error(&error);
            }
        }
    }
    Ok(exit)
}

/// `longshore tables`.
pub(crate) async fn tables(arguments: &TablesArguments) -> Result<Exit, Stop> {
    let browser = open(&arguments.name, &arguments.datasources).await?;
    let tables = browser
        .list(Listing::Tables, &arguments.search, MOST_TABLES)
        .await?;
    if tables.len() == MOST_TABLES {
        print::err(format_args!(
            "notice: only the first {MOST_TABLES} tables are shown; name a part of the table's name"
        ));
    }
    let rows: Vec<_> = tables
        .into_iter()
        .map(|table| [table.name, table.kind])
        .collect();
    print::out(aligned(&rows))?;
    Ok(Exit::Success)
}

/// `longshore columns`.
pub(crate) async fn columns(arguments: &TableArguments) -> Result<Exit, Stop> {
    let browser = open(&arguments.name, &arguments.datasources).await?;
    let columns = browser.columns(&arguments.table).await?;
    let rows: Vec<_> = columns
        .into_iter()
        .map(|browsed| {
            let column = browsed.column;
            let null = if column.nullable { "" } else { "not null" };
            let role = match (browsed.partition, column.key) {
                (true, _) => "partition",
                (false, true) => "key",
                (false, false) => "",
            };
            [
                column.name,
                column.native,
                null.to_string(),
                role.to_string(),
            ]
        })
        .collect();
    print::out(aligned(&rows))?;
    Ok(Exit::Success)
}

/// `longshore preview`.
pub(crate) async fn preview(arguments: &TableArguments) -> Result<Exit, Stop> {
    let browser = open(&arguments.name, &arguments.datasources).await?;
    let batch = browser.preview(&arguments.table, PREVIEW_ROWS).await?;
    let schema = batch.schema();
    let mut rows = vec![
        schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect::<Vec<_>>(),
    ];
    for row in 0..batch.num_rows() {
        let cells = sdk::row_to_json(&batch, row).into_iter();
        let cells = cells.map(|(_, cell)| match cell {
            serde_json::Value::Null => "NULL".to_string(),
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        });
        rows.push(cells.collect());
    }
    print::out(aligned(&rows))?;
    Ok(Exit::Success)
}

async fn open(name: &str, arguments: &DatasourceArguments) -> Result<Box<dyn Browser>, Stop> {
    let registry: Registry = connectors::registry();
    let file = datasources::find(arguments);
    let datasources = datasources::load(file.as_deref(), &registry)?;
    let Some(datasource) = datasources.get(name) else {
        let hint = match sdk::nearest(name, datasources.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if datasources.is_empty() => {
                "name the file that has them with --datasources".to_string()
            }
            None => format!(
                "registered are {}",
                datasources.keys().cloned().collect::<Vec<_>>().join(", ")
            ),
        };
        return Err(Stop::usage(format!("there is no datasource `{name}`")).hint(hint));
    };
    let config = serde_json::Value::Object(datasource.config.clone());
    let opening = registry
        .find(&datasource.connector)
        .and_then(|connector| connector.open_browser(&config))
        .ok_or_else(|| {
            Stop::usage(format!(
                "a data source of type `{}` cannot be looked into",
                datasource.connector
            ))
        })?;
    let opening = opening.map_err(|problems| {
        let lines = problems.iter().map(|problem| match &problem.hint {
            Some(hint) => format!("{} ({hint})", problem.message),
            None => problem.message.clone(),
        });
        Stop::usage(format!(
            "datasource `{name}`: {}",
            lines.collect::<Vec<_>>().join("; ")
        ))
    })?;
    Ok(opening().await?)
}
