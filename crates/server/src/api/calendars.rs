//! Calendars: days off that schedules of a project share, such as the holidays of a country.
//!
//! The past of a calendar stays as it was, since instances and what they wait for were made by it.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{Access, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody, Problem};
use super::etag::{Revised, Seen};
use super::time::{Time, new_id};
use crate::access::role::Right;
use crate::scheduler::wall;
use crate::state::App;
use crate::store::calendar::{self, Calendar as Row};
use crate::store::schedule::{self, Named};
use crate::store::{Alone, Connection, StoreError, StoreResult};

const LONGEST_NAME: usize = 60;
const LONGEST_DESCRIPTION: usize = 200;
/// Weekends and holidays of more than ten years.
const MOST_DAYS: usize = 1_500;
/// A project has at most so many.
const MOST: usize = 100;
/// So many jobs are named when a calendar cannot be deleted.
const NAMED_USERS: usize = 20;

/// Days on which schedules that name it have nothing due.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Calendar {
    name: String,
    description: String,
    /// Dates, written `YYYY-MM-DD`, in ascending order.
    days_off: Vec<String>,
    /// The first day off that can still be changed; the days before have their instances. Absent as long as no
    /// submitted schedule names the calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    open_from: Option<String>,
    created_at: Time,
    updated_at: Time,
}

/// All calendars of a project; there are few.
#[derive(Serialize, ToSchema)]
pub(crate) struct Calendars {
    items: Vec<Calendar>,
}

/// A new calendar.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewCalendar {
    /// Letters, digits, `_` and `-`; it stays.
    #[schema(max_length = 60, pattern = "^[A-Za-z0-9_-]+$")]
    name: String,
    #[serde(default)]
    #[schema(max_length = 200)]
    description: String,
    /// Dates, written `YYYY-MM-DD`, in any order.
    #[serde(default)]
    #[schema(max_items = 1500)]
    days_off: Vec<String>,
}

/// What can be changed of a calendar.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CalendarChange {
    #[schema(max_length = 200)]
    description: Option<String>,
    /// All dates, written `YYYY-MM-DD`, in any order. Days that have instances stay as they are.
    #[schema(max_items = 1500)]
    days_off: Option<Vec<String>>,
}

impl Calendar {
    async fn read(c: &mut Connection, row: &Row) -> StoreResult<Calendar> {
        let days_off = row.days_off()?;
        Ok(Calendar {
            name: row.name.clone(),
            description: row.description.clone(),
            days_off: days_off.iter().map(NaiveDate::to_string).collect(),
            open_from: open_from(c, row).await?.map(|day| day.to_string()),
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
        })
    }
}

/// The first day on which no submitted schedule that names the calendar has instances.
async fn open_from(c: &mut Connection, row: &Row) -> StoreResult<Option<NaiveDate>> {
    let named = Named::Calendar(&row.name);
    let until = schedule::generated_until(c, &row.project_id, named).await?;
    Ok(until.map(|until| wall(until).date()))
}

async fn find(c: &mut Connection, access: &Access, name: &str) -> ApiResult<Row> {
    let found = calendar::find(c, &access.project.id, name).await?;
    found.ok_or_else(|| ApiError::not_found("calendar", name))
}

fn object(row: &Row) -> Object<'_> {
    Object {
        kind: "calendar",
        id: &row.id,
        name: &row.name,
    }
}

fn check_description(description: &str, problems: &mut Vec<Problem>) {
    let length = description.chars().count();
    if length > LONGEST_DESCRIPTION {
        let message = format!(
            "the description has {length} characters, at most {LONGEST_DESCRIPTION} are kept"
        );
        problems.push(Problem::at("/description", message));
    }
}

fn read_days(texts: &[String], problems: &mut Vec<Problem>) -> BTreeSet<NaiveDate> {
    if texts.len() > MOST_DAYS {
        let message = format!(
            "these are {} days, at most {MOST_DAYS} are kept",
            texts.len()
        );
        problems.push(Problem::at("/daysOff", message).hint("leave out years that are long past"));
        return BTreeSet::new();
    }
    let mut days = BTreeSet::new();
    for (place, text) in texts.iter().enumerate() {
        match job::parse_bizdate(text) {
            Ok(day) => drop(days.insert(day)),
            Err(_) => problems.push(
                Problem::at(format!("/daysOff/{place}"), format!("`{text}` is no date"))
                    .hint("write it as `2024-01-31`"),
            ),
        }
    }
    days
}

fn text(days: &BTreeSet<NaiveDate>) -> ApiResult<String> {
    serde_json::to_string(days).map_err(|error| ApiError::internal("writing a calendar", error))
}

/// The calendars of a project by name.
#[utoipa::path(get, path = "/projects/{project}/calendars", tag = "schedules",
    params(("project" = String, Path)),
    responses((status = 200, body = Calendars), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
) -> ApiResult<Json<Calendars>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let mut c = app.store.read().await?;
    let mut items = Vec::new();
    for row in calendar::list(&mut c, &access.project.id).await? {
        items.push(Calendar::read(&mut c, &row).await?);
    }
    Ok(Json(Calendars { items }))
}

