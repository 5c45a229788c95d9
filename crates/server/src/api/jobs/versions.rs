//! The history of a job: versions, what differs between them, and what is done with one.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use similar::TextDiff;
use utoipa::{IntoParams, ToSchema};

use super::form::Form;
use super::note;
use super::save::{self, Draft, Next, found, seen, version};
use super::view::{Job, JobItem, JobMode, JobVersion, JobVersionItem, SavedJob};
use crate::access::role::Right;
use crate::api::body::Body;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody, Severity};
use crate::api::etag::{Revised, Seen};
use crate::api::page::{Listed, PageQuery, QueryOf};
use crate::api::time::Time;
use crate::documents::{Scope, Stage, beside};
use crate::state::App;
use crate::store::{StoreError, job, job_version};

/// Texts that differ nearly everywhere are compared in less detail after so long.
const LONGEST_COMPARISON: Duration = Duration::from_secs(2);

/// The versions of a job, latest first.
#[utoipa::path(get, path = "/projects/{project}/jobs/{job}/versions", tag = "jobs",
    params(("project" = String, Path), ("job" = String, Path), PageQuery),
    responses((status = 200, body = Listed<JobVersionItem>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job)): Path<(String, String)>,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<JobVersionItem>>> {
    let access = caller.enter(&app, &project, Right::JobsView).await?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let row = job::find(&mut c, &access.project.id, &job)
        .await?
        .ok_or_else(|| ApiError::not_found("job", &job))?;
    let rows = job_version::list(&mut c, &row.id, &page).await?;
    let listed = Listed::new(
        rows,
        &page,
        |row| row.number.to_string(),
        JobVersionItem::read,
    );
    Ok(Json(listed.sound()?))
}

/// One version with its document.
#[utoipa::path(get, path = "/projects/{project}/jobs/{job}/versions/{number}", tag = "jobs",
    params(("project" = String, Path), ("job" = String, Path), ("number" = i64, Path)),
    responses((status = 200, body = JobVersion), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job, number)): Path<(String, String, String)>,
) -> ApiResult<Json<JobVersion>> {
    let access = caller.enter(&app, &project, Right::JobsView).await?;
    let number = read_number(&number)?;
    let (row, _) = found(&app, &access, &job).await?;
    let mut c = app.store.read().await?;
    Ok(Json(version(&mut c, &row.job, number).await?))
}

fn read_number(text: &str) -> ApiResult<i64> {
    text.parse()
        .map_err(|_| ApiError::not_found("version", text))
}

/// Which versions are compared.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiffQuery {
    /// The older one.
    from: i64,
    /// The newer one; the draft unless said.
    to: Option<i64>,
}

/// What differs between two versions.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionDiff {
    from: i64,
    to: i64,
    /// The documents' differing lines with three lines around, as a unified diff; empty if none differ.
    text: String,
    /// The variables that differ, by name.
    variables: Vec<VariableChange>,
    from_mode: JobMode,
    to_mode: JobMode,
}

/// A variable that differs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VariableChange {
    name: String,
    /// Absent if it is new.
    before: Option<String>,
    /// Absent if it is gone.
    after: Option<String>,
}

/// What differs between two versions of a job.
#[utoipa::path(get, path = "/projects/{project}/jobs/{job}/diff", tag = "jobs",
    params(("project" = String, Path), ("job" = String, Path), DiffQuery),
    responses((status = 200, body = VersionDiff), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsView"))))]
pub(crate) async fn diff(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job)): Path<(String, String)>,
    QueryOf(query): QueryOf<DiffQuery>,
) -> ApiResult<Json<VersionDiff>> {
    let access = caller.enter(&app, &project, Right::JobsView).await?;
    let (row, draft) = found(&app, &access, &job).await?;
    let mut c = app.store.read().await?;
    let from = version(&mut c, &row.job, query.from).await?;
    let to = match query.to {
        Some(number) => version(&mut c, &row.job, number).await?,
        None => draft,
    };
    drop(c);
    Ok(Json(beside(move || compare(from, to)).await?))
}

fn compare(from: JobVersion, to: JobVersion) -> VersionDiff {
    let text = TextDiff::configure()
        .timeout(LONGEST_COMPARISON)
        .diff_lines(from.document.as_str(), to.document.as_str())
        .unified_diff()
        .header(
            &format!("version {}", from.number),
            &format!("version {}", to.number),
        )
        .to_string();
    let names: BTreeSet<&String> = from.variables.keys().chain(to.variables.keys()).collect();
    let variables = names
        .into_iter()
        .filter(|name| from.variables.get(*name) != to.variables.get(*name))
        .map(|name| VariableChange {
            name: name.clone(),
            before: from.variables.get(name).cloned(),
            after: to.variables.get(name).cloned(),
        })
        .collect();
    VersionDiff {
        from: from.number,
        to: to.number,
        text,
        variables,
        from_mode: from.mode,
        to_mode: to.mode,
    }
}

