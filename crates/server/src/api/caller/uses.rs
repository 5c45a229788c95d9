//! The uses of sessions and access keys that are being noted.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One request notes a use in the store and waits for the disk. All others of the same session or key go on meanwhile:
/// if each of them queued up for the one writer of SQLite, a busy client would stop once a minute.
#[derive(Default)]
pub(crate) struct Uses(Mutex<HashSet<String>>);

/// The right to note a use; it ends when this is dropped.
pub(super) struct Noting<'a> {
    uses: &'a Uses,
    of: String,
}

impl Uses {
    /// Lets the caller note a use of this session or key, unless somebody is doing it.
    pub(super) fn note(&self, of: &str) -> Option<Noting<'_>> {
        let of = of.to_string();
        let is_first = self.being_noted().insert(of.clone());
        is_first.then_some(Noting { uses: self, of })
    }

    #[cfg(test)]
    pub(super) fn is_being_noted(&self, of: &str) -> bool {
        self.being_noted().contains(of)
    }

    fn being_noted(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Noting<'_> {
    fn drop(&mut self) {
        self.uses.being_noted().remove(&self.of);
    }
}