/// Adds a calendar.
#[utoipa::path(post, path = "/projects/{project}/calendars", tag = "schedules", request_body = NewCalendar,
    params(("project" = String, Path)),
    responses((status = 201, body = Calendar), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesSubmit"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(project): Path<String>,
    Body(body): Body<NewCalendar>,
) -> ApiResult<(StatusCode, Revised<Calendar>)> {
    let access = caller.enter(&app, &project, Right::SchedulesSubmit).await?;
    let mut problems = Vec::new();
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=LONGEST_NAME).contains(&body.name.len()) || !body.name.bytes().all(letter) {
        problems.push(
            Problem::at("/name", "this cannot be the name of a calendar").hint(format!(
                "use letters, digits, `_` and `-`, at most {LONGEST_NAME}"
            )),
        );
    }
    check_description(&body.description, &mut problems);
    let days_off = read_days(&body.days_off, &mut problems);
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    let now = app.clock.micros();
    let row = Row {
        id: new_id(),
        project_id: access.project.id.clone(),
        name: body.name,
        description: body.description,
        days_off: text(&days_off)?,
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    let mut t = app.store.begin().await?;
    if calendar::list(&mut t, &access.project.id).await?.len() >= MOST {
        return Err(
            ApiError::conflict(format!("a project has at most {MOST} calendars"))
                .hint("delete one that no schedule names"),
        );
    }
    match calendar::insert(&mut t, &row).await {
        Err(StoreError::Exists) => {
            let message = format!("there is a calendar `{}` already", row.name);
            return Err(ApiError::conflict(message).hint("choose another name, or change that one"));
        }
        other => other?,
    }
    let view = Calendar::read(&mut t, &row).await?;
    let change = Change::of(None::<&()>, Some(&view));
    access
        .note(&mut t, "calendar.create", object(&row), change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok((StatusCode::CREATED, Revised(1, view)))
}

/// One calendar.
#[utoipa::path(get, path = "/projects/{project}/calendars/{calendar}", tag = "schedules",
    params(("project" = String, Path), ("calendar" = String, Path)),
    responses((status = 200, body = Calendar), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, name)): Path<(String, String)>,
) -> ApiResult<Revised<Calendar>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let mut c = app.store.read().await?;
    let row = find(&mut c, &access, &name).await?;
    Ok(Revised(row.revision, Calendar::read(&mut c, &row).await?))
}

/// Changes a calendar. It holds for days that no submitted schedule has instances of yet.
#[utoipa::path(patch, path = "/projects/{project}/calendars/{calendar}", tag = "schedules",
    request_body = CalendarChange,
    params(("project" = String, Path), ("calendar" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Calendar), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesSubmit"))))]
pub(crate) async fn change(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, name)): Path<(String, String)>,
    Seen(revision): Seen,
    Body(body): Body<CalendarChange>,
) -> ApiResult<Revised<Calendar>> {
    let access = caller.enter(&app, &project, Right::SchedulesSubmit).await?;
    // Nobody makes instances or submits schedules meanwhile.
    let mut t = app.store.begin_alone(Alone::Schedules).await?;
    let mut row = find(&mut t, &access, &name).await?;
    if row.revision != revision {
        return Err(StoreError::Changed.into());
    }
    let before = Calendar::read(&mut t, &row).await?;
    let mut problems = Vec::new();
    if let Some(description) = body.description {
        check_description(&description, &mut problems);
        row.description = description;
    }
    if let Some(texts) = &body.days_off {
        let days_off = read_days(texts, &mut problems);
        if problems.is_empty()
            && let Some(open) = open_from(&mut t, &row).await?
        {
            let was = row.days_off()?;
            let settled = |day: &&NaiveDate| **day < open;
            let changed = was.symmetric_difference(&days_off).filter(settled);
            let changed: Vec<String> = changed.map(|day| format!("`{day}`")).collect();
            if !changed.is_empty() {
                let message = format!(
                    "schedules that name this calendar have their instances of {} already",
                    changed.join(", ")
                );
                let hint = format!(
                    "leave the days before {open} as they were; to keep an instance from running, freeze it"
                );
                problems.push(Problem::at("/daysOff", message).hint(hint));
            }
        }
        row.days_off = text(&days_off)?;
    }
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    row.updated_at = app.clock.micros();
    calendar::update(&mut t, &row).await?;
    row.revision += 1;
    let view = Calendar::read(&mut t, &row).await?;
    let change = Change::of(Some(&before), Some(&view));
    access
        .note(&mut t, "calendar.update", object(&row), change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(row.revision, view))
}

/// Deletes a calendar that no schedule names.
#[utoipa::path(delete, path = "/projects/{project}/calendars/{calendar}", tag = "schedules",
    params(("project" = String, Path), ("calendar" = String, Path), ("If-Match" = String, Header)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesSubmit"))))]
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, name)): Path<(String, String)>,
    Seen(revision): Seen,
) -> ApiResult<StatusCode> {
    let access = caller.enter(&app, &project, Right::SchedulesSubmit).await?;
    let mut t = app.store.begin_alone(Alone::Schedules).await?;
    let row = find(&mut t, &access, &name).await?;
    let named = Named::Calendar(&name);
    let users = schedule::naming(&mut t, &row.project_id, named, NAMED_USERS).await?;
    if !users.is_empty() {
        let names: Vec<String> = users.iter().map(|name| format!("`{name}`")).collect();
        let message = format!(
            "calendar `{name}` is named by the schedules of the jobs {}",
            names.join(", ")
        );
        return Err(ApiError::conflict(message)
            .hint("name another calendar in them, or none, and submit them first"));
    }
    let before = Calendar::read(&mut t, &row).await?;
    calendar::delete(&mut t, &row.id, revision).await?;
    let change = Change::of(Some(&before), None::<&()>);
    access
        .note(&mut t, "calendar.delete", object(&row), change)
        .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
