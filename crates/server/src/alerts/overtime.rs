//! Finds runs that have been under way for longer than a rule allows. What ends between two looks is told of when it
//! ends.

use super::message::{Event, EventKind};
use super::rule::Spec;
use super::tell::{note, run_event};
use crate::clock::MINUTE_MICROS;
use crate::runs::Kind;
use crate::state::App;
use crate::store::alert_rule::AlertRule;
use crate::store::run::overtime::{self, Wanted};
use crate::store::run::{self, End, Figures, Run};
use crate::store::{Connection, StoreResult};

/// So many rows are read at a time.
const PIECE: i64 = 500;

/// Tells of the runs that take too long by a rule.
pub(super) async fn look(
    app: &App,
    c: &mut Connection,
    (row, spec): (&AlertRule, &Spec),
) -> StoreResult<()> {
    let Some(minutes) = spec.longest_run() else {
        return Ok(());
    };
    let now = app.clock.micros();
    let wanted = Wanted {
        project_id: &row.project_id,
        rule_id: &row.id,
        started_from: row.watched_from - allowed(minutes),
        started_to: now - allowed(minutes),
    };
    let mut after = String::new();
    loop {
        let piece = overtime::running(c, &wanted, &after, PIECE).await?;
        let Some(last) = piece.last() else {
            return Ok(());
        };
        after.clone_from(&last.id);
        for run in &piece {
            if run.kind == Kind::Trial.name()
                || !spec.watches(&run.job_id, run.kind == Kind::Scheduled.name())
            {
                continue;
            }
            let figures = Figures {
                rows_read: run.rows_read,
                rows_written: run.rows_written,
                rows_dirty: run.rows_dirty,
                ..Figures::default()
            };
            let so_far = End {
                state: run::RUNNING,
                at: now,
                figures,
                progress: None,
                report: None,
                error: None,
            };
            let mut t = app.store.begin().await?;
            tell(app, &mut t, (row, spec), run, &so_far).await?;
            t.commit().await?;
        }
    }
}

/// Tells of a run that has ended, if it took too long and that was not told before.
pub(super) async fn ended(
    app: &App,
    c: &mut Connection,
    rule: (&AlertRule, &Spec),
    run: &Run,
    end: &End<'_>,
) -> StoreResult<()> {
    let (Some(minutes), Some(started_at)) = (rule.1.longest_run(), run.started_at) else {
        return Ok(());
    };
    let too_long_at = started_at + allowed(minutes);
    if too_long_at > end.at || too_long_at < rule.0.watched_from {
        return Ok(());
    }
    tell(app, c, rule, run, end).await
}

async fn tell(
    app: &App,
    c: &mut Connection,
    rule: (&AlertRule, &Spec),
    run: &Run,
    so_far: &End<'_>,
) -> StoreResult<()> {
    let event = Event {
        limit: rule.1.longest_run().map(|minutes| minutes.to_string()),
        ..run_event(app, run, so_far, EventKind::Overtime)
    };
    let key = format!("overtime/{}/{}", run.id, run.attempt);
    note(app, c, rule, &key, &event).await
}

fn allowed(minutes: u32) -> i64 {
    i64::from(minutes) * MINUTE_MICROS
}
