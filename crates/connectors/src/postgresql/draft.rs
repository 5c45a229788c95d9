//! The statement that makes a table which takes what the table of another store holds.

use sdk::{BrowsedColumn, Column, Error, Kind, Result, TableDraft, TableWish};

use super::sql::{identifier, parts};
use super::typemap;
use crate::sql::create_table::{Parts, repeated};

/// Longer names are cut by the server, and would not be found again.
const LONGEST_NAME: usize = 63;

/// What opens and closes names and texts.
pub(crate) const QUOTES: [char; 2] = ['\'', '"'];

/// Writes the statement. Partitions of the source become ordinary columns, since rows carry their values.
pub(crate) fn draft(wish: &TableWish<'_>) -> Result<TableDraft> {
    let names: Vec<&str> = wish
        .columns
        .iter()
        .map(|browsed| browsed.column.name.as_str())
        .collect();
    for name in &names {
        check_name(name, "a column")?;
    }
    if let Some(name) = repeated(&names, |left, right| left == right) {
        return Err(wrong(format!("column \"{name}\" stands there twice")));
    }
    if names.is_empty() {
        return Err(wrong("it has no columns".to_string()));
    }
    let is_ours = wish.connector == Some("postgresql");
    let mut remarks = Vec::new();
    let mut columns = Vec::new();
    for BrowsedColumn { column, .. } in wish.columns {
        let (type_name, remark) = type_of(column, is_ours);
        let constraint = match column.nullable && !column.key {
            true => "",
            false => " NOT NULL",
        };
        columns.push(format!(
            "{} {type_name}{constraint}",
            identifier(&column.name)
        ));
        remarks.extend(remark.map(|remark| (column.name.clone(), remark)));
    }
    let key = wish.columns.iter().filter(|browsed| browsed.column.key);
    let parts = Parts {
        table: table_name(wish.table)?,
        columns,
        key: key
            .map(|browsed| identifier(&browsed.column.name))
            .collect(),
        partitions: Vec::new(),
    };
    Ok(TableDraft {
        statement: parts.statement(),
        remarks,
    })
}

fn wrong(why: String) -> Error {
    Error::new(
        Kind::Config,
        format!("cannot write the table's statement: {why}"),
    )
    .hint("change the name of the table, or choose and rename columns")
}

/// The name with each part in quotes, in the case that it is written in.
fn table_name(name: &str) -> Result<String> {
    let parts = parts(name).filter(|parts| parts.len() <= 3);
    let parts = parts.ok_or_else(|| {
        wrong(format!("\"{name}\" is not a table name"))
            .hint("write it as `schema.table`, with double quotes around names that hold dots")
    })?;
    for part in &parts {
        check_name(&part.text, "the table")?;
    }
    let quoted: Vec<String> = parts.iter().map(|part| identifier(&part.text)).collect();
    Ok(quoted.join("."))
}

fn check_name(name: &str, whose: &str) -> Result<()> {
    let shown: String = name.chars().take(LONGEST_NAME).collect();
    if name.len() > LONGEST_NAME {
        return Err(wrong(format!(
            "the name \"{shown}…\" of {whose} is longer than {LONGEST_NAME} bytes"
        )));
    }
    if name.is_empty() || name.contains(['\0', '\\']) {
        return Err(wrong(format!("\"{shown}\" cannot be the name of {whose}")));
    }
    Ok(())
}

/// The type as the server takes it, and what is to be known about it.
fn type_of(column: &Column, is_ours: bool) -> (String, Option<String>) {
    if is_ours && typemap::is_built_in(&column.native) {
        return (column.native.clone(), None);
    }
    let (type_name, remark) = typemap::type_name(&column.data_type, column.extension);
    // What was printed by another database of the kind may not exist in this one.
    let foreign = is_ours.then(|| {
        format!(
            "the type `{}` belongs to the database that has it, so `{type_name}` stands here",
            column.native
        )
    });
    (type_name, foreign.or(remark))
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;

    fn browsed(name: &str, data_type: DataType, native: &str) -> BrowsedColumn {
        BrowsedColumn::new(Column::new(name, data_type).native(native), "for the test")
    }

    fn written(
        table: &str,
        connector: Option<&str>,
        columns: &[BrowsedColumn],
    ) -> Result<TableDraft> {
        draft(&TableWish {
            table,
            connector,
            columns,
        })
    }

    #[test]
    fn types_of_another_database_are_kept_as_far_as_every_database_has_them() {
        let mut id = browsed("id", DataType::Int64, "bigint");
        (id.column.key, id.column.nullable) = (true, false);
        let columns = [
            id,
            browsed("na\"me", DataType::Utf8, "character varying(40)"),
            browsed("at", DataType::Utf8, "timestamp(3) with time zone"),
            browsed("tags", DataType::Utf8, "text[]"),
            browsed("mood", DataType::Utf8, "mood); drop table x; --"),
        ];
        let drafted = written("public.Person", Some("postgresql"), &columns).unwrap();
        assert_eq!(
            drafted.statement,
            "CREATE TABLE \"public\".\"Person\" (\n    \"id\" bigint NOT NULL,\n    \"na\"\"me\" character varying(40),\n    \
             \"at\" timestamp(3) with time zone,\n    \"tags\" text[],\n    \"mood\" text,\n    PRIMARY KEY (\"id\")\n);\n"
        );
        assert_eq!(drafted.remarks.len(), 1);
        assert_eq!(drafted.remarks[0].0, "mood");
    }

    #[test]
    fn names_that_the_server_would_change_are_refused() {
        let column = |name: &str| [browsed(name, DataType::Int32, "int")];
        for (table, columns) in [
            ("", column("a")),
            ("a.b.c.d", column("a")),
            ("\"open", column("a")),
            ("t", column("")),
            ("t", column(&"x".repeat(64))),
            (&"t".repeat(64), column("a")),
        ] {
            let error = written(table, None, &columns).unwrap_err();
            assert_eq!(error.kind(), Kind::Config, "{table}: {error}");
        }
        let twice = [column("a"), column("a")].concat();
        written("t", None, &twice).unwrap_err();
        written("t", None, &[]).unwrap_err();
        let apart = [column("a"), column("A")].concat();
        written("t", None, &apart).unwrap();
    }
}
