//! Jobs to the store and back: rows, versions, and the names of data sources that go with them.

use sqlx::{Any, Transaction};

use super::view::{JobItem, JobMode, JobVersion};
use crate::access::role::Right;
use crate::api::caller::Access;
use crate::api::error::{ApiError, ApiResult};
use crate::api::time::new_id;
use crate::documents::{Checked, Scope, Stage, Variables};
use crate::state::App;
use crate::store::job::{self, OwnedJob};
use crate::store::job_version::{self, AuthoredVersion};
use crate::store::{Connection, StoreError, folder};

/// What becomes a version.
pub(super) struct Draft {
    pub(super) document: String,
    pub(super) variables: Variables,
    pub(super) note: String,
}

/// A job that does not exist yet.
pub(super) struct Filed<'a> {
    pub(super) name: &'a str,
    pub(super) folder: &'a str,
    pub(super) description: &'a str,
    pub(super) mode: JobMode,
    pub(super) draft: Draft,
}

/// A job of the project with its draft.
pub(super) async fn found(
    app: &App,
    access: &Access,
    id: &str,
) -> ApiResult<(OwnedJob, JobVersion)> {
    let mut c = app.store.read().await?;
    let row = job::find_owned(&mut c, &access.project.id, id)
        .await?
        .ok_or_else(|| ApiError::not_found("job", id))?;
    let draft = version(&mut c, &row.job, row.job.draft_version).await?;
    Ok((row, draft))
}

/// A job of the project with its draft, for an edit of the revision that was seen.
pub(super) async fn seen(
    app: &App,
    access: &Access,
    id: &str,
    revision: i64,
) -> ApiResult<(OwnedJob, JobItem, JobVersion)> {
    let (row, draft) = found(app, access, id).await?;
    if row.job.revision != revision {
        return Err(StoreError::Changed.into());
    }
    let before = JobItem::read(row.clone())?;
    Ok((row, before, draft))
}

/// A version of a job that was found in its project.
pub(super) async fn version(
    c: &mut Connection,
    job: &job::Job,
    number: i64,
) -> ApiResult<JobVersion> {
    let row = job_version::find_authored(c, &job.id, number).await?;
    let row = row.ok_or_else(|| {
        ApiError::not_found("version", &number.to_string()).hint(format!(
            "the versions of job `{}` are 1 to {}",
            job.name, job.draft_version
        ))
    })?;
    JobVersion::read(row)
}

/// Adds a job with its first version.
pub(super) async fn add(
    app: &App,
    access: &Access,
    c: &mut Connection,
    filed: Filed<'_>,
    checked: &Checked,
) -> ApiResult<(JobItem, JobVersion)> {
    may_use(access, checked)?;
    let now = app.clock.micros();
    let account = &access.caller.account;
    let row = OwnedJob {
        job: job::Job {
            id: new_id(),
            project_id: access.project.id.clone(),
            name: filed.name.to_owned(),
            folder: filed.folder.to_owned(),
            description: filed.description.to_owned(),
            owner_id: account.id.clone(),
            mode: filed.mode.name().to_owned(),
            summary: summary(checked)?,
            draft_version: 1,
            published_version: None,
            created_at: now,
            updated_at: now,
            revision: 1,
        },
        owner_name: account.name.clone(),
    };
    folder::ensure(c, &row.job.project_id, filed.folder).await?;
    job::insert(c, &row.job)
        .await
        .map_err(|error| taken(error, filed.name))?;
    let draft = add_version(app, access, c, &row.job, filed.draft).await?;
    job::set_datasources(c, &row.job, &checked.datasources).await?;
    Ok((JobItem::read(row)?, draft))
}

