//! Alert channels: where alerts go. `form` checks what is sent in.

mod form;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::SecondsFormat;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::Instant;
use utoipa::ToSchema;

pub(crate) use self::form::name_problem;
use self::form::{AlertChannelChange, NewAlertChannel};
use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{Access, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody};
use super::etag::{Revised, Seen};
use super::language::Reader;
use super::page::{Listed, PageQuery, QueryOf};
use super::time::{Time, new_id};
use crate::access::role::Right;
use crate::access::secrets::{self, Parts};
use crate::alerts::channel::{self, Kind, Parcel};
use crate::alerts::message::{Event, EventKind, Message, Named};
use crate::alerts::rule::Spec;
use crate::state::App;
use crate::store::alert_channel::{self, AlertChannel as Row};
use crate::store::{Connection, StoreError, alert_rule, read_json};

/// A project has at most so many.
const MOST: i64 = 100;

/// A kind of channel, and what can be set.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertChannelKind {
    kind: Kind,
    /// The fields as JSON Schema.
    #[schema(value_type = Object)]
    schema: Value,
}

/// Every kind of channel.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertChannelKinds {
    items: Vec<AlertChannelKind>,
}

/// Where alerts go.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertChannel {
    id: String,
    name: String,
    kind: Kind,
    /// The fields of the kind; a stored secret is null. For those who may manage alerts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
    /// Why the stored secrets cannot be used, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    created_at: Time,
    updated_at: Time,
}

/// What became of a test.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertChannelTest {
    /// Whether the other side took the message.
    passed: bool,
    took_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// A channel as the audit log keeps it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NotedChannel<'a> {
    name: &'a str,
    kind: &'a str,
    /// Stored secrets are null.
    config: Map<String, Value>,
    /// A changed secret looks the same as before, so it is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<&'static str>,
}

impl<'a> NotedChannel<'a> {
    fn of(row: &'a Row, parts: Option<&Parts>) -> ApiResult<NotedChannel<'a>> {
        Ok(NotedChannel {
            name: &row.name,
            kind: &row.kind,
            config: match parts {
                Some(parts) => secrets::masked(parts),
                None => channel::public(row)?,
            },
            secrets: None,
        })
    }
}

impl AlertChannel {
    fn read(app: &App, access: &Access, row: Row) -> ApiResult<AlertChannel> {
        let (mut config, mut problem) = (None, None);
        if access.rights.contains(Right::AlertsManage) {
            match channel::opened(app, &row) {
                Ok(parts) => config = Some(secrets::masked(&parts)),
                Err(error) => {
                    config = Some(channel::public(&row)?);
                    problem = Some(error.to_string());
                }
            }
        }
        Ok(AlertChannel {
            kind: Kind::read(&row.kind)?,
            id: row.id,
            name: row.name,
            config,
            problem,
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
        })
    }
}

fn object(row: &Row) -> Object<'_> {
    Object {
        kind: "alertChannel",
        id: &row.id,
        name: &row.name,
    }
}

async fn find(c: &mut Connection, access: &Access, id: &str) -> ApiResult<Row> {
    let found = alert_channel::find(c, &access.project.id, id).await?;
    found.ok_or_else(|| ApiError::not_found("alert channel", id))
}

fn taken(row: &Row) -> ApiError {
    ApiError::conflict(format!("there is an alert channel `{}` already", row.name))
        .hint("choose another name, or change that one")
}

