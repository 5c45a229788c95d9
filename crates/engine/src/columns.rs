//! The reader's column list, taken apart: what the source is asked for, and what is made here.

use job::{ColumnItem, Constant};
use sdk::{Error, Kind, Result};
use serde_json::Value;

use crate::expression::Expression;

/// One entry of the list after the source's columns are known by number.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// Every column that the source has.
    All,
    /// The column at this place of the request.
    Source(usize),
    /// A constant, not asked of the source.
    Constant(Constant),
    /// An SQL expression over the source's columns.
    Expression { name: String, sql: String },
}

/// What to ask the source for, and how the job's list is made from the answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct SourceColumns {
    request: Vec<Value>,
    /// In the job's order.
    pub(crate) items: Vec<Item>,
}

impl SourceColumns {
    /// Takes the list apart. Columns that only an expression or the filter mentions are asked for
    /// too. What is wrong goes to `refuse` with its place in the list, or none for the filter.
    pub(crate) fn new(
        list: &[ColumnItem],
        filter: Option<&str>,
        mut refuse: impl FnMut(Option<usize>, Error),
    ) -> Self {
        let mut columns = SourceColumns::default();
        let mut mentioned: Vec<String> = Vec::new();
        let mut mention = |place, sql: &str| match Expression::column_names(sql) {
            Ok(names) => mentioned.extend(names),
            Err(error) => refuse(place, error),
        };
        for (index, item) in list.iter().enumerate() {
            if let ColumnItem::Expression { sql, .. } = item {
                mention(Some(index), sql);
            }
        }
        if let Some(filter) = filter {
            mention(None, filter);
        }
        for (index, item) in list.iter().enumerate() {
            match item {
                ColumnItem::All if list.iter().any(asks_for_more) => {
                    let error = Error::new(
                        Kind::Config,
                        "`*` stands for every column and cannot be mixed with names",
                    );
                    refuse(Some(index), error.hint("keep `*`, or list the columns"));
                }
                ColumnItem::All => {
                    columns.request.push(Value::from("*"));
                    columns.items.push(Item::All);
                }
                ColumnItem::Name(name) => columns.ask(Value::from(name.as_str())),
                ColumnItem::Field(field) => columns.ask(Value::Object(field.clone())),
                ColumnItem::Constant(constant) => {
                    columns.items.push(Item::Constant(constant.clone()))
                }
                ColumnItem::Expression { name, sql } => {
                    let name = name.clone().unwrap_or_else(|| sql.clone());
                    columns.items.push(Item::Expression {
                        name,
                        sql: sql.clone(),
                    });
                }
            }
        }
        if columns.items.is_empty() {
            columns.items.push(Item::All);
        } else if !list.contains(&ColumnItem::All) {
            columns.ask_also(mentioned);
        }
        columns
    }

    /// Every column that the source has.
    pub(crate) fn all() -> Self {
        SourceColumns::new(&[ColumnItem::All], None, |_, _| {})
    }

    /// The list for the reader's `column` parameter; empty when the job has none.
    pub(crate) fn request(&self) -> &[Value] {
        &self.request
    }

    fn ask(&mut self, column: Value) {
        self.items.push(Item::Source(self.request.len()));
        self.request.push(column);
    }

    fn ask_also(&mut self, names: Vec<String>) {
        for name in names {
            let known = self.request.iter().any(|column| {
                let text = column
                    .as_str()
                    .or_else(|| column.get("name").and_then(Value::as_str));
                text.is_some_and(|text| text.eq_ignore_ascii_case(&name))
            });
            if !known {
                self.request.push(Value::from(name));
            }
        }
    }
}

fn asks_for_more(item: &ColumnItem) -> bool {
    matches!(item, ColumnItem::Name(_) | ColumnItem::Field(_))
}

/// The items with `All` spread over the `column_count` columns that the source really has.
pub(crate) fn spread(items: &[Item], column_count: usize) -> Result<Vec<Item>> {
    let mut spread = Vec::new();
    for item in items {
        match item {
            Item::All => spread.extend((0..column_count).map(Item::Source)),
            Item::Source(index) if *index >= column_count => {
                return Err(Error::internal(
                    "the reader delivers fewer columns than it was asked for",
                ));
            }
            other => spread.push(other.clone()),
        }
    }
    Ok(spread)
}
