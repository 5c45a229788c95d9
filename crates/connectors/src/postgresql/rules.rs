//! Finding all rows of a chunk that break one declared rule of the table, with one query: by COPY alone
//! they cost a statement each, and two for every halving where the server does not name the row.

use arrow_array::RecordBatch;
use sdk::Written;

use super::catalog::cell;
use super::fault::{Outcome, ServerError};
use super::merge::Route;
use super::sieve::SIEVE;
use super::sql::{identifier, literal};
use super::write::Load;

/// NOT NULL, a CHECK or a foreign key that rows are judged by exactly as the server does.
struct Rule {
    columns: Vec<String>,
    /// What is true of just those rows of `s` that break it.
    broken: String,
}

impl Load {
    /// Puts every row aside that breaks the rule that the error tells of, and returns the others; `None`
    /// if they cannot be found in this way here.
    pub(crate) async fn sieve_by_rule(
        &mut self,
        route: &Route,
        rows: &[RecordBatch],
        error: &ServerError,
        written: &mut Written,
    ) -> Outcome<Option<Vec<RecordBatch>>> {
        // Of staged rows only the last one of a key is judged.
        if route.stage.is_some() {
            return Ok(None);
        }
        let mark = self.next_savepoint();
        self.session.run(mark).await?;
        let found = self.find_breaking(route, rows, error).await;
        self.settle(found, rows, &error.message, written).await
    }

    /// The numbers of the rows, each with the columns of the rule.
    async fn find_breaking(
        &mut self,
        route: &Route,
        rows: &[RecordBatch],
        error: &ServerError,
    ) -> Outcome<Vec<(usize, String)>> {
        let Some(rule) = self.rule(error).await? else {
            return Ok(Vec::new());
        };
        let place = |name: &String| self.target.names().position(|known| known == name);
        let places: Option<Vec<usize>> = rule.columns.iter().map(place).collect();
        let Some(places) = places else {
            return Ok(Vec::new());
        };
        self.stage(route, rows, &places).await?;
        self.session.run(&format!("ANALYZE {SIEVE}")).await?;
        let sql = format!(
            "SELECT s.longshore_row FROM {SIEVE} AS s WHERE {}",
            rule.broken
        );
        let columns = rule.columns.join(", ");
        let mut found = Vec::new();
        for row in self.session.query(&sql).await? {
            found.extend(
                cell(&row, 0)
                    .parse()
                    .map(|number| (number, columns.clone())),
            );
        }
        Ok(found)
    }

    /// The rule, if a query judges by it as the server does: no trigger changes rows before they are
    /// judged, or the rows that they are compared with, and the query sees all of those.
    async fn rule(&self, error: &ServerError) -> Outcome<Option<Rule>> {
        let table = self.target.table.oid;
        let no_trigger = format!(
            "NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t \
             WHERE t.tgrelid = {table} AND NOT t.tgisinternal)"
        );
        if let ("23502", Some(column)) = (error.code.as_str(), &error.column) {
            let sql = format!(
                "SELECT FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = {table} \
                 AND a.attname = {} AND a.attnotnull AND {no_trigger}",
                literal(column)
            );
            let is_known = !self.session.query(&sql).await?.is_empty();
            return Ok(is_known.then(|| Rule {
                columns: vec![column.clone()],
                broken: format!("s.{} IS NULL", identifier(column)),
            }));
        }
        let Some(constraint) = &error.constraint else {
            return Ok(None);
        };
        // A table that refers to itself may get what a row refers to in the same chunk.
        let sql = format!(
            "SELECT a.attname, r.attname, n.nspname, p.relname, pg_catalog.pg_get_expr(c.conbin, c.conrelid) \
             FROM pg_catalog.pg_constraint AS c \
             CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k (here, there, place) \
             JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.here \
             LEFT JOIN pg_catalog.pg_attribute AS r ON r.attrelid = c.confrelid AND r.attnum = k.there \
             LEFT JOIN pg_catalog.pg_class AS p ON p.oid = c.confrelid \
             LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = p.relnamespace \
             WHERE c.conrelid = {table} AND c.conname = {} AND {no_trigger} \
             AND (c.contype = 'c' OR c.contype = 'f' AND c.confmatchtype = 's' \
             AND NOT c.condeferred AND c.confrelid <> c.conrelid \
             AND coalesce(row_to_json(c)->>'conperiod', 'false') = 'false' \
             AND coalesce(row_to_json(p)->>'relrowsecurity', 'false') = 'false') ORDER BY k.place",
            literal(constraint)
        );
        let rows = self.session.query(&sql).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let columns = rows.iter().map(|row| cell(row, 0).to_string()).collect();
        let broken = match cell(first, 4) {
            "" => {
                let (mut given, mut same) = (Vec::new(), Vec::new());
                for row in &rows {
                    let (here, there) = (identifier(cell(row, 0)), identifier(cell(row, 1)));
                    given.push(format!("s.{here} IS NOT NULL"));
                    same.push(format!("t.{there} = s.{here}"));
                }
                format!(
                    "{} AND NOT EXISTS (SELECT FROM {}.{} AS t WHERE {})",
                    given.join(" AND "),
                    identifier(cell(first, 2)),
                    identifier(cell(first, 3)),
                    same.join(" AND ")
                )
            }
            // What is unknown breaks no CHECK.
            check => format!("NOT ({check})"),
        };
        Ok(Some(Rule { columns, broken }))
    }
}
