//! The table that is written to: its columns in the job's order, the key that conflicts are decided
//! by, and the ways in which rows can get there.

use sdk::{Column, Error, Kind, Result};

use super::catalog::{
    Table, TableColumn, UniqueIndex, find_table, table_columns, types, unique_indexes,
};
use super::config::{WriteMode, WriterParameters};
use super::copy::field::Target as Coding;
use super::merge::ON_CONFLICT_SINCE;
use super::plan::{find_column, no_such_column};
use super::session::Session;
use super::typemap::map;

/// A column that rows bring.
pub(crate) struct TargetColumn {
    pub(crate) column: Column,
    /// `None` if it is staged as text and cast by the server.
    pub(crate) coding: Option<Coding>,
}

/// What to do with a row whose key is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum OnConflict {
    /// Let the server refuse it and put it aside.
    SetAside,
    /// Let the server refuse it and fail.
    Fail,
    /// Replace the other columns.
    Update(Vec<String>),
    /// Keep what is there; with no key, by any unique index.
    Ignore(Vec<String>),
}

/// The target table, looked at once per job and process.
pub(crate) struct Target {
    pub(crate) table: Table,
    pub(crate) columns: Vec<TargetColumn>,
    pub(crate) unique: Vec<UniqueIndex>,
    pub(crate) on_conflict: OnConflict,
    /// Whether a column in the list is `GENERATED ALWAYS AS IDENTITY`.
    pub(crate) always_identity: bool,
    pub(crate) version: u32,
}

impl Target {
    /// Whether rows go through a temporary table even if every column has a binary form.
    pub(crate) fn is_staged(&self) -> bool {
        matches!(
            self.on_conflict,
            OnConflict::Update(_) | OnConflict::Ignore(_)
        ) || self.table.kind == 'v'
    }

    /// The names of the columns that rows bring.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .map(|column| column.column.name.as_str())
    }
}

/// Finds table, columns and key.
pub(crate) async fn target(session: &Session, parameters: &WriterParameters) -> Result<Target> {
    let name = match parameters.table.as_slice() {
        [name] => name,
        [] => return Err(Error::new(Kind::Config, "`table` is missing")),
        _ => {
            return Err(Error::new(
                Kind::Config,
                "`table` names several tables, and a job writes to one",
            )
            .hint("use one job for each table"));
        }
    };
    let table = find_table(session, name).await?;
    let all = table_columns(session, &table).await?;
    let display = format!("table {}", table.display());
    let mut chosen = Vec::new();
    if parameters.column.is_empty() || parameters.column == ["*"] {
        chosen.extend(all.iter().filter(|column| !column.generated));
    } else {
        for name in &parameters.column {
            let column = find_column(name.trim(), &all).ok_or_else(|| {
                no_such_column(
                    name,
                    &display,
                    all.iter().map(|column| column.name.as_str()),
                )
            })?;
            if column.generated {
                return Err(Error::new(
                    Kind::Config,
                    format!("column \"{name}\" of {display} is generated and cannot be written"),
                )
                .hint("take it out of `column`; the server computes it"));
            }
            if chosen
                .iter()
                .any(|earlier: &&TableColumn| earlier.number == column.number)
            {
                return Err(Error::new(
                    Kind::Config,
                    format!("column \"{name}\" is in `column` twice"),
                ));
            }
            chosen.push(column);
        }
    }
    let oids: Vec<u32> = chosen.iter().map(|column| column.type_oid).collect();
    let types = types(session, &oids).await?;
    // Elsewhere a trigger, of a partition too, may fill a NULL that a NOT NULL column is brought.
    let nulls_refused = !table.has_before_triggers && table.kind == 'r';
    let columns: Vec<TargetColumn> = chosen
        .iter()
        .map(|column| {
            let mapped = map(&types, column.type_oid, column.modifier);
            TargetColumn {
                column: Column {
                    nullable: !column.not_null || !nulls_refused,
                    empty_as_null: parameters.empty_as_null && mapped.is_number(),
                    ..mapped.column(column)
                },
                coding: mapped.coding,
            }
        })
        .collect();
    let unique = unique_indexes(session, &table).await?;
    let on_conflict = on_conflict(parameters, &columns, &unique, &display)?;
    let target = Target {
        always_identity: chosen.iter().any(|column| column.always_identity),
        version: session.version().await?,
        table,
        columns,
        unique,
        on_conflict,
    };
    check_key(&target)?;
    Ok(target)
}

