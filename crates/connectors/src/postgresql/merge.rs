//! The ways into the table, as SQL: COPY straight into it, or COPY into a temporary table and one
//! set-wise statement from there. The latter serves `update` and `ignore`, views, and columns whose
//! type has no binary form here, which are staged as text and cast.

use arrow_array::RecordBatch;
use sdk::Column;

use super::copy::field::Target as Coding;
use super::sql::{identifier, identifiers};
use super::target::{OnConflict, Target};

/// The temporary table, and its column that numbers the rows in the order they came.
const STAGE: &str = "pg_temp.longshore_stage";
const ROW: &str = "longshore_row";

/// `ON CONFLICT` came with PostgreSQL 9.5; Greenplum 6 and AnalyticDB 6 are 9.4.
const ON_CONFLICT_SINCE: u32 = 90_500;

/// How rows of this task get into the table.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// How each column is coded.
    pub(crate) codings: Vec<Coding>,
    /// Makes the temporary table, once per transaction.
    pub(crate) create: Option<String>,
    pub(crate) copy: String,
    /// Whether rows bring their number.
    pub(crate) numbered: bool,
    /// Moves the staged rows into the table and empties the temporary table.
    pub(crate) merge: Option<String>,
}

impl Route {
    /// The way for batches like this one.
    pub(crate) fn new(target: &Target, batch: &RecordBatch) -> Self {
        let schema = batch.schema();
        let mut codings = Vec::with_capacity(target.columns.len());
        let mut cast = Vec::with_capacity(target.columns.len());
        for (place, column) in target.columns.iter().enumerate() {
            let wire = schema
                .fields()
                .get(place)
                .is_some_and(|field| Column::is_wire(field));
            cast.push(!wire && column.coding.is_none());
            codings.push(match (&column.coding, wire) {
                (_, true) => Coding::Wire,
                (Some(coding), false) => coding.clone(),
                (None, false) => Coding::Text { limit: None },
            });
        }
        let names = identifiers(target.names());
        // A table without columns cannot be named with none.
        let list = if names.is_empty() {
            String::new()
        } else {
            format!(" ({names})")
        };
        if !target.is_staged() && !cast.contains(&true) {
            return Route {
                codings,
                create: None,
                copy: format!(
                    "COPY {}{list} FROM STDIN (FORMAT BINARY)",
                    target.table.sql()
                ),
                numbered: false,
                merge: None,
            };
        }
        let staged: Vec<String> = target
            .names()
            .zip(&cast)
            .map(|(name, cast)| match cast {
                true => format!("NULL::text AS {}", identifier(name)),
                false => identifier(name),
            })
            .chain([format!("NULL::bigint AS {ROW}")])
            .collect();
        Route {
            codings,
            create: Some(format!(
                "CREATE TEMPORARY TABLE longshore_stage ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA",
                staged.join(", "),
                target.table.sql()
            )),
            copy: format!("COPY {STAGE} FROM STDIN (FORMAT BINARY)"),
            numbered: true,
            merge: Some(merge(target, &cast)),
        }
    }
}

/// The statements that move the staged rows.
fn merge(target: &Target, cast: &[bool]) -> String {
    let table = target.table.sql();
    let names = identifiers(target.names());
    let converted: Vec<String> = target
        .columns
        .iter()
        .zip(cast)
        .map(|(column, cast)| {
            let name = identifier(&column.column.name);
            match cast {
                true => format!("{name}::{} AS {name}", column.column.native),
                false => name,
            }
        })
        .chain([ROW.to_string()])
        .collect();
    let rows = format!("(SELECT {} FROM {STAGE}) AS s", converted.join(", "));
    let overriding = if target.always_identity {
        " OVERRIDING SYSTEM VALUE"
    } else {
        ""
    };
    let insert = format!("INSERT INTO {table} ({names}){overriding} SELECT {names} FROM");
    let (key, update) = match &target.on_conflict {
        OnConflict::SetAside | OnConflict::Fail => {
            return format!("{insert} {rows} ORDER BY {ROW}; TRUNCATE {STAGE}");
        }
        OnConflict::Update(key) => (key, true),
        OnConflict::Ignore(key) => (key, false),
    };
    let keys = identifiers(key.iter().map(String::as_str));
    if key.is_empty() {
        return format!("{insert} {rows} ORDER BY {ROW} ON CONFLICT DO NOTHING; TRUNCATE {STAGE}");
    }
    // Of rows with one key, the last counts under update and the first under ignore. Keys with a NULL
    // are never equal. The order by key makes concurrent tasks lock rows in one order.
    let nullable: Vec<String> = target
        .columns
        .iter()
        .filter(|column| column.column.nullable && key.contains(&column.column.name))
        .map(|column| format!("{} IS NULL", identifier(&column.column.name)))
        .collect();
    let apart = if nullable.is_empty() {
        String::new()
    } else {
        format!(", CASE WHEN {} THEN {ROW} END", nullable.join(" OR "))
    };
    let direction = if update { "DESC" } else { "ASC" };
    let distinct = format!(
        "(SELECT DISTINCT ON ({keys}{apart}) * FROM {rows} ORDER BY {keys}{apart}, {ROW} {direction}) AS d"
    );
    let rest: Vec<String> = target
        .names()
        .filter(|name| !key.iter().any(|key| key == name))
        .map(identifier)
        .collect();
    if target.version >= ON_CONFLICT_SINCE {
        let action = if update && !rest.is_empty() {
            let sets: Vec<String> = rest
                .iter()
                .map(|name| format!("{name} = EXCLUDED.{name}"))
                .collect();
            format!("DO UPDATE SET {}", sets.join(", "))
        } else {
            "DO NOTHING".to_string()
        };
        return format!(
            "{insert} {distinct} ORDER BY {keys} ON CONFLICT ({keys}) {action}; TRUNCATE {STAGE}"
        );
    }
    let same: Vec<String> = key
        .iter()
        .map(|name| identifier(name))
        .map(|name| format!("t.{name} = d.{name}"))
        .collect();
    let same = same.join(" AND ");
    if update {
        format!(
            "DELETE FROM {table} AS t USING {distinct} WHERE {same}; {insert} {distinct}; TRUNCATE {STAGE}"
        )
    } else {
        format!(
            "{insert} {distinct} WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE {same}); TRUNCATE {STAGE}"
        )
    }
}
