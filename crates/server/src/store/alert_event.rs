//! What alert rules have to tell, until it is told. An event is there once for each rule and key, however often
//! and by however many servers it is noticed.

use sqlx::FromRow;

use super::{Connection, StoreResult};

/// An event as it is noted.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent<'a> {
    pub(crate) id: &'a str,
    pub(crate) rule_id: &'a str,
    /// Names it within its rule.
    pub(crate) key: &'a str,
    pub(crate) event: &'a str,
    /// Told together with the others of this group.
    pub(crate) group_id: &'a str,
    /// When the group is complete; that is later than it was noted, unless it is told alone.
    pub(crate) ready_at: i64,
    pub(crate) noted_at: i64,
    /// Whether it is noted in the history only.
    pub(crate) is_dropped: bool,
}

/// Notes an event, unless it was noted before.
pub(crate) async fn insert(c: &mut Connection, new: &NewEvent<'_>) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO alert_event (id, rule_id, event_key, event, group_id, ready_at, is_dropped, is_told, noted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8) ON CONFLICT (rule_id, event_key) DO NOTHING",
    )
    .bind(new.id)
    .bind(new.rule_id)
    .bind(new.key)
    .bind(new.event)
    .bind(new.group_id)
    .bind(new.ready_at)
    .bind(i64::from(new.is_dropped))
    .bind(new.noted_at)
    .execute(c)
    .await?;
    Ok(())
}

/// The group of a rule that is not complete yet: its id, and when it will be.
pub(crate) async fn open_group(
    c: &mut Connection,
    rule_id: &str,
    now: i64,
    is_dropped: bool,
) -> StoreResult<Option<(String, i64)>> {
    let query = sqlx::query_as(
        "SELECT group_id, ready_at FROM alert_event
         WHERE rule_id = $1 AND is_told = 0 AND ready_at > $2 AND is_dropped = $3 ORDER BY ready_at, id LIMIT 1",
    );
    let query = query.bind(rule_id).bind(now).bind(i64::from(is_dropped));
    Ok(query.fetch_optional(c).await?)
}

/// A group of events that is complete.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Group {
    pub(crate) group_id: String,
    pub(crate) rule_id: String,
    ready_at: i64,
    /// When its first event was noted.
    noted_at: i64,
    pub(crate) is_dropped: i64,
}

/// Groups that are complete.
pub(crate) async fn ready(c: &mut Connection, now: i64, limit: i64) -> StoreResult<Vec<Group>> {
    let query = sqlx::query_as(
        "SELECT group_id, rule_id, min(ready_at) AS ready_at, min(noted_at) AS noted_at, min(is_dropped) AS is_dropped
         FROM alert_event WHERE is_told = 0 AND ready_at <= $1
         GROUP BY group_id, rule_id ORDER BY min(ready_at), group_id LIMIT $2",
    );
    Ok(query.bind(now).bind(limit).fetch_all(c).await?)
}

/// Lets what a rule has to tell wait until a time, if it would be told before.
pub(crate) async fn postpone(c: &mut Connection, rule_id: &str, until: i64) -> StoreResult<()> {
    let query = sqlx::query(
        "UPDATE alert_event SET ready_at = $1
         WHERE rule_id = $2 AND is_told = 0 AND is_dropped = 0 AND ready_at < $1",
    );
    query.bind(until).bind(rule_id).execute(c).await?;
    Ok(())
}

/// An event that is being told.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Told {
    pub(crate) id: String,
    pub(crate) event: String,
    pub(crate) is_dropped: i64,
}

/// Takes the events of a group to be told; none if somebody else has. Two servers may have begun a group each at
/// the same time, so what was noted before this one was complete is in it, whichever group it named, and so is what is
/// complete by `ready_by`.
pub(crate) async fn take(
    c: &mut Connection,
    group: &Group,
    ready_by: i64,
) -> StoreResult<Vec<Told>> {
    let noted_before = match group.noted_at < group.ready_at {
        true => group.ready_at,
        false => i64::MIN,
    };
    let query = sqlx::query_as(
        "UPDATE alert_event SET is_told = 1 WHERE rule_id = $1 AND is_told = 0 AND (group_id = $2
            OR (is_dropped = $3 AND (ready_at <= $5 OR (noted_at < ready_at AND noted_at < $4))))
         RETURNING id, event, is_dropped",
    );
    let query = query.bind(&group.rule_id).bind(&group.group_id);
    let query = query.bind(group.is_dropped).bind(noted_before);
    let mut taken: Vec<Told> = query.bind(ready_by).fetch_all(c).await?;
    taken.sort_by(|left, right| left.id.cmp(&right.id));
    Ok(taken)
}

/// Forgets events that were told long ago.
pub(crate) async fn forget(c: &mut Connection, before: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM alert_event WHERE is_told = 1 AND ready_at < $1");
    query.bind(before).execute(c).await?;
    Ok(())
}
