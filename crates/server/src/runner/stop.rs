//! Asks runs to stop. One that waits stops at once, and since no server notes how it ended, that is done here.

use super::log::{Level, RunLog, Stage};
use crate::alerts::tell;
use crate::lineage;
use crate::lineage::event::Ending;
use crate::scheduler::{self, Ended};
use crate::state::App;
use crate::store::run::{self, End, Figures};
use crate::store::{Connection, StoreResult};

/// Asks a run to stop; `Changed` if it has ended. A stop that is undone afterwards is counted all the same, which
/// happens only when the store fails.
pub(crate) async fn stop(
    app: &App,
    c: &mut Connection,
    project_id: &str,
    id: &str,
) -> StoreResult<()> {
    run::stop(c, id, app.clock.micros()).await?;
    let row = run::find(c, project_id, id).await?;
    let Some(row) = row.filter(|row| row.state == run::STOPPED) else {
        return Ok(());
    };
    let log = RunLog::open(&app.config.folder, &row.id);
    log.say(Level::Info, Stage::End, "stopped while it waited");
    let end = End {
        state: run::STOPPED,
        at: row.ended_at.unwrap_or_else(|| app.clock.micros()),
        figures: Figures {
            rows_read: row.rows_read,
            rows_written: row.rows_written,
            rows_dirty: row.rows_dirty,
            bytes: row.bytes,
            ..Figures::default()
        },
        progress: None,
        report: None,
        error: None,
    };
    scheduler::run_ended(app, c, &row, Ended::Stopped).await?;
    tell::run_ended(app, c, &row, &end, Ended::Stopped).await?;
    // One that was handed over has told of its beginning; of one that never began there is nothing to tell.
    if row.started_at.is_some() {
        let told = Ending {
            word: lineage::word(end.state),
            at: end.at,
            figures: end.figures,
            message: None,
        };
        lineage::ended(app, c, &row, &told, None).await?;
    }
    app.metrics.run_ended(run::STOPPED);
    Ok(())
}
