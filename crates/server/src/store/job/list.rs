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

/// The jobs of a project by name. What belongs to a job is found by indexes, for the jobs of the page alone unless
/// the state of their last run is asked for.
pub(crate) async fn list(
    c: &mut Connection,
    project_id: &str,
    filter: &Filter<'_>,
    now: i64,
    page: &Page,
) -> StoreResult<Vec<ListedJob>> {
    let (sql, folder) = match filter.place {
        Place::In(folder) => (
            "SELECT job.*, coalesce(account.name, '') AS owner_name,
                r.id AS run_id, r.number AS run_number, r.kind AS run_kind, r.state AS run_state,
                r.ended_at AS run_ended_at, s.state AS schedule_state, s.rule, s.submitted_rule, s.generated_until,
                n.id AS next_id, n.due_at AS next_due_at
             FROM job LEFT JOIN account ON account.id = job.owner_id
                LEFT JOIN run r ON r.id = (SELECT max(x.id) FROM run x WHERE x.job_id = job.id)
                LEFT JOIN schedule s ON s.job_id = job.id
                LEFT JOIN instance n ON n.id = (SELECT i.id FROM instance i WHERE i.job_id = job.id
                    AND i.state = 'waiting' AND i.due_at > $10 AND i.backfill_id = '' ORDER BY i.due_at LIMIT 1)
             WHERE job.project_id = $1 AND job.name_key > $2 AND ($3 = '%' OR job.name_key LIKE $3 ESCAPE '\\')
                AND ($6 = '' OR coalesce(r.state, 'never') = $6)
                AND ($7 = '' OR job.owner_id = $7 OR account.name = $7)
                AND ($8 = '' OR job.summary LIKE $8 ESCAPE '\\')
                AND ($9 = '' OR job.summary LIKE $9 ESCAPE '\\')
                AND job.folder = $4
             ORDER BY job.name_key LIMIT $5",
            folder,
        ),
        Place::Anywhere | Place::Below("") => (EVERYWHERE, ""),
        Place::Below(folder) => (EVERYWHERE, folder),
    };
    let query = sqlx::query_as(sql)
        .bind(project_id)
        .bind(page.after.as_deref().unwrap_or(""))
        .bind(containing(filter.search))
        .bind(folder)
        .bind(page.limit)
        .bind(filter.run_state)
        .bind(filter.owner)
        .bind(side("source", filter.source))
        .bind(side("target", filter.target))
        .bind(now);
    Ok(query.fetch_all(c).await?)
}

const EVERYWHERE: &str =
            "SELECT job.*, coalesce(account.name, '') AS owner_name,
                r.id AS run_id, r.number AS run_number, r.kind AS run_kind, r.state AS run_state,
                r.ended_at AS run_ended_at, s.state AS schedule_state, s.rule, s.submitted_rule, s.generated_until,
                n.id AS next_id, n.due_at AS next_due_at
             FROM job LEFT JOIN account ON account.id = job.owner_id
                LEFT JOIN run r ON r.id = (SELECT max(x.id) FROM run x WHERE x.job_id = job.id)
                LEFT JOIN schedule s ON s.job_id = job.id
                LEFT JOIN instance n ON n.id = (SELECT i.id FROM instance i WHERE i.job_id = job.id
                    AND i.state = 'waiting' AND i.due_at > $10 AND i.backfill_id = '' ORDER BY i.due_at LIMIT 1)
             WHERE job.project_id = $1 AND job.name_key > $2 AND ($3 = '%' OR job.name_key LIKE $3 ESCAPE '\\')
                AND ($6 = '' OR coalesce(r.state, 'never') = $6)
                AND ($7 = '' OR job.owner_id = $7 OR account.name = $7)
                AND ($8 = '' OR job.summary LIKE $8 ESCAPE '\\')
                AND ($9 = '' OR job.summary LIKE $9 ESCAPE '\\')
                AND ($4 = '' OR job.folder = $4 OR substr(job.folder, 1, length($4) + 1) = $4 || '/')
             ORDER BY job.name_key LIMIT $5";

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
