//! What handlers work with: handles only.

use std::sync::Arc;

use sdk::Registry;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::access::allow_list::Networks;
use crate::access::vault::KeyRing;
use crate::api::caller::Uses;
use crate::clock::Clock;
use crate::config::ServerConfig;
use crate::console::Console;
use crate::metrics::Metrics;
use crate::settings::SettingsCache;
use crate::sign_on::Provider;
use crate::store::Store;

/// The application, shared by all handlers and loops.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// The handles behind [`App`].
pub(crate) struct Parts {
    pub(crate) config: ServerConfig,
    pub(crate) store: Store,
    pub(crate) keys: KeyRing,
    pub(crate) clock: Clock,
    pub(crate) registry: Registry,
    pub(crate) console: Console,
    pub(crate) trusted_proxies: Networks,
    /// Networks that may read `/metrics` without signing in.
    pub(crate) metrics_networks: Networks,
    pub(crate) metrics: Metrics,
    pub(crate) settings: SettingsCache,
    /// Where people sign in besides here.
    pub(crate) sign_on: Option<Provider>,
    /// Password hashing takes memory on purpose, so only so many are hashed at a time.
    pub(crate) hashing: Semaphore,
    /// Which sessions and access keys have their use noted right now.
    pub(crate) uses: Uses,
    /// Names this process among the servers that share the store.
    pub(crate) server_id: String,
    /// Told when a run was put into the queue here.
    pub(crate) queued: Notify,
    /// Cancelled when the server is to stop.
    pub(crate) stop: CancellationToken,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        App(Arc::new(parts))
    }

    /// Lets the queue be looked at now instead of at the next tick.
    pub(crate) fn wake(&self) {
        self.queued.notify_one();
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
