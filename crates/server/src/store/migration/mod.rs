//! Brings the tables to this version. Within a release migrations only add.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use super::{Engine, Store};

const START: &str = include_str!("0001_start.sql");
const CORE: &str = include_str!("0007_core.sql");

/// What keeps the audit log append-only, which the two databases say differently.
const AUDIT_SQLITE: &str = include_str!("0002_audit_sqlite.sql");
const AUDIT_POSTGRESQL: &str = include_str!("0002_audit_postgresql.sql");

pub(super) async fn run(store: &Store) -> Result<(), sqlx::Error> {
    let audit = match store.engine {
        Engine::Sqlite => AUDIT_SQLITE,
        Engine::PostgreSql => AUDIT_POSTGRESQL,
    };
    let migrations = [(1, "start", START), (2, "audit", audit), (7, "core", CORE)]
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
