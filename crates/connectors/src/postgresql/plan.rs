//! What a reader selects: its sources (tables or queries) and its items (columns or expressions),
//! with types as the server describes them.

use std::collections::BTreeMap;

use sdk::{Column, Error, Kind, Result, list_names, nearest};

use super::catalog::{PgType, Table, TableColumn, find_table, table_columns, types};
use super::config::ReaderParameters;
use super::copy::field::Target;
use super::fault::Failure;
use super::session::{Described, Session};
use super::sql::{condition, identifier, literal, parts, statement};
use super::typemap::map;

/// One column of the result.
pub(crate) struct Item {
    pub(crate) column: Column,
    /// The column or expression in SQL, for tables.
    expression: String,
    /// Whether it is a column of the table and nothing more.
    pub(crate) plain: bool,
    /// `None` if it is read as text by a cast on the server.
    pub(crate) coding: Option<Target>,
    /// The base type's name as in `pg_type`.
    pub(crate) type_name: String,
}

/// One table or query.
pub(crate) struct Source {
    /// For messages: `table public.person`, `query 1`.
    pub(crate) name: String,
    /// The table behind it, unless it is a query.
    pub(crate) table: Option<(Table, Vec<TableColumn>)>,
    /// The table's quoted name where COPY may name it instead of selecting from it.
    pub(crate) table_sql: Option<String>,
    from: String,
    pub(crate) filter: Option<String>,
}

const MEND_WHERE: &str = "mend `where`: it must be a condition as SQL has it after WHERE";
const MEND_QUERY: &str = "mend `querySql`: each must be one query that returns rows";

impl Source {
    /// What to mend if the server fails while it runs the user's SQL.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        match (&self.table, &self.filter) {
            (None, _) => Some(MEND_QUERY),
            (_, Some(_)) => Some("mend `where`, or the expression in `column` that fails"),
            (_, None) => None,
        }
    }

    /// An item in this source's SQL. A query's columns go by invented names, since its own may be
    /// missing or double.
    pub(crate) fn expression(&self, place: usize, item: &Item) -> String {
        match self.table {
            Some(_) => item.expression.clone(),
            None => format!("c{place}"),
        }
    }

    /// The SELECT of some expressions, restricted to the user's rows and to those of one split.
    pub(crate) fn select(&self, expressions: &[String], part: Option<&str>) -> String {
        let list = expressions.join(", ");
        let conditions: Vec<&str> = [self.filter.as_deref(), part]
            .into_iter()
            .flatten()
            .collect();
        let filter = if conditions.is_empty() {
            String::new()
        } else {
            format!(" WHERE {}", conditions.join(" AND "))
        };
        format!("SELECT {list} FROM {}{filter}", self.from)
    }
}

/// Everything a reader selects.
pub(crate) struct Plan {
    pub(crate) sources: Vec<Source>,
    pub(crate) items: Vec<Item>,
    pub(crate) notices: Vec<String>,
}

/// Finds tables and columns and lets the server describe the result.
pub(crate) async fn plan(session: &Session, parameters: &ReaderParameters) -> Result<Plan> {
    if !parameters.query_sql.is_empty() {
        return of_queries(session, parameters).await;
    }
    let Some((first, others)) = parameters.table.split_first() else {
        return Err(Error::new(Kind::Config, "`table` is missing")
            .hint("name a table, or give a `querySql`"));
    };
    let filter = condition(parameters.filter.as_deref());
    let mut sources = vec![of_table(session, first, filter.clone()).await?];
    let Some((_, columns)) = &sources[0].table else {
        return Err(Error::internal("a table has no columns to choose from"));
    };
    let chosen = choose(&parameters.column, columns)?;
    let mut items = described(session, &sources[0], chosen).await?;
    for name in others {
        let source = of_table(session, name, filter.clone()).await?;
        let expressions: Vec<(String, bool, Option<String>)> = items
            .iter()
            .map(|item| (item.expression.clone(), item.plain, None))
            .collect();
        let same = described(session, &source, expressions).await?;
        for (item, other) in items.iter_mut().zip(&same) {
            if item.column.native != other.column.native {
                return Err(Error::new(
                    Kind::Config,
                    format!(
                        "column \"{}\" is {} in {} and {} in {}",
                        item.column.name,
                        item.column.native,
                        sources[0].name,
                        other.column.native,
                        source.name
                    ),
                )
                .hint("tables that are read together must have the same columns"));
            }
            item.column.nullable |= other.column.nullable;
        }
        sources.push(source);
    }
    Ok(Plan {
        sources,
        items,
        notices: Vec::new(),
    })
}

