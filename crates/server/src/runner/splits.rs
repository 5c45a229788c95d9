//! What each split of a run does, as it is stored and shown.

use std::collections::HashMap;

use engine::{Meter, TaskPhase, TaskReport};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::state::App;
use crate::store::StoreResult;
use crate::store::run::progress::{self, Splits};

/// How far a split is that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum SplitState {
    /// An attempt is under way, or the next one is waited for.
    Running,
    /// Its rows are published.
    Done,
    /// It has failed for good, and with it the run.
    Failed,
}

/// What a split does; one that waits is not told.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SplitView {
    /// Counted from 0.
    task: u32,
    /// What it covers, in words.
    split: String,
    state: SplitState,
    /// 0 if the server before this one has finished it.
    attempts: u32,
    /// How long the last attempt took so far.
    seconds: f64,
    rows_read: u64,
    rows_filtered: u64,
    rows_dirty: u64,
    /// 0 of a failed split, as nothing of it is published.
    rows_written: u64,
    /// Bytes of values read.
    bytes_read: u64,
    /// The server that does it, or has done it.
    server: Option<String>,
}

/// Who has done which splits of a run.
pub(super) struct Servers {
    here: String,
    /// Those before this one, by task.
    earlier: HashMap<u32, String>,
}

impl Servers {
    /// Reads who has done what of a run that is continued; unless the store answers, nobody is known.
    pub(super) async fn of(app: &App, run_id: &str) -> Servers {
        let earlier = match earlier(app, run_id).await {
            Ok(earlier) => earlier,
            Err(error) => {
                tracing::warn!(?error, "who did the splits of the run before is not known");
                HashMap::new()
            }
        };
        Servers {
            earlier,
            ..Servers::only(app)
        }
    }

    /// Of a run that nobody has had before.
    pub(super) fn only(app: &App) -> Servers {
        Servers {
            here: app.server_id.clone(),
            earlier: HashMap::new(),
        }
    }

    /// What a split does.
    pub(super) fn view(&self, report: &TaskReport) -> SplitView {
        let server = match report.attempts {
            0 => self.earlier.get(&report.task.0),
            _ => Some(&self.here),
        };
        SplitView {
            task: report.task.0,
            split: report.split.clone(),
            state: match report.state {
                TaskPhase::Running => SplitState::Running,
                TaskPhase::Done => SplitState::Done,
                TaskPhase::Failed => SplitState::Failed,
            },
            attempts: report.attempts,
            seconds: report.seconds,
            rows_read: report.counts.rows_read,
            rows_filtered: report.counts.rows_filtered,
            rows_dirty: report.counts.rows_dirty,
            rows_written: report.counts.rows_written,
            bytes_read: report.counts.bytes_read,
            server: server.cloned(),
        }
    }

    /// What the splits do now, as it is stored.
    pub(super) fn splits(&self, meter: &Meter) -> Splits {
        let (reports, left_out) = meter.tasks();
        let views: Vec<SplitView> = reports.iter().map(|report| self.view(report)).collect();
        Splits {
            splits: serde_json::to_string(&views).unwrap_or_default(),
            left_out: i64::try_from(left_out).unwrap_or(i64::MAX),
        }
    }
}

async fn earlier(app: &App, run_id: &str) -> StoreResult<HashMap<u32, String>> {
    let mut c = app.store.read().await?;
    let known = progress::splits(&mut c, run_id).await?;
    let known = known.map(|known| serde_json::from_str(&known.splits).unwrap_or_default());
    let known: Vec<SplitView> = known.unwrap_or_default();
    let servers = known
        .into_iter()
        .filter_map(|it| Some((it.task, it.server?)));
    Ok(servers.collect())
}
