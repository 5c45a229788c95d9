//! Jobs: documents with their versions.
//!
//! `view` is what callers see, `form` what they send, `save` how both meet in the store. `versions` has the
//! history, `import` and `export` the way in and out, `script` what editors ask for.

pub(crate) mod export;
mod form;
pub(crate) mod import;
mod save;
pub(crate) mod script;
pub(crate) mod versions;
mod view;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use self::form::Form;
use self::save::{Draft, Filed, Next, found, seen};
use self::view::{Job, JobItem, JobMode, ListedJob, SavedJob};
use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{Access, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::etag::{Revised, Seen};
use super::page::{Listed, PageQuery, QueryOf};
use crate::access::role::Right;
use crate::api::folders::folder_path;
use crate::documents::{Scope, Stage, Variables};
use crate::state::App;
use crate::store::job::list::{Filter, Place};
use crate::store::job::name_key;
use crate::store::{StoreError, calendar, job};

/// Which jobs are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobQuery {
    /// The folder they are in; empty for the top, absent for all folders.
    folder: Option<String>,
    /// Those in folders below it, too.
    #[serde(default)]
    below: bool,
    /// A part of the name.
    #[serde(default)]
    search: String,
    /// The state of the last run, or `never` for jobs without one.
    #[serde(default)]
    last_run: String,
    /// The id or name of the owner.
    #[serde(default)]
    owner: String,
    /// The connector of the source.
    #[serde(default)]
    source: String,
    /// The connector of the target.
    #[serde(default)]
    target: String,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The jobs of a project by name, each with its last run and its schedule.
#[utoipa::path(get, path = "/projects/{project}/jobs", tag = "jobs",
    params(("project" = String, Path), JobQuery),
    responses((status = 200, body = Listed<ListedJob>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<JobQuery>,
) -> ApiResult<Json<Listed<ListedJob>>> {
    let access = caller.enter(&app, &project, Right::JobsView).await?;
    let page = PageQuery::of(query.cursor, query.limit).page()?;
    let folder = match &query.folder {
        None => None,
        Some(path) => {
            Some(folder_path("/folder", path).map_err(|wrong| ApiError::invalid(vec![wrong]))?)
        }
    };
    let place = match &folder {
        None => Place::Anywhere,
        Some(path) if query.below => Place::Below(path),
        Some(path) => Place::In(path),
    };
    let filter = Filter {
        place,
        search: &query.search,
        run_state: &query.last_run,
        owner: &query.owner,
        source: &query.source,
        target: &query.target,
    };
    let now = app.clock.micros();
    let mut c = app.store.read().await?;
    let rows = job::list::list(&mut c, &access.project.id, &filter, now, &page).await?;
    let rules = rows.iter().map(|row| row.submitted_rule.as_deref());
    let calendars = calendar::of_rules(&mut c, &access.project.id, rules).await?;
    let item = |row| ListedJob::read(row, (&calendars, now));
    let listed = Listed::new(rows, &page, |row| name_key(&row.owned.job.name), item);
    Ok(Json(listed.sound()?))
}

/// A new job.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "numbers", "mode": "script", "document":
    "{\"type\": \"job\", \"version\": \"1.0\", \"configuration\": {\"reader\": {\"plugin\": \"stream\", \"parameter\": {\"rowCount\": 1, \"column\": [{\"name\": \"id\", \"type\": \"long\", \"incr\": \"1,1\"}]}}, \"writer\": {\"plugin\": \"stream\", \"parameter\": {}}}}"}))]
pub(crate) struct NewJob {
    /// At most 128 characters; unique in the project, in whatever case.
    name: String,
    /// For example `daily/orders`; it is made if it does not exist. Empty for the top.
    #[serde(default)]
    folder: String,
    #[serde(default)]
    description: String,
    mode: JobMode,
    /// The text of the document, comments and all. It may have errors; secrets it may not have.
    document: String,
    /// Declared parameters: name to expression.
    #[serde(default)]
    variables: Variables,
    /// What this version is about.
    #[serde(default)]
    note: String,
}

