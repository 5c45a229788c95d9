//! Following a run to its end, by the events that the server sends; how the run ended is the exit code.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::Value;
use tokio::time::Instant;

use super::client::{Answer, Call};
use super::project::Project;
use super::show::{self, Field};
use crate::exit::{Exit, Stop};
use crate::print;

/// Where nobody looks on, a line is enough so often.
const PLAIN_INTERVAL: Duration = Duration::from_secs(5);
/// After a stream has broken off.
const PAUSE: Duration = Duration::from_secs(1);
/// Streams that break off one after the other without an event.
const MOST_BREAKS: u32 = 30;

const RUN: [Field; 17] = [
    ("run", "/number"),
    ("job", "/jobName"),
    ("version", "/jobVersion"),
    ("state", "/state"),
    ("kind", "/kind"),
    ("environment", "/environment"),
    ("bizdate", "/bizdate"),
    ("cycle", "/cycleAt"),
    ("variables", "/variables"),
    ("queued", "/queuedAt"),
    ("started", "/startedAt"),
    ("ended", "/endedAt"),
    ("rows read", "/rowsRead"),
    ("rows written", "/rowsWritten"),
    ("rows dirty", "/rowsDirty"),
    ("bytes", "/bytes"),
    ("id", "/id"),
];

/// A run in words.
pub(super) fn described(run: &Value) -> String {
    let error = [("error", "/error/message"), ("hint", "/error/hint")];
    show::facts(run, &RUN) + &show::facts(run, &error)
}

/// Tells of a run that was put into the queue, and follows it if that is wanted.
pub(super) async fn started(project: &Project, answer: &Answer, wait: bool) -> Result<Exit, Stop> {
    let number = show::cell(&answer.body, "/number");
    if wait {
        print::err(format_args!("run {number}"));
        let id = show::cell(&answer.body, "/id");
        return to_end(project, &id, false).await;
    }
    project.show(answer, |_| {
        format!("run {number} is queued; follow it with `longshore runs wait {number}`\n")
    })
}

/// Follows a run until it has ended, then prints it.
pub(super) async fn to_end(project: &Project, id: &str, quiet: bool) -> Result<Exit, Stop> {
    let display = Display::new(quiet);
    let followed = tokio::select! {
        followed = follow(project, id, &display) => followed,
        _ = tokio::signal::ctrl_c() => {
            display.bar.finish_and_clear();
            print::err(format_args!("the run goes on; stop it with `longshore runs stop {id}`"));
            return Ok(Exit::Interrupted);
        }
    };
    display.bar.finish_and_clear();
    followed?;
    let ended = project
        .send(Call::get(project.at(format_args!("runs/{id}"))))
        .await?;
    project.show(&ended, described)?;
    if let Some(message) = ended.body["error"]["message"].as_str() {
        let stop = Stop::new(outcome(&ended.body), crate::catalog::visible(message));
        return Err(match ended.body["error"]["hint"].as_str() {
            Some(hint) => stop.hint(crate::catalog::visible_lines(hint)),
            None => stop,
        });
    }
    Ok(outcome(&ended.body))
}

/// Reads events until one says that the run has ended. A stream ends after a while or with its server, and is
/// then asked for again.
async fn follow(project: &Project, id: &str, display: &Display) -> Result<(), Stop> {
    let mut breaks = 0;
    loop {
        let call = Call::get(project.at(format_args!("runs/{id}/events")));
        match project.client.stream(call).await {
            Ok(mut response) => {
                let mut events = Events::default();
                while let Ok(Some(chunk)) = response.chunk().await {
                    for run in events.read(&chunk) {
                        breaks = 0;
                        display.show(&run);
                        if !run["endedAt"].is_null() {
                            return Ok(());
                        }
                    }
                }
            }
            Err(stop) if stop.exit != Exit::Unreachable => return Err(stop),
            Err(stop) if breaks >= MOST_BREAKS => return Err(stop),
            Err(_) => {}
        }
        breaks += 1;
        tokio::time::sleep(PAUSE).await;
    }
}

