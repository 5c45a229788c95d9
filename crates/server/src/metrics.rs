//! What the server counts, for `/metrics`.
//!
//! Counters belong to this process and begin at nothing. What the store knows of all servers is read when it is
//! asked for. Labels are routes, states and words of a fixed list, never ids or names.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::state::App;
use crate::store::run::{Figures, Run};
use crate::store::{StoreResult, lineage, queue};

/// Upper bounds of the buckets of durations, in seconds.
const SECONDS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];

/// What a request is counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    /// As the API describes it, `/api/v1/projects/{project}`.
    route: String,
    status: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Rows {
    /// `read`, `written` or `dirty`.
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pool {
    pool: &'static str,
    state: &'static str,
}

type Seconds = Gauge<f64, AtomicU64>;

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    request_seconds: Family<Route, Histogram, fn() -> Histogram>,
    runs: Runs,
    scheduler: Scheduler,
    lineage_waiting: Gauge,
    connections: Family<Pool, Gauge>,
}

struct Runs {
    ended: Family<State, Counter>,
    by_state: Family<State, Gauge>,
    oldest_seconds: Seconds,
    slots: Gauge,
    slots_used: Gauge,
    rows: Family<Rows, Counter>,
    bytes: Counter,
    lost: Counter,
}

struct Scheduler {
    lag: Seconds,
    tick_seconds: Histogram,
    released: Counter,
    /// When the last pass came to its end.
    last: Mutex<Instant>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn durations() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("longshore");
        let metrics = Metrics {
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(durations),
            runs: Runs::register(&mut registry),
            scheduler: Scheduler::register(&mut registry),
            lineage_waiting: Gauge::default(),
            connections: Family::default(),
            registry: Registry::default(),
        };
        registry.register(
            "http_requests",
            "Requests by route, method and status",
            metrics.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time until the head of the answer",
            Unit::Seconds,
            metrics.request_seconds.clone(),
        );
        registry.register(
            "lineage_events_waiting",
            "OpenLineage events that are not delivered yet, in the store",
            metrics.lineage_waiting.clone(),
        );
        registry.register(
            "store_connections",
            "Connections of this process to the metadata store",
            metrics.connections.clone(),
        );
        Metrics {
            registry,
            ..metrics
        }
    }
}

impl Runs {
    fn register(registry: &mut Registry) -> Runs {
        let runs = Runs {
            ended: Family::default(),
            by_state: Family::default(),
            oldest_seconds: Gauge::default(),
            slots: Gauge::default(),
            slots_used: Gauge::default(),
            rows: Family::default(),
            bytes: Counter::default(),
            lost: Counter::default(),
        };
        registry.register(
            "runs_ended",
            "Runs that ended in this process, by how",
            runs.ended.clone(),
        );
        registry.register(
            "runs",
            "Runs that wait or are under way, in the store",
            runs.by_state.clone(),
        );
        registry.register_with_unit(
            "queue_oldest",
            "How long the oldest run has waited",
            Unit::Seconds,
            runs.oldest_seconds.clone(),
        );
        registry.register(
            "slots",
            "Runs that this process may do at the same time",
            runs.slots.clone(),
        );
        registry.register(
            "slots_used",
            "Runs that this process does",
            runs.slots_used.clone(),
        );
        registry.register(
            "rows",
            "Rows that this process has read, written or set aside",
            runs.rows.clone(),
        );
        registry.register_with_unit(
            "read",
            "Values that this process has read",
            Unit::Bytes,
            runs.bytes.clone(),
        );
        registry.register(
            "lease_losses",
            "Runs that another server took over from this process",
            runs.lost.clone(),
        );
        runs
    }
}

impl Scheduler {
    fn register(registry: &mut Registry) -> Scheduler {
        let scheduler = Scheduler {
            lag: Gauge::default(),
            tick_seconds: durations(),
            released: Counter::default(),
            last: Mutex::new(Instant::now()),
        };
        registry.register_with_unit(
            "scheduler_lag",
            "Time since the scheduler of this process last came through; it does so every second",
            Unit::Seconds,
            scheduler.lag.clone(),
        );
        registry.register_with_unit(
            "scheduler_pass",
            "Time that a pass of the scheduler takes",
            Unit::Seconds,
            scheduler.tick_seconds.clone(),
        );
        registry.register(
            "instances_released",
            "Instances that this process gave a run",
            scheduler.released.clone(),
        );
        scheduler
    }
}

