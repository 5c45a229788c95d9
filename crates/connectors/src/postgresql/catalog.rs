//! What the server's catalogs say: tables, their columns, unique indexes, and types.
//! All queries work from PostgreSQL 9.4 on; columns that later versions added are read through JSON.

use std::collections::BTreeMap;

use sdk::{Error, Kind, Result, nearest};

use super::session::Session;
use super::sql::{Part, identifier, literal, parts, shown};

/// A table, view or the like.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    /// `relkind`: `r` table, `p` partitioned, `v` view, `m` materialized view, `f` foreign table.
    pub(crate) kind: char,
    /// Whether COPY of the table itself gives all that a SELECT gives: no children, no row security.
    pub(crate) plain: bool,
    /// Whether a trigger may change a row before it is stored. (Foreign keys have triggers behind it.)
    pub(crate) has_before_triggers: bool,
    pub(crate) estimated_rows: Option<u64>,
}

impl Table {
    /// The quoted name, for statements.
    pub(crate) fn sql(&self) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(&self.name))
    }

    /// The name for messages and lists, which a job's `table` accepts again.
    pub(crate) fn display(&self) -> String {
        format!("{}.{}", shown(&self.schema), shown(&self.name))
    }
}

/// A column of a table.
#[derive(Debug, Clone)]
pub(crate) struct TableColumn {
    pub(crate) name: String,
    pub(crate) number: i16,
    pub(crate) type_oid: u32,
    pub(crate) modifier: i32,
    pub(crate) native: String,
    pub(crate) not_null: bool,
    pub(crate) generated: bool,
    pub(crate) always_identity: bool,
    pub(crate) key: bool,
    /// Whether a row that leaves it out gets a value: a default, an identity, an expression.
    pub(crate) has_default: bool,
}

/// A unique index that is checked at once and covers all rows by plain columns.
#[derive(Debug, Clone)]
pub(crate) struct UniqueIndex {
    pub(crate) columns: Vec<String>,
    pub(crate) primary: bool,
    /// Whether two NULLs are equal for it.
    pub(crate) nulls_equal: bool,
}

/// A type, as far as mapping it needs.
#[derive(Debug, Clone)]
pub(crate) struct PgType {
    pub(crate) oid: u32,
    pub(crate) name: String,
    /// Whether it came with the server, so that its name and number are the same everywhere.
    pub(crate) built_in: bool,
    /// What a domain is over, with the modifier.
    pub(crate) base: Option<(u32, i32)>,
    /// What an array consists of.
    pub(crate) element: Option<u32>,
    /// The function that reads its binary form.
    pub(crate) receive: String,
}

/// Types by number.
pub(crate) type Types = BTreeMap<u32, PgType>;

pub(crate) fn cell(row: &[Option<String>], place: usize) -> &str {
    row.get(place)
        .and_then(Option::as_deref)
        .unwrap_or_default()
}

fn number<T: std::str::FromStr + Default>(row: &[Option<String>], place: usize) -> T {
    cell(row, place).parse().unwrap_or_default()
}

fn flag(row: &[Option<String>], place: usize) -> bool {
    matches!(cell(row, place), "t" | "true")
}

