//! Jobs and their versions as callers see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::schedules::next_due;
use crate::api::time::Time;
use crate::documents::{JobSide, JobSides, Variables};
use crate::schedule::calendar::Calendars;
use crate::schedule::rule::Schedule as Rule;
use crate::store::job::{OwnedJob, list};
use crate::store::job_version::{AuthoredVersion, VersionLine};
use crate::store::schedule;

/// How a job is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum JobMode {
    /// Step by step.
    Wizard,
    /// As the text of its document.
    Script,
}

impl JobMode {
    /// The word for it in the store.
    pub(crate) fn name(self) -> &'static str {
        match self {
            JobMode::Wizard => "wizard",
            JobMode::Script => "script",
        }
    }

    pub(crate) fn read(text: &str) -> ApiResult<JobMode> {
        match text {
            "wizard" => Ok(JobMode::Wizard),
            "script" => Ok(JobMode::Script),
            _ => Err(ApiError::internal("reading the mode of a job", text)),
        }
    }
}

/// An account, by what people know it by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A job in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobItem {
    pub(crate) id: String,
    pub(crate) name: String,
    /// For example `daily/orders`; empty for the top.
    pub(crate) folder: String,
    pub(crate) description: String,
    pub(crate) mode: JobMode,
    pub(crate) owner: Person,
    /// Where rows come from, as the draft says.
    pub(crate) source: Option<JobSide>,
    /// Where rows go to, as the draft says.
    pub(crate) target: Option<JobSide>,
    /// The latest version.
    pub(crate) draft_version: i64,
    /// The version that schedules use; absent until one is published.
    pub(crate) published_version: Option<i64>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

impl JobItem {
    pub(crate) fn read(row: OwnedJob) -> ApiResult<JobItem> {
        let OwnedJob { job, owner_name } = row;
        let sides: JobSides = serde_json::from_str(&job.summary)
            .map_err(|error| ApiError::internal("reading the summary of a job", error))?;
        Ok(JobItem {
            mode: JobMode::read(&job.mode)?,
            id: job.id,
            name: job.name,
            folder: job.folder,
            description: job.description,
            owner: Person {
                id: job.owner_id,
                name: owner_name,
            },
            source: sides.source,
            target: sides.target,
            draft_version: job.draft_version,
            published_version: job.published_version,
            created_at: Time(job.created_at),
            updated_at: Time(job.updated_at),
        })
    }
}

/// A job in a list, with what became of it and what comes next.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListedJob {
    #[serde(flatten)]
    item: JobItem,
    /// The latest run of any kind.
    last_run: Option<LastRun>,
    schedule: Option<JobSchedule>,
}

/// The latest run of a job.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LastRun {
    id: String,
    number: i64,
    kind: String,
    state: String,
    ended_at: Option<Time>,
}

/// When a job runs, in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobSchedule {
    /// Names it, as the job has only one: the id of the job.
    id: String,
    /// `draft` until it is submitted, then `active` or `paused`.
    state: String,
    /// The cycle in words; the submitted one if there is one.
    in_words: String,
    /// The cycle as cron text, if cron has a way to say it.
    cron: Option<String>,
    /// The instance that is due next, if it is made already.
    next_instance_id: Option<String>,
    next_due_at: Option<Time>,
}

impl ListedJob {
    pub(crate) fn read(
        row: list::ListedJob,
        (calendars, now): (&Calendars, i64),
    ) -> ApiResult<ListedJob> {
        let item = JobItem::read(row.owned)?;
        let last_run = match (row.run_id, row.run_number, row.run_kind, row.run_state) {
            (Some(id), Some(number), Some(kind), Some(state)) => Some(LastRun {
                id,
                number,
                kind,
                state,
                ended_at: row.run_ended_at.map(Time),
            }),
            _ => None,
        };
        let submitted = row.submitted_rule.as_deref();
        let schedule = match (row.schedule_state, submitted.or(row.rule.as_deref())) {
            (Some(state), Some(text)) => {
                let rule: Rule = serde_json::from_str(text)
                    .map_err(|error| ApiError::internal("reading a schedule", error))?;
                let next = match (row.next_due_at, submitted) {
                    (None, Some(submitted)) if state == schedule::ACTIVE => {
                        let until = row.generated_until.unwrap_or(0);
                        next_due(submitted, until, (calendars, now))?
                    }
                    (next, _) => next,
                };
                let timetable = rule.cycle.timetable().ok();
                Some(JobSchedule {
                    id: item.id.clone(),
                    in_words: rule.cycle.in_words(),
                    cron: timetable.as_ref().and_then(crate::schedule::cron::print),
                    next_instance_id: row.next_id,
                    next_due_at: next.map(Time),
                    state,
                })
            }
            _ => None,
        };
        Ok(ListedJob {
            item,
            last_run,
            schedule,
        })
    }
}

/// A version of a job; what it does never changes.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobVersion {
    /// Counted from 1.
    pub(crate) number: i64,
    pub(crate) mode: JobMode,
    /// The text of the document as its author wrote it.
    pub(crate) document: String,
    /// Declared parameters: name to expression.
    pub(crate) variables: Variables,
    pub(crate) note: String,
    pub(crate) author: Person,
    pub(crate) created_at: Time,
    /// What was said when it was published last.
    pub(crate) publication_note: String,
    /// When it was published last.
    pub(crate) published_at: Option<Time>,
}

impl JobVersion {
    pub(crate) fn read(row: AuthoredVersion) -> ApiResult<JobVersion> {
        let AuthoredVersion {
            version,
            author_name,
        } = row;
        Ok(JobVersion {
            number: version.number,
            mode: JobMode::read(&version.mode)?,
            variables: variables(&version.variables)?,
            document: version.document,
            note: version.note,
            author: Person {
                id: version.author_id,
                name: author_name,
            },
            created_at: Time(version.created_at),
            publication_note: version.publication_note,
            published_at: version.published_at.map(Time),
        })
    }
}

/// Declared parameters as the store has them.
pub(crate) fn variables(text: &str) -> ApiResult<Variables> {
    serde_json::from_str(text)
        .map_err(|error| ApiError::internal("reading the variables of a job", error))
}

/// A version of a job in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobVersionItem {
    pub(crate) number: i64,
    pub(crate) mode: JobMode,
    pub(crate) note: String,
    pub(crate) author: Person,
    pub(crate) created_at: Time,
    /// What was said when it was published last.
    pub(crate) publication_note: String,
    /// When it was published last.
    pub(crate) published_at: Option<Time>,
}

impl JobVersionItem {
    pub(crate) fn read(row: VersionLine) -> ApiResult<JobVersionItem> {
        Ok(JobVersionItem {
            number: row.number,
            mode: JobMode::read(&row.mode)?,
            note: row.note,
            author: Person {
                id: row.author_id,
                name: row.author_name,
            },
            created_at: Time(row.created_at),
            publication_note: row.publication_note,
            published_at: row.published_at.map(Time),
        })
    }
}

/// A job with its draft.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    #[serde(flatten)]
    pub(crate) item: JobItem,
    /// The latest version.
    pub(crate) draft: JobVersion,
}

/// A job as it was saved.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavedJob {
    #[serde(flatten)]
    pub(crate) job: Job,
    /// What is wrong with the draft, by pointers into its document; with errors it cannot be published.
    pub(crate) problems: Vec<Problem>,
}
