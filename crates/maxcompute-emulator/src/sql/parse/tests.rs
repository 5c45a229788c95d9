//! Statements that define things, and statements that are refused.

use std::collections::BTreeSet;

use maxcompute::types::Type;

use super::super::SqlError;
use super::super::statement::Statement;
use super::{Scope, parse as parse_in};

/// Parses in the project `p` with the schema `s`.
pub(in crate::sql) fn parse(text: &str, legacy_decimal: bool) -> Result<Statement, SqlError> {
    let scope = Scope {
        project: "p",
        schemas: &BTreeSet::from(["s".to_owned()]),
        schema: "default",
        legacy_decimal,
    };
    parse_in(text, &scope)
}

#[test]
fn the_text_of_pyodps_creates_a_table() {
    let text = "CREATE TABLE IF NOT EXISTS p.`t1` (\n  `id` BIGINT COMMENT 'x',\n  `name` STRING NOT NULL,\n\
                `m` MAP<STRING,ARRAY<STRUCT<`a b`:DECIMAL,c:VARCHAR(5)>>>\n)\nCOMMENT '…'\n\
                PARTITIONED BY (\n  `pt` STRING\n)\nTBLPROPERTIES ('transactional'='true')\nLIFECYCLE 7;";
    let Ok(Statement::CreateTable(table)) = parse(text, false) else {
        panic!("parses as CREATE TABLE");
    };
    assert!(table.if_not_exists);
    assert_eq!(table.name, "t1");
    assert_eq!(table.columns[0].comment, "x");
    assert!(!table.columns[1].nullable);
    assert_eq!(
        table.columns[2].r#type.to_string(),
        "map<string,array<struct<`a b`:decimal(38,18),c:varchar(5)>>>"
    );
    assert_eq!(table.partition_keys.len(), 1);
    assert_eq!(table.lifecycle_days, Some(7));
    assert_eq!(table.properties["transactional"], "true");
}

#[test]
fn partitions_are_listed() {
    let text =
        "ALTER TABLE p.`t` ADD IF NOT EXISTS  PARTITION (pt='a',hh=1), PARTITION (pt='b',hh=-2);";
    let Ok(Statement::AddPartitions {
        partitions,
        if_not_exists,
        ..
    }) = parse(text, false)
    else {
        panic!("parses as ADD PARTITION");
    };
    assert!(if_not_exists);
    assert_eq!(partitions.len(), 2);
    assert_eq!(partitions[1][1], ("hh".to_owned(), "-2".to_owned()));
}

#[test]
fn hostile_statements_are_parse_errors() {
    let deep = format!(
        "create table t (a {}int{})",
        "array<".repeat(5000),
        ">".repeat(5000)
    );
    for bad in [
        "",
        ";",
        "hello",
        "create table",
        "create table t ()",
        "create table `../x` (a int)",
        "create table t (a nosuchtype)",
        "create table t (a int) lifecycle -1",
        "alter table t add partition",
        "drop table t t",
        "select",
        &deep,
    ] {
        let error = parse(bad, false).err().expect(bad).to_string();
        assert!(error.starts_with("ODPS-0130161:["), "{error}");
    }
}

#[test]
fn names_lead_to_their_schema() {
    let named = |text: &str, schema: &str| {
        let scope = Scope {
            project: "p",
            schemas: &BTreeSet::from(["s".to_owned()]),
            schema,
            legacy_decimal: false,
        };
        match parse_in(&format!("drop table {text}"), &scope) {
            Ok(Statement::DropTable { table, .. }) => Some(table),
            _ => None,
        }
    };
    for (text, schema, table) in [
        ("t", "default", Some("t")),
        ("p.t", "default", Some("t")),
        ("t", "s", Some("s.t")),
        ("p.t", "s", Some("s.t")),
        ("s.t", "default", Some("s.t")),
        ("p.S.T", "default", Some("s.t")),
        ("default.t", "s", Some("t")),
        ("other.t", "default", None),
        ("other.s.t", "default", None),
        ("p.other.t", "default", None),
        ("t", "other", None),
    ] {
        assert_eq!(named(text, schema).as_deref(), table, "{text} in {schema}");
    }
}

#[test]
fn plain_decimal_depends_on_the_edition() {
    for (legacy, precision) in [(false, 38), (true, 54)] {
        let Ok(Statement::CreateTable(table)) = parse("create table t (a decimal)", legacy) else {
            panic!("parses as CREATE TABLE");
        };
        assert_eq!(
            table.columns[0].r#type,
            Type::Decimal {
                precision,
                scale: 18
            }
        );
    }
}