/// Finds a table by the name in a job: its schema and itself as given, in lower case, or in whatever
/// case is the only one there.
pub(crate) async fn find_table(session: &Session, name: &str) -> Result<Table> {
    let malformed = || {
        Error::new(
            Kind::Config,
            format!("`table` \"{name}\" is not a table name"),
        )
        .hint("write it as `schema.table`, with double quotes around names that hold dots")
    };
    let (database, schema, table) = match parts(name).ok_or_else(malformed)?.as_slice() {
        [table] => (None, None, table.clone()),
        [schema, table] => (None, Some(schema.clone()), table.clone()),
        // As DataWorks writes it, with the database in front.
        [database, schema, table] => (Some(database.clone()), Some(schema.clone()), table.clone()),
        _ => return Err(malformed()),
    };
    let mut place = match &schema {
        Some(schema) => format!("lower(n.nspname) = lower({})", literal(&schema.text)),
        None => "pg_catalog.pg_table_is_visible(c.oid)".to_string(),
    };
    if let Some(database) = database {
        let here = "pg_catalog.current_database()";
        place = format!(
            "{place} AND lower({here}) = lower({})",
            literal(&database.text)
        );
    }
    let sql = format!(
        "SELECT c.oid, n.nspname, c.relname, c.relkind, \
         c.relkind = 'r' AND NOT c.relhassubclass \
         AND coalesce(row_to_json(c)->>'relrowsecurity', 'false') = 'false', \
         EXISTS (SELECT 1 FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = c.oid AND t.tgtype & 3 = 3), \
         CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint END \
         FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {place} AND lower(c.relname) = lower({})",
        literal(&table.text)
    );
    let rows = session
        .query(&sql)
        .await
        .map_err(|failure| failure.into_error(format!("cannot look up table \"{name}\"")))?;
    let found: Vec<Table> = rows
        .iter()
        .map(|row| Table {
            oid: number(row, 0),
            schema: cell(row, 1).to_string(),
            name: cell(row, 2).to_string(),
            kind: cell(row, 3).chars().next().unwrap_or('r'),
            plain: flag(row, 4),
            has_before_triggers: flag(row, 5),
            estimated_rows: cell(row, 6).parse().ok(),
        })
        .collect();
    match pick(&found, schema.as_ref(), &table)? {
        Some(table) => Ok(table.clone()),
        None => Err(missing(session, name).await),
    }
}

fn pick<'a>(found: &'a [Table], schema: Option<&Part>, table: &Part) -> Result<Option<&'a Table>> {
    let fits = |wanted: &Part, name: &str, fold: bool| {
        if fold && !wanted.quoted {
            wanted.text.to_lowercase() == name
        } else {
            wanted.text == name
        }
    };
    for fold in [false, true] {
        let exact = found.iter().find(|candidate| {
            fits(table, &candidate.name, fold)
                && schema.is_none_or(|schema| fits(schema, &candidate.schema, fold))
        });
        if exact.is_some() {
            return Ok(exact);
        }
    }
    let quoted = table.quoted || schema.is_some_and(|schema| schema.quoted);
    match found {
        [only] if !quoted => Ok(Some(only)),
        [_, _, ..] if !quoted => {
            let names: Vec<String> = found.iter().map(Table::display).collect();
            Err(Error::new(
                Kind::Config,
                format!("`table` \"{}\" fits several tables", table.text),
            )
            .hint(format!(
                "write one of {} as it stands here",
                names.join(", ")
            )))
        }
        _ => Ok(None),
    }
}

async fn missing(session: &Session, name: &str) -> Error {
    let error = Error::new(Kind::NotFound, format!("table \"{name}\" does not exist"));
    let sql = "SELECT CASE WHEN pg_catalog.pg_table_is_visible(c.oid) THEN c.relname \
               ELSE n.nspname || '.' || c.relname END, n.nspname || '.' || c.relname \
               FROM pg_catalog.pg_class AS c \
               JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
               WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') \
               AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') LIMIT 10000";
    let Ok(rows) = session.query(sql).await else {
        return error.hint("check the name and its schema");
    };
    let names: Vec<&str> = rows
        .iter()
        .flat_map(|row| [cell(row, 0), cell(row, 1)])
        .collect();
    // The right table in another schema is the likeliest slip.
    let bare = name.rsplit('.').next().unwrap_or(name);
    let elsewhere = names
        .iter()
        .copied()
        .find(|known| known.contains('.') && known.rsplit('.').next() == Some(bare));
    match nearest(name, names.iter().copied()).or(elsewhere) {
        Some(known) => error.hint(format!("did you mean `{known}`?")),
        None => error.hint("check the name, its schema and the database"),
    }
}

