//! Sessions that are free for the next statement: what a login costs (TLS, key derivation, catalog
//! caches) is paid once per channel and not once per split.

use std::sync::{Mutex, PoisonError};

use super::session::Session;

/// Free sessions, each with the snapshot that its open transaction sees, if it has one.
#[derive(Default)]
pub(crate) struct Idle(Mutex<Vec<(Option<String>, Session)>>);

impl Idle {
    pub(crate) fn take(&self, snapshot: Option<&str>) -> Option<Session> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, session)| !session.is_closed());
        let place = idle
            .iter()
            .position(|(seen, _)| seen.as_deref() == snapshot)?;
        Some(idle.swap_remove(place).1)
    }

    pub(crate) fn give(&self, snapshot: Option<String>, session: Session) {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.push((snapshot, session));
    }
}
