//! Brings the tables to this version. Within a release migrations add tables and columns, and never take any away.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::{Engine, Store};

const START: &str = include_str!("0001_start.sql");
const OBSERVE: &str = include_str!("0003_observe.sql");
const RUNS: &str = include_str!("0004_runs.sql");
const INDEXES: &str = include_str!("0005_indexes.sql");

/// What keeps the audit log append-only, which the two databases say differently.
const AUDIT_SQLITE: &str = include_str!("0002_audit_sqlite.sql");
const AUDIT_POSTGRESQL: &str = include_str!("0002_audit_postgresql.sql");

/// Single sign-on.
const OIDC: &str = include_str!("0006_oidc.sql");
const ALERTS: &str = include_str!("0007_alerts.sql");
const CORE: &str = include_str!("0008_core.sql");
const DAYS: &str = include_str!("0009_days.sql");
const TURNS: &str = include_str!("0010_turns.sql");
const GROUPS: &str = include_str!("0011_groups.sql");
const LEASES: &str = include_str!("0012_leases.sql");
const DELETED: &str = include_str!("0013_deleted.sql");
const CHANNELS: &str = include_str!("0014_channels.sql");
const ALERT_LIMITS: &str = include_str!("0017_alert_limits.sql");
const BLOCKED: &str = include_str!("0018_blocked.sql");
const LINEAGE_START: &str = include_str!("0019_lineage_start.sql");
const CALENDARS: &str = include_str!("0020_calendars.sql");
/// SQLite has no statement that empties a table past its triggers.
const AUDIT_EMPTIED: &str = include_str!("0016_audit_postgresql.sql");

pub(super) async fn run(store: &Store) -> Result<(), sqlx::Error> {
    let audit = match store.engine {
        Engine::Sqlite => AUDIT_SQLITE,
        Engine::PostgreSql => AUDIT_POSTGRESQL,
    };
    let emptied = match store.engine {
        Engine::Sqlite => "",
        Engine::PostgreSql => AUDIT_EMPTIED,
    };
    let steps = [
        (1, "start", START),
        (2, "audit", audit),
        (3, "observe", OBSERVE),
        (4, "runs", RUNS),
        (5, "indexes", INDEXES),
        (6, "oidc", OIDC),
        (7, "alerts", ALERTS),
        (8, "core", CORE),
        (9, "days", DAYS),
        (10, "turns", TURNS),
        (11, "groups", GROUPS),
        (12, "leases", LEASES),
        (13, "deleted", DELETED),
        (14, "channels", CHANNELS),
        (16, "audit emptied", emptied),
        (17, "alert limits", ALERT_LIMITS),
        (18, "blocked", BLOCKED),
        (19, "lineage start", LINEAGE_START),
        (20, "calendars", CALENDARS),
    ];
    let migrations = steps
        .into_iter()
        .map(|(version, name, sql)| {
            Migration::new(
                version,
                Cow::Borrowed(name),
                MigrationType::Simple,
                sql.into_sql_str(),
                false,
            )
        })
        .collect();
    Migrator::with_migrations(migrations)
        .run(&store.writes)
        .await
        .map_err(|error| sqlx::Error::Migrate(Box::new(error)))
}
