//! Statements that define things, and the entry to the parser. Queries are in `parse_query`.

use std::collections::{BTreeMap, BTreeSet};

use maxcompute::types::{Column, LEGACY_DECIMAL, Type};

use super::SqlError;
use super::lexer::{Token, Tokens};
use super::parse_query::{insert, query};
use super::statement::{NewTable, Pairs, Statement};
use crate::names::qualified;
use crate::store::TableKind;

/// Types nested deeper than this are refused before anything recurses over them.
const MAX_TYPE_DEPTH: usize = 32;

/// What names and types mean in a statement.
pub(crate) struct Scope<'a> {
    pub(crate) project: &'a str,
    /// The schemas beside `default`.
    pub(crate) schemas: &'a BTreeSet<String>,
    /// The schema of names without one.
    pub(crate) schema: &'a str,
    /// Whether DECIMAL alone is the type of the first edition.
    pub(crate) legacy_decimal: bool,
}

/// Tokens with what names and types mean here.
pub(crate) struct Parser<'a> {
    pub(crate) tokens: Tokens,
    scope: &'a Scope<'a>,
}

/// Parses one statement.
pub(crate) fn parse(text: &str, scope: &Scope<'_>) -> Result<Statement, SqlError> {
    let mut parser = Parser {
        tokens: Tokens::new(text)?,
        scope,
    };
    let statement = parser.statement()?;
    parser.tokens.end()?;
    Ok(statement)
}

impl Parser<'_> {
    fn statement(&mut self) -> Result<Statement, SqlError> {
        let tokens = &mut self.tokens;
        if tokens.accept_all(&["create", "schema"]) {
            let if_not_exists = tokens.accept_all(&["if", "not", "exists"]);
            return Ok(Statement::CreateSchema {
                schema: self.schema_name()?,
                if_not_exists,
            });
        }
        if tokens.accept_all(&["create", "table"]) {
            return self.create_table(TableKind::Managed);
        }
        if tokens.accept_all(&["create", "external", "table"]) {
            return self.create_table(TableKind::External);
        }
        if tokens.accept_all(&["create", "view"]) {
            return self.create_view(TableKind::View);
        }
        if tokens.accept_all(&["create", "materialized", "view"]) {
            return self.create_view(TableKind::MaterializedView);
        }
        if tokens.accept_all(&["drop", "table"]) || tokens.accept_all(&["drop", "view"]) {
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

    /// `schema` or `project.schema`.
    fn schema_name(&mut self) -> Result<String, SqlError> {
        let name = self.tokens.identifier()?;
        if name == self.scope.project && self.tokens.accept_mark(".") {
            return self.tokens.identifier();
        }
        Ok(name)
    }

    fn create_view(&mut self, kind: TableKind) -> Result<Statement, SqlError> {
        let name = self.table_name()?;
        if !self.tokens.accept("as") {
            return self.tokens.fail("'AS'");
        }
        let query = query(self)?;
        Ok(Statement::CreateView { name, kind, query })
    }

    /// `table`, `project.table`, `schema.table` or `project.schema.table`.
    pub(crate) fn table_name(&mut self) -> Result<String, SqlError> {
        let mut parts = vec![self.tokens.identifier()?];
        while parts.len() < 3 && self.tokens.accept_mark(".") {
            parts.push(self.tokens.identifier()?);
        }
        let table = parts.pop().unwrap_or_default();
        let scope = self.scope;
        let schema = match parts.as_slice() {
            [] => Some(scope.schema),
            [first] if first == scope.project => Some(scope.schema),
            [schema] => Some(schema.as_str()),
            [project, schema, ..] => (project == scope.project).then_some(schema.as_str()),
        };
        match schema {
            Some("default") => Ok(table),
            Some(schema) if scope.schemas.contains(schema) => Ok(qualified(Some(schema), &table)),
            _ => {
                parts.push(table);
                let name = parts.join(".");
                Err(SqlError::semantic(format!(
                    "{name} is not in the project {} or in the schema {}",
                    scope.project, scope.schema
                )))
            }
        }
    }

    fn create_table(&mut self, kind: TableKind) -> Result<Statement, SqlError> {
        let if_not_exists = self.tokens.accept_all(&["if", "not", "exists"]);
        let mut table = NewTable {
            name: self.table_name()?,
            kind,
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
            } else if kind == TableKind::External && self.tokens.accept("location") {
                self.tokens.text()?;
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
        Ok(if self.scope.legacy_decimal {
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
pub(super) mod tests;
