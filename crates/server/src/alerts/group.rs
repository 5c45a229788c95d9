//! Makes messages of complete groups of events: one for each channel of their rule.

use super::message::{Event, MOST_LISTED, Message, Named};
use super::tell::read;
use crate::api::time::new_id;
use crate::state::App;
use crate::store::alert::{self, Alert};
use crate::store::{
    StoreResult, alert_channel, alert_event, alert_rule, damaged, project, read_json,
};

/// So many groups are looked for at a time.
const PIECE: i64 = 100;

/// Makes the messages of all groups that are complete.
pub(super) async fn close(app: &App) -> StoreResult<()> {
    loop {
        let mut c = app.store.read().await?;
        let ready = alert_event::ready(&mut c, app.clock.micros(), PIECE).await?;
        drop(c);
        if ready.is_empty() {
            return Ok(());
        }
        for (group_id, rule_id) in &ready {
            one(app, group_id, rule_id).await?;
        }
    }
}

async fn one(app: &App, group_id: &str, rule_id: &str) -> StoreResult<()> {
    let mut t = app.store.begin().await?;
    let taken = alert_event::take(&mut t, group_id).await?;
    // Another server was faster, or the rule is gone and its events with it.
    let (Some(first), Some(rule)) = (taken.first(), alert_rule::by_id(&mut t, rule_id).await?)
    else {
        return Ok(());
    };
    let events = taken
        .iter()
        .take(MOST_LISTED)
        .map(|told| read_json(&told.event));
    let events = events.collect::<StoreResult<Vec<Event>>>()?;
    let project = project::find(&mut t, &rule.project_id).await?;
    let channels = read(&rule).map(|spec| spec.channels).unwrap_or_default();
    let now = app.clock.micros();
    for channel_id in channels {
        let channel = alert_channel::find(&mut t, &rule.project_id, &channel_id).await?;
        let message = Message {
            project: Named {
                id: rule.project_id.clone(),
                name: project
                    .as_ref()
                    .map(|found| found.name.clone())
                    .unwrap_or_default(),
            },
            rule: Some(Named {
                id: rule.id.clone(),
                name: rule.name.clone(),
            }),
            channel: Named {
                name: channel.map(|found| found.name).unwrap_or_default(),
                id: channel_id.clone(),
            },
            count: taken.len(),
            events: events.clone(),
        };
        let state = match first.is_dropped {
            0 => alert::WAITING,
            _ => alert::DROPPED,
        };
        let row = Alert {
            id: new_id(),
            project_id: rule.project_id.clone(),
            rule_id: rule.id.clone(),
            message_key: format!("{}/{channel_id}", first.id),
            channel_id,
            message: serde_json::to_string(&message).map_err(|error| damaged(error.to_string()))?,
            state: state.to_string(),
            attempts: 0,
            next_at: now,
            error: None,
            created_at: now,
            sent_at: None,
        };
        alert::insert(&mut t, &row).await?;
    }
    Ok(t.commit().await?)
}