/// The exit code that a run's end stands for.
fn outcome(run: &Value) -> Exit {
    match run["state"].as_str() {
        Some("succeeded") => Exit::Success,
        Some("stopped") => Exit::Interrupted,
        _ => match run["error"]["kind"].as_str() {
            // As with a run here: once rows may have moved, it is the job that failed.
            Some(kind) if run["startedAt"].is_null() || run["report"].is_null() => {
                Exit::of_kind(kind)
            }
            Some(kind) => match Exit::of_kind(kind) {
                Exit::Usage => Exit::Failed,
                other => other,
            },
            None => Exit::Failed,
        },
    }
}

/// Server-sent events, put together from pieces of any length.
#[derive(Default)]
struct Events {
    rest: Vec<u8>,
}

impl Events {
    /// The runs that are complete with this piece.
    fn read(&mut self, chunk: &[u8]) -> Vec<Value> {
        self.rest.extend_from_slice(chunk);
        let mut runs = Vec::new();
        while let Some(end) = self.rest.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.rest.drain(..end + 2).collect();
            let event = String::from_utf8_lossy(&event);
            let data: Vec<&str> = event
                .lines()
                .filter_map(|line| line.strip_prefix("data:"))
                .collect();
            runs.extend(serde_json::from_str(&data.concat()));
        }
        runs
    }
}

/// How far the run is, on standard error.
struct Display {
    bar: ProgressBar,
    quiet: bool,
    is_terminal: bool,
    last: std::cell::Cell<Option<Instant>>,
}

impl Display {
    fn new(quiet: bool) -> Display {
        let is_terminal = std::io::stderr().is_terminal();
        let target = if is_terminal && !quiet {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Display {
            bar: ProgressBar::with_draw_target(None, target),
            quiet,
            is_terminal,
            last: std::cell::Cell::new(None),
        }
    }

    fn show(&self, run: &Value) {
        let text = progress(run);
        if self.is_terminal {
            self.bar.set_message(text);
            self.bar.tick();
        } else if !self.quiet
            && self
                .last
                .get()
                .is_none_or(|last| last.elapsed() > PLAIN_INTERVAL)
        {
            self.last.set(Some(Instant::now()));
            print::err(text);
        }
    }
}

fn progress(run: &Value) -> String {
    let progress = &run["progress"];
    let mut text = format!(
        "{}  {} rows read  {} written  {} dirty",
        show::cell(run, "/state"),
        show::cell(run, "/rowsRead"),
        show::cell(run, "/rowsWritten"),
        show::cell(run, "/rowsDirty"),
    );
    if let Some(fraction) = progress["fraction"].as_f64() {
        text.push_str(&format!("  {:.0} %", fraction * 100.0));
    }
    if let Some(eta) = progress["etaSeconds"].as_f64() {
        text.push_str(&format!("  {eta:.0} s left"));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_put_together_from_any_pieces() {
        let text =
            b": alive\n\nevent: run\ndata: {\"number\":1}\n\nevent: run\ndata: {\"number\":2}\n\n";
        for size in 1..text.len() {
            let mut events = Events::default();
            let runs: Vec<Value> = text
                .chunks(size)
                .flat_map(|chunk| events.read(chunk))
                .collect();
            assert_eq!(runs, [json!({"number": 1}), json!({"number": 2})], "{size}");
        }
    }

    #[test]
    fn the_end_of_a_run_is_an_exit_code_as_that_of_a_run_here() {
        let run = |state: &str, kind: Value, report: Value| {
            let run = json!({"state": state, "error": {"kind": kind}, "startedAt": "x", "report": report});
            outcome(&run)
        };
        let none = Value::Null;
        assert_eq!(run("succeeded", none.clone(), json!({})), Exit::Success);
        assert_eq!(
            run("stopped", json!("stopped"), json!({})),
            Exit::Interrupted
        );
        assert_eq!(
            run("failed", json!("dirty rows"), json!({})),
            Exit::DirtyLimit
        );
        assert_eq!(run("failed", json!("timeout"), json!({})), Exit::Failed);
        assert_eq!(
            run("failed", json!("unreachable"), json!({})),
            Exit::Unreachable
        );
        assert_eq!(run("failed", json!("config"), none.clone()), Exit::Usage);
        assert_eq!(run("failed", json!("config"), json!({})), Exit::Failed);
        assert_eq!(
            run("failed", json!("internal"), none.clone()),
            Exit::Internal
        );
        assert_eq!(run("failed", none.clone(), none), Exit::Failed);
    }
}
