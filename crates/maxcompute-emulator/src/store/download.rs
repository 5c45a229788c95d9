//! Downloads: a fixed set of segments under an id. They live in memory; a client of a restarted server starts anew.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use maxcompute::types::TableSchema;

use super::TRANSFER_SECONDS;
use super::segment::Segment;
use crate::clock::now_seconds;
use crate::names::new_id;

/// Rows pinned for one reader.
pub(crate) struct Download {
    pub(crate) id: String,
    /// The table or instance that it was made for; the id is worth nothing elsewhere.
    pub(crate) owner: String,
    pub(crate) schema: TableSchema,
    pub(crate) segments: Vec<Arc<Segment>>,
    pub(crate) created: i64,
}

impl Download {
    pub(crate) fn row_count(&self) -> u64 {
        self.segments
            .iter()
            .map(|segment| segment.row_count())
            .sum()
    }
}

/// The downloads of a project.
#[derive(Default)]
pub(crate) struct Downloads {
    by_id: Mutex<HashMap<String, Arc<Download>>>,
}

impl Downloads {
    pub(crate) fn create(
        &self,
        owner: String,
        schema: TableSchema,
        segments: Vec<Arc<Segment>>,
    ) -> Arc<Download> {
        let created = now_seconds();
        let download = Arc::new(Download {
            id: new_id(),
            owner,
            schema,
            segments,
            created,
        });
        let mut by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        by_id.retain(|_, old| created - old.created < TRANSFER_SECONDS);
        by_id.insert(download.id.clone(), download.clone());
        download
    }

    pub(crate) fn find(&self, owner: &str, id: &str) -> Option<Arc<Download>> {
        let by_id = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        by_id.get(id).filter(|found| found.owner == owner).cloned()
    }
}
