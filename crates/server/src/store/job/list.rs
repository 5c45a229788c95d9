//! The list of jobs, each with its last run and what its schedule does next.

use sqlx::FromRow;

use super::OwnedJob;
use crate::store::{Connection, Page, StoreResult, containing};

/// A job in a list. Its last run is the latest of any kind.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ListedJob {
    #[sqlx(flatten)]
    pub(crate) owned: OwnedJob,
    pub(crate) run_id: Option<String>,
    pub(crate) run_number: Option<i64>,
    pub(crate) run_kind: Option<String>,
    pub(crate) run_state: Option<String>,
    pub(crate) run_ended_at: Option<i64>,
    pub(crate) schedule_state: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) submitted_rule: Option<String>,
    pub(crate) generated_until: Option<i64>,
    /// The instance that is due next.
    pub(crate) next_id: Option<String>,
    pub(crate) next_due_at: Option<i64>,
}

/// Where the jobs of a list are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    Anywhere,
    /// In this folder itself.
    In(&'a str),
    /// In this folder or one below it.
    Below(&'a str),
}

/// Which jobs of a project are wanted; empty texts want all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter<'a> {
    pub(crate) place: Place<'a>,
    /// A part of the name.
    pub(crate) search: &'a str,
    /// The state of the last run, or `never`.
    pub(crate) run_state: &'a str,
    /// The id or name of the owner.
    pub(crate) owner: &'a str,
    /// The connectors of both sides of the draft.
    pub(crate) source: &'a str,
    pub(crate) target: &'a str,
}

impl Filter<'_> {
    /// Whether only the place matters.
    fn is_plain(&self) -> bool {
        let words = [self.search, self.run_state, self.owner];
        words
            .into_iter()
            .chain([self.source, self.target])
            .all(str::is_empty)
    }
}

/// The jobs of a project by name. What belongs to a job is found by indexes, for the jobs of the page alone unless
/// the state of their last run is asked for.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    filter: &Filter<'_>,
    now: i64,
    page: &Page,
) -> StoreResult<Vec<ListedJob>> {
    let (folder, only_there) = match filter.place {
        Place::Anywhere => ("", 0),
        Place::Below(folder) => (folder, 0),
        Place::In(folder) => (folder, 1),
    };
    // A filter that is not there must not be in the statement: PostgreSQL plans it once for all values, takes every
    // condition for a strict one, and then gives up the order of the index.
    let sql = match (only_there, folder) {
        _ if !filter.run_state.is_empty() => BY_LAST_RUN,
        _ if !filter.is_plain() => FILTERED,
        (1, _) => IN_FOLDER,
        (_, "") => ALL,
        _ => FILTERED,
    };
    let mut query = sqlx::query_as(sql)
        .bind(project_id)
        .bind(page.after.as_deref().unwrap_or(""))
        .bind(page.limit)
        .bind(now);
    if sql != ALL {
        query = query.bind(folder);
    }
    if sql == FILTERED || sql == BY_LAST_RUN {
        query = query
            .bind(only_there)
            .bind(containing(filter.search))
            .bind(filter.owner)
            .bind(side("source", filter.source))
            .bind(side("target", filter.target));
    }
    if sql == BY_LAST_RUN {
        query = query.bind(filter.run_state);
    }
    Ok(query.fetch_all(c).await?)
}

/// A page of all jobs.
const ALL: &str =
            "SELECT page.*,
                r.id AS run_id, r.number AS run_number, r.kind AS run_kind, r.state AS run_state,
                r.ended_at AS run_ended_at, s.state AS schedule_state, s.rule, s.submitted_rule, s.generated_until,
                n.id AS next_id, n.due_at AS next_due_at
             FROM (SELECT job.*, coalesce(account.name, '') AS owner_name
                FROM job LEFT JOIN account ON account.id = job.owner_id
                WHERE job.project_id = $1 AND job.name_key > $2
                ORDER BY job.name_key LIMIT $3) page
                LEFT JOIN run r ON r.id = (SELECT max(x.id) FROM run x WHERE x.job_id = page.id)
                LEFT JOIN schedule s ON s.job_id = page.id
                LEFT JOIN instance n ON n.id = (SELECT i.id FROM instance i WHERE i.job_id = page.id
                    AND i.state = 'waiting' AND i.due_at > $4 AND i.backfill_id = '' ORDER BY i.due_at LIMIT 1)
             ORDER BY page.name_key";

