//! Finding the rows of a chunk that the server refuses, without ever sending rows one by one: COPY
//! names the line it stopped at, many conflicts and many rows that break one rule are found set-wise
//! (`sieve`, `rules`), the rest by halving.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use sdk::{RefusedRow, Written};

use super::copy::encode::encode;
use super::fault::{Failure, Outcome, ServerError};
use super::merge::Route;
use super::write::Load;

/// So many conflicts, or rows that break a rule, are cut out one at a time before a chunk is sieved for
/// all of them.
const FOUND_BEFORE_SIEVE: usize = 2;

/// Below this many rows a sieve costs more than it saves.
const SIEVE_ROWS: usize = 32;

impl Load {
    /// Loads a chunk that failed with `first`: every good row is written, every other one put aside.
    pub(crate) async fn isolate(
        &mut self,
        route: &Route,
        batches: Vec<RecordBatch>,
        first: ServerError,
        written: &mut Written,
    ) -> Outcome<()> {
        let row_count = batches.iter().map(RecordBatch::num_rows).sum();
        let mut work = vec![Work {
            rows: batches,
            row_count,
            failed: Some(first),
            sieved: Sieved::default(),
        }];
        let (mut conflicts, mut broken_rules) = (0, 0);
        while let Some(Work {
            rows,
            row_count,
            failed,
            sieved,
        }) = work.pop()
        {
            if row_count == 0 {
                continue;
            }
            // The run ends by its dirty rows, so nobody asks what is with the others.
            if written.refused.len() as u64 > self.most_refused {
                break;
            }
            let error = match failed {
                Some(error) => error,
                None => match self.load(route, &rows).await? {
                    Ok(()) => {
                        written.row_count += row_count as u64;
                        continue;
                    }
                    Err(error) => error,
                },
            };
            let table = route.copied_into(&self.target);
            if row_count == 1 {
                written.refused.extend(refused(&rows, 0, &error, table));
                continue;
            }
            if error.is_conflict() {
                conflicts += 1;
                if !sieved.conflicts && conflicts > FOUND_BEFORE_SIEVE && row_count >= SIEVE_ROWS {
                    let rest = self.sieve(route, &rows, &error, written).await?;
                    let sieved = Sieved {
                        conflicts: true,
                        ..sieved
                    };
                    work.push(Work::new(rest.unwrap_or(rows), sieved));
                    continue;
                }
            }
            if error.is_broken_rule() {
                broken_rules += 1;
                // Without a line it takes many statements to find even one row.
                let many = broken_rules > FOUND_BEFORE_SIEVE || error.line(table).is_none();
                if !sieved.rules && many && row_count >= SIEVE_ROWS {
                    let rest = self.sieve_by_rule(route, &rows, &error, written).await?;
                    // Another rule may refuse what is left.
                    let sieved = Sieved {
                        rules: rest.is_none(),
                        ..sieved
                    };
                    let failed = rest.is_none().then_some(error);
                    work.push(Work {
                        failed,
                        ..Work::new(rest.unwrap_or(rows), sieved)
                    });
                    continue;
                }
            }
            let part = |range: Range<usize>| Work::new(slice(&rows, range), sieved);
            match error.line(table).filter(|line| *line <= row_count) {
                Some(line) => {
                    written
                        .refused
                        .extend(refused(&rows, line - 1, &error, table));
                    work.extend(growing(line, row_count).into_iter().rev().map(part));
                    work.push(part(0..line - 1));
                }
                None => {
                    work.push(part(row_count / 2..row_count));
                    work.push(part(0..row_count / 2));
                }
            }
        }
        Ok(())
    }

    /// Loads rows under a savepoint of their own. The inner error is the server's word on a row.
    async fn load(
        &mut self,
        route: &Route,
        rows: &[RecordBatch],
    ) -> Outcome<Result<(), ServerError>> {
        let mut copy = self.start(route).await?;
        let mut first_row = 0;
        for batch in rows {
            let encoded = encode(batch, &route.codings).map_err(Failure::Lost)?;
            let number = route.stage.is_some().then_some(first_row);
            self.send(&mut copy, &encoded, number).await?;
            first_row += batch.num_rows() as i64;
        }
        match self.finish(route, copy).await {
            Ok(()) => Ok(Ok(())),
            Err(Failure::Server(error)) if error.blames_row() => {
                self.undo().await?;
                Ok(Err(*error))
            }
            Err(failure) => Err(failure),
        }
    }
}

/// Which rows are not looked for any more.
#[derive(Debug, Clone, Copy, Default)]
struct Sieved {
    conflicts: bool,
    rules: bool,
}

/// Rows still to be loaded.
struct Work {
    rows: Vec<RecordBatch>,
    row_count: usize,
    /// Why they failed together, if that is known already.
    failed: Option<ServerError>,
    sieved: Sieved,
}

impl Work {
    fn new(rows: Vec<RecordBatch>, sieved: Sieved) -> Self {
        Work {
            row_count: rows.iter().map(RecordBatch::num_rows).sum(),
            rows,
            failed: None,
            sieved,
        }
    }
}

/// The rows behind the `done` first ones, cut into parts that double in length. The next bad row is
/// likely as far away as the last one was; were all of the rest sent each time, a chunk of bad rows
/// would be sent as often as it has rows.
fn growing(done: usize, row_count: usize) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let (mut start, mut length) = (done, (2 * done).max(SIEVE_ROWS));
    while start < row_count {
        let end = row_count.min(start + length);
        parts.push(start..end);
        (start, length) = (end, length * 2);
    }
    parts
}

/// The rows of a range, without copying.
fn slice(batches: &[RecordBatch], range: Range<usize>) -> Vec<RecordBatch> {
    let mut slices = Vec::new();
    let mut first = 0;
    for batch in batches {
        let end = first + batch.num_rows();
        let (from, to) = (range.start.max(first), range.end.min(end));
        if from < to {
            slices.push(batch.slice(from - first, to - from));
        }
        first = end;
    }
    slices
}

/// One row, put aside with the server's reason.
fn refused(
    batches: &[RecordBatch],
    row: usize,
    error: &ServerError,
    table: &str,
) -> Option<RefusedRow> {
    let mut first = 0;
    for batch in batches {
        let end = first + batch.num_rows();
        if row < end {
            return Some(RefusedRow {
                batch: Arc::new(batch.clone()),
                row: row - first,
                column: error.column(table),
                reason: error.reason(),
            });
        }
        first = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_again_stays_near_the_number_of_rows() {
        assert!(growing(3, 3).is_empty());
        assert_eq!(growing(1, 100), [1..33, 33..97, 97..100]);
        assert_eq!(growing(500, 2_000), [500..1_500, 1_500..2_000]);
        // Every row is bad, so every part fails at its first row.
        let (mut open, mut sent) = (vec![100_000], 0_usize);
        while let Some(row_count) = open.pop() {
            sent += row_count;
            open.extend(growing(1, row_count).iter().map(|part| part.len()));
        }
        assert!(sent < 100_000 * 40, "{sent}");
    }
}