/// Creates a job. Its document may have errors, which the answer lists.
#[utoipa::path(post, path = "/projects/{project}/jobs", tag = "jobs", request_body = NewJob,
    params(("project" = String, Path)),
    responses((status = 201, body = SavedJob), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsEdit"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<NewJob>,
) -> ApiResult<(StatusCode, Revised<SavedJob>)> {
    let access = caller.enter(&app, &project, Right::JobsEdit).await?;
    let mut form = Form::default();
    form.name("/name", &body.name);
    let folder = form.folder("/folder", &body.folder);
    form.description("/description", &body.description);
    form.note("/note", &body.note);
    form.document("/document", &body.document);
    form.variables("/variables", &body.variables);
    let scope = draft_scope(&app, &access).await?;
    let checked = scope.check(&body.document, &body.variables).await?;
    form.checked("/document", &checked);
    form.sound()?;
    let filed = Filed {
        name: &body.name,
        folder: &folder,
        description: &body.description,
        mode: body.mode,
        draft: Draft {
            document: body.document.clone(),
            variables: body.variables.clone(),
            note: body.note.clone(),
        },
    };
    let mut t = app.store.begin().await?;
    let (item, draft) = save::add(&app, &access, &mut t, filed, &checked).await?;
    note(&access, &mut t, "job.create", (None, Some(&item))).await?;
    t.commit().await.map_err(StoreError::from)?;
    let saved = SavedJob {
        job: Job { item, draft },
        problems: checked.problems,
    };
    Ok((StatusCode::CREATED, Revised(1, saved)))
}

/// What drafts of a project are checked against.
async fn draft_scope(app: &App, access: &Access) -> ApiResult<Scope> {
    Scope::load(app, &access.project, Stage::Draft, None).await
}

/// One job with its draft.
#[utoipa::path(get, path = "/projects/{project}/jobs/{job}", tag = "jobs",
    params(("project" = String, Path), ("job" = String, Path)),
    responses((status = 200, body = Job), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job)): Path<(String, String)>,
) -> ApiResult<Revised<Job>> {
    let access = caller.enter(&app, &project, Right::JobsView).await?;
    let (row, draft) = found(&app, &access, &job).await?;
    let revision = row.job.revision;
    let job = Job {
        item: JobItem::read(row)?,
        draft,
    };
    Ok(Revised(revision, job))
}

/// What can be changed of a job; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct JobChange {
    name: Option<String>,
    folder: Option<String>,
    description: Option<String>,
    /// The id or name of a member.
    owner: Option<String>,
    /// From `wizard` to `script`, never back.
    mode: Option<JobMode>,
    /// A text that differs from the draft's makes a new version.
    document: Option<String>,
    /// All declared parameters; others than the draft's make a new version.
    variables: Option<Variables>,
    /// What the new version is about, if there is one.
    note: Option<String>,
}

