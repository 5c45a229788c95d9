//! Calendars: days off that schedules of a project share.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use sqlx::FromRow;

use super::{Connection, StoreResult, changed, read_json};
use crate::schedule::calendar::Calendars;
use crate::schedule::rule::Schedule;

/// A row of `calendar`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Calendar {
    pub(crate) id: String,
    pub(crate) project_id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Dates as a JSON list, in ascending order.
    pub(crate) days_off: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
}

impl Calendar {
    pub(crate) fn days_off(&self) -> StoreResult<BTreeSet<NaiveDate>> {
        read_json(&self.days_off)
    }
}

pub(crate) async fn insert(c: &mut Connection, row: &Calendar) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO calendar (id, project_id, name, description, days_off, created_at, updated_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(&row.id)
    .bind(&row.project_id)
    .bind(&row.name)
    .bind(&row.description)
    .bind(&row.days_off)
    .bind(row.created_at)
    .bind(row.updated_at)
    .bind(row.revision)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    c: &mut Connection,
    project_id: &str,
    name: &str,
) -> StoreResult<Option<Calendar>> {
    let query = sqlx::query_as("SELECT * FROM calendar WHERE project_id = $1 AND name = $2");
    Ok(query.bind(project_id).bind(name).fetch_optional(c).await?)
}

/// All calendars of a project by name; there are few.
pub(crate) async fn list(c: &mut Connection, project_id: &str) -> StoreResult<Vec<Calendar>> {
    let query = sqlx::query_as("SELECT * FROM calendar WHERE project_id = $1 ORDER BY name");
    Ok(query.bind(project_id).fetch_all(c).await?)
}

/// The calendars of a project, for rules that may name them.
pub(crate) async fn of_project(c: &mut Connection, project_id: &str) -> StoreResult<Calendars> {
    let mut all = Vec::new();
    for row in list(c, project_id).await? {
        let days_off = row.days_off()?;
        all.push((row.name, days_off));
    }
    Ok(all.into_iter().collect())
}

/// The calendar that a schedule of the project names, if it names one.
pub(crate) async fn of_schedule(
    c: &mut Connection,
    project_id: &str,
    schedule: &Schedule,
) -> StoreResult<Calendars> {
    let Some(name) = &schedule.calendar else {
        return Ok(Calendars::default());
    };
    match find(c, project_id, name).await? {
        Some(row) => {
            let days_off = row.days_off()?;
            Ok(std::iter::once((row.name, days_off)).collect())
        }
        // What is there instead makes the message.
        None => of_project(c, project_id).await,
    }
}

/// The calendars of a project for rules as the store has them, if one of these names any.
pub(crate) async fn of_rules(
    c: &mut Connection,
    project_id: &str,
    mut rules: impl Iterator<Item = Option<&str>>,
) -> StoreResult<Calendars> {
    let may_name = |rule: Option<&str>| rule.is_some_and(|text| text.contains("\"calendar\":\""));
    match rules.any(may_name) {
        true => of_project(c, project_id).await,
        false => Ok(Calendars::default()),
    }
}

pub(crate) async fn update(c: &mut Connection, row: &Calendar) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE calendar SET description = $1, days_off = $2, updated_at = $3, revision = revision + 1
         WHERE id = $4 AND revision = $5",
    )
    .bind(&row.description)
    .bind(&row.days_off)
    .bind(row.updated_at)
    .bind(&row.id)
    .bind(row.revision)
    .execute(c)
    .await?;
    changed(&result)
}

pub(crate) async fn delete(c: &mut Connection, id: &str, revision: i64) -> StoreResult<()> {
    let query = sqlx::query("DELETE FROM calendar WHERE id = $1 AND revision = $2");
    changed(&query.bind(id).bind(revision).execute(c).await?)
}