/// The kinds of channels with what can be set, in English or Chinese.
#[utoipa::path(get, path = "/alert-channel-kinds", tag = "alerts",
    params(("Accept-Language" = Option<String>, Header)),
    responses((status = 200, body = AlertChannelKinds), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn kinds(SignedIn(_caller): SignedIn, reader: Reader) -> ApiResult<Response> {
    let item = |kind: Kind| AlertChannelKind {
        kind,
        schema: kind.schema_in(reader.language),
    };
    let items = Kind::ALL.into_iter().map(item).collect();
    reader.answer(&AlertChannelKinds { items })
}

/// The channels of a project in the order of their creation.
#[utoipa::path(get, path = "/projects/{project}/alert-channels", tag = "alerts",
    params(("project" = String, Path), PageQuery),
    responses((status = 200, body = Listed<AlertChannel>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<AlertChannel>>> {
    let access = caller.enter(&app, &project, Right::AlertsView).await?;
    let page = query.page()?;
    let mut c = app.store.read().await?;
    let rows = alert_channel::list(&mut c, &access.project.id, &page).await?;
    let item = |row| AlertChannel::read(&app, &access, row);
    Ok(Json(
        Listed::new(rows, &page, |row| row.id.clone(), item).sound()?,
    ))
}

/// Adds a channel. It need not have been tested.
#[utoipa::path(post, path = "/projects/{project}/alert-channels", tag = "alerts", request_body = NewAlertChannel,
    params(("project" = String, Path)),
    responses((status = 201, body = AlertChannel), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsManage"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<NewAlertChannel>,
) -> ApiResult<(StatusCode, Revised<AlertChannel>)> {
    let access = caller.enter(&app, &project, Right::AlertsManage).await?;
    let (row, parts) = form::made(&app, &access.project.id, body)?;
    let mut t = app.store.begin().await?;
    if alert_channel::count(&mut t, &access.project.id).await? >= MOST {
        return Err(
            ApiError::conflict(format!("a project has at most {MOST} alert channels"))
                .hint("delete one that no rule names"),
        );
    }
    match alert_channel::insert(&mut t, &row).await {
        Err(StoreError::Exists) => return Err(taken(&row)),
        other => other?,
    }
    let noted = NotedChannel::of(&row, Some(&parts))?;
    let change = Change::of(None::<&()>, Some(&noted));
    access
        .note(&mut t, "alertChannel.create", object(&row), change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok((
        StatusCode::CREATED,
        Revised(1, AlertChannel::read(&app, &access, row)?),
    ))
}

/// One channel. Its settings are shown to those who manage alerts, its secrets to nobody.
#[utoipa::path(get, path = "/projects/{project}/alert-channels/{channel}", tag = "alerts",
    params(("project" = String, Path), ("channel" = String, Path)),
    responses((status = 200, body = AlertChannel), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Revised<AlertChannel>> {
    let access = caller.enter(&app, &project, Right::AlertsView).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &id).await?;
    Ok(Revised(
        row.revision,
        AlertChannel::read(&app, &access, row)?,
    ))
}

/// Changes a channel. A secret that is left out or null stays; an empty text clears it.
#[utoipa::path(patch, path = "/projects/{project}/alert-channels/{channel}", tag = "alerts",
    request_body = AlertChannelChange,
    params(("project" = String, Path), ("channel" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = AlertChannel), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsManage"))))]
pub(crate) async fn change(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Seen(revision): Seen,
    Body(body): Body<AlertChannelChange>,
) -> ApiResult<Revised<AlertChannel>> {
    let access = caller.enter(&app, &project, Right::AlertsManage).await?;
    let mut t = app.store.begin().await?;
    let before = find(&mut t, &access, &id).await?;
    if before.revision != revision {
        return Err(StoreError::Changed.into());
    }
    let changed = form::changed(&app, &before, body)?;
    match alert_channel::update(&mut t, &changed.row).await {
        Err(StoreError::Exists) => return Err(taken(&changed.row)),
        other => other?,
    }
    let noted = NotedChannel::of(&before, changed.before.as_ref())?;
    let mut after = NotedChannel::of(&changed.row, changed.after.as_ref())?;
    let secrets = |parts: &Option<Parts>| parts.as_ref().map(|parts| parts.secrets.clone());
    if secrets(&changed.before) != secrets(&changed.after) {
        after.secrets = Some("changed");
    }
    let change = Change::of(Some(&noted), Some(&after));
    access
        .note(&mut t, "alertChannel.update", object(&before), change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(
        revision + 1,
        AlertChannel::read(&app, &access, changed.row)?,
    ))
}

/// Deletes a channel that no rule names.
#[utoipa::path(delete, path = "/projects/{project}/alert-channels/{channel}", tag = "alerts",
    params(("project" = String, Path), ("channel" = String, Path), ("If-Match" = String, Header)),
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
    let mut users = Vec::new();
    for rule in alert_rule::of_project(&mut t, &access.project.id).await? {
        let spec: Spec = read_json(&rule.spec)?;
        if spec.channels.contains(&row.id) {
            users.push(format!("`{}`", rule.name));
        }
    }
    if !users.is_empty() {
        let message = format!(
            "alert channel `{}` is named by the rules {}",
            row.name,
            users.join(", ")
        );
        return Err(ApiError::conflict(message).hint("take it out of these rules first"));
    }
    alert_channel::delete(&mut t, &row.id, revision).await?;
    let parts = channel::opened(&app, &row).ok();
    let noted = NotedChannel::of(&row, parts.as_ref())?;
    let change = Change::of(Some(&noted), None::<&()>);
    access
        .note(&mut t, "alertChannel.delete", object(&row), change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a message to try a channel out. That it cannot be sent is an answer like any other.
#[utoipa::path(post, path = "/projects/{project}/alert-channels/{channel}/test", tag = "alerts",
    params(("project" = String, Path), ("channel" = String, Path)),
    responses((status = 200, body = AlertChannelTest), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsManage"))))]
pub(crate) async fn test(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
) -> ApiResult<Json<AlertChannelTest>> {
    let access = caller.enter(&app, &project, Right::AlertsManage).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &id).await?;
    // A slow receiver must not hold what others need to reach the store.
    drop(c);
    let at = app.clock.now().to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let named = |id: &str, name: &str| Named {
        id: id.to_string(),
        name: name.to_string(),
    };
    let message = Message {
        project: named(&access.project.id, &access.project.name),
        rule: None,
        channel: named(&row.id, &row.name),
        count: 1,
        events: vec![Event::new(EventKind::Test, at)],
    };
    let parcel = Parcel {
        id: &new_id(),
        message: &message,
    };
    let begun = Instant::now();
    let failed = channel::send(&app, &row, &parcel).await.err();
    Ok(Json(AlertChannelTest {
        passed: failed.is_none(),
        took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        error: failed.as_ref().map(ToString::to_string),
        hint: failed
            .as_ref()
            .and_then(|error| error.hint_text())
            .map(str::to_string),
    }))
}
