//! Cutting tables into splits, and the one snapshot that all splits see.

use sdk::{Error, Result, SplitKey};

use super::catalog::{Table, TableColumn, types};
use super::config::{ReaderParameters, SplitMode};
use super::copy::field::Target;
use super::fault::Failure;
use super::plan::{Plan, Source, find_column, no_such_column};
use super::read::Part;
use super::session::Session;
use super::slices::{Slice, inner_bounds, integer_bounds, slices_between, whole};
use super::sql::{identifier, literal};
use super::typemap::{Mapped, map};

/// A session inside a transaction whose snapshot others can see by.
pub(crate) struct Holder {
    pub(crate) session: Session,
    pub(crate) snapshot: Option<String>,
    /// Why there is no snapshot.
    pub(crate) notice: Option<String>,
}

const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";

impl Holder {
    pub(crate) async fn new(session: Session) -> Result<Self> {
        let what = "cannot take a snapshot";
        let started = session.run(BEGIN).await;
        started.map_err(|failure| failure.into_error(what))?;
        match session
            .value("SELECT pg_catalog.pg_export_snapshot()")
            .await
        {
            Ok(snapshot) => Ok(Holder {
                session,
                snapshot,
                notice: None,
            }),
            Err(Failure::Server(error)) => {
                let again = session.run(&format!("ROLLBACK; {BEGIN}")).await;
                again.map_err(|failure| failure.into_error(what))?;
                let notice = format!(
                    "the server cannot share a snapshot ({}), so parts read at the same time may \
                     see different moments; read in one part, or while nothing changes",
                    error.message
                );
                Ok(Holder {
                    session,
                    snapshot: None,
                    notice: Some(notice),
                })
            }
            Err(failure) => Err(failure.into_error(what)),
        }
    }

    /// The session, out of its transaction again.
    pub(crate) async fn release(self) -> Result<Session> {
        let ended = self.session.run("ROLLBACK").await;
        ended.map_err(|failure| failure.into_error("cannot end a snapshot"))?;
        Ok(self.session)
    }
}

/// A split to be.
pub(crate) struct Piece {
    pub(crate) label: String,
    pub(crate) estimated_rows: Option<u64>,
    pub(crate) part: Part,
}

/// All splits of a reader.
#[derive(Default)]
pub(crate) struct Cut {
    pub(crate) parts: Vec<Piece>,
    pub(crate) notices: Vec<String>,
}

/// Cuts every source of a plan so that `wanted` channels have work.
pub(crate) async fn cut(
    holder: &Holder,
    plan: &Plan,
    parameters: &ReaderParameters,
    wanted: usize,
) -> Result<Cut> {
    let mut cut = Cut::default();
    let several = plan.sources.len() > 1;
    // With several tables there are parts enough already (DataX counts in the same way).
    let factor = if several {
        1
    } else {
        parameters.split_factor.max(1) as usize
    };
    let per_source = wanted.div_ceil(plan.sources.len().max(1));
    let slices = if per_source > 1 {
        per_source.saturating_mul(factor).min(10_000)
    } else {
        1
    };
    for (number, source) in plan.sources.iter().enumerate() {
        let cutting = Cutting {
            session: &holder.session,
            is_shared: holder.snapshot.is_some(),
            source,
            channels: per_source,
            slices,
        };
        let (pieces, notice) = cutting.pieces(parameters).await?;
        let estimated = source
            .table
            .as_ref()
            .filter(|_| source.filter.is_none())
            .and_then(|(table, _)| table.estimated_rows)
            .map(|rows| rows / pieces.len().max(1) as u64);
        for (label, condition) in pieces {
            cut.parts.push(Piece {
                label: match (several, label.is_empty()) {
                    (_, true) => source.name.clone(),
                    (true, false) => format!("{} {label}", source.name),
                    (false, false) => label,
                },
                estimated_rows: estimated,
                part: Part {
                    source: number,
                    condition,
                    snapshot: None,
                },
            });
        }
        cut.notices.extend(notice);
    }
    Ok(cut)
}

