//! Finding all rows of a chunk whose foreign key refers to a row that is not there, with one query: the
//! server refuses them all together and names none of them.

use arrow_array::RecordBatch;
use sdk::Written;

use super::catalog::foreign_key;
use super::fault::{Outcome, ServerError};
use super::merge::Route;
use super::sieve::SIEVE;
use super::sql::identifier;
use super::write::Load;

impl Load {
    /// Puts every row aside that lacks what the violated foreign key refers to, and returns the others;
    /// `None` if they cannot be found in this way here.
    pub(crate) async fn sieve_orphans(
        &mut self,
        route: &Route,
        rows: &[RecordBatch],
        error: &ServerError,
        written: &mut Written,
    ) -> Outcome<Option<Vec<RecordBatch>>> {
        // Of staged rows only the last one of a key is checked.
        let Some(constraint) = error.constraint.as_ref().filter(|_| route.stage.is_none()) else {
            return Ok(None);
        };
        let mark = self.next_savepoint();
        self.session.run(mark).await?;
        let found = self.find_orphans(route, rows, constraint).await;
        let reason = format!("{} (the row that it refers to is not there)", error.message);
        self.settle(found, rows, &reason, written).await
    }

    /// The numbers of the rows, each with the columns of the key.
    async fn find_orphans(
        &mut self,
        route: &Route,
        rows: &[RecordBatch],
        constraint: &str,
    ) -> Outcome<Vec<(usize, String)>> {
        let Some(key) = foreign_key(&self.session, &self.target.table, constraint).await? else {
            return Ok(Vec::new());
        };
        let place = |name: &str| self.target.names().position(|known| known == name);
        let places: Option<Vec<usize>> = key.columns.iter().map(|(name, _)| place(name)).collect();
        let Some(places) = places else {
            return Ok(Vec::new());
        };
        self.stage(route, rows, &places).await?;
        let (mut given, mut same) = (Vec::new(), Vec::new());
        for (here, there) in &key.columns {
            let (here, there) = (identifier(here), identifier(there));
            given.push(format!("s.{here} IS NOT NULL"));
            same.push(format!("t.{there} = s.{here}"));
        }
        let sql = format!(
            "SELECT s.longshore_row FROM {SIEVE} AS s WHERE {} \
             AND NOT EXISTS (SELECT FROM {} AS t WHERE {})",
            given.join(" AND "),
            key.parent,
            same.join(" AND ")
        );
        self.session.run(&format!("ANALYZE {SIEVE}")).await?;
        let names: Vec<&str> = key.columns.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        let mut found = Vec::new();
        for row in self.session.query(&sql).await? {
            let number = row
                .first()
                .and_then(|number| number.as_deref()?.parse().ok());
            found.extend(number.map(|number| (number, names.clone())));
        }
        Ok(found)
    }
}
