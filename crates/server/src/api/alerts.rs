//! The alerts of a project: what was told, and what could not be.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::SignedIn;
use super::error::{ApiResult, ErrorBody};
use super::page::{Listed, PageQuery, QueryOf};
use super::time::Time;
use crate::access::role::Right;
use crate::alerts::message::Message;
use crate::state::App;
use crate::store::alert::{self, Alert as Row};
use crate::store::read_json;

/// How far an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AlertState {
    /// It is to be sent, perhaps again.
    Waiting,
    /// An attempt is under way.
    Sending,
    /// The other side took it.
    Sent,
    /// It was given up after the last attempt.
    Failed,
    /// It happened in quiet hours, and the rule drops it.
    Dropped,
}

impl AlertState {
    fn name(self) -> &'static str {
        match self {
            AlertState::Waiting => alert::WAITING,
            AlertState::Sending => alert::SENDING,
            AlertState::Sent => alert::SENT,
            AlertState::Failed => alert::FAILED,
            AlertState::Dropped => alert::DROPPED,
        }
    }
}

/// A message to a channel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alert {
    id: String,
    rule_id: String,
    channel_id: String,
    #[schema(value_type = AlertState)]
    state: String,
    message: Message,
    /// Attempts so far, of at most 8.
    attempts: i64,
    /// When the next attempt may begin, while there is to be one.
    next_at: Option<Time>,
    /// Why the last attempt failed.
    error: Option<String>,
    created_at: Time,
    sent_at: Option<Time>,
}

impl Alert {
    fn read(row: Row) -> ApiResult<Alert> {
        Ok(Alert {
            message: read_json(&row.message)?,
            next_at: (row.state == alert::WAITING).then_some(Time(row.next_at)),
            id: row.id,
            rule_id: row.rule_id,
            channel_id: row.channel_id,
            state: row.state,
            attempts: row.attempts,
            error: row.error,
            created_at: Time(row.created_at),
            sent_at: row.sent_at.map(Time),
        })
    }
}

/// Which alerts are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertQuery {
    /// Those in one state.
    state: Option<AlertState>,
    /// Those of one rule, by its id.
    #[serde(default)]
    rule: String,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The alerts of a project, latest first. They are kept for 90 days.
#[utoipa::path(get, path = "/projects/{project}/alerts", tag = "alerts",
    params(("project" = String, Path), AlertQuery),
    responses((status = 200, body = Listed<Alert>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("alertsView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<AlertQuery>,
) -> ApiResult<Json<Listed<Alert>>> {
    let access = caller.enter(&app, &project, Right::AlertsView).await?;
    let page = PageQuery::of(query.cursor, query.limit).page()?;
    let wanted = (query.state.map_or("", AlertState::name), &*query.rule);
    let mut c = app.store.read().await?;
    let rows = alert::list(&mut c, &access.project.id, wanted, &page).await?;
    let listed = Listed::new(rows, &page, |row| row.id.clone(), Alert::read);
    Ok(Json(listed.sound()?))
}