/// A page of the jobs in one folder.
const IN_FOLDER: &str =
            "SELECT page.*,
                r.id AS run_id, r.number AS run_number, r.kind AS run_kind, r.state AS run_state,
                r.ended_at AS run_ended_at, s.state AS schedule_state, s.rule, s.submitted_rule, s.generated_until,
                n.id AS next_id, n.due_at AS next_due_at
             FROM (SELECT job.*, coalesce(account.name, '') AS owner_name
                FROM job LEFT JOIN account ON account.id = job.owner_id
                WHERE job.project_id = $1 AND job.name_key > $2 AND job.folder = $5
                ORDER BY job.name_key LIMIT $3) page
                LEFT JOIN run r ON r.id = (SELECT max(x.id) FROM run x WHERE x.job_id = page.id)
                LEFT JOIN schedule s ON s.job_id = page.id
                LEFT JOIN instance n ON n.id = (SELECT i.id FROM instance i WHERE i.job_id = page.id
                    AND i.state = 'waiting' AND i.due_at > $4 AND i.backfill_id = '' ORDER BY i.due_at LIMIT 1)
             ORDER BY page.name_key";

/// A page of the jobs that pass the filters, of whatever last run.
const FILTERED: &str =
            "SELECT page.*,
                r.id AS run_id, r.number AS run_number, r.kind AS run_kind, r.state AS run_state,
                r.ended_at AS run_ended_at, s.state AS schedule_state, s.rule, s.submitted_rule, s.generated_until,
                n.id AS next_id, n.due_at AS next_due_at
             FROM (SELECT job.*, coalesce(account.name, '') AS owner_name
                FROM job LEFT JOIN account ON account.id = job.owner_id
                WHERE job.project_id = $1 AND job.name_key > $2
                AND (($6 = 1 AND job.folder = $5) OR ($6 = 0 AND ($5 = '' OR job.folder = $5
                    OR substr(job.folder, 1, length($5) + 1) = $5 || '/')))
                AND ($7 = '%%' OR job.name_key LIKE $7 ESCAPE '\\')
                AND ($8 = '' OR job.owner_id = $8 OR account.name = $8)
                AND ($9 = '' OR job.summary LIKE $9 ESCAPE '\\')
                AND ($10 = '' OR job.summary LIKE $10 ESCAPE '\\')
                ORDER BY job.name_key LIMIT $3) page
                LEFT JOIN run r ON r.id = (SELECT max(x.id) FROM run x WHERE x.job_id = page.id)
                LEFT JOIN schedule s ON s.job_id = page.id
                LEFT JOIN instance n ON n.id = (SELECT i.id FROM instance i WHERE i.job_id = page.id
                    AND i.state = 'waiting' AND i.due_at > $4 AND i.backfill_id = '' ORDER BY i.due_at LIMIT 1)
             ORDER BY page.name_key";

/// The same of those with a last run in one state.
const BY_LAST_RUN: &str =
            "SELECT job.*, coalesce(account.name, '') AS owner_name,
                r.id AS run_id, r.number AS run_number, r.kind AS run_kind, r.state AS run_state,
                r.ended_at AS run_ended_at, s.state AS schedule_state, s.rule, s.submitted_rule, s.generated_until,
                n.id AS next_id, n.due_at AS next_due_at
             FROM job LEFT JOIN account ON account.id = job.owner_id
                LEFT JOIN run r ON r.id = (SELECT max(x.id) FROM run x WHERE x.job_id = job.id)
                LEFT JOIN schedule s ON s.job_id = job.id
                LEFT JOIN instance n ON n.id = (SELECT i.id FROM instance i WHERE i.job_id = job.id
                    AND i.state = 'waiting' AND i.due_at > $4 AND i.backfill_id = '' ORDER BY i.due_at LIMIT 1)
             WHERE job.project_id = $1 AND job.name_key > $2
                AND (($6 = 1 AND job.folder = $5) OR ($6 = 0 AND ($5 = '' OR job.folder = $5
                    OR substr(job.folder, 1, length($5) + 1) = $5 || '/')))
                AND ($7 = '%%' OR job.name_key LIKE $7 ESCAPE '\\')
                AND ($8 = '' OR job.owner_id = $8 OR account.name = $8)
                AND ($9 = '' OR job.summary LIKE $9 ESCAPE '\\')
                AND ($10 = '' OR job.summary LIKE $10 ESCAPE '\\')
                AND coalesce(r.state, 'never') = $11
             ORDER BY job.name_key LIMIT $3";

/// A pattern for summaries in which a side has a connector; empty for any. No text inside a summary can look
/// like it, because its quotes are escaped there.
fn side(key: &str, connector: &str) -> String {
    if connector.is_empty() {
        return String::new();
    }
    let text = serde_json::Value::from(connector).to_string();
    let mut pattern = format!("%\"{key}\":{{\"connector\":");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
