//! Projects: what people share, with its settings.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{Access, By, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody, Problem};
use super::etag::{Revised, Seen};
use super::page::{Listed, PageQuery, QueryOf};
use super::time::{Time, new_id};
use crate::access::role::{Right, Role};
use crate::settings::{ProjectSettings, check_allow_list};
use crate::state::App;
use crate::store::{StoreError, member, project};

const LONGEST_NAME: usize = 60;

/// How many environments a project has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Mode {
    /// One: what is tried and what is scheduled use the same data sources.
    Basic,
    /// Two: trials use the development side of a data source, published jobs its production side.
    Standard,
}

/// A project.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Project {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) mode: Mode,
    pub(crate) settings: ProjectSettings,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

/// A project as a member sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EnteredProject {
    #[serde(flatten)]
    pub(crate) project: Project,
    /// What the caller may do in it, for example `jobsEdit`.
    pub(crate) rights: Vec<&'static str>,
}

impl Project {
    pub(crate) fn read(row: project::Project) -> ApiResult<Project> {
        let cannot = |error| ApiError::internal("reading a project", error);
        Ok(Project {
            mode: serde_json::from_value(row.mode.into()).map_err(cannot)?,
            settings: serde_json::from_str(&row.settings).map_err(cannot)?,
            id: row.id,
            name: row.name,
            title: row.title,
            description: row.description,
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
        })
    }
}

/// A new project.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewProject {
    /// Letters, digits and underscores; begins with a letter; it stays.
    #[schema(max_length = 60, pattern = "^[A-Za-z][A-Za-z0-9_]*$")]
    name: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: String,
    #[serde(default = "basic")]
    mode: Mode,
    #[serde(default)]
    settings: ProjectSettings,
}

fn basic() -> Mode {
    Mode::Basic
}

/// What can be changed of a project.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProjectChange {
    title: Option<String>,
    description: Option<String>,
    settings: Option<ProjectSettings>,
}

/// Which projects are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectQuery {
    /// A part of the name or title.
    #[serde(default)]
    search: String,
    /// All projects of the instance, for its administrators.
    #[serde(default)]
    all: bool,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The projects that the caller is a member of.