async fn of_table(session: &Session, name: &str, filter: Option<String>) -> Result<Source> {
    let table = find_table(session, name).await?;
    let columns = table_columns(session, &table).await?;
    // COPY of a table refuses to name its generated columns; a SELECT reads them like any other.
    let by_name = table.plain && filter.is_none() && !columns.iter().any(|c| c.generated);
    Ok(Source {
        name: format!("table {}", table.display()),
        table_sql: by_name.then(|| table.sql()),
        from: table.sql(),
        table: Some((table, columns)),
        filter,
    })
}

async fn of_queries(session: &Session, parameters: &ReaderParameters) -> Result<Plan> {
    let mut sources = Vec::new();
    let mut items: Vec<Item> = Vec::new();
    for (number, query) in parameters.query_sql.iter().enumerate() {
        let name = format!("query {}", number + 1);
        let query = statement(query);
        let described = session
            .describe(query)
            .await
            .map_err(|failure| failure.in_field(format!("cannot read {name}"), Some(MEND_QUERY)))?;
        let found = items_of(session, &described, None).await?;
        if number == 0 {
            items = found;
        } else if !items
            .iter()
            .map(|item| &item.column.native)
            .eq(found.iter().map(|item| &item.column.native))
        {
            return Err(Error::new(
                Kind::Config,
                format!("query 1 and {name} have different columns"),
            )
            .hint("queries that are read together must return the same types"));
        }
        let names: Vec<String> = (0..items.len()).map(|place| format!("c{place}")).collect();
        sources.push(Source {
            name,
            table: None,
            table_sql: None,
            from: format!("({query}\n) AS q ({})", names.join(", ")),
            filter: None,
        });
    }
    let mut notices = Vec::new();
    let unused = [
        ("table", !parameters.table.is_empty()),
        ("where", condition(parameters.filter.as_deref()).is_some()),
        ("splitPk", parameters.split_pk.is_some()),
    ];
    for (name, given) in unused {
        if given {
            notices.push(format!("`{name}` is not used, because `querySql` is given"));
        }
    }
    Ok(Plan {
        sources,
        items,
        notices,
    })
}

/// Expression, whether it is a plain column, and the column's name.
type Chosen = (String, bool, Option<String>);

/// Finds each item among the columns: as given, else in the only case that fits; anything else is
/// an expression.
fn choose(items: &[String], columns: &[TableColumn]) -> Result<Vec<Chosen>> {
    let plain = |column: &TableColumn| (identifier(&column.name), true, Some(column.name.clone()));
    if items.is_empty() || items == ["*"] {
        return Ok(columns.iter().map(plain).collect());
    }
    items
        .iter()
        .map(|item| {
            let item = item.trim();
            if item == "*" {
                return Err(
                    Error::new(Kind::Config, "`column` has `*` among other columns")
                        .hint("write `*` alone, or name every column"),
                );
            }
            if item.is_empty() {
                return Err(Error::new(Kind::Config, "`column` has an empty item"));
            }
            Ok(match find_column(item, columns) {
                Some(column) => plain(column),
                None => (item.to_string(), false, None),
            })
        })
        .collect()
}

/// The column that a name means.
pub(crate) fn find_column<'a>(name: &str, columns: &'a [TableColumn]) -> Option<&'a TableColumn> {
    if let Some(exact) = columns.iter().find(|column| column.name == name) {
        return Some(exact);
    }
    match parts(name)?.as_slice() {
        [part] if part.quoted => columns.iter().find(|column| column.name == part.text),
        [part] => {
            let mut fitting = columns
                .iter()
                .filter(|column| column.name.to_lowercase() == part.text.to_lowercase());
            let first = fitting.next();
            first.filter(|_| fitting.next().is_none())
        }
        _ => None,
    }
}

/// The error for a name that means no column.
pub(crate) fn no_such_column<'a>(
    name: &str,
    table: &str,
    columns: impl Iterator<Item = &'a str> + Clone,
) -> Error {
    let error = Error::new(
        Kind::NotFound,
        format!("column \"{name}\" does not exist in {table}"),
    );
    match nearest(name, columns.clone()) {
        Some(known) => error.hint(format!("did you mean `{known}`?")),
        None => error.hint(format!("its columns are {}", list_names(columns))),
    }
}

