//! Alerts: messages to channels, until they are sent or given up.
//!
//! `attempts` counts who tried to send a message and is the fence: whoever ends an attempt that is not the latest
//! changes nothing. `next_at` is when the next attempt may begin; for one under way that is when it counts as lost.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, audit};

/// A row of `alert`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Alert {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) rule_id: String,
    pub(crate) channel_id: String,
    pub(crate) message_key: String,
    pub(crate) message: String,
    pub(crate) state: String,
    pub(crate) attempts: i64,
    pub(crate) next_at: i64,
    pub(crate) error: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) sent_at: Option<i64>,
}

pub(crate) const WAITING: &str = "waiting";
pub(crate) const SENDING: &str = "sending";
pub(crate) const SENT: &str = "sent";
pub(crate) const FAILED: &str = "failed";
pub(crate) const DROPPED: &str = "dropped";

/// Makes a message, unless its key has one.
pub(crate) async fn insert(c: &mut Connection, row: &Alert) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO alert (id, project_id, rule_id, channel_id, message_key, message, state, attempts, next_at,
            created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (message_key) DO NOTHING",
    )
    .bind(&row.id)
    .bind(&row.project_id)
    .bind(&row.rule_id)
    .bind(&row.channel_id)
    .bind(&row.message_key)
    .bind(&row.message)
    .bind(&row.state)
    .bind(row.attempts)
    .bind(row.next_at)
    .bind(row.created_at)
    .execute(c)
    .await?;
    Ok(())
}

/// The alerts of a project, latest first; empty texts want all.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    (state, rule_id): (&str, &str),
    page: &Page,
) -> StoreResult<Vec<Alert>> {
    let sql = if !rule_id.is_empty() {
        "SELECT * FROM alert WHERE project_id = $1 AND rule_id = $2 AND id < $3 AND ($4 = '' OR state = $4)
         ORDER BY id DESC LIMIT $5"
    } else if !state.is_empty() {
        "SELECT * FROM alert WHERE project_id = $1 AND state = $4 AND id < $3 AND $2 = ''
         ORDER BY id DESC LIMIT $5"
    } else {
        "SELECT * FROM alert WHERE project_id = $1 AND id < $3 AND $2 = '' AND $4 = ''
         ORDER BY id DESC LIMIT $5"
    };
    let query = sqlx::query_as(sql)
        .bind(project_id)
        .bind(rule_id)
        .bind(audit::before(page))
        .bind(state)
        .bind(page.limit);
    Ok(query.fetch_all(c).await?)
}

/// When the latest message of a rule was made that was not kept quiet.
pub(crate) async fn latest(c: &mut Connection, rule_id: &str) -> StoreResult<Option<i64>> {
    let query = sqlx::query_scalar(
        "SELECT created_at FROM alert WHERE rule_id = $1 AND state <> 'dropped'
         ORDER BY created_at DESC LIMIT 1",
    );
    Ok(query.bind(rule_id).fetch_optional(c).await?)
}

/// How many messages of a rule to a channel were made after a time and not kept quiet.
pub(crate) async fn count_since(
    c: &mut Connection,
    (rule_id, channel_id): (&str, &str),
    since: i64,
) -> StoreResult<i64> {
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM alert WHERE rule_id = $1 AND channel_id = $2 AND created_at > $3
            AND state <> 'dropped'",
    );
    let query = query.bind(rule_id).bind(channel_id).bind(since);
    Ok(query.fetch_one(c).await?)
}

/// Messages whose next attempt may begin.
pub(crate) async fn due(c: &mut Connection, now: i64, limit: i64) -> StoreResult<Vec<Alert>> {
    let query = sqlx::query_as(
        "SELECT * FROM alert WHERE state IN ('waiting', 'sending') AND next_at <= $1
         ORDER BY next_at, id LIMIT $2",
    );
    Ok(query.bind(now).bind(limit).fetch_all(c).await?)
}

/// Begins an attempt that is lost after `until`; says whether nobody else has.
pub(crate) async fn claim(c: &mut Connection, seen: &Alert, until: i64) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE alert SET state = 'sending', attempts = attempts + 1, next_at = $1
         WHERE id = $2 AND attempts = $3 AND state IN ('waiting', 'sending')",
    );
    let result = query.bind(until).bind(&seen.id).bind(seen.attempts);
    Ok(result.execute(c).await?.rows_affected() == 1)
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub(crate) struct Outcome<'a> {
    pub(crate) state: &'static str,
    /// The next attempt, or when the last one ended.
    pub(crate) at: i64,
    pub(crate) error: Option<&'a str>,
}

/// Ends the latest attempt; says whether it was.
pub(crate) async fn record(
    c: &mut Connection,
    id: &str,
    attempt: i64,
    outcome: &Outcome<'_>,
) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE alert SET state = $1, next_at = $2, error = $3,
            sent_at = CASE $1 WHEN 'sent' THEN $2 ELSE sent_at END
         WHERE id = $4 AND attempts = $5 AND state = 'sending'",
    )
    .bind(outcome.state)
    .bind(outcome.at)
    .bind(outcome.error)
    .bind(id)
    .bind(attempt);
    Ok(query.execute(c).await?.rows_affected() == 1)
}

/// Deletes what ended long ago.
pub(crate) async fn forget(c: &mut Connection, before: i64) -> StoreResult<()> {
    let query = sqlx::query(
        "DELETE FROM alert WHERE state IN ('sent', 'failed', 'dropped') AND next_at < $1",
    );
    query.bind(before).execute(c).await?;
    Ok(())
}
