//! Makes messages of complete groups of events: one for each channel of their rule, neither sooner after the one before
//! nor more of them than the rule allows.

use chrono::DateTime;

use super::message::{Event, MOST_LISTED, Message, Named};
use super::rule::{Place, Spec};
use super::tell::read;
use crate::api::time::new_id;
use crate::clock::{DAY_MICROS, MINUTE_MICROS};
use crate::state::App;
use crate::store::alert::{self, Alert};
use crate::store::alert_event::Group;
use crate::store::{
    Connection, StoreResult, alert_channel, alert_event, alert_rule, damaged, project, read_json,
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
        for group in &ready {
            one(app, group).await?;
        }
    }
}

async fn one(app: &App, group: &Group) -> StoreResult<()> {
    let mut t = app.store.begin().await?;
    // Its messages are counted, so they are made one after the other.
    let Some(rule) = alert_rule::lock(&mut t, &group.rule_id).await? else {
        // The rule is gone and its events with it.
        return Ok(());
    };
    let spec = read(&rule);
    if let Some(spec) = &spec
        && let Some(later) = too_early(app, &mut t, spec, group).await?
    {
        alert_event::postpone(&mut t, &rule.id, later).await?;
        return Ok(t.commit().await?);
    }
    // Messages that have to wait for one another take all that there is by then.
    let now = app.clock.micros();
    let waits = spec.as_ref().is_some_and(|spec| spec.least_minutes > 0);
    let ready_by = if waits { now } else { i64::MIN };
    let taken = alert_event::take(&mut t, group, ready_by).await?;
    // Another server was faster.
    let Some(first) = taken.first() else {
        return Ok(());
    };
    let events = taken
        .iter()
        .take(MOST_LISTED)
        .map(|told| read_json(&told.event));
    let events = events.collect::<StoreResult<Vec<Event>>>()?;
    let project = project::find(&mut t, &rule.project_id).await?;
    let most = spec.as_ref().and_then(|spec| spec.most_a_day);
    let channels = spec.map(|spec| spec.channels).unwrap_or_default();
    for channel_id in channels {
        let is_enough = match most {
            Some(most) => {
                let since = now - DAY_MICROS;
                let made = alert::count_since(&mut t, (&rule.id, &channel_id), since).await?;
                made >= i64::from(most)
            }
            None => false,
        };
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
        let state = match first.is_dropped != 0 || is_enough {
            true => alert::DROPPED,
            false => alert::WAITING,
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

/// Until when a group has to wait because the rule's message before is too recent.
async fn too_early(
    app: &App,
    c: &mut Connection,
    spec: &Spec,
    group: &Group,
) -> StoreResult<Option<i64>> {
    if spec.least_minutes == 0 || group.is_dropped != 0 {
        return Ok(None);
    }
    let Some(last) = alert::latest(c, &group.rule_id).await? else {
        return Ok(None);
    };
    let later = last + i64::from(spec.least_minutes) * MINUTE_MICROS;
    if later <= app.clock.micros() {
        return Ok(None);
    }
    // That may be a time at which nobody is to be disturbed.
    let quiet = spec.quiet_hours.as_ref();
    let quiet = quiet.and_then(|hours| hours.read(&mut Vec::new()));
    let instant = DateTime::from_timestamp_micros(later).unwrap_or_default();
    Ok(Some(match quiet.map(|quiet| quiet.place(instant)) {
        Some(Place::Quiet(ends)) => ends.timestamp_micros(),
        _ => later,
    }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::alerts::message::EventKind;
    use crate::alerts::rule::Spec;
    use crate::alerts::tell::{note, time_text};
    use crate::clock::Clock;
    use crate::scheduler::tests::{app, at, schedules, stores};
    use crate::store::alert_rule::AlertRule;

    /// A rule of the only project there is.
    async fn rule(app: &App, group_minutes: u32) -> (AlertRule, Spec) {
        let text = format!(
            r#"{{"object": {{"kind": "project"}}, "triggers": [{{"kind": "failed"}}], "channels": ["c"],
                "groupMinutes": {group_minutes}}}"#
        );
        let mut t = app.store.begin().await.expect("a transaction");
        let query = sqlx::query_scalar("SELECT id FROM project LIMIT 1");
        let row = AlertRule {
            id: new_id(),
            project_id: query.fetch_one(&mut *t).await.expect("a project"),
            name: format!("after {group_minutes}"),
            spec: text.clone(),
            is_enabled: 1,
            created_at: 0,
            updated_at: 0,
            revision: 1,
            watched_from: 0,
        };
        alert_rule::insert(&mut t, &row).await.expect("a rule");
        t.commit().await.expect("a commit");
        (row, serde_json::from_str(&text).expect("a rule"))
    }

    /// How many events each message of a rule tells, in the order in which they were made.
    async fn told(app: &App, rule: &AlertRule) -> Vec<usize> {
        close(app).await.expect("messages");
        let mut c = app.store.read().await.expect("a connection");
        let query = sqlx::query_scalar("SELECT message FROM alert WHERE rule_id = $1 ORDER BY id");
        let texts: Vec<String> = query
            .bind(&rule.id)
            .fetch_all(&mut *c)
            .await
            .expect("messages");
        let count = |text: &String| {
            let message: Message = serde_json::from_str(text).expect("a message");
            message.count
        };
        texts.iter().map(count).collect()
    }

    /// Neither of two servers sees the first event of the other, and still both are told together.
    #[tokio::test]
    async fn two_first_events_are_one_message() {
        let folder = tempfile::tempdir().expect("a folder");
        for store in stores(&folder).await {
            let clock = Clock::manual(at("2026-03-04T10:00:00Z"));
            let app = app(&store, &folder, clock.clone()).await;
            schedules(
                &app,
                1,
                "{\"cycle\": {\"kind\": \"day\", \"at\": \"01:00\"}, \"zone\": \"UTC\"}",
                false,
            )
            .await;
            let event = || Event::new(EventKind::Failed, time_text(clock.micros()));
            let (row, spec) = rule(&app, 10).await;
            let rule_spec = (&row, &spec);
            let mut first = app.store.begin().await.expect("a transaction");
            note(&app, &mut first, rule_spec, "a", &event())
                .await
                .expect("an event");
            // SQLite has one writer, who sees what the one before has noted.
            if store.starts_with("sqlite") {
                first.commit().await.expect("a commit");
                first = app.store.begin().await.expect("a transaction");
            } else {
                let mut second = app.store.begin().await.expect("a transaction");
                clock.advance(Duration::from_secs(60));
                note(&app, &mut second, rule_spec, "b", &event())
                    .await
                    .expect("an event");
                second.commit().await.expect("a commit");
            }
            first.commit().await.expect("a commit");
            clock.advance(Duration::from_secs(60));
            let mut third = app.store.begin().await.expect("a transaction");
            note(&app, &mut third, rule_spec, "c", &event())
                .await
                .expect("an event");
            third.commit().await.expect("a commit");
            assert_eq!(told(&app, &row).await, [0; 0]);
            clock.set(at("2026-03-04T10:10:00Z"));
            let together = if store.starts_with("sqlite") { 2 } else { 3 };
            assert_eq!(told(&app, &row).await, [together]);
            // The next one begins a group of its own.
            let mut fourth = app.store.begin().await.expect("a transaction");
            note(&app, &mut fourth, rule_spec, "d", &event())
                .await
                .expect("an event");
            fourth.commit().await.expect("a commit");
            clock.set(at("2026-03-04T10:30:00Z"));
            assert_eq!(told(&app, &row).await, [together, 1]);

            // Without a time to wait for others, each is told alone, however late.
            let (row, spec) = rule(&app, 0).await;
            for key in ["a", "b"] {
                let mut t = app.store.begin().await.expect("a transaction");
                note(&app, &mut t, (&row, &spec), key, &event())
                    .await
                    .expect("an event");
                t.commit().await.expect("a commit");
                clock.advance(Duration::from_secs(1));
            }
            assert_eq!(told(&app, &row).await, [1, 1]);
            app.store.close().await;
        }
    }
}