/// Changes a job. Another document, other variables and the switch to script mode make a new version.
#[utoipa::path(patch, path = "/projects/{project}/jobs/{job}", tag = "jobs", request_body = JobChange,
    params(("project" = String, Path), ("job" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = SavedJob), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsEdit"))))]
pub(crate) async fn change(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job)): Path<(String, String)>,
    Seen(revision): Seen,
    Body(body): Body<JobChange>,
) -> ApiResult<Revised<SavedJob>> {
    let access = caller.enter(&app, &project, Right::JobsEdit).await?;
    let (mut after, before, draft) = seen(&app, &access, &job, revision).await?;
    let mut form = Form::default();
    if let Some(name) = body.name {
        form.name("/name", &name);
        after.job.name = name;
    }
    if let Some(folder) = body.folder {
        let folder = form.folder("/folder", &folder);
        if folder != after.job.folder {
            access.need(Right::FoldersEdit)?;
        }
        after.job.folder = folder;
    }
    if let Some(description) = body.description {
        form.description("/description", &description);
        after.job.description = description;
    }
    if let Some(owner) = &body.owner
        && let Some(member) = form.member(&app, &access, owner).await?
    {
        (after.job.owner_id, after.owner_name) = member;
    }
    let mode = body.mode.unwrap_or(before.mode);
    if (before.mode, mode) == (JobMode::Script, JobMode::Wizard) {
        return Err(ApiError::conflict(format!(
            "job `{}` is in script mode, and a script cannot become a wizard's job again",
            before.name
        ))
        .hint("restore a version that the wizard made, if there is one"));
    }
    let next = Draft {
        note: body.note.unwrap_or_default(),
        document: body.document.unwrap_or_else(|| draft.document.clone()),
        variables: body.variables.unwrap_or_else(|| draft.variables.clone()),
    };
    form.note("/note", &next.note);
    form.document("/document", &next.document);
    form.variables("/variables", &next.variables);
    let checked = draft_scope(&app, &access)
        .await?
        .check(&next.document, &next.variables)
        .await?;
    form.checked("/document", &checked);
    form.sound()?;

    let is_new =
        next.document != draft.document || next.variables != draft.variables || mode != before.mode;
    after.job.mode = mode.name().to_owned();
    let next = match is_new {
        true => Next::Draft(next, &checked),
        false => Next::Same(&checked),
    };
    let mut written = save::change(&app, &access, after, next).await?;
    let item = JobItem::read(written.row)?;
    let t = &mut written.transaction;
    note(&access, t, "job.update", (Some(&before), Some(&item))).await?;
    written
        .transaction
        .commit()
        .await
        .map_err(StoreError::from)?;
    let saved = SavedJob {
        job: Job {
            item,
            draft: written.draft.unwrap_or(draft),
        },
        problems: checked.problems,
    };
    Ok(Revised(revision + 1, saved))
}

/// Deletes a job with its versions; not while it is scheduled, or runs of it wait or are under way.
#[utoipa::path(delete, path = "/projects/{project}/jobs/{job}", tag = "jobs",
    params(("project" = String, Path), ("job" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsEdit"))))]
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job)): Path<(String, String)>,
    Seen(revision): Seen,
) -> ApiResult<StatusCode> {
    let access = caller.enter(&app, &project, Right::JobsEdit).await?;
    let mut t = app.store.begin().await?;
    let row = job::find_owned(&mut t, &access.project.id, &job)
        .await?
        .ok_or_else(|| ApiError::not_found("job", &job))?;
    let uses = job::uses(&mut t, &row.job.id).await?;
    let name = &row.job.name;
    let conflict = if uses.schedules > 0 {
        Some((
            format!("job `{name}` is scheduled"),
            "delete its schedule first",
        ))
    } else if uses.dependents > 0 {
        let message = format!("{} scheduled jobs wait for job `{name}`", uses.dependents);
        Some((message, "take it out of their dependencies first"))
    } else if uses.runs > 0 {
        let message = format!("{} runs of job `{name}` wait or are under way", uses.runs);
        Some((message, "stop them, or wait until they have ended"))
    } else {
        None
    };
    if let Some((message, hint)) = conflict {
        return Err(ApiError::conflict(message).hint(hint));
    }
    job::delete(&mut t, &row.job.id, revision, app.clock.micros()).await?;
    let before = JobItem::read(row)?;
    note(&access, &mut t, "job.delete", (Some(&before), None)).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Notes a change of a job; documents stand in its versions, not in the audit log.
async fn note(
    access: &Access,
    c: &mut crate::store::Connection,
    action: &str,
    (before, after): (Option<&JobItem>, Option<&JobItem>),
) -> ApiResult<()> {
    let named = after.or(before);
    let object = Object {
        kind: "job",
        id: named.map_or("", |item| &item.id),
        name: named.map_or("", |item| &item.name),
    };
    access
        .note(c, action, object, Change::of(before, after))
        .await
}