/// What a change of a job is about, with the check of that version.
pub(super) enum Next<'c> {
    /// The draft stays as it is.
    Same(&'c Checked),
    /// There is a new draft.
    Draft(Draft, &'c Checked),
    /// A version is published.
    Published(i64, &'c Checked),
}

/// A change that is written and not yet committed.
pub(super) struct Written {
    pub(super) transaction: Transaction<'static, Any>,
    pub(super) row: OwnedJob,
    /// The new draft.
    pub(super) draft: Option<JobVersion>,
}

/// Writes what has changed of a job, whose revision is the one that was seen. The transaction is left open for
/// what else belongs to the change.
pub(super) async fn change(
    app: &App,
    access: &Access,
    mut row: OwnedJob,
    next: Next<'_>,
) -> ApiResult<Written> {
    let (draft, checked) = match next {
        Next::Same(checked) => (None, (row.job.draft_version, checked)),
        Next::Draft(draft, checked) => {
            may_use(access, checked)?;
            row.job.draft_version += 1;
            row.job.summary = summary(checked)?;
            (Some(draft), (row.job.draft_version, checked))
        }
        Next::Published(number, checked) => {
            row.job.published_version = Some(number);
            (None, (number, checked))
        }
    };
    row.job.updated_at = app.clock.micros();
    let names = names(app, access, &row.job, checked).await?;
    let mut t = app.store.begin().await?;
    folder::ensure(&mut t, &row.job.project_id, &row.job.folder).await?;
    job::update(&mut t, &row.job)
        .await
        .map_err(|error| taken(error, &row.job.name))?;
    let draft = match draft {
        Some(draft) => Some(add_version(app, access, &mut t, &row.job, draft).await?),
        None => None,
    };
    job::set_datasources(&mut t, &row.job, &names).await?;
    Ok(Written {
        transaction: t,
        row,
        draft,
    })
}

async fn add_version(
    app: &App,
    access: &Access,
    c: &mut Connection,
    row: &job::Job,
    draft: Draft,
) -> ApiResult<JobVersion> {
    let account = &access.caller.account;
    let variables = serde_json::to_string(&draft.variables)
        .map_err(|error| ApiError::internal("writing the variables of a job", error))?;
    let version = AuthoredVersion {
        version: job_version::JobVersion {
            job_id: row.id.clone(),
            number: row.draft_version,
            mode: row.mode.clone(),
            document: draft.document,
            variables,
            note: draft.note,
            author_id: account.id.clone(),
            created_at: app.clock.micros(),
            publication_note: String::new(),
            published_at: None,
        },
        author_name: account.name.clone(),
    };
    job_version::insert(c, &version.version).await?;
    JobVersion::read(version)
}

/// The data sources that the draft and the published version name; one of the two was checked.
async fn names(
    app: &App,
    access: &Access,
    row: &job::Job,
    (checked_number, checked): (i64, &Checked),
) -> ApiResult<Vec<String>> {
    let mut names = checked.datasources.clone();
    let versions = [Some(row.draft_version), row.published_version];
    for number in versions.into_iter().flatten() {
        if number == checked_number {
            continue;
        }
        let mut c = app.store.read().await?;
        let other = version(&mut c, row, number).await?;
        drop(c);
        let scope = Scope::load(app, &access.project, Stage::Published, None).await?;
        let other = scope.check(&other.document, &other.variables).await?;
        names.extend(other.datasources);
    }
    Ok(names)
}

/// Who writes a job must be allowed to use what it names.
fn may_use(access: &Access, checked: &Checked) -> ApiResult<()> {
    match checked.datasources.is_empty() {
        true => Ok(()),
        false => access.need(Right::DatasourcesUse),
    }
}

fn summary(checked: &Checked) -> ApiResult<String> {
    serde_json::to_string(&checked.sides)
        .map_err(|error| ApiError::internal("writing the summary of a job", error))
}

/// Names the name that is taken.
pub(super) fn taken(error: StoreError, name: &str) -> ApiError {
    match error {
        StoreError::Exists => {
            ApiError::conflict(format!("there is already a job `{name}` in this project"))
                .hint("choose another name; names that differ in case only are one name")
        }
        error => error.into(),
    }
}
