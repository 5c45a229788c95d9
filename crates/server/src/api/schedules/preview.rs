//! What is to come of a schedule, with the values of all parameters.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{find, find_job, problems, read};
use crate::access::role::Right;
use crate::api::body::Body;
use crate::api::caller::SignedIn;
use crate::api::error::{ApiError, ApiResult, ErrorBody, Problem};
use crate::api::time::Time;
use crate::schedule::preview;
use crate::schedule::rule::Schedule as Rule;
use crate::scheduler::{wall_micros, wall_text};
use crate::state::App;
use crate::store::{calendar, job_version};

const USUAL: u32 = 5;
const MOST: u32 = 100;

/// What is to be shown.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    /// A rule that is not saved yet; the draft unless given.
    rule: Option<Rule>,
    /// From when on; now unless given.
    from: Option<DateTime<Utc>>,
    /// How many cycles; 5 unless given, at most 100.
    #[schema(minimum = 1, maximum = 100)]
    count: Option<u32>,
}

/// A cycle to come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewedCycle {
    due_at: Time,
    /// The scheduled time on the wall.
    cycle_at: String,
    bizdate: String,
    is_dry_run: bool,
    parameters: Vec<PreviewedParameter>,
}

/// A reference of the job's document with its value.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewedParameter {
    /// As it stands in the document, for example `${bizdate}`.
    reference: String,
    value: Option<String>,
    /// Why it has no value.
    error: Option<String>,
    /// The places that use it.
    pointers: Vec<String>,
}

/// The cycles to come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preview {
    /// The cycle in words.
    in_words: String,
    cycles: Vec<PreviewedCycle>,
}

/// Shows the next cycles of a schedule with the value of every parameter, before anything is saved.
#[utoipa::path(post, path = "/projects/{project}/jobs/{job}/schedule/preview", tag = "schedules",
    request_body = PreviewRequest, params(("project" = String, Path), ("job" = String, Path)),
    responses((status = 200, body = Preview), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("schedulesView"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path((project, id)): Path<(String, String)>,
    Body(body): Body<PreviewRequest>,
) -> ApiResult<Json<Preview>> {
    let access = caller.enter(&app, &project, Right::SchedulesView).await?;
    let count = body.count.unwrap_or(USUAL);
    if !(1..=MOST).contains(&count) {
        let text = format!("`count` must be 1 to {MOST}");
        return Err(ApiError::invalid(vec![Problem::at("/count", text)]));
    }
    let mut c = app.store.read().await?;
    let job = find_job(&mut c, &access, &id).await?;
    let (mut rule, parent): (Rule, _) = match body.rule {
        Some(mut rule) => {
            rule.cycle.spread(&job.id);
            (rule, "/rule")
        }
        None => (read(&find(&mut c, &access, &job).await?.rule)?, ""),
    };
    let version = job_version::find(&mut c, &job.id, job.draft_version)
        .await?
        .ok_or_else(|| ApiError::not_found("version", &job.draft_version.to_string()))?;
    let declared: BTreeMap<String, String> = read(&version.variables)?;
    for (name, expression) in declared {
        rule.parameters.entry(name).or_insert(expression);
    }
    let document = ::job::Document::parse(&job.name, &version.document).map_err(|_| {
        ApiError::conflict(format!("the document of job `{}` cannot be read", job.name))
            .hint("mend it first; its validation names every problem")
    })?;
    let calendars = calendar::of_schedule(&mut c, &access.project.id, &rule).await?;
    let from = body.from.unwrap_or_else(|| app.clock.now());
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let previews = preview::preview(&rule, &calendars, &document, from, count)
        .map_err(|found| problems(found, parent))?;
    Ok(Json(Preview {
        in_words: rule.cycle.in_words(),
        cycles: previews.into_iter().map(PreviewedCycle::from).collect(),
    }))
}

impl From<preview::Preview> for PreviewedCycle {
    fn from(one: preview::Preview) -> Self {
        let occurrence = one.occurrence;
        PreviewedCycle {
            due_at: Time(occurrence.due_at.timestamp_micros()),
            cycle_at: wall_text(wall_micros(occurrence.cycle_at)),
            bizdate: occurrence.bizdate.to_string(),
            is_dry_run: occurrence.is_dry_run,
            parameters: one
                .parameters
                .into_iter()
                .map(PreviewedParameter::from)
                .collect(),
        }
    }
}

impl From<::job::ResolvedParameter> for PreviewedParameter {
    fn from(one: ::job::ResolvedParameter) -> Self {
        let (value, error) = match one.value {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error.to_string())),
        };
        PreviewedParameter {
            reference: one.reference,
            value,
            error,
            pointers: one.pointers,
        }
    }
}
