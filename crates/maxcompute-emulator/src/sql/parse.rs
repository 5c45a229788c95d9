//! Statements that define things, and the entry to the parser. Queries are in `parse_query`.

use std::collections::BTreeMap;

use maxcompute::types::{Column, LEGACY_DECIMAL, Type};

use super::SqlError;
use super::lexer::{Token, Tokens};
use super::parse_query::{insert, query};
use super::statement::{NewTable, Pairs, Statement};

/// Types nested deeper than this are refused before anything recurses over them.
const MAX_TYPE_DEPTH: usize = 32;

/// Tokens with what names and types mean here.
pub(crate) struct Parser<'a> {
    pub(crate) tokens: Tokens,
    project: &'a str,
    legacy_decimal: bool,
}

/// Parses one statement of a project. With `legacy_decimal`, DECIMAL alone is the type of the first edition.
pub(crate) fn parse(
    text: &str,
    project: &str,
    legacy_decimal: bool,
) -> Result<Statement, SqlError> {
    let mut parser = Parser {
        tokens: Tokens::new(text)?,
        project,
        legacy_decimal,
    };
    let statement = parser.statement()?;
    parser.tokens.end()?;
    Ok(statement)
}

impl Parser<'_> {
    fn statement(&mut self) -> Result<Statement, SqlError> {
        let tokens = &mut self.tokens;
        if tokens.accept_all(&["create", "table"]) {
            return self.create_table();
        }
        if tokens.accept_all(&["drop", "table"]) {
            let if_exists = tokens.accept_all(&["if", "exists"]);
            return Ok(Statement::DropTable {
                table: self.table_name()?,
                if_exists,
            });
        }
        if tokens.accept_all(&["truncate", "table"]) {
            let table = self.table_name()?;
            return Ok(Statement::Truncate {
                table,
                partitions: self.partitions()?,
            });
        }
        if tokens.accept_all(&["alter", "table"]) {
            return self.alter_table();
        }
        if tokens.accept_all(&["show", "tables"]) {
            return Ok(Statement::ShowTables);
        }
        if tokens.accept_all(&["show", "partitions"]) {
            let table = self.table_name()?;
            return Ok(Statement::ShowPartitions {
                table,
                partition: self.optional_partition()?,
            });
        }
        if tokens.accept("desc") || tokens.accept("describe") {
            tokens.accept("extended");
            let table = self.table_name()?;
            return Ok(Statement::Describe {
                table,
                partition: self.optional_partition()?,
            });
        }
        if tokens.is_keyword("insert") {
            return insert(self);
        }
        if tokens.is_keyword("select") {
            return query(self).map(Statement::Select);
        }
        tokens.fail("a statement that this server knows")
    }

    /// `table`, `project.table` or `project.default.table`.
    pub(crate) fn table_name(&mut self) -> Result<String, SqlError> {
        let mut parts = vec![self.tokens.identifier()?];
        while parts.len() < 3 && self.tokens.accept_mark(".") {
            parts.push(self.tokens.identifier()?);
        }
        let table = parts.pop().unwrap_or_default();
        let qualified = match parts.as_slice() {
            [] => true,
            [first] => first == self.project || first == "default",
            [project, schema, ..] => project == self.project && schema == "default",
        };
        if qualified {
            return Ok(table);
        }
        Err(SqlError::semantic(format!(
            "{}.{table} is not in the project {}",
            parts.join("."),
            self.project
        )))
    }

    fn create_table(&mut self) -> Result<Statement, SqlError> {
        let if_not_exists = self.tokens.accept_all(&["if", "not", "exists"]);
        let mut table = NewTable {
            name: self.table_name()?,
            if_not_exists,
            columns: Vec::new(),
            partition_keys: Vec::new(),
            comment: String::new(),
            lifecycle_days: None,
            properties: BTreeMap::new(),
            primary_key: Vec::new(),
        };
        self.tokens.expect_mark("(")?;
        loop {
            if self.tokens.accept_all(&["primary", "key"]) {
                table.primary_key = self.names_in_parentheses()?;
            } else {
                table.columns.push(self.column()?);
            }
            if !self.tokens.accept_mark(",") {
                break;
            }
        }
        self.tokens.expect_mark(")")?;
        loop {
            if self.tokens.accept("comment") {
                table.comment = self.tokens.text()?;
            } else if self.tokens.accept_all(&["partitioned", "by"]) {
                table.partition_keys = self.columns_in_parentheses()?;
            } else if self.tokens.accept("tblproperties") {
                table.properties = self.properties()?;
            } else if self.tokens.accept("lifecycle") {
                table.lifecycle_days = Some(self.tokens.whole_number()?);
            } else {
                return Ok(Statement::CreateTable(table));
            }
        }
    }

    fn alter_table(&mut self) -> Result<Statement, SqlError> {
        let table = self.table_name()?;
        let tokens = &mut self.tokens;
        if tokens.accept_all(&["add", "columns"]) || tokens.accept_all(&["add", "column"]) {
            return Ok(Statement::AddColumns {
                table,
                columns: self.columns_in_parentheses()?,
            });
        }
        if tokens.accept("add") {
            let if_not_exists = tokens.accept_all(&["if", "not", "exists"]);
            let partitions = self.required_partitions()?;
            return Ok(Statement::AddPartitions {
                table,
                partitions,
                if_not_exists,
            });
        }
        if tokens.accept("drop") {
            let if_exists = tokens.accept_all(&["if", "exists"]);
            let partitions = self.required_partitions()?;
            return Ok(Statement::DropPartitions {
                table,
                partitions,
                if_exists,
            });
        }
        tokens.fail("'ADD' or 'DROP'")
    }

    fn required_partitions(&mut self) -> Result<Vec<Pairs>, SqlError> {
        let partitions = self.partitions()?;
        if partitions.is_empty() {
            self.tokens.fail("'PARTITION'")
        } else {
            Ok(partitions)
        }
    }

    /// Any number of partition clauses, with or without commas between them.
    fn partitions(&mut self) -> Result<Vec<Pairs>, SqlError> {
        let mut partitions = Vec::new();
        while self.tokens.is_keyword("partition") {
            partitions.push(self.optional_partition()?);
            self.tokens.accept_mark(",");
        }
        Ok(partitions)
    }

    /// `PARTITION (k='v', …)`, or nothing.
    pub(crate) fn optional_partition(&mut self) -> Result<Pairs, SqlError> {
        if !self.tokens.accept("partition") {
            return Ok(Vec::new());
        }
        self.tokens.expect_mark("(")?;
        let pairs = self.tokens.list(|tokens| {
            let name = tokens.identifier()?;
            if !tokens.accept_mark("=") {
                return tokens.fail("'=' (partitions cannot be dynamic here)");
            }
            let negative = tokens.accept_mark("-");
            let value = match tokens.next() {
                Token::Text(value) if !negative => value,
                Token::Number(digits) if negative => format!("-{digits}"),
                Token::Number(digits) => digits,
                _ => return tokens.fail("the value of a partition key"),
            };
            Ok((name, value))
        })?;
        self.tokens.expect_mark(")")?;
        Ok(pairs)
    }

    pub(crate) fn names_in_parentheses(&mut self) -> Result<Vec<String>, SqlError> {
        self.tokens.expect_mark("(")?;
        let names = self.tokens.list(Tokens::identifier)?;
        self.tokens.expect_mark(")")?;
        Ok(names)
    }

    fn columns_in_parentheses(&mut self) -> Result<Vec<Column>, SqlError> {
        self.tokens.expect_mark("(")?;
        let mut columns = vec![self.column()?];
        while self.tokens.accept_mark(",") {
            columns.push(self.column()?);
        }
        self.tokens.expect_mark(")")?;
        Ok(columns)
    }

    fn column(&mut self) -> Result<Column, SqlError> {
        let mut column = Column::new(self.tokens.identifier()?, self.column_type()?);
        loop {
            if self.tokens.accept("comment") {
                column.comment = self.tokens.text()?;
            } else if self.tokens.accept_all(&["not", "null"]) {
                column.nullable = false;
            } else if !self.tokens.accept("null") {
                return Ok(column);
            }
        }
    }

    /// A type expression: its tokens up to the one that cannot belong to it, given to the parser of types.
    pub(crate) fn column_type(&mut self) -> Result<Type, SqlError> {
        let position = self.tokens.position();
        let mut text = self.tokens.identifier()?;
        let mut depth = 0_usize;
        loop {
            match self.tokens.peek().clone() {
                Token::Mark(open @ ("<" | "(")) => {
                    depth += 1;
                    text.push_str(open);
                }
                // Two closing marks of nested types, or one of them.
                Token::Mark(close @ (">" | ")")) if depth > 0 => {
                    depth -= 1;
                    text.push_str(close);
                }
                Token::Mark(mark @ ("," | ":")) if depth > 0 => text.push_str(mark),
                Token::Word(word) if depth > 0 => text.push_str(&word),
                Token::Number(digits) if depth > 0 => text.push_str(&digits),
                Token::Name(name) if depth > 0 => text.push_str(&format!("`{name}`")),
                _ => break,
            }
            if depth > MAX_TYPE_DEPTH {
                return Err(SqlError::parse(position, "the type is nested too deeply"));
            }
            self.tokens.next();
        }
        let parsed: Type = text
            .parse()
            .map_err(|error| SqlError::parse(position, error))?;
        Ok(if self.legacy_decimal {
            parsed
        } else {
            modern(parsed)
        })
    }

    fn properties(&mut self) -> Result<BTreeMap<String, String>, SqlError> {
        self.tokens.expect_mark("(")?;
        let pairs = self.tokens.list(|tokens| {
            let name = tokens.text()?;
            tokens.expect_mark("=")?;
            Ok((name, tokens.text()?))
        })?;
        self.tokens.expect_mark(")")?;
        Ok(pairs.into_iter().collect())
    }
}

