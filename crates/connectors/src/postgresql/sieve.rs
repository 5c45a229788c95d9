//! Finding all rows of a chunk that conflict with a unique index, with a few set-wise statements: the
//! keys go into a temporary table, and the server says which of them are there already or twice.

use std::sync::Arc;

use arrow_array::{BooleanArray, RecordBatch};
use arrow_select::filter::filter_record_batch;
use sdk::{RefusedRow, Written};

use super::catalog::UniqueIndex;
use super::copy::encode::{encode, write_header, write_trailer};
use super::copy::field::Target as Coding;
use super::fault::{Failure, Outcome, ServerError};
use super::merge::Route;
use super::sql::{identifier, identifiers};
use super::write::Load;

/// The temporary table.
pub(crate) const SIEVE: &str = "pg_temp.longshore_sieve";

/// Each round settles at least the earliest open row of every key, and in practice nearly all.
const ROUNDS: usize = 50;

impl Load {
    /// Puts every conflicting row aside and returns the others; `None` if conflicts cannot be found
    /// in this way here.
    pub(crate) async fn sieve(
        &mut self,
        route: &Route,
        rows: &[RecordBatch],
        error: &ServerError,
        written: &mut Written,
    ) -> Outcome<Option<Vec<RecordBatch>>> {
        let target = self.target.clone();
        let has = |name: &String| target.names().any(|known| known == name);
        let indexes: Vec<&UniqueIndex> = target
            .unique
            .iter()
            .filter(|index| index.columns.iter().all(has))
            .collect();
        if indexes.is_empty() || route.stage.is_some() {
            return Ok(None);
        }
        let mark = self.next_savepoint();
        self.session.run(mark).await?;
        let found = self.find(route, rows, &indexes).await;
        let reason = format!("{} (the key is there already)", error.message);
        self.settle(found, rows, &reason, written).await
    }