/// Refuses a key that the server would refuse in the middle of the load, when `preSql` has run.
fn check_key(target: &Target) -> Result<()> {
    let (OnConflict::Update(key) | OnConflict::Ignore(key)) = &target.on_conflict else {
        return Ok(());
    };
    if target.version < ON_CONFLICT_SINCE {
        // Without ON CONFLICT, any columns may decide, and some must.
        return if key.is_empty() {
            Err(Error::new(
                Kind::Config,
                "`writeMode` is `ignore`, and this server cannot decide it by every unique index",
            )
            .hint("name the columns of one unique index in `conflictKey`"))
        } else {
            Ok(())
        };
    }
    let is_key = |index: &UniqueIndex| {
        index.columns.len() == key.len() && index.columns.iter().all(|name| key.contains(name))
    };
    // What a view is over, and what is on the other side of a foreign table, is not known here.
    let known = matches!(target.table.kind, 'r' | 'p');
    if key.is_empty() || !known || target.unique.iter().any(is_key) {
        return Ok(());
    }
    let error = Error::new(
        Kind::Config,
        format!(
            "`conflictKey` is ({}), and no unique index of table {} is of exactly these columns",
            key.join(", "),
            target.table.display()
        ),
    );
    let indexes: Vec<String> = target
        .unique
        .iter()
        .map(|index| format!("({})", index.columns.join(", ")))
        .collect();
    Err(match indexes.as_slice() {
        [] => error.hint("make a unique index of these columns, or choose another `writeMode`"),
        _ => error.hint(format!(
            "there is a unique index of {}",
            indexes.join(", of ")
        )),
    })
}

fn on_conflict(
    parameters: &WriterParameters,
    columns: &[TargetColumn],
    unique: &[UniqueIndex],
    table: &str,
) -> Result<OnConflict> {
    let keyless = |mode: &str, on_conflict| {
        if parameters.conflict_key.is_empty() {
            return Ok(on_conflict);
        }
        Err(Error::new(
            Kind::Config,
            format!("`conflictKey` is given, and `writeMode` `{mode}` goes by no key"),
        )
        .hint("set `writeMode` to `update` or `ignore`, or take `conflictKey` out"))
    };
    let (named, update) = match &parameters.write_mode {
        WriteMode::Insert => return keyless("insert", OnConflict::SetAside),
        WriteMode::Copy => return keyless("copy", OnConflict::Fail),
        WriteMode::Update(key) => (key, true),
        WriteMode::Ignore(key) => (key, false),
    };
    let named = if named.is_empty() {
        &parameters.conflict_key
    } else {
        named
    };
    let mut key = Vec::new();
    for name in named {
        let known = columns
            .iter()
            .find(|column| {
                column
                    .column
                    .name
                    .eq_ignore_ascii_case(name.trim().trim_matches('"'))
            })
            .ok_or_else(|| {
                no_such_column(
                    name,
                    "`column`",
                    columns.iter().map(|column| column.column.name.as_str()),
                )
                .prefix("`conflictKey`")
            })?;
        key.push(known.column.name.clone());
    }
    if key.is_empty() {
        let primary = unique.iter().find(|index| index.primary);
        if let Some(primary) = primary {
            key.clone_from(&primary.columns);
        }
    }
    if let Some(missing) = key
        .iter()
        .find(|name| columns.iter().all(|column| column.column.name != **name))
    {
        return Err(Error::new(
            Kind::Config,
            format!("`writeMode` decides by column \"{missing}\", which `column` lacks"),
        )
        .hint("write the key columns too, or choose another `conflictKey`"));
    }
    if update {
        if key.is_empty() {
            return Err(Error::new(
                Kind::Config,
                format!("`writeMode` is `update`, and {table} has no primary key"),
            )
            .hint("name the columns of a unique index in `conflictKey`"));
        }
        return Ok(OnConflict::Update(key));
    }
    Ok(OnConflict::Ignore(key))
}
