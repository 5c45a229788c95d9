//! The queue: runs that wait for a server, and what those under way take of the limits.

use std::collections::HashMap;

use sqlx::FromRow;

use crate::store::{Connection, StoreResult};

/// A run that waits for a server, with what its limits are counted by.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Waiting {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) resource_group: String,
    pub(crate) fence: i64,
    pub(crate) priority: i64,
}

/// Queued runs in the order in which they are to begin, behind a given one.
pub(crate) async fn queued(
    c: &mut Connection,
    after: Option<&Waiting>,
    limit: i64,
) -> StoreResult<Vec<Waiting>> {
    let (priority, id) = after.map_or((i64::MAX, ""), |run| (run.priority, run.id.as_str()));
    let query = sqlx::query_as(
        "SELECT id, project_id, resource_group, fence, priority FROM run
         WHERE state = 'queued' AND (priority < $1 OR (priority = $1 AND id > $2))
         ORDER BY priority DESC, id LIMIT $3",
    );
    Ok(query
        .bind(priority)
        .bind(id)
        .bind(limit)
        .fetch_all(c)
        .await?)
}

/// Where runs are under way now: project, resource group.
pub(crate) async fn running(c: &mut Connection) -> StoreResult<Vec<(String, String)>> {
    let query =
        sqlx::query_as("SELECT project_id, resource_group FROM run WHERE state = 'running'");
    Ok(query.fetch_all(c).await?)
}

/// Which data sources runs use that are under way now: project, data source.
pub(crate) async fn datasources_in_use(c: &mut Connection) -> StoreResult<Vec<(String, String)>> {
    let query = sqlx::query_as(
        "SELECT d.project_id, d.datasource FROM run r JOIN run_datasource d ON d.run_id = r.id
         WHERE r.state = 'running'",
    );
    Ok(query.fetch_all(c).await?)
}

/// Where runs wait: project, resource group.
pub(crate) async fn places(c: &mut Connection) -> StoreResult<Vec<(String, String)>> {
    // From one to the next by the index, because a long queue mostly waits for few of them.
    let query = sqlx::query_as(
        "WITH RECURSIVE place(id) AS (
            SELECT (SELECT id FROM run WHERE state = 'queued' ORDER BY project_id, resource_group LIMIT 1)
            UNION ALL
            SELECT (SELECT n.id FROM run n WHERE n.state = 'queued'
                    AND (n.project_id, n.resource_group) > (r.project_id, r.resource_group)
                ORDER BY n.project_id, n.resource_group LIMIT 1)
            FROM place p JOIN run r ON r.id = p.id)
         SELECT r.project_id, r.resource_group FROM place p JOIN run r ON r.id = p.id",
    );
    Ok(query.fetch_all(c).await?)
}

/// The data sources of the queued runs behind a given one, up to and including another one, by run.
pub(crate) async fn datasources(
    c: &mut Connection,
    after: Option<&Waiting>,
    last: &Waiting,
) -> StoreResult<HashMap<String, Vec<String>>> {
    let (priority, id) = after.map_or((i64::MAX, ""), |run| (run.priority, run.id.as_str()));
    let query = sqlx::query_as(
        "SELECT r.id, d.datasource FROM run r JOIN run_datasource d ON d.run_id = r.id
         WHERE r.state = 'queued' AND (r.priority < $1 OR (r.priority = $1 AND r.id > $2))
            AND (r.priority > $3 OR (r.priority = $3 AND r.id <= $4))",
    );
    let query = query.bind(priority).bind(id).bind(last.priority);
    let rows: Vec<(String, String)> = query.bind(&last.id).fetch_all(c).await?;
    let mut found: HashMap<String, Vec<String>> = HashMap::new();
    for (run_id, datasource) in rows {
        found.entry(run_id).or_default().push(datasource);
    }
    Ok(found)
}
