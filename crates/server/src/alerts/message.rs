//! What is told: events, and the message that counts and lists them, as JSON and in words.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// So many events of a message are listed; the others are counted.
pub(super) const MOST_LISTED: usize = 20;
/// What is longer is cut.
const LONGEST_ERROR: usize = 500;
/// Chat robots refuse longer texts; the shortest limit of theirs is 2048 bytes.
const LONGEST_TEXT: usize = 2_000;

/// What sort of event it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum EventKind {
    /// A run failed, or a cycle could not run.
    Failed,
    /// A cycle was not done in time.
    Late,
    /// A run takes, or took, longer than the rule names.
    Overtime,
    /// A run succeeded.
    Finished,
    /// A run ended with more dirty rows than the rule names.
    DirtyOver,
    /// A data source cannot be reached any more.
    SourceDown,
    /// A data source can be reached again.
    SourceUp,
    /// Somebody tries out a channel.
    Test,
}

/// A thing by its id and its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// The run that an event is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunFacts {
    pub(crate) id: String,
    /// Counts the runs of the project.
    pub(crate) number: i64,
    /// `manual`, `scheduled`, `backfill` or `replay`; trials are not told.
    pub(crate) kind: String,
    pub(crate) rows_read: i64,
    pub(crate) rows_written: i64,
    pub(crate) rows_dirty: i64,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    /// When, as RFC 3339.
    pub(crate) at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<Named>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<RunFacts>,
    /// Of the run or cycle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    /// The business date, `2026-03-03`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bizdate: Option<String>,
    /// The scheduled time on the wall, `2026-03-04T02:00:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cycle_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) datasource: Option<Named>,
    /// What the rule allows: a count of dirty rows, minutes of a run, or the time to be done by, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<String>,
    /// The first line of what went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Where the console shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
}

impl Event {
    /// An event about nothing yet.
    pub(crate) fn new(kind: EventKind, at: String) -> Event {
        Event {
            kind,
            at,
            job: None,
            run: None,
            state: None,
            bizdate: None,
            cycle_at: None,
            datasource: None,
            limit: None,
            error: None,
            link: None,
        }
    }

    /// In a few words, for a subject.
    fn title(&self) -> String {
        let what = match self.kind {
            EventKind::Failed => "failed",
            EventKind::Late => "late",
            EventKind::Overtime => "takes too long",
            EventKind::Finished => "finished",
            EventKind::DirtyOver => "too many dirty rows",
            EventKind::SourceDown => "data source down",
            EventKind::SourceUp => "data source up again",
            EventKind::Test => "test",
        };
        match self.job.as_ref().or(self.datasource.as_ref()) {
            Some(named) => format!("{what}: {}", named.name),
            None => what.to_string(),
        }
    }

    /// In a paragraph.
    fn describe(&self, text: &mut String) {
        text.push_str(&self.title());
        if let Some(run) = &self.run {
            write!(text, ", run {}", run.number).ok();
        }
        text.push('\n');
        let mut line = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                writeln!(text, "  {name}: {value}").ok();
            }
        };
        line("at", Some(&self.at));
        line("state", self.state.as_deref());
        line("business date", self.bizdate.as_deref());
        line("scheduled for", self.cycle_at.as_deref());
        if let Some(run) = &self.run {
            let rows = format!(
                "{} read, {} written, {} dirty",
                run.rows_read, run.rows_written, run.rows_dirty
            );
            line("rows", Some(&rows));
        }
        match self.kind {
            EventKind::Late => line("expected by", self.limit.as_deref()),
            EventKind::Overtime => line("minutes allowed", self.limit.as_deref()),
            _ => line("dirty rows allowed", self.limit.as_deref()),
        }
        line("error", self.error.as_deref());
        line("see", self.link.as_deref());
    }
}

/// A message to a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) project: Named,
    /// The rule that tells it; absent for a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<Named>,
    pub(crate) channel: Named,
    /// How many events there were.
    pub(crate) count: usize,
    /// The first of them, at most 20.
    pub(crate) events: Vec<Event>,
}

impl Message {
    /// In one line.
    pub(crate) fn subject(&self) -> String {
        let project = &self.project.name;
        match (&self.events[..], &self.rule) {
            ([one], _) if self.count == 1 => format!("[{project}] {}", one.title()),
            (_, Some(rule)) => format!("[{project}] {} events of rule {}", self.count, rule.name),
            (_, None) => format!("[{project}] {} events", self.count),
        }
    }

    /// In full.
    pub(crate) fn text(&self) -> String {
        let mut text = self.subject();
        text.push('\n');
        for event in &self.events {
            text.push('\n');
            event.describe(&mut text);
        }
        if self.count > self.events.len() {
            let more = self.count - self.events.len();
            write!(text, "\nand {more} more\n").ok();
        }
        if let Some(rule) = &self.rule {
            write!(text, "\nrule: {}\n", rule.name).ok();
        }
        text
    }

    /// As much of the text as a chat robot takes.
    pub(crate) fn short_text(&self) -> String {
        let text = self.text();
        if text.len() <= LONGEST_TEXT {
            return text;
        }
        let cut = text.floor_char_boundary(LONGEST_TEXT);
        let end = text[..cut].rfind('\n').unwrap_or(cut);
        format!("{}\n…", &text[..end])
    }
}

/// The first line of an error, without passwords that stand in addresses, and not longer than is read.
pub(crate) fn first_line(error: &str) -> String {
    let line = error.lines().find(|line| !line.trim().is_empty());
    let words =
        line.unwrap_or_default()
            .split_whitespace()
            .map(|word| match job::has_secret(word) {
                true => "***",
                false => word,
            });
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_ERROR) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(count: usize) -> Message {
        let named = |name: &str| Named {
            id: name.to_string(),
            name: name.to_string(),
        };
        let mut event = Event::new(EventKind::Failed, "2026-03-04T10:00:00Z".to_string());
        event.job = Some(named("orders"));
        event.error = Some("the table is gone".to_string());
        Message {
            project: named("sales"),
            rule: Some(named("night")),
            channel: named("team"),
            count,
            events: vec![event; count.min(MOST_LISTED)],
        }
    }

    #[test]
    fn one_event_is_told_by_itself_and_many_are_counted() {
        assert_eq!(message(1).subject(), "[sales] failed: orders");
        assert_eq!(
            message(1).text(),
            "[sales] failed: orders\n\nfailed: orders\n  at: 2026-03-04T10:00:00Z\n  error: the table is gone\n\n\
             rule: night\n"
        );
        let mut many = message(23);
        assert_eq!(many.subject(), "[sales] 23 events of rule night");
        assert!(many.text().contains("\nand 3 more\n"));
        assert_eq!(many.short_text(), many.text());
        many.events[0].error = Some("ä".repeat(400));
        assert!(many.short_text().len() <= LONGEST_TEXT + 4);
        assert!(many.short_text().ends_with("\n…"));
    }

    #[test]
    fn an_error_is_cut_to_its_first_line_without_passwords() {
        let error = "\ncannot reach postgresql://etl:hunter2@db/x today\nat line 3";
        assert_eq!(first_line(error), "cannot reach *** today");
        assert_eq!(first_line(&"ä".repeat(600)).chars().count(), 501);
        assert_eq!(first_line(""), "");
    }
}
