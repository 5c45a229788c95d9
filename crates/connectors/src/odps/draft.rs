//! The statement that makes a table which takes what the table of another store holds.

use maxcompute::types::Type;
use sdk::{BrowsedColumn, Column, Error, Kind, Result, TableDraft, TableWish};

use super::typemap;
use crate::sql::create_table::{Parts, repeated};

/// The service takes no longer names.
const LONGEST_NAME: usize = 128;

/// What opens and closes names and texts.
pub(super) const QUOTES: [char; 3] = ['\'', '"', '`'];

/// Writes the statement. Partitions stand behind the columns, wherever they were.
pub(super) fn draft(wish: &TableWish<'_>) -> Result<TableDraft> {
    let names: Vec<&str> = wish
        .columns
        .iter()
        .map(|browsed| browsed.column.name.as_str())
        .collect();
    if let Some(name) = repeated(&names, str::eq_ignore_ascii_case) {
        return Err(wrong(format!(
            "column `{name}` stands there twice, in whatever case"
        )));
    }
    let is_ours = wish.connector == Some("odps");
    let mut drafting = Drafting {
        is_ours,
        remarks: Vec::new(),
    };
    let mut parts = Parts {
        table: quoted(wish.table, "the table")?,
        columns: Vec::new(),
        key: Vec::new(),
        partitions: Vec::new(),
    };
    for browsed in wish.columns {
        match browsed.partition {
            true => parts.partitions.push(drafting.partition(&browsed.column)?),
            false => parts.columns.push(drafting.column(browsed)?),
        }
    }
    if parts.columns.is_empty() {
        return Err(wrong("it has no column beside its partitions".to_string()));
    }
    Ok(TableDraft {
        statement: parts.statement(),
        remarks: drafting.remarks,
    })
}

struct Drafting {
    is_ours: bool,
    remarks: Vec<(String, String)>,
}

impl Drafting {
    fn column(&mut self, browsed: &BrowsedColumn) -> Result<String> {
        let column = &browsed.column;
        let (stored, remark) = self.stored(column);
        if let Some(remark) = remark {
            self.remarks.push((column.name.clone(), remark));
        }
        if column.key {
            let remark =
                "a plain table of MaxCompute has no primary key, so it may hold rows twice";
            self.remarks.push((column.name.clone(), remark.to_string()));
        }
        let constraint = match column.nullable && !column.key {
            true => "",
            false => " NOT NULL",
        };
        let name = quoted(&column.name, "a column")?;
        Ok(format!("{name} {stored}{constraint}"))
    }

    fn stored(&self, column: &Column) -> (Type, Option<String>) {
        match column.native.parse() {
            Ok(stored) if self.is_ours => (stored, None),
            _ => typemap::stored_type(&column.data_type),
        }
    }

    fn partition(&self, column: &Column) -> Result<String> {
        let stored = match column.native.parse() {
            Ok(stored) if self.is_ours => stored,
            // Values come as text from the job, as in `pt=20240101`.
            _ => Type::String,
        };
        Ok(format!("{} {stored}", quoted(&column.name, "a partition")?))
    }
}

fn wrong(why: String) -> Error {
    Error::new(
        Kind::Config,
        format!("cannot write the table's statement: {why}"),
    )
    .hint("change the name of the table, or choose and rename columns")
}

/// A name as the service keeps it, in lower case; nothing in it can end the quotes.
fn quoted(name: &str, whose: &str) -> Result<String> {
    let is_plain = |c: char| c == '_' || c.is_alphanumeric();
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_plain) {
        return Ok(format!("`{}`", name.to_lowercase()));
    }
    let shown: String = name.chars().take(LONGEST_NAME).collect();
    let hint = "names are letters, digits and underscores, at most 128 bytes; project and schema stand in the datasource";
    Err(wrong(format!("`{shown}` cannot be the name of {whose}")).hint(hint))
}

#[cfg(test)]
mod tests {
    use arrow_schema::{DataType, TimeUnit};

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
    fn a_table_of_postgresql_becomes_one_of_maxcompute() {
        let zoned = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let mut columns = vec![
            browsed("Id", DataType::Int64, "bigint"),
            browsed("price", DataType::Decimal128(15, 2), "numeric(15,2)"),
            browsed("huge", DataType::Decimal256(60, 30), "numeric(60,30)"),
            browsed("at", zoned, "timestamp with time zone"),
            browsed(
                "time",
                DataType::Time64(TimeUnit::Microsecond),
                "time without time zone",
            ),
            browsed("pt", DataType::Utf8, "text"),
        ];
        columns[0].column.key = true;
        columns[5].partition = true;
        let drafted = written("HPG", Some("postgresql"), &columns).unwrap();
        assert_eq!(
            drafted.statement,
            "CREATE TABLE `hpg` (\n    `id` bigint NOT NULL,\n    `price` decimal(15,2),\n    `huge` string,\n    \
             `at` timestamp,\n    `time` string\n)\nPARTITIONED BY (`pt` string);\n"
        );
        let of: Vec<&str> = drafted
            .remarks
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(of, ["Id", "huge", "time"]);
    }

    #[test]
    fn its_own_types_are_kept() {
        let mut columns = vec![
            browsed("a", DataType::Utf8, "varchar(40)"),
            browsed("b", DataType::Utf8, "array<struct<x:int>>"),
            browsed("dt", DataType::Utf8, "bigint"),
        ];
        columns[2].partition = true;
        let drafted = written("t", Some("odps"), &columns).unwrap();
        assert_eq!(
            drafted.statement,
            "CREATE TABLE `t` (\n    `a` varchar(40),\n    `b` array<struct<x:int>>\n)\nPARTITIONED BY (`dt` bigint);\n"
        );
        assert!(drafted.remarks.is_empty());
    }

    #[test]
    fn names_that_the_service_has_not_got_are_refused() {
        let column = |name: &str| vec![browsed(name, DataType::Int32, "int")];
        let mut partition = column("pt");
        partition[0].partition = true;
        for (table, columns) in [
            ("a.b", column("x")),
            ("a`b", column("x")),
            ("", column("x")),
            ("t", column("x y")),
            ("t", [column("x"), column("X")].concat()),
            ("t", partition),
            ("t", Vec::new()),
        ] {
            let error = written(table, None, &columns).unwrap_err();
            assert_eq!(error.kind(), Kind::Config, "{table}: {error}");
        }
    }
}