/// Makes a new draft that is what a version was, its mode included.
#[utoipa::path(post, path = "/projects/{project}/jobs/{job}/versions/{number}/restore", tag = "jobs",
    params(("project" = String, Path), ("job" = String, Path), ("number" = i64, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = SavedJob), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsEdit"))))]
pub(crate) async fn restore(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job, number)): Path<(String, String, String)>,
    Seen(revision): Seen,
) -> ApiResult<Revised<SavedJob>> {
    let access = caller.enter(&app, &project, Right::JobsEdit).await?;
    let number = read_number(&number)?;
    let (mut row, before, _) = seen(&app, &access, &job, revision).await?;
    let mut c = app.store.read().await?;
    let old = version(&mut c, &row.job, number).await?;
    drop(c);
    let scope = Scope::load(&app, &access.project, Stage::Draft, None).await?;
    let checked = scope.check(&old.document, &old.variables).await?;
    row.job.mode = old.mode.name().to_owned();
    let draft = Draft {
        document: old.document,
        variables: old.variables,
        note: format!("version {number} restored"),
    };
    let mut written = save::change(&app, &access, row, Next::Draft(draft, &checked)).await?;
    let item = JobItem::read(written.row)?;
    let t = &mut written.transaction;
    note(&access, t, "job.restore", (Some(&before), Some(&item))).await?;
    written
        .transaction
        .commit()
        .await
        .map_err(StoreError::from)?;
    let draft = written
        .draft
        .ok_or_else(|| ApiError::internal("restoring a version", "it made no draft"))?;
    let saved = SavedJob {
        job: Job { item, draft },
        problems: checked.problems,
    };
    Ok(Revised(revision + 1, saved))
}

/// Which version is published.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Publication {
    /// The draft unless said.
    version: Option<i64>,
    /// What there is to say about it; the history of the job shows it.
    #[serde(default)]
    #[schema(max_length = 1_000)]
    note: String,
}

/// Publishes a version: schedules use it from now on. One with errors is refused, and the answer lists them by
/// pointers into its document.
#[utoipa::path(post, path = "/projects/{project}/jobs/{job}/publish", tag = "jobs", request_body = Publication,
    params(("project" = String, Path), ("job" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = SavedJob), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("jobsPublish"))))]
pub(crate) async fn publish(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, job)): Path<(String, String)>,
    Seen(revision): Seen,
    Body(body): Body<Publication>,
) -> ApiResult<Revised<SavedJob>> {
    let access = caller.enter(&app, &project, Right::JobsPublish).await?;
    let mut form = Form::default();
    form.note("/note", &body.note);
    form.sound()?;
    let (row, before, mut draft) = seen(&app, &access, &job, revision).await?;
    let number = body.version.unwrap_or(row.job.draft_version);
    let mut c = app.store.read().await?;
    let chosen = version(&mut c, &row.job, number).await?;
    drop(c);
    let scope = Scope::load(&app, &access.project, Stage::Published, None).await?;
    let checked = scope.check(&chosen.document, &chosen.variables).await?;
    if checked.has_errors() {
        let mut problems = checked.variable_problems;
        problems.extend(checked.problems);
        let count = problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .count();
        let word = if count == 1 { "error" } else { "errors" };
        return Err(ApiError::invalid(problems)
            .said(format!(
                "version {number} of job `{}` has {count} {word}",
                row.job.name
            ))
            .hint("mend them in a new version, and publish that"));
    }
    let mut written = save::change(&app, &access, row, Next::Published(number, &checked)).await?;
    let item = JobItem::read(written.row)?;
    let t = &mut written.transaction;
    let now = app.clock.micros();
    job_version::publish(t, &item.id, number, &body.note, now).await?;
    if draft.number == number {
        (draft.publication_note, draft.published_at) = (body.note, Some(Time(now)));
    }
    note(&access, t, "job.publish", (Some(&before), Some(&item))).await?;
    written
        .transaction
        .commit()
        .await
        .map_err(StoreError::from)?;
    let saved = SavedJob {
        job: Job { item, draft },
        problems: checked.problems,
    };
    Ok(Revised(revision + 1, saved))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::jobs::view::Person;

    fn version(number: i64, document: &str, variables: &[(&str, &str)]) -> JobVersion {
        let pairs = variables.iter();
        JobVersion {
            number,
            mode: JobMode::Script,
            document: document.to_owned(),
            variables: pairs
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            note: String::new(),
            author: Person {
                id: String::new(),
                name: String::new(),
            },
            created_at: Time(0),
            publication_note: String::new(),
            published_at: None,
        }
    }

    #[test]
    fn differing_lines_and_variables_are_told() {
        let diff = compare(
            version(
                1,
                "{\n  \"a\": 1\n}\n",
                &[("day", "$bizdate"), ("kept", "1"), ("gone", "2")],
            ),
            version(
                3,
                "{\n  \"a\": 2\n}\n",
                &[("day", "$gmtdate"), ("kept", "1"), ("new", "3")],
            ),
        );
        assert!(
            diff.text.starts_with("--- version 1\n+++ version 3\n@@ "),
            "{}",
            diff.text
        );
        assert!(
            diff.text.contains("\n-  \"a\": 1\n+  \"a\": 2\n"),
            "{}",
            diff.text
        );
        let names: Vec<&str> = diff
            .variables
            .iter()
            .map(|change| change.name.as_str())
            .collect();
        assert_eq!(names, ["day", "gone", "new"]);
        assert_eq!(diff.variables[2].before, None);
        let same = compare(version(1, "{}", &[]), version(2, "{}", &[]));
        assert_eq!(same.text, "");
    }
}
