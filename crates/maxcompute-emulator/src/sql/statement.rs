//! Statements after parsing. Names are in lower case and known to be identifiers.

use std::collections::BTreeMap;

use maxcompute::types::{Column, Type};

use crate::store::{TableKind, WriteMode};

/// Keys and values of a partition clause.
pub(crate) type Pairs = Vec<(String, String)>;

pub(crate) enum Statement {
    CreateSchema {
        schema: String,
        if_not_exists: bool,
    },
    CreateTable(NewTable),
    CreateView {
        name: String,
        kind: TableKind,
        query: Query,
    },
    DropTable {
        table: String,
        if_exists: bool,
    },
    Truncate {
        table: String,
        partitions: Vec<Pairs>,
    },
    AddPartitions {
        table: String,
        partitions: Vec<Pairs>,
        if_not_exists: bool,
    },
    DropPartitions {
        table: String,
        partitions: Vec<Pairs>,
        if_exists: bool,
    },
    AddColumns {
        table: String,
        columns: Vec<Column>,
    },
    ShowTables,
    ShowPartitions {
        table: String,
        partition: Pairs,
    },
    Describe {
        table: String,
        partition: Pairs,
    },
    Insert(Insert),
    Select(Query),
}

pub(crate) struct NewTable {
    pub(crate) name: String,
    pub(crate) kind: TableKind,
    pub(crate) if_not_exists: bool,
    pub(crate) columns: Vec<Column>,
    pub(crate) partition_keys: Vec<Column>,
    pub(crate) comment: String,
    pub(crate) lifecycle_days: Option<u32>,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) primary_key: Vec<String>,
}

pub(crate) struct Insert {
    pub(crate) table: String,
    pub(crate) mode: WriteMode,
    pub(crate) partition: Pairs,
    /// The columns that get values, all of them if none are named.
    pub(crate) columns: Vec<String>,
    pub(crate) source: Source,
}

pub(crate) enum Source {
    Values(Vec<Vec<Literal>>),
    Select(Query),
}

pub(crate) struct Query {
    pub(crate) items: Vec<Item>,
    /// None for a query of constants.
    pub(crate) table: Option<String>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) limit: Option<u64>,
}

impl Query {
    /// The first rows of a table or partition: these columns, or all of them.
    pub(crate) fn head(table: &str, columns: Vec<String>, partition: Pairs, limit: u64) -> Self {
        let mut items = Vec::new();
        for name in columns {
            items.push(Item::Column { name, alias: None });
        }
        if items.is_empty() {
            items.push(Item::All);
        }
        let mut conditions = Vec::new();
        for (column, value) in partition {
            let test = Test::Compare(Comparison::Equal, Literal::Text(value));
            conditions.push(Condition { column, test });
        }
        Self {
            items,
            table: Some(table.to_owned()),
            conditions,
            limit: Some(limit),
        }
    }
}

pub(crate) enum Item {
    All,
    Column {
        name: String,
        alias: Option<String>,
    },
    Count {
        alias: Option<String>,
    },
    Constant {
        value: Literal,
        alias: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Null,
    Boolean(bool),
    Number(String),
    Text(String),
    /// A text that was cast: `DATE '2024-01-01'` or `CAST('1' AS BIGINT)`.
    Typed(String, Type),
}

pub(crate) struct Condition {
    pub(crate) column: String,
    pub(crate) test: Test,
}

pub(crate) enum Test {
    Compare(Comparison, Literal),
    IsNull,
    IsNotNull,
    In(Vec<Literal>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
