//! `longshore runs`: the runs of a server. They have a noun of their own in the plural, since `longshore run`
//! does a document here.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::arguments::{ListArguments, Of};
use super::client::{Answer, Call};
use super::form;
use super::project::{Project, only_id};
use super::show::{self, Field};
use super::watch;
use crate::catalog::{aligned, visible};
use crate::exit::{Exit, Stop};
use crate::print;

const ITEM: [Field; 9] = [
    ("run", "/number"),
    ("job", "/jobName"),
    ("state", "/state"),
    ("kind", "/kind"),
    ("bizdate", "/bizdate"),
    ("queued", "/queuedAt"),
    ("written", "/rowsWritten"),
    ("dirty", "/rowsDirty"),
    ("id", "/id"),
];
/// A log that is followed is asked for this often.
const LOOK: Duration = Duration::from_secs(1);
const LONGEST_LOG_PAGE: u32 = 1_000;

/// Which version runs again.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Version {
    /// The one that ran
    Same,
    /// What is published by now
    Current,
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Version::Same => "same",
            Version::Current => "current",
        }
    }
}

/// How grave a line is at least.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// List runs, the latest first
    List {
        /// Only those of this job
        #[arg(long)]
        job: Option<String>,
        /// Only those in this state: queued, running, succeeded, failed or stopped
        #[arg(long)]
        state: Option<String>,
        /// Only those of this kind: manual, trial, scheduled, backfill or replay
        #[arg(long)]
        kind: Option<String>,
        /// Only those of this business date
        #[arg(long, value_name = "YYYYMMDD")]
        bizdate: Option<String>,
        /// Only those of this instance
        #[arg(long, value_name = "ID")]
        instance: Option<String>,
        #[command(flatten)]
        list: ListArguments,
    },
    /// Show a run
    Show {
        /// The number or id of the run
        run: String,
    },
    /// Print the log of a run
    Log {
        /// The number or id of the run
        run: String,
        /// Go on until the run has ended
        #[arg(short, long)]
        follow: bool,
        /// Only lines that contain this
        #[arg(long, default_value = "")]
        search: String,
        /// Only lines that are at least this grave
        #[arg(long, value_enum)]
        level: Option<Level>,
    },
    /// Show the dirty rows of a run, or save all of them as `longshore replay` takes them
    Dirty {
        /// The number or id of the run
        run: String,
        /// Only those with a fault in this column
        #[arg(long, default_value = "")]
        column: String,
        /// Only those whose reason contains this
        #[arg(long, default_value = "")]
        reason: String,
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        /// Save all dirty rows of an ended run to this file
        #[arg(short, long, value_name = "FILE", conflicts_with_all = ["column", "reason", "limit"])]
        output: Option<PathBuf>,
    },
    /// Follow a run to its end; the exit code is the run's
    Wait {
        /// The number or id of the run
        run: String,
        /// No progress
        #[arg(short, long)]
        quiet: bool,
    },
    /// Stop a run
    Stop {
        /// The number or id of the run
        run: String,
    },
    /// Run again from the beginning, as a new run
    Rerun {
        /// The number or id of the run
        run: String,
        /// Which version runs
        #[arg(long, value_enum, default_value = "same")]
        version: Version,
        /// Follow the new run to its end; the exit code is the run's
        #[arg(long)]
        wait: bool,
    },
    /// Feed the dirty rows of a succeeded run back, as they were kept or as you have mended them
    Replay {
        /// The number or id of the run
        run: String,
        /// Mended rows: lines of what `longshore runs dirty RUN --output FILE` saved
        #[arg(short, long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// Which version of the job takes them
        #[arg(long, value_enum, default_value = "same")]
        version: Version,
        /// Even if rows of the run were fed back before; the target gets them once more
        #[arg(long)]
        again: bool,
        /// Follow the new runs to their end; the exit code is that of the first that did not succeed
        #[arg(long)]
        wait: bool,
    },
    /// Continue a stopped or failed run where it was
    Resume {
        /// The number or id of the run
        run: String,
        /// Follow it to its end; the exit code is the run's
        #[arg(long)]
        wait: bool,
    },
    /// Mark a failed or stopped run as succeeded
    Mark {
        /// The number or id of the run
        run: String,
    },
}