async fn described(session: &Session, source: &Source, chosen: Vec<Chosen>) -> Result<Vec<Item>> {
    let expressions: Vec<String> = chosen.iter().map(|(sql, ..)| sql.clone()).collect();
    let described = match session.describe(&source.select(&expressions, None)).await {
        Ok(described) => described,
        Err(failure) => {
            let list = expressions.join(", ");
            let bare = format!("SELECT {list} FROM {}", source.from);
            if source.filter.is_some() && session.describe(&bare).await.is_ok() {
                let what = format!("cannot read {}", source.name);
                return Err(failure.in_field(what, Some(MEND_WHERE)));
            }
            return Err(not_described(failure, source, &chosen));
        }
    };
    if described.len() != chosen.len() {
        return Err(Error::new(
            Kind::Config,
            format!(
                "`column` has {} items, which stand for {} columns of {}",
                chosen.len(),
                described.len(),
                source.name
            ),
        )
        .hint("write each column or expression as an item of its own, and `*` only alone"));
    }
    let mut items = items_of(session, &described, source.table.as_ref()).await?;
    for (item, (expression, plain, name)) in items.iter_mut().zip(chosen) {
        match name {
            Some(name) => item.column.name = name,
            None if item.column.name == "?column?" => item.column.name.clone_from(&expression),
            None => {}
        }
        item.expression = expression;
        item.plain = plain;
    }
    Ok(items)
}

/// Turns the server's "column does not exist" into one that names the nearest column.
fn not_described(failure: Failure, source: &Source, chosen: &[Chosen]) -> Error {
    let Some((table, columns)) = &source.table else {
        return failure.into_error(format!("cannot read {}", source.name));
    };
    let message = match &failure {
        Failure::Server(error) if error.code == "42703" => error.message.to_lowercase(),
        _ => return failure.into_error(format!("cannot read {}", source.name)),
    };
    for (expression, plain, _) in chosen {
        let unknown = find_column(expression, columns).is_none();
        if unknown && (*plain || message.contains(&expression.to_lowercase())) {
            let names = columns.iter().map(|column| column.name.as_str());
            let name = parts(expression)
                .and_then(|parts| parts.into_iter().next_back())
                .map_or_else(|| expression.clone(), |part| part.text);
            return no_such_column(&name, &format!("table {}", table.display()), names);
        }
    }
    failure.into_error(format!("cannot read {}", source.name))
}

/// The result's columns as the server describes them.
async fn items_of(
    session: &Session,
    columns: &[Described],
    table: Option<&(Table, Vec<TableColumn>)>,
) -> Result<Vec<Item>> {
    let oids: Vec<u32> = columns.iter().map(|column| column.type_oid).collect();
    let known: BTreeMap<u32, PgType> = types(session, &oids).await?;
    let natives = natives(session, columns).await?;
    let mut items = Vec::with_capacity(columns.len());
    for (column, native) in columns.iter().zip(natives) {
        let mapped = map(&known, column.type_oid, column.modifier);
        let origin = table.and_then(|(table, theirs)| {
            let from_here = column.table_oid == Some(table.oid);
            let number = column.number.filter(|_| from_here)?;
            theirs.iter().find(|column| column.number == number)
        });
        items.push(Item {
            column: Column {
                name: column.name.clone(),
                data_type: mapped.data_type,
                nullable: origin.is_none_or(|origin| !origin.not_null),
                // The server describes a domain as what it is over.
                native: origin.map_or(native, |origin| origin.native.clone()),
                extension: mapped.extension,
                wire: mapped.wire,
                key: origin.is_some_and(|origin| origin.key),
                empty_as_null: false,
            },
            expression: String::new(),
            plain: false,
            coding: mapped.coding,
            type_name: mapped.type_name,
        });
    }
    Ok(items)
}

/// The types as PostgreSQL prints them.
async fn natives(session: &Session, columns: &[Described]) -> Result<Vec<String>> {
    let list: Vec<String> = columns
        .iter()
        .map(|column| {
            format!(
                "pg_catalog.format_type({}, {})",
                column.type_oid,
                literal(&column.modifier.to_string())
            )
        })
        .collect();
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let rows = session
        .query(&format!("SELECT unnest(ARRAY[{}])", list.join(", ")))
        .await
        .map_err(|failure| failure.into_error("cannot look up types"))?;
    Ok(rows
        .into_iter()
        .map(|row| row.into_iter().next().flatten().unwrap_or_default())
        .collect())
}