/// DECIMAL alone has another size in the second edition of the type system.
fn modern(parsed: Type) -> Type {
    match parsed {
        legacy if legacy == LEGACY_DECIMAL => Type::Decimal {
            precision: 38,
            scale: 18,
        },
        Type::Array(element) => Type::Array(Box::new(modern(*element))),
        Type::Map(key, value) => Type::Map(Box::new(modern(*key)), Box::new(modern(*value))),
        Type::Struct(fields) => Type::Struct(
            fields
                .into_iter()
                .map(|(name, field)| (name, modern(field)))
                .collect(),
        ),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use maxcompute::types::Type;

    use super::super::statement::Statement;
    use super::parse;

    #[test]
    fn the_text_of_pyodps_creates_a_table() {
        let text = "CREATE TABLE IF NOT EXISTS p.`t1` (\n  `id` BIGINT COMMENT 'x',\n  `name` STRING NOT NULL,\n\
                    `m` MAP<STRING,ARRAY<STRUCT<`a b`:DECIMAL,c:VARCHAR(5)>>>\n)\nCOMMENT '…'\n\
                    PARTITIONED BY (\n  `pt` STRING\n)\nTBLPROPERTIES ('transactional'='true')\nLIFECYCLE 7;";
        let Ok(Statement::CreateTable(table)) = parse(text, "p", false) else {
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
        let text = "ALTER TABLE p.`t` ADD IF NOT EXISTS  PARTITION (pt='a',hh=1), PARTITION (pt='b',hh=-2);";
        let Ok(Statement::AddPartitions {
            partitions,
            if_not_exists,
            ..
        }) = parse(text, "p", false)
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
            let error = parse(bad, "p", false).err().expect(bad).to_string();
            assert!(error.starts_with("ODPS-0130161:["), "{error}");
        }
        assert!(parse("drop table other.t", "p", false).is_err());
    }

    #[test]
    fn plain_decimal_depends_on_the_edition() {
        for (legacy, precision) in [(false, 38), (true, 54)] {
            let Ok(Statement::CreateTable(table)) =
                parse("create table t (a decimal)", "p", legacy)
            else {
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
}