/// The columns of a table in their order.
pub(crate) async fn table_columns(session: &Session, table: &Table) -> Result<Vec<TableColumn>> {
    let sql = format!(
        "SELECT a.attname, a.attnum, a.atttypid, a.atttypmod, \
         pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, \
         coalesce(row_to_json(a)->>'attgenerated', '') <> '', \
         coalesce(row_to_json(a)->>'attidentity', '') = 'a', \
         EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = a.attrelid \
         AND i.indisprimary AND a.attnum = ANY (i.indkey)), \
         a.atthasdef OR coalesce(row_to_json(a)->>'attidentity', '') <> '' \
         FROM pg_catalog.pg_attribute AS a \
         WHERE a.attrelid = {} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        table.oid
    );
    let rows = session.query(&sql).await.map_err(|failure| {
        failure.into_error(format!("cannot look up the columns of {}", table.display()))
    })?;
    Ok(rows
        .iter()
        .map(|row| TableColumn {
            name: cell(row, 0).to_string(),
            number: number(row, 1),
            type_oid: number(row, 2),
            modifier: number(row, 3),
            native: cell(row, 4).to_string(),
            not_null: flag(row, 5),
            generated: flag(row, 6),
            always_identity: flag(row, 7),
            key: flag(row, 8),
            has_default: flag(row, 9),
        })
        .collect())
}

/// The unique indexes of a table that set-wise statements can reason about.
pub(crate) async fn unique_indexes(session: &Session, table: &Table) -> Result<Vec<UniqueIndex>> {
    let sql = format!(
        "SELECT i.indexrelid, a.attname, i.indisprimary, \
         coalesce(row_to_json(i)->>'indnullsnotdistinct', 'false') \
         FROM pg_catalog.pg_index AS i \
         CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place) \
         JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum \
         WHERE i.indrelid = {} AND i.indisunique AND i.indisvalid AND i.indimmediate \
         AND i.indpred IS NULL AND i.indexprs IS NULL \
         AND k.place <= coalesce((row_to_json(i)->>'indnkeyatts')::int, i.indnatts) \
         ORDER BY i.indisprimary DESC, i.indexrelid, k.place",
        table.oid
    );
    let rows = session.query(&sql).await.map_err(|failure| {
        failure.into_error(format!("cannot look up the indexes of {}", table.display()))
    })?;
    let mut indexes: Vec<(u32, UniqueIndex)> = Vec::new();
    for row in &rows {
        let oid = number(row, 0);
        let column = cell(row, 1).to_string();
        match indexes.last_mut() {
            Some((last, index)) if *last == oid => index.columns.push(column),
            _ => indexes.push((
                oid,
                UniqueIndex {
                    columns: vec![column],
                    primary: flag(row, 2),
                    nulls_equal: flag(row, 3),
                },
            )),
        }
    }
    Ok(indexes.into_iter().map(|(_, index)| index).collect())
}

/// The types with these numbers, and those that they consist of or are over.
pub(crate) async fn types(session: &Session, oids: &[u32]) -> Result<Types> {
    if oids.is_empty() {
        return Ok(Types::new());
    }
    let list: Vec<String> = oids.iter().map(|oid| format!("({oid}::oid)")).collect();
    let sql = format!(
        "WITH RECURSIVE wanted (oid) AS (VALUES {} UNION \
         SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END \
         FROM wanted AS w JOIN pg_catalog.pg_type AS t ON t.oid = w.oid \
         WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typlen = -1)) \
         SELECT t.oid, t.typname, t.oid < 10000 AND n.nspname = 'pg_catalog', t.typtype, \
         t.typbasetype, t.typtypmod, \
         CASE WHEN t.typcategory = 'A' AND t.typlen = -1 THEN t.typelem END, p.proname \
         FROM pg_catalog.pg_type AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace \
         LEFT JOIN pg_catalog.pg_proc AS p ON p.oid = t.typreceive \
         WHERE t.oid IN (SELECT oid FROM wanted)",
        list.join(", ")
    );
    let rows = session
        .query(&sql)
        .await
        .map_err(|failure| failure.into_error("cannot look up types"))?;
    Ok(rows
        .iter()
        .map(|row| {
            let is_domain = cell(row, 3) == "d";
            let of = PgType {
                oid: number(row, 0),
                name: cell(row, 1).to_string(),
                built_in: flag(row, 2),
                base: is_domain.then(|| (number(row, 4), number(row, 5))),
                element: cell(row, 6).parse().ok(),
                receive: cell(row, 7).to_string(),
            };
            (of.oid, of)
        })
        .collect())
}