/// What was counted of a run already; what earlier owners did of it was counted by them.
#[derive(Debug)]
pub(crate) struct Tally(Mutex<Figures>);

impl Tally {
    pub(crate) fn of(run: &Run) -> Tally {
        Tally(Mutex::new(Figures {
            rows_read: run.rows_read,
            rows_written: run.rows_written,
            rows_dirty: run.rows_dirty,
            bytes: run.bytes,
            ..Figures::default()
        }))
    }
}

impl Metrics {
    pub(crate) fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let request = Request {
            method,
            route: route.to_string(),
            status: u32::from(status),
        };
        self.requests.get_or_create(&request).inc();
        let route = Route {
            method,
            route: request.route,
        };
        let seconds = self.request_seconds.get_or_create(&route);
        seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn run_ended(&self, state: &'static str) {
        self.runs.ended.get_or_create(&State { state }).inc();
    }

    pub(crate) fn run_lost(&self) {
        self.runs.lost.inc();
    }

    /// Counts what a run has done since it was last asked. Rows of attempts that failed are done again and are
    /// not counted again.
    pub(crate) fn moved(&self, tally: &Tally, now: Figures) {
        let mut last = tally.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = &mut *last;
        let count = |last: &mut i64, now: i64| {
            let more = u64::try_from(now - *last).unwrap_or(0);
            *last = now.max(*last);
            more
        };
        for (kind, last, now) in [
            ("read", &mut last.rows_read, now.rows_read),
            ("written", &mut last.rows_written, now.rows_written),
            ("dirty", &mut last.rows_dirty, now.rows_dirty),
        ] {
            let rows = self.runs.rows.get_or_create(&Rows { kind });
            rows.inc_by(count(last, now));
        }
        self.runs.bytes.inc_by(count(&mut last.bytes, now.bytes));
    }

    /// The scheduler has come through.
    pub(crate) fn scheduled(&self, took: Duration) {
        self.scheduler.tick_seconds.observe(took.as_secs_f64());
        *self.last_pass() = Instant::now();
    }

    pub(crate) fn released(&self, instances: u64) {
        self.scheduler.released.inc_by(instances);
    }

    fn last_pass(&self) -> std::sync::MutexGuard<'_, Instant> {
        let last = self.scheduler.last.lock();
        last.unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything as OpenMetrics text, with what the store says now.
    pub(crate) async fn text(&self, app: &App) -> StoreResult<String> {
        let mut c = app.store.read().await?;
        let (waiting, since) = queue::waiting(&mut c).await?;
        let (running, here) = queue::under_way(&mut c, &app.server_id).await?;
        let events = lineage::count(&mut c).await?;
        drop(c);
        let runs = &self.runs;
        for (state, count) in [("queued", waiting), ("running", running)] {
            runs.by_state.get_or_create(&State { state }).set(count);
        }
        let age = since.map_or(0, |since| (app.clock.micros() - since).max(0));
        runs.oldest_seconds.set(age as f64 / 1e6);
        runs.slots.set(i64::from(app.config.slots));
        runs.slots_used.set(here);
        self.lineage_waiting.set(events);
        let lag = self.last_pass().elapsed();
        self.scheduler.lag.set(lag.as_secs_f64());
        for (pool, (size, idle)) in ["read", "write"].into_iter().zip(app.store.connections()) {
            let idle = i64::try_from(idle).unwrap_or(i64::MAX);
            for (state, count) in [("idle", idle), ("used", i64::from(size) - idle)] {
                let connections = self.connections.get_or_create(&Pool { pool, state });
                connections.set(count);
            }
        }
        let mut text = String::new();
        // Writing to a text does not fail.
        encode(&mut text, &self.registry).ok();
        Ok(text)
    }
}
