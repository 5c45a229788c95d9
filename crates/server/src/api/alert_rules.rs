//! Alert rules: what is told, about what, and to whom.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::alert_channels::name_problem;
use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{Access, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody, Problem};
use super::etag::{Revised, Seen};
use super::page::{Listed, PageQuery, QueryOf};
use super::time::{Time, new_id};
use crate::access::role::Right;
use crate::alerts::rule::{QuietHours, Spec, Trigger, Watched};
use crate::state::App;
use crate::store::alert_rule::{self, AlertRule as Row};
use crate::store::{
    Connection, StoreError, alert_channel, alert_watch, datasource, job, read_json,
};

/// A project has at most so many.
const MOST: i64 = 200;

/// A rule as it is sent in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AlertRuleForm {
    #[schema(max_length = 60)]
    name: String,
    object: Watched,
    /// Each kind at most once.
    triggers: Vec<Trigger>,
    /// The ids of channels; each gets every message.
    channels: Vec<String>,
    /// When nobody is to be disturbed.
    #[serde(default)]
    quiet_hours: Option<QuietHours>,
    /// What happens within so many minutes of the first event is one message; 0 sends each by itself.
    #[serde(default)]
    #[schema(maximum = 1440)]
    group_minutes: u32,
    /// So many minutes lie between two messages at least; what happens meanwhile is told with the next one.
    #[serde(default)]
    #[schema(maximum = 1440)]
    least_minutes: u32,
    /// At most so many messages within 24 hours go to each channel, 1 to 1000; further ones stand in the history only.
    #[serde(default)]
    most_a_day: Option<u32>,
}

/// A rule.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertRule {
    id: String,
    name: String,
    is_enabled: bool,
    #[serde(flatten)]
    spec: Spec,
    created_at: Time,
    updated_at: Time,
}

impl AlertRuleForm {
    fn parts(self) -> (String, Spec) {
        let spec = Spec {
            object: self.object,
            triggers: self.triggers,
            channels: self.channels,
            quiet_hours: self.quiet_hours,
            group_minutes: self.group_minutes,
            least_minutes: self.least_minutes,
            most_a_day: self.most_a_day,
        };
        (self.name, spec)
    }
}

impl AlertRule {
    fn read(row: Row) -> ApiResult<AlertRule> {
        Ok(AlertRule {
            spec: read_json(&row.spec)?,
            id: row.id,
            name: row.name,
            is_enabled: row.is_enabled != 0,
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
        })
    }
}

async fn find(c: &mut Connection, access: &Access, id: &str) -> ApiResult<Row> {
    let found = alert_rule::find(c, &access.project.id, id).await?;
    found.ok_or_else(|| ApiError::not_found("alert rule", id))
}

fn taken(name: &str) -> ApiError {
    ApiError::conflict(format!("there is an alert rule `{name}` already"))
        .hint("choose another name, or change that one")
}