struct Cutting<'a> {
    session: &'a Session,
    /// Whether all splits see one snapshot.
    is_shared: bool,
    source: &'a Source,
    /// How many parts are read at the same time.
    channels: usize,
    /// How many parts are wanted, so that a long one does not keep the others' channels waiting.
    slices: usize,
}

/// How the values of a column can be cut.
enum Key<'a> {
    Integer(&'a TableColumn),
    Ordered(&'a TableColumn),
    None(&'a TableColumn),
}

/// What the values of a type can be cut by.
enum Order {
    /// Even ranges.
    Integers,
    /// Bounds taken from the values.
    Values,
    None,
}

fn order(mapped: &Mapped) -> Order {
    match mapped.coding {
        Some(Target::Int2 | Target::Int4 | Target::Int8) => Order::Integers,
        Some(Target::Text { .. }) if mapped.type_name != "json" => Order::Values,
        Some(
            Target::Numeric { .. }
            | Target::Float4
            | Target::Float8
            | Target::Bytes
            | Target::Date
            | Target::Time { .. }
            | Target::Timestamp { .. }
            | Target::Uuid,
        ) => Order::Values,
        _ => Order::None,
    }
}

/// Whether a column of this type can be the `splitPk` of a job.
pub(crate) fn split_key(mapped: &Mapped, native: &str) -> SplitKey {
    match order(mapped) {
        Order::Integers => SplitKey::Usable,
        Order::Values => SplitKey::Limited(format!("{native} is cut only with `splitMode` `auto`")),
        Order::None => SplitKey::Unusable(format!("{native} has no order to cut it by")),
    }
}

impl Cutting<'_> {
    async fn pieces(&self, parameters: &ReaderParameters) -> Result<(Vec<Slice>, Option<String>)> {
        let Some((table, columns)) = &self.source.table else {
            return Ok((whole(), None));
        };
        let chosen = match &parameters.split_pk {
            Some(name) => Some(find_column(name, columns).ok_or_else(|| {
                let names = columns.iter().map(|column| column.name.as_str());
                no_such_column(name, &format!("table {}", table.display()), names)
                    .prefix("`splitPk`")
            })?),
            None => None,
        };
        if self.slices <= 1 {
            return Ok((whole(), None));
        }
        let auto = parameters.split_mode == SplitMode::Auto;
        let primary = columns
            .iter()
            .filter(|column| column.key)
            .collect::<Vec<_>>();
        let candidate = match (chosen, auto, primary.as_slice()) {
            (Some(column), ..) => Some(self.key(column).await?),
            (None, true, [only]) => Some(self.key(only).await?),
            _ => None,
        };
        let in_one = |why: String| {
            (
                whole(),
                Some(format!("{} is read in one part: {why}", self.source.name)),
            )
        };
        match candidate {
            Some(Key::Integer(column)) => self.ranges(table, column).await,
            Some(Key::Ordered(column)) if auto && chosen.is_some() => {
                Ok((self.quantiles(table, column).await?, None))
            }
            Some(Key::Ordered(column) | Key::None(column)) if !auto => Ok(in_one(format!(
                "`splitPk` \"{}\" is {}, and only integers are cut into ranges; \
                 `splitMode` `auto` can cut other types",
                column.name, column.native
            ))),
            None if !auto => Ok(in_one("`splitPk` is not given".to_string())),
            candidate => {
                if let Some(slices) = self.blocks(table).await? {
                    return Ok((slices, None));
                }
                match candidate {
                    Some(Key::Ordered(column)) => Ok((self.quantiles(table, column).await?, None)),
                    _ => Ok(in_one("it has no key to cut it by".to_string())),
                }
            }
        }
    }

    async fn key<'b>(&self, column: &'b TableColumn) -> Result<Key<'b>> {
        let types = types(self.session, &[column.type_oid]).await?;
        let mapped = map(&types, column.type_oid, column.modifier);
        Ok(match order(&mapped) {
            Order::Integers => Key::Integer(column),
            Order::Values => Key::Ordered(column),
            Order::None => Key::None(column),
        })
    }

    fn fail(&self, failure: Failure) -> Error {
        let what = format!("cannot cut {} into parts", self.source.name);
        failure.in_field(what, self.source.advice())
    }

    /// Ranges of an integer key; the first and the last are open, so that together they hold whatever
    /// there is. With an index they are many and even. Without one each of them costs the server a scan
    /// of the whole table, as would the search for the extremes, so they are as few as the channels; so that
    /// none is much longer than the others, their bounds come from the table's statistics or from some of
    /// its rows.
    async fn ranges(
        &self,
        table: &Table,
        column: &TableColumn,
    ) -> Result<(Vec<Slice>, Option<String>)> {
        if self.is_indexed(table, column).await? {
            let bounds = self.even_bounds(column, self.slices).await?;
            let nullable = !column.not_null;
            let slices = slices_between(&column.name, &bounds, nullable, i128::to_string);
            return Ok((slices, None));
        }
        let mut bounds = self.bounds_by_statistics(table, column).await?;
        if bounds.is_empty() {
            let sample = self.sample(table, column, self.channels).await?;
            bounds = sample.iter().filter_map(|b| b.parse().ok()).collect();
        }
        if bounds.is_empty() {
            bounds = self.even_bounds(column, self.channels).await?;
        }
        let mut slices = slices_between(&column.name, &bounds, false, i128::to_string);
        if slices.len() == 1 {
            return Ok((slices, None));
        }
        if let (false, Some((label, Some(condition)))) = (column.not_null, slices.first_mut()) {
            *label += " or null";
            *condition = format!("({condition} OR {} IS NULL)", identifier(&column.name));
        }
        let mut notice = format!(
            "{} is read in {} parts, and each scans the whole table, because `splitPk` \"{}\" has no \
             index",
            self.source.name,
            slices.len(),
            column.name
        );
        if table.plain {
            notice += "; `splitMode` `auto` without `splitPk` reads parts by their place on disk";
        }
        Ok((slices, Some(notice)))
    }

    /// Whether an index finds a range of the column's values.
    async fn is_indexed(&self, table: &Table, column: &TableColumn) -> Result<bool> {
        let sql = format!(
            "SELECT 1 FROM pg_catalog.pg_index AS i \
             JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid \
             JOIN pg_catalog.pg_am AS a ON a.oid = c.relam \
             WHERE i.indrelid = {} AND i.indkey[0] = {} AND i.indisvalid AND i.indpred IS NULL \
             AND a.amname IN ('btree', 'brin') LIMIT 1",
            table.oid, column.number
        );
        let found = self.session.value(&sql).await.map_err(|f| self.fail(f))?;
        Ok(found.is_some())
    }

    /// Even bounds between the smallest and the largest value; none if there is no value.
    async fn even_bounds(&self, column: &TableColumn, count: usize) -> Result<Vec<i128>> {
        let key = identifier(&column.name);
        let sql = self
            .source
            .select(&[format!("min({key})"), format!("max({key})")], None);
        let rows = self.session.query(&sql).await.map_err(|f| self.fail(f))?;
        let bound =
            |place: usize| -> Option<i128> { rows.first()?.get(place)?.as_deref()?.parse().ok() };
        Ok(match (bound(0), bound(1)) {
            (Some(low), Some(high)) => integer_bounds(low, high, count),
            _ => Vec::new(),
        })
    }

    /// Bounds between which there are about as many rows, by the statistics of the whole table.
    async fn bounds_by_statistics(&self, table: &Table, column: &TableColumn) -> Result<Vec<i128>> {
        if self.source.filter.is_some() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT unnest(histogram_bounds::text::bigint[]) FROM pg_catalog.pg_stats \
             WHERE schemaname = {} AND tablename = {} AND attname = {} AND NOT inherited",
            literal(&table.schema),
            literal(&table.name),
            literal(&column.name)
        );
        let rows = self.session.query(&sql).await.map_err(|f| self.fail(f))?;
        let values = rows
            .iter()
            .filter_map(|row| row.first()?.as_deref()?.parse().ok());
        Ok(inner_bounds(values.collect(), self.channels))
    }

    /// Ranges between quantiles, in the order that the server itself gives the values.
    async fn quantiles(&self, table: &Table, column: &TableColumn) -> Result<Vec<Slice>> {
        let bounds = self.sample(table, column, self.slices).await?;
        let nullable = !column.not_null;
        Ok(slices_between(&column.name, &bounds, nullable, |b| {
            literal(b)
        }))
    }

    /// Bounds of `count` parts by some of the rows that are read; none where the server cannot pick some.
    ///
    /// Not the histogram of the statistics: it leaves out the most common values, and its order is that
    /// of the collation as it was when the table was analysed, in which ranges may overlap today.
    async fn sample(
        &self,
        table: &Table,
        column: &TableColumn,
        count: usize,
    ) -> Result<Vec<String>> {
        // TABLESAMPLE came with PostgreSQL 9.5.
        if !matches!(table.kind, 'r' | 'm' | 'p') || self.session.version().await? < 90_500 {
            return Ok(Vec::new());
        }
        let key = identifier(&column.name);
        // About 30,000 rows place the bounds well enough.
        let percent = table.estimated_rows.map_or(100.0, |rows| {
            (3_000_000.0 / rows.max(1) as f64).clamp(0.01, 100.0)
        });
        let fractions: Vec<String> = (1..count)
            .map(|place| format!("{}", place as f64 / count as f64))
            .collect();
        let filter = match &self.source.filter {
            Some(filter) => format!(" AND {filter}"),
            None => String::new(),
        };
        // `d.b` is the value, where `b` alone would be its text; `<` is what the conditions compare by,
        // even where the operators of the type's own are not on the search path.
        let sql = format!(
            "SELECT d.b::text FROM (SELECT DISTINCT unnest(q) AS b FROM (\
             SELECT percentile_disc(ARRAY[{}]::float8[]) WITHIN GROUP (ORDER BY {key}) AS q \
             FROM {} TABLESAMPLE SYSTEM ({percent}) REPEATABLE (1) WHERE {key} IS NOT NULL{filter}) AS s) AS d \
             WHERE d.b IS NOT NULL ORDER BY d.b USING <",
            fractions.join(", "),
            table.sql()
        );
        let rows = self.session.query(&sql).await.map_err(|f| self.fail(f))?;
        Ok(rows
            .into_iter()
            .filter_map(|row| row.into_iter().next()?)
            .collect())
    }

    /// Ranges of blocks on disk, where the server can seek to them.
    async fn blocks(&self, table: &Table) -> Result<Option<Vec<Slice>>> {
        // Without a snapshot, a row may move from a block that is still to be read to one that was.
        if !table.plain || !self.is_shared || self.session.version().await? < 140_000 {
            return Ok(None);
        }
        // The lock keeps rows where they are until every split is read.
        let sql = format!("LOCK TABLE {} IN ACCESS SHARE MODE", table.sql());
        self.session.run(&sql).await.map_err(|f| self.fail(f))?;
        let sql = format!(
            "SELECT pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::bigint \
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_am AS a ON a.oid = c.relam \
             WHERE c.oid = {} AND a.amname = 'heap'",
            table.oid
        );
        let blocks = self.session.value(&sql).await.map_err(|f| self.fail(f))?;
        let Some(blocks) = blocks.and_then(|blocks| blocks.parse::<i128>().ok()) else {
            return Ok(None);
        };
        // A part of a few blocks is not worth a statement.
        let count = self
            .slices
            .min(usize::try_from(blocks / 16).unwrap_or(0))
            .max(1);
        let bounds = integer_bounds(0, blocks.max(1) - 1, count);
        let mut slices = slices_between("ctid", &bounds, false, |block| {
            format!("'({block},0)'::tid")
        });
        for (label, condition) in &mut slices {
            *label = label.replace("ctid", "blocks");
            if let Some(condition) = condition {
                *condition = condition.replace("\"ctid\"", "ctid");
            }
        }
        Ok(Some(slices))
    }
}