#[utoipa::path(get, path = "/projects", tag = "projects", params(ProjectQuery),
    responses((status = 200, body = Listed<Project>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    QueryOf(query): QueryOf<ProjectQuery>,
) -> ApiResult<Json<Listed<Project>>> {
    if query.all {
        caller.need_admin()?;
    }
    let page = PageQuery::of(query.cursor, query.limit).page()?;
    let wanted = project::Wanted {
        member: (!query.all).then_some(caller.account.id.as_str()),
        // A key that is bound to a project learns nothing of others.
        only: match &caller.by {
            By::Key(key) => key.project_id.as_deref(),
            By::Session(_) => None,
        },
        search: &query.search,
    };
    let mut c = app.store.read().await?;
    let rows = project::list(&mut c, &wanted, &page).await?;
    let listed = Listed::new(rows, &page, |row| row.name.clone(), Project::read);
    Ok(Json(listed.sound()?))
}

/// Creates a project; the caller becomes its owner. For administrators of the instance.
#[utoipa::path(post, path = "/projects", tag = "projects", request_body = NewProject,
    responses((status = 201, body = Project), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("administrator"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Body(body): Body<NewProject>,
) -> ApiResult<(StatusCode, Revised<Project>)> {
    caller.need_admin()?;
    let fits = body
        .name
        .starts_with(|first: char| first.is_ascii_alphabetic())
        && body.name.len() <= LONGEST_NAME
        && body
            .name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let list = &body.settings.allow_list;
    let mut problems = check_allow_list(list, "/settings/allowList", caller.address);
    if !fits {
        let message = format!("`{}` cannot be the name of a project", body.name);
        problems.push(Problem::at("/name", message).hint(format!(
            "use letters, digits and underscores, begin with a letter, at most {LONGEST_NAME}"
        )));
    }
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    let now = app.clock.micros();
    let row = project::Project {
        id: new_id(),
        title: body.title.unwrap_or_else(|| body.name.clone()),
        name: body.name,
        description: body.description,
        mode: match body.mode {
            Mode::Basic => "basic",
            Mode::Standard => "standard",
        }
        .to_string(),
        settings: settings_text(&body.settings)?,
        run_count: 0,
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    let mut t = app.store.begin().await?;
    project::insert(&mut t, &row).await?;
    member::put(&mut t, &row.id, &caller.account.id, Role::Owner.name(), now).await?;
    let view = Project::read(row)?;
    let object = Object {
        kind: "project",
        id: &view.id,
        name: &view.name,
    };
    let change = Change::of(None::<&()>, Some(&view));
    caller
        .note(&mut t, "project.create", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok((StatusCode::CREATED, Revised(1, view)))
}

fn settings_text(settings: &ProjectSettings) -> ApiResult<String> {
    serde_json::to_string(settings)
        .map_err(|error| ApiError::internal("writing a project's settings", error))
}

/// One project, with what the caller may do in it.
#[utoipa::path(get, path = "/projects/{project}", tag = "projects", params(("project" = String, Path)),
    responses((status = 200, body = EnteredProject), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("projectView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
) -> ApiResult<Revised<EnteredProject>> {
    let access = caller.enter(&app, &project, Right::ProjectView).await?;
    Ok(Revised(access.project.revision, entered(access)?))
}

fn entered(access: Access) -> ApiResult<EnteredProject> {
    let rights = Right::all().filter(|right| access.rights.contains(*right));
    Ok(EnteredProject {
        rights: rights.map(Right::name).collect(),
        project: Project::read(access.project)?,
    })
}

/// Changes a project's title, description and settings.
#[utoipa::path(patch, path = "/projects/{project}", tag = "projects", request_body = ProjectChange,
    params(("project" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Project), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("projectSettings"))))]
pub(crate) async fn change(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Seen(revision): Seen,
    Body(body): Body<ProjectChange>,
) -> ApiResult<Revised<Project>> {
    let access = caller.enter(&app, &project, Right::ProjectSettings).await?;
    let mut row = access.project.clone();
    row.revision = revision;
    row.updated_at = app.clock.micros();
    if let Some(title) = body.title {
        row.title = title;
    }
    if let Some(description) = body.description {
        row.description = description;
    }
    if let Some(settings) = body.settings {
        let list = &settings.allow_list;
        let problems = check_allow_list(list, "/settings/allowList", caller.address);
        if !problems.is_empty() {
            return Err(ApiError::invalid(problems));
        }
        row.settings = settings_text(&settings)?;
    }
    let mut t = app.store.begin().await?;
    project::update(&mut t, &row).await?;
    let (before, after) = (Project::read(access.project.clone())?, Project::read(row)?);
    let object = Object {
        kind: "project",
        id: &after.id,
        name: &after.name,
    };
    let change = Change::of(Some(&before), Some(&after));
    access
        .note(&mut t, "project.update", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(revision + 1, after))
}

/// Deletes a project with everything in it; not while runs of it wait or are under way. It is gone at once, and its
/// name is free; its runs and their folders are removed soon after.
#[utoipa::path(delete, path = "/projects/{project}", tag = "projects",
    params(("project" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("projectDelete"))))]
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Seen(revision): Seen,
) -> ApiResult<StatusCode> {
    let access = caller.enter(&app, &project, Right::ProjectDelete).await?;
    let mut t = app.store.begin().await?;
    let now = app.clock.micros();
    let runs = project::delete(&mut t, &access.project.id, revision, now).await?;
    if runs > 0 {
        let message = format!(
            "{runs} runs of project `{}` wait or are under way",
            access.project.name
        );
        return Err(ApiError::conflict(message).hint("stop them, or wait until they have ended"));
    }
    let before = Project::read(access.project.clone())?;
    let object = Object {
        kind: "project",
        id: &before.id,
        name: &before.name,
    };
    let change = Change::of(Some(&before), None::<&()>);
    access
        .note(&mut t, "project.delete", object, change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