/// `longshore runs`.
pub(crate) async fn run(arguments: Of<Verb>) -> Result<Exit, Stop> {
    let project = Project::open(&arguments.server).await?;
    match arguments.verb {
        Verb::List {
            job,
            state,
            kind,
            bizdate,
            instance,
            list,
        } => {
            let job = match job {
                Some(name) => Some(project.job(&name).await?),
                None => None,
            };
            let bizdate = form::bizdate("--bizdate", bizdate.as_deref())?;
            let call = || {
                Call::get(project.at("runs"))
                    .with("job", job.as_ref())
                    .with("state", state.as_ref())
                    .with("kind", kind.as_ref())
                    .with("bizdate", bizdate.as_ref())
                    .with("instance", instance.as_ref())
            };
            project.list(&list, call, &ITEM).await
        }
        Verb::Show { run } => {
            let at = at(&project, &run).await?;
            let answer = project.send(Call::get(at)).await?;
            project.show(&answer, watch::described)
        }
        Verb::Log {
            run,
            follow,
            search,
            level,
        } => {
            let at = at(&project, &run).await?;
            let call = |offset: u64| {
                Call::get(format!("{at}/log"))
                    .with("offset", Some(offset))
                    .with("limit", Some(LONGEST_LOG_PAGE))
                    .with("search", Some(&search))
                    .with("level", level.map(Level::name))
            };
            log(&project, &at, follow, call).await
        }
        Verb::Dirty {
            run,
            column,
            reason,
            limit,
            output,
        } => {
            let at = at(&project, &run).await?;
            if let Some(path) = output {
                return save(&project, &at, &path).await;
            }
            let call = Call::get(format!("{at}/dirty-rows"))
                .with("column", Some(column))
                .with("reason", Some(reason))
                .with("limit", Some(limit));
            let answer = project.send(call).await?;
            project.show(&answer, dirty_rows)
        }
        Verb::Wait { run, quiet } => {
            let id = id(&project, &run).await?;
            watch::to_end(&project, &id, quiet).await
        }
        Verb::Stop { run } => {
            let at = at(&project, &run).await?;
            let answer = project.send(Call::act(format!("{at}/stop"))).await?;
            project.show(&answer, |_| format!("stopping run {run}\n"))
        }
        Verb::Rerun { run, version, wait } => {
            let at = at(&project, &run).await?;
            let version = version.name();
            let call = Call::post(format!("{at}/rerun"), json!({ "version": version }));
            let started = project.send(call.once(None)).await?;
            watch::started(&project, &started, wait).await
        }
        Verb::Replay {
            run,
            file,
            version,
            again,
            wait,
        } => {
            let at = at(&project, &run).await?;
            let version = version.name();
            let call = match file {
                Some(path) => Call::lines(format!("{at}/replay/rows"), text_of(&path)?)
                    .with("version", Some(version))
                    .with("again", again.then_some("true")),
                None => {
                    let body = json!({"version": version, "again": again});
                    Call::post(format!("{at}/replay"), body)
                }
            };
            let started = project.send(call.once(None)).await?;
            replays(&project, &started, wait).await
        }
        Verb::Resume { run, wait } => {
            let id = id(&project, &run).await?;
            let call = Call::act(project.at(format_args!("runs/{id}/resume")));
            let answer = project.send(call).await?;
            if wait {
                return watch::to_end(&project, &id, false).await;
            }
            project.show(&answer, |_| format!("run {run} goes on\n"))
        }
        Verb::Mark { run } => {
            let at = at(&project, &run).await?;
            let answer = project
                .send(Call::act(format!("{at}/mark-succeeded")))
                .await?;
            project.show(&answer, |_| format!("run {run} counts as succeeded\n"))
        }
    }
}

fn text_of(path: &Path) -> Result<String, Stop> {
    std::fs::read_to_string(path).map_err(|error| {
        Stop::usage(format!("cannot read {}: {error}", path.display()))
            .hint("name a file with one dirty row a line")
    })
}

