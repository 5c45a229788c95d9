//! The ways into the table, as SQL: COPY straight into it, or COPY into a temporary table and one
//! set-wise statement from there. The latter serves `update` and `ignore`, views, and columns whose
//! type has no binary form here, which are staged as text and cast.

use arrow_array::RecordBatch;
use sdk::Column;

use super::copy::field::Target as Coding;
use super::sql::{identifier, identifiers};
use super::target::{OnConflict, Target};

/// The temporary table, and its column that numbers the rows in the order they came.
const STAGE: &str = "longshore_stage";
const ROW: &str = "longshore_row";

/// `ON CONFLICT` came with PostgreSQL 9.5. Greenplum 6 and openGauss are older and have none;
/// AnalyticDB 6 says that it is older too.
pub(crate) const ON_CONFLICT_SINCE: u32 = 90_500;

/// How rows of this task get into the table.
#[derive(Debug, Clone)]
pub(crate) struct Route {
    /// How each column is coded.
    pub(crate) codings: Vec<Coding>,
    pub(crate) copy: String,
    pub(crate) stage: Option<Stage>,
}

/// A temporary table, into whose rows COPY also brings their numbers.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// Makes it, once per transaction.
    pub(crate) create: String,
    /// Moves its rows into the target and empties it.
    pub(crate) merge: String,
}

impl Route {
    /// The table that COPY fills, as the server names it when a row is refused.
    pub(crate) fn copied_into<'a>(&self, target: &'a Target) -> &'a str {
        match self.stage {
            Some(_) => STAGE,
            None => &target.table.name,
        }
    }

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
                copy: format!(
                    "COPY {}{list} FROM STDIN (FORMAT BINARY)",
                    target.table.sql()
                ),
                stage: None,
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
            copy: format!("COPY pg_temp.{STAGE} FROM STDIN (FORMAT BINARY)"),
            stage: Some(Stage {
                create: format!(
                    "CREATE TEMPORARY TABLE {STAGE} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA",
                    staged.join(", "),
                    target.table.sql()
                ),
                merge: merge(target, &cast),
            }),
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
    let rows = format!(
        "(SELECT {} FROM pg_temp.{STAGE}) AS s",
        converted.join(", ")
    );
    let overriding = if target.always_identity {
        " OVERRIDING SYSTEM VALUE"
    } else {
        ""
    };
    let insert = format!("INSERT INTO {table} ({names}){overriding} SELECT {names} FROM");
    let empty = format!("TRUNCATE pg_temp.{STAGE}");
    let (key, update) = match &target.on_conflict {
        OnConflict::SetAside | OnConflict::Fail => {
            return format!("{insert} {rows} ORDER BY {ROW}; {empty}");
        }
        OnConflict::Update(key) => (key, true),
        OnConflict::Ignore(key) => (key, false),
    };
    let keys = identifiers(key.iter().map(String::as_str));
    if key.is_empty() {
        return format!("{insert} {rows} ORDER BY {ROW} ON CONFLICT DO NOTHING; {empty}");
    }
    let last = once_per_key(target, key, &rows);
    let rest: Vec<String> = target
        .names()
        .filter(|name| update && !key.iter().any(|key| key == name))
        .map(identifier)
        .collect();
    let set = |from: &str| {
        let set = rest.iter().map(|name| format!("{name} = {from}.{name}"));
        set.collect::<Vec<_>>().join(", ")
    };
    if target.version >= ON_CONFLICT_SINCE {
        let action = match rest.as_slice() {
            [] => "DO NOTHING".to_string(),
            _ => format!("DO UPDATE SET {}", set("EXCLUDED")),
        };
        return format!("{insert} {last} ORDER BY {keys} ON CONFLICT ({keys}) {action}; {empty}");
    }
    let same: Vec<String> = key
        .iter()
        .map(|name| identifier(name))
        .map(|name| format!("t.{name} = d.{name}"))
        .collect();
    let same = same.join(" AND ");
    let update = match rest.as_slice() {
        [] => String::new(),
        _ => format!(
            "UPDATE {table} AS t SET {} FROM {last} WHERE {same}; ",
            set("d")
        ),
    };
    format!(
        "{update}{insert} {last} WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE {same}); {empty}"
    )
}

/// Of rows with one key, the last under update and the first under ignore. Keys with a NULL are never
/// equal. The order by key makes concurrent tasks lock rows in one order.
fn once_per_key(target: &Target, key: &[String], rows: &str) -> String {
    let keys = identifiers(key.iter().map(String::as_str));
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
    let direction = match target.on_conflict {
        OnConflict::Update(_) => "DESC",
        _ => "ASC",
    };
    format!(
        "(SELECT DISTINCT ON ({keys}{apart}) * FROM {rows} ORDER BY {keys}{apart}, {ROW} {direction}) AS d"
    )
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, Schema};

    use super::super::catalog::Table;
    use super::super::target::TargetColumn;
    use super::*;

    fn stage(on_conflict: OnConflict, version: u32) -> String {
        let column = |name: &str, coding, nullable| TargetColumn {
            column: Column {
                nullable,
                ..Column::new(name, DataType::Utf8)
            },
            coding: Some(coding),
        };
        let target = Target {
            table: Table {
                oid: 0,
                schema: "public".into(),
                name: "t".into(),
                kind: 'r',
                plain: true,
                has_before_triggers: false,
                estimated_rows: None,
            },
            columns: vec![
                column("id", Coding::Int4, false),
                column("name", Coding::Text { limit: None }, true),
            ],
            unique: Vec::new(),
            on_conflict,
            always_identity: false,
            version,
        };
        let batch = RecordBatch::new_empty(std::sync::Arc::new(Schema::empty()));
        let stage = Route::new(&target, &batch).stage.unwrap();
        format!("{}\n{}\n", stage.create, stage.merge)
    }

    /// The integration tests run these texts on a server, which knows what Greenplum 6 knows and more.
    #[test]
    fn servers_without_on_conflict_get_what_they_know() {
        let id = || vec!["id".to_string()];
        let greenplum = 90_426;
        assert_eq!(
            stage(OnConflict::Update(id()), greenplum),
            include_str!("../../tests/it/postgresql/greenplum6_update.sql")
        );
        assert_eq!(
            stage(OnConflict::Ignore(id()), greenplum),
            include_str!("../../tests/it/postgresql/greenplum6_ignore.sql")
        );
        let newer = stage(OnConflict::Update(id()), ON_CONFLICT_SINCE);
        assert!(
            newer.contains(r#"ON CONFLICT ("id") DO UPDATE SET "name" = EXCLUDED."name""#),
            "{newer}"
        );
    }
}
