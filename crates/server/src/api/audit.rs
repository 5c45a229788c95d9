//! The audit log: every change is noted in the transaction that makes it.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::caller::{Access, By, Caller, SignedIn};
use super::error::{ApiResult, ErrorBody};
use super::page::{Listed, PageQuery, QueryOf};
use super::time::{Time, new_id};
use crate::access::role::Right;
use crate::state::App;
use crate::store::{Connection, audit};

/// Who did what, when, from where, and what changed. Secrets are masked.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEntry {
    pub(crate) id: String,
    pub(crate) at: Time,
    /// The account; absent if it was nobody's, as for a failed sign-in.
    pub(crate) account_id: Option<String>,
    pub(crate) account_name: String,
    /// The access key that was used, if any.
    pub(crate) access_key_id: Option<String>,
    pub(crate) address: String,
    /// The verb, for example `datasource.update`.
    pub(crate) action: String,
    pub(crate) project_id: Option<String>,
    pub(crate) object_kind: String,
    pub(crate) object_id: String,
    pub(crate) object_name: String,
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

/// The thing that was changed.
pub(crate) struct Object<'a> {
    pub(crate) kind: &'static str,
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
}

/// Its form before and after, secrets masked.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) before: Option<Value>,
    pub(crate) after: Option<Value>,
}

impl Change {
    /// Makes the forms of anything that the API shows.
    pub(crate) fn of(before: Option<&impl Serialize>, after: Option<&impl Serialize>) -> Change {
        Change {
            before: before.and_then(|value| serde_json::to_value(value).ok()),
            after: after.and_then(|value| serde_json::to_value(value).ok()),
        }
    }
}

impl Access {
    /// Notes a change in the project.
    pub(crate) async fn note(
        &self,
        c: &mut Connection,
        action: &str,
        object: Object<'_>,
        change: Change,
    ) -> ApiResult<()> {
        let mut entry = entry(&self.caller, action, object, change);
        entry.project_id = Some(self.project.id.clone());
        Ok(audit::insert(c, &entry).await?)
    }
}

impl Caller {
    /// Notes a change of the instance.
    pub(crate) async fn note(
        &self,
        c: &mut Connection,
        action: &str,
        object: Object<'_>,
        change: Change,
    ) -> ApiResult<()> {
        Ok(audit::insert(c, &entry(self, action, object, change)).await?)
    }
}

pub(crate) fn entry(
    caller: &Caller,
    action: &str,
    object: Object<'_>,
    change: Change,
) -> audit::Entry {
    let text = |value: Option<Value>| value.map(|value| value.to_string());
    audit::Entry {
        id: new_id(),
        at: caller.clock.micros(),
        account_id: Some(caller.account.id.clone()),
        account_name: caller.account.name.clone(),
        access_key_id: match &caller.by {
            By::Key(key) => Some(key.id.clone()),
            By::Session(_) => None,
        },
        address: caller.address.to_string(),
        action: action.to_string(),
        project_id: None,
        object_kind: object.kind.to_string(),
        object_id: object.id.to_string(),
        object_name: object.name.to_string(),
        value_before: text(change.before),
        value_after: text(change.after),
    }
}

impl From<audit::Entry> for AuditEntry {
    fn from(entry: audit::Entry) -> Self {
        let value = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        AuditEntry {
            id: entry.id,
            at: Time(entry.at),
            account_id: entry.account_id,
            account_name: entry.account_name,
            access_key_id: entry.access_key_id,
            address: entry.address,
            action: entry.action,
            project_id: entry.project_id,
            object_kind: entry.object_kind,
            object_id: entry.object_id,
            object_name: entry.object_name,
            before: value(entry.value_before),
            after: value(entry.value_after),
        }
    }
}

/// Which entries are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditQuery {
    /// The id of the thing that was changed.
    #[serde(default)]
    object: String,
    cursor: Option<String>,
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The audit log of a project, latest first.
#[utoipa::path(get, path = "/projects/{project}/audit", tag = "audit", params(("project" = String, Path), AuditQuery),
    responses((status = 200, body = Listed<AuditEntry>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("auditView"))))]
pub(crate) async fn of_project(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    QueryOf(query): QueryOf<AuditQuery>,
) -> ApiResult<Json<Listed<AuditEntry>>> {
    let access = caller.enter(&app, &project, Right::AuditView).await?;
    let page = PageQuery::of(query.cursor, query.limit).page()?;
    let mut c = app.store.read().await?;
    let rows = audit::of_project(&mut c, &access.project.id, &query.object, &page).await?;
    let listed = Listed::new(rows, &page, |row| row.id.clone(), AuditEntry::from);
    Ok(Json(listed))
}

/// The audit log of the whole instance, latest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Listed<AuditEntry>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("administrator"))))]
pub(crate) async fn of_instance(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    QueryOf(query): QueryOf<AuditQuery>,
) -> ApiResult<Json<Listed<AuditEntry>>> {
    caller.need_admin()?;
    let page = PageQuery::of(query.cursor, query.limit).page()?;
    let mut c = app.store.read().await?;
    let rows = audit::list(&mut c, &query.object, &page).await?;
    let listed = Listed::new(rows, &page, |row| row.id.clone(), AuditEntry::from);
    Ok(Json(listed))
}