/// Refuses a rule with everything that is wrong with it.
async fn check(c: &mut Connection, access: &Access, name: &str, spec: &Spec) -> ApiResult<()> {
    let mut problems: Vec<Problem> = name_problem(name, "rule").into_iter().collect();
    problems.extend(spec.problems());
    let project_id = &access.project.id;
    let missing = |place: &str, index: usize, what: &str, id: &str| {
        let message = format!("there is no {what} `{id}` in the project");
        Problem::at(format!("{place}/{index}"), message).hint("name it by its id")
    };
    match &spec.object {
        Watched::Project => {}
        Watched::Jobs { jobs } | Watched::Schedules { jobs } => {
            for (index, id) in jobs.iter().enumerate() {
                if job::find(c, project_id, id).await?.is_none() {
                    problems.push(missing("/object/jobs", index, "job", id));
                }
            }
        }
        Watched::Datasources { datasources } => {
            for (index, id) in datasources.iter().enumerate() {
                if datasource::find(c, project_id, id).await?.is_none() {
                    problems.push(missing("/object/datasources", index, "datasource", id));
                }
            }
        }
    }
    for (index, id) in spec.channels.iter().enumerate() {
        if alert_channel::find(c, project_id, id).await?.is_none() {
            problems.push(missing("/channels", index, "alert channel", id));
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(ApiError::invalid(problems)),
    }
}

/// Lets the tests of data sources be those that the rule wants now.
async fn watch(app: &App, c: &mut Connection, row: &Row, spec: &Spec) -> ApiResult<()> {
    let wanted = spec.tests().filter(|_| row.is_enabled != 0);
    let datasources = wanted.map_or(&[][..], |(datasources, _)| datasources);
    alert_watch::put(c, &row.id, datasources, app.clock.micros()).await?;
    Ok(())
}

fn text_of(spec: &Spec) -> ApiResult<String> {
    serde_json::to_string(spec).map_err(|error| ApiError::internal("writing an alert rule", error))
}

async fn note(
    access: &Access,
    c: &mut Connection,
    action: &str,
    (before, after): (Option<&AlertRule>, Option<&AlertRule>),
) -> ApiResult<()> {
    let Some(shown) = after.or(before) else {
        return Ok(());
    };
    let object = Object {
        kind: "alertRule",
        id: &shown.id,
        name: &shown.name,
    };
    access
        .note(c, action, object, Change::of(before, after))
        .await
}

/// The rules of a project in the order of their creation.
#[utoipa::path(get, path = "/projects/{project}/alert-rules", tag = "alerts",
    params(("project" = String, Path), PageQuery),
    responses((status = 200, body = Listed<AlertRule>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<AlertRule>>> {
    let access = caller.enter(&app, &project, Right::AlertsView).await?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let rows = alert_rule::list(&mut c, &access.project.id, &page).await?;
    let listed = Listed::new(rows, &page, |row| row.id.clone(), AlertRule::read);
    Ok(Json(listed.sound()?))
}

/// Adds a rule, which watches at once.
#[utoipa::path(post, path = "/projects/{project}/alert-rules", tag = "alerts", request_body = AlertRuleForm,
    params(("project" = String, Path)),
    responses((status = 201, body = AlertRule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsManage"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<AlertRuleForm>,
) -> ApiResult<(StatusCode, Revised<AlertRule>)> {
    let access = caller.enter(&app, &project, Right::AlertsManage).await?;
    let (name, spec) = body.parts();
    let mut t = app.store.begin().await?;
    check(&mut t, &access, &name, &spec).await?;
    if alert_rule::count(&mut t, &access.project.id).await? >= MOST {
        return Err(
            ApiError::conflict(format!("a project has at most {MOST} alert rules"))
                .hint("let one rule watch several jobs"),
        );
    }
    let now = app.clock.micros();
    let row = Row {
        id: new_id(),
        project_id: access.project.id.clone(),
        name,
        spec: text_of(&spec)?,
        is_enabled: 1,
        created_at: now,
        updated_at: now,
        revision: 1,
        watched_from: now,
    };
    match alert_rule::insert(&mut t, &row).await {
        Err(StoreError::Exists) => return Err(taken(&row.name)),
        other => other?,
    }
    watch(&app, &mut t, &row, &spec).await?;
    let view = AlertRule::read(row)?;
    note(&access, &mut t, "alertRule.create", (None, Some(&view))).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok((StatusCode::CREATED, Revised(1, view)))
}

/// One rule.
#[utoipa::path(get, path = "/projects/{project}/alert-rules/{rule}", tag = "alerts",
    params(("project" = String, Path), ("rule" = String, Path)),
    responses((status = 200, body = AlertRule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Revised<AlertRule>> {
    let access = caller.enter(&app, &project, Right::AlertsView).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &id).await?;
    Ok(Revised(row.revision, AlertRule::read(row)?))
}

/// Replaces a rule. Whether it is enabled stays.
#[utoipa::path(put, path = "/projects/{project}/alert-rules/{rule}", tag = "alerts", request_body = AlertRuleForm,
    params(("project" = String, Path), ("rule" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = AlertRule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsManage"))))]
pub(crate) async fn put(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
    Body(body): Body<AlertRuleForm>,
) -> ApiResult<Revised<AlertRule>> {
    let access = caller.enter(&app, &project, Right::AlertsManage).await?;
    let (name, spec) = body.parts();
    let mut t = app.store.begin().await?;
    let before = find(&mut t, &access, &id).await?;
    check(&mut t, &access, &name, &spec).await?;
    let now = app.clock.micros();
    let old: Spec = read_json(&before.spec)?;
    let mut row = Row {
        name,
        spec: text_of(&spec)?,
        updated_at: now,
        revision,
        ..before.clone()
    };
    // A rule that watches something else than before does not tell what is past.
    if (&old.object, &old.triggers) != (&spec.object, &spec.triggers) {
        row.watched_from = now;
    }
    update(&mut t, &row).await?;
    watch(&app, &mut t, &row, &spec).await?;
    let (before, after) = (AlertRule::read(before)?, AlertRule::read(row)?);
    note(
        &access,
        &mut t,
        "alertRule.update",
        (Some(&before), Some(&after)),
    )
    .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(revision + 1, after))
}

async fn update(c: &mut Connection, row: &Row) -> ApiResult<()> {
    match alert_rule::update(c, row).await {
        Err(StoreError::Exists) => Err(taken(&row.name)),
        other => Ok(other?),
    }
}

/// Lets a rule watch.
#[utoipa::path(post, path = "/projects/{project}/alert-rules/{rule}/enable", tag = "alerts",
    params(("project" = String, Path), ("rule" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = AlertRule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsManage"))))]
pub(crate) async fn enable(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
) -> ApiResult<Revised<AlertRule>> {
    let access = caller.enter(&app, &project, Right::AlertsManage).await?;
    switch(&app, &access, (&id, revision), Switch::On).await
}

/// Lets a rule rest. What it has noticed before is still told.
#[utoipa::path(post, path = "/projects/{project}/alert-rules/{rule}/disable", tag = "alerts",
    params(("project" = String, Path), ("rule" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = AlertRule), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsManage"))))]
pub(crate) async fn disable(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
) -> ApiResult<Revised<AlertRule>> {
    let access = caller.enter(&app, &project, Right::AlertsManage).await?;
    switch(&app, &access, (&id, revision), Switch::Off).await
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Switch {
    On,
    Off,
}

async fn switch(
    app: &App,
    access: &Access,
    (id, revision): (&str, i64),
    to: Switch,
) -> ApiResult<Revised<AlertRule>> {
    let mut t = app.store.begin().await?;
    let before = find(&mut t, access, id).await?;
    let now = app.clock.micros();
    let mut row = Row {
        is_enabled: i64::from(to == Switch::On),
        updated_at: now,
        revision,
        ..before.clone()
    };
    if before.is_enabled == 0 {
        row.watched_from = now;
    }
    update(&mut t, &row).await?;
    watch(app, &mut t, &row, &read_json(&row.spec)?).await?;
    let (before, after) = (AlertRule::read(before)?, AlertRule::read(row)?);
    let action = match to {
        Switch::On => "alertRule.enable",
        Switch::Off => "alertRule.disable",
    };
    note(access, &mut t, action, (Some(&before), Some(&after))).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(revision + 1, after))
}

/// Deletes a rule. Its alerts stay in the history.
#[utoipa::path(delete, path = "/projects/{project}/alert-rules/{rule}", tag = "alerts",
    params(("project" = String, Path), ("rule" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsManage"))))]
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
) -> ApiResult<StatusCode> {
    let access = caller.enter(&app, &project, Right::AlertsManage).await?;
    let mut t = app.store.begin().await?;
    let row = find(&mut t, &access, &id).await?;
    alert_rule::delete(&mut t, &row.id, revision).await?;
    let before = AlertRule::read(row)?;
    note(&access, &mut t, "alertRule.delete", (Some(&before), None)).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