/// Tells of the runs that feed rows back, and follows them one after the other if that is wanted.
async fn replays(project: &Project, started: &Answer, wait: bool) -> Result<Exit, Stop> {
    let runs = started.body["runs"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if !wait {
        let told = |run: &Value| {
            let number = show::cell(run, "/number");
            format!("run {number} is queued; follow it with `longshore runs wait {number}`\n")
        };
        return project.show(started, |_| runs.iter().map(told).collect());
    }
    let mut exit = Exit::Success;
    for run in runs {
        print::err(format_args!("run {}", show::cell(run, "/number")));
        let ended = watch::to_end(project, &show::cell(run, "/id"), false).await?;
        if exit == Exit::Success {
            exit = ended;
        }
    }
    Ok(exit)
}

/// The path of a run.
async fn at(project: &Project, run: &str) -> Result<String, Stop> {
    let id = id(project, run).await?;
    Ok(project.at(format_args!("runs/{id}")))
}

/// The id of a run, by its number or by itself.
async fn id(project: &Project, run: &str) -> Result<String, Stop> {
    let Ok(number) = run.parse::<i64>() else {
        let stop = |stop: Stop| stop.hint("take a number or an id of `longshore runs list`");
        return only_id("run", run).map(str::to_string).map_err(stop);
    };
    let call = Call::get(project.at("runs")).with("number", Some(number));
    let found = project.send(call).await?.body;
    let found = show::items(&found).first();
    let id = found.and_then(|run| run["id"].as_str());
    id.map(str::to_string).ok_or_else(|| {
        Stop::usage(format!("there is no run {number} in this project"))
            .hint("see what there is with `longshore runs list`")
    })
}

/// Prints a log to its present end, or to the end of the run.
async fn log(
    project: &Project,
    at: &str,
    follow: bool,
    call: impl Fn(u64) -> Call,
) -> Result<Exit, Stop> {
    let mut offset = 0;
    let mut is_over = !follow;
    loop {
        let page = project.send(call(offset)).await?;
        for line in page.body["lines"].as_array().into_iter().flatten() {
            if project.json {
                print::out(format_args!("{line}\n"))?;
            } else {
                print::out(log_line(line))?;
            }
        }
        offset = page.body["nextOffset"].as_u64().unwrap_or(offset);
        if page.body["hasMore"] == true {
            continue;
        }
        if is_over {
            return Ok(Exit::Success);
        }
        let run = project.send(Call::get(at)).await?.body;
        // What was written between the two questions is asked for once more.
        is_over = !run["endedAt"].is_null();
        if !is_over {
            tokio::time::sleep(LOOK).await;
        }
    }
}

fn log_line(line: &Value) -> String {
    let message = line["message"].as_str().unwrap_or_default();
    let lines: Vec<String> = message.lines().map(visible).collect();
    format!(
        "{}  {:7}  {:6}  {}\n",
        show::cell(line, "/at"),
        show::cell(line, "/level"),
        show::cell(line, "/stage"),
        lines.join("\n    ")
    )
}

fn dirty_rows(body: &Value) -> String {
    let reasons = body["reasons"].as_array().map_or(&[][..], Vec::as_slice);
    if reasons.is_empty() {
        return "no dirty rows\n".to_string();
    }
    let fields = [
        ("rows", "/rowCount"),
        ("column", "/column"),
        ("reason", "/reason"),
    ];
    let mut text = show::table(reasons, &fields);
    let rows: Vec<[String; 3]> = body["rows"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            [
                show::cell(row, "/column"),
                show::cell(row, "/reason"),
                row["row"].to_string(),
            ]
        })
        .collect();
    text.push('\n');
    text += &aligned(&rows);
    if body["hasMore"] == true {
        text += "more follow; save all of them with --output FILE\n";
    }
    text
}

/// Saves all dirty rows, for the eyes of whoever runs this.
async fn save(project: &Project, at: &str, path: &Path) -> Result<Exit, Stop> {
    use std::io::Write;
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let cannot =
        |error: std::io::Error| Stop::usage(format!("cannot write {}: {error}", path.display()));
    let call = Call::get(format!("{at}/dirty-rows/file"));
    let mut response = project.client.stream(call).await?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path).map_err(cannot)?;
    // One that was there keeps its mode unless it is told.
    let private = std::fs::Permissions::from_mode(0o600);
    file.set_permissions(private).map_err(cannot)?;
    let mut bytes = 0;
    loop {
        let chunk = response.chunk().await.map_err(|error| {
            Stop::new(Exit::Unreachable, format!("the connection broke: {error}"))
                .hint("save the rows again")
        })?;
        let Some(chunk) = chunk else {
            break;
        };
        bytes += chunk.len();
        file.write_all(&chunk).map_err(cannot)?;
    }
    print::err(format_args!("{bytes} bytes in {}", path.display()));
    Ok(Exit::Success)
}