    /// Forgets the search and puts the rows aside that it has found, each with the columns at fault;
    /// `None` if there are none.
    pub(crate) async fn settle(
        &mut self,
        found: Outcome<Vec<(usize, String)>>,
        rows: &[RecordBatch],
        reason: &str,
        written: &mut Written,
    ) -> Outcome<Option<Vec<RecordBatch>>> {
        match found {
            // The temporary table and everything else of the search goes.
            Ok(found) => {
                self.undo().await?;
                if found.is_empty() {
                    return Ok(None);
                }
                put_aside(rows, &found, reason, written).map(Some)
            }
            // No right to read the table or to make temporary ones, for example.
            Err(Failure::Server(_)) => {
                self.undo().await?;
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The numbers of the conflicting rows, each with the columns of the index it conflicts with.
    async fn find(
        &mut self,
        route: &Route,
        rows: &[RecordBatch],
        indexes: &[&UniqueIndex],
    ) -> Outcome<Vec<(usize, String)>> {
        let table = self.target.table.sql();
        let names: Vec<&str> = self.target.names().collect();
        let places: Vec<usize> = (0..names.len())
            .filter(|place| {
                let is_key =
                    |index: &&UniqueIndex| index.columns.iter().any(|c| c == names[*place]);
                indexes.iter().any(is_key)
            })
            .collect();
        self.stage(route, rows, &places).await?;
        self.session
            .run(
                "ALTER TABLE pg_temp.longshore_sieve ADD COLUMN longshore_kept boolean NOT NULL \
                 DEFAULT false; ANALYZE pg_temp.longshore_sieve",
            )
            .await?;

        // Rows that are there already are refused; of the rest, the first of each key is kept; then
        // the kept ones count as there. That is what inserting them in order would have done.
        let mut found = Vec::new();
        for round in 0..ROUNDS {
            for index in indexes {
                let columns = index.columns.join(", ");
                let others = [(table.as_str(), ""), (SIEVE, " AND t.longshore_kept")];
                // What the table holds is settled in the first round, what the chunk holds later.
                let (other, kept) = others[usize::from(round > 0)];
                let sql = format!(
                    "DELETE FROM {SIEVE} AS s WHERE NOT s.longshore_kept \
                     AND EXISTS (SELECT FROM {other} AS t WHERE {}{kept}) RETURNING s.longshore_row",
                    same_key(index)
                );
                for row in self.session.query(&sql).await? {
                    let number = row
                        .first()
                        .and_then(|number| number.as_deref()?.parse().ok());
                    found.extend(number.map(|number| (number, columns.clone())));
                }
            }
            let later: Vec<String> = indexes.iter().map(|index| later_of_key(index)).collect();
            let keep = format!(
                "UPDATE pg_temp.longshore_sieve SET longshore_kept = true WHERE NOT longshore_kept \
                 AND longshore_row NOT IN ({})",
                later.join(" UNION ALL ")
            );
            self.session.run(&keep).await?;
            let open = "SELECT count(*) FROM pg_temp.longshore_sieve WHERE NOT longshore_kept";
            if self.session.value(open).await?.as_deref() == Some("0") {
                break;
            }
        }
        Ok(found)
    }

    /// Brings the columns at these places, and the number of each row, into the temporary table.
    pub(crate) async fn stage(
        &mut self,
        route: &Route,
        rows: &[RecordBatch],
        places: &[usize],
    ) -> Outcome<()> {
        let table = self.target.table.sql();
        let names: Vec<&str> = self.target.names().collect();
        let keys = identifiers(places.iter().map(|place| names[*place]));
        let create = format!(
            "CREATE TEMPORARY TABLE longshore_sieve ON COMMIT DROP AS \
             SELECT {keys}, NULL::bigint AS longshore_row FROM {table} WITH NO DATA"
        );
        self.session.run(&create).await?;
        let codings: Vec<Coding> = places
            .iter()
            .map(|place| route.codings[*place].clone())
            .collect();
        let mut copy = self
            .session
            .copy_in("COPY pg_temp.longshore_sieve FROM STDIN (FORMAT BINARY)")
            .await?;
        let mut out = Vec::new();
        write_header(&mut out);
        let mut first_row = 0;
        for batch in rows {
            let internal = |error: arrow_schema::ArrowError| Failure::Lost(error.into());
            let projected = batch.project(places).map_err(internal)?;
            let encoded = encode(&projected, &codings).map_err(Failure::Lost)?;
            encoded.write(Some(first_row), &mut out);
            copy.send(&out).await?;
            out.clear();
            first_row += batch.num_rows() as i64;
        }
        write_trailer(&mut out);
        copy.send(&out).await?;
        copy.finish().await?;
        Ok(())
    }
}

/// Whether `t` and `s` have the same key.
fn same_key(index: &UniqueIndex) -> String {
    let equal = if index.nulls_equal {
        "IS NOT DISTINCT FROM"
    } else {
        "="
    };
    let conditions: Vec<String> = index
        .columns
        .iter()
        .map(|name| identifier(name))
        .map(|name| format!("t.{name} {equal} s.{name}"))
        .collect();
    conditions.join(" AND ")
}

/// The open rows that come after another open row of the same key.
fn later_of_key(index: &UniqueIndex) -> String {
    let keys = identifiers(index.columns.iter().map(String::as_str));
    let not_null = if index.nulls_equal {
        String::new()
    } else {
        let conditions: Vec<String> = index
            .columns
            .iter()
            .map(|name| format!(" AND {} IS NOT NULL", identifier(name)))
            .collect();
        conditions.concat()
    };
    format!(
        "SELECT longshore_row FROM (SELECT longshore_row, row_number() OVER \
         (PARTITION BY {keys} ORDER BY longshore_row) AS place FROM pg_temp.longshore_sieve \
         WHERE NOT longshore_kept{not_null}) AS ranked WHERE place > 1"
    )
}

/// Splits rows into those that were found, which are put aside, and the others.
fn put_aside(
    rows: &[RecordBatch],
    found: &[(usize, String)],
    reason: &str,
    written: &mut Written,
) -> Outcome<Vec<RecordBatch>> {
    let mut kept: Vec<Vec<bool>> = rows
        .iter()
        .map(|batch| vec![true; batch.num_rows()])
        .collect();
    let shared: Vec<Arc<RecordBatch>> = rows.iter().cloned().map(Arc::new).collect();
    let mut found: Vec<&(usize, String)> = found.iter().collect();
    found.sort();
    let (mut batch, mut first) = (0, 0);
    for (row, columns) in found {
        while batch < rows.len() && *row >= first + rows[batch].num_rows() {
            first += rows[batch].num_rows();
            batch += 1;
        }
        let Some(flags) = kept.get_mut(batch) else {
            break;
        };
        flags[row - first] = false;
        written.refused.push(RefusedRow {
            batch: shared[batch].clone(),
            row: row - first,
            column: Some(columns.clone()),
            reason: reason.to_string(),
        });
    }
    let mut rest = Vec::with_capacity(rows.len());
    for (batch, kept) in rows.iter().zip(kept) {
        let filtered = filter_record_batch(batch, &BooleanArray::from(kept));
        rest.push(filtered.map_err(|error| Failure::Lost(error.into()))?);
    }
    Ok(rest)
}
