//! `longshore schedule`: when jobs run.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value, json};

use super::arguments::{ListArguments, Of, OnceArguments, SureArguments};
use super::client::{Answer, Call};
use super::form;
use super::job::{self, VariableArguments};
use super::project::Project;
use super::show::{self, Field};
use crate::exit::{Exit, Stop};

const ITEM: [Field; 5] = [
    ("job", "/jobName"),
    ("state", "/state"),
    ("cycle", "/inWords"),
    ("zone", "/rule/zone"),
    ("next due", "/nextDueAt"),
];
const REST: [Field; 8] = [
    ("reason", "/reason"),
    ("cron", "/cron"),
    ("kind", "/rule/kind"),
    ("priority", "/rule/priority"),
    ("overlap", "/rule/overlap"),
    ("parameters", "/rule/parameters"),
    ("changed since it was submitted", "/isChanged"),
    ("submitted", "/submittedAt"),
];
const USUAL_ZONE: &str = "UTC";

/// What becomes of an instance when it is its turn.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    Normal,
    /// It succeeds without running
    DryRun,
    /// It does not run, and holds up whatever waits for it
    Frozen,
}

/// The rule of a schedule; what is not named stays.
#[derive(Args)]
pub(crate) struct RuleArguments {
    /// The rule as JSON, as `schedule show --json` has it under `rule`; `-` for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Every day at this time
    #[arg(long, value_name = "HH:MM", conflicts_with = "cron")]
    daily: Option<String>,
    /// By a cron text, for example '0 15 1 * * ?'
    #[arg(long, value_name = "TEXT")]
    cron: Option<String>,
    /// The zone of all times, for example Europe/Vienna [default: UTC]
    #[arg(long)]
    zone: Option<String>,
    /// Rest on the days off of this calendar of the project; an empty name takes it away
    #[arg(long, value_name = "NAME")]
    calendar: Option<String>,
    /// What becomes of its instances
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// From 1 to 9; the highest goes first
    #[arg(long, value_name = "NUMBER")]
    priority: Option<u32>,
    /// How often a failed run is repeated by itself
    #[arg(long, value_name = "COUNT")]
    reruns: Option<u32>,
    /// Stop a run when it takes longer
    #[arg(long, value_name = "MINUTES")]
    timeout: Option<u32>,
    /// Make instances from now on, instead of from the next day on
    #[arg(long)]
    immediately: bool,
    #[command(flatten)]
    variables: VariableArguments,
}

/// What a schedule waits for, and whether it counts at once.
#[derive(Args)]
pub(crate) struct SaveArguments {
    /// Wait for the same cycle of this job; several may be named
    #[arg(long, value_name = "JOB")]
    after: Vec<String>,
    /// Wait for the previous cycle of this job; several may be named
    #[arg(long, value_name = "JOB")]
    after_previous: Vec<String>,
    /// Wait for nothing any more
    #[arg(long, conflicts_with_all = ["after", "after_previous"])]
    after_nothing: bool,
    /// Submit it, so that instances are made by it
    #[arg(long)]
    submit: bool,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// List schedules
    List {
        /// Only those of jobs whose name contains this
        #[arg(default_value = "")]
        search: String,
        /// Only those in this state: draft, active or paused
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        list: ListArguments,
    },
    /// Show the schedule of a job
    Show {
        /// The job
        job: String,
    },
    /// Give a job a schedule
    Create {
        /// The job
        job: String,
        #[command(flatten)]
        rule: RuleArguments,
        #[command(flatten)]
        save: SaveArguments,
    },
    /// Change the schedule of a job; it counts when it is submitted
    Update {
        /// The job
        job: String,
        #[command(flatten)]
        rule: RuleArguments,
        #[command(flatten)]
        save: SaveArguments,
    },
    /// Submit the schedule of a job as it is now
    Submit {
        /// The job
        job: String,
        #[command(flatten)]
        once: OnceArguments,
    },
    /// Show the next cycles with the value of every parameter, of the draft or with other rules
    Preview {
        /// The job
        job: String,
        #[command(flatten)]
        rule: RuleArguments,
        /// How many cycles
        #[arg(long, value_name = "COUNT", default_value_t = 5)]
        count: u32,
    },
    /// Make no runs for a while
    Pause {
        /// The job
        job: String,
        /// Why, for those who look at it later
        #[arg(long)]
        reason: String,
    },
    /// Go on after a pause
    Resume {
        /// The job
        job: String,
    },
    /// Take the schedule from a job
    Delete {
        /// The job
        job: String,
        #[command(flatten)]
        sure: SureArguments,
    },
}

/// `longshore schedule`.
pub(crate) async fn run(arguments: Of<Verb>) -> Result<Exit, Stop> {
    let project = Project::open(&arguments.server).await?;
    match arguments.verb {
        Verb::List {
            search,
            state,
            list,
        } => {
            let call = || {
                Call::get(project.at("schedules"))
                    .with("search", Some(&search))
                    .with("state", state.as_ref())
            };
            project.list(&list, call, &ITEM).await
        }
        Verb::Show { job } => {
            let answer = project.send(Call::get(at(&project, &job).await?)).await?;
            tell(&project, &answer).await
        }
        Verb::Create { job, rule, save } => {
            let at = at(&project, &job).await?;
            if project.client.find(Call::get(&at)).await?.is_some() {
                return Err(Stop::usage(format!("job {job} has a schedule already"))
                    .hint("change it with `longshore schedule update`"));
            }
            let rule = merged(json!({}), &rule)?;
            let saved = project.send(Call::put(&at, rule)).await?;
            finish(&project, &at, saved, &save).await
        }
        Verb::Update { job, rule, save } => {
            let at = at(&project, &job).await?;
            let known = project.send(Call::get(&at)).await?;
            let before = known.body["rule"].clone();
            let after = merged(before.clone(), &rule)?;
            let saved = if after == before {
                known
            } else {
                project.send(Call::put(&at, after).seen(&known)).await?
            };
            finish(&project, &at, saved, &save).await
        }
        Verb::Submit { job, once } => {
            let at = at(&project, &job).await?;
            let known = project.send(Call::get(&at)).await?;
            let call = Call::act(format!("{at}/submit")).seen(&known);
            let answer = project.send(call.once(once.idempotency_key)).await?;
            tell(&project, &answer).await
        }
        Verb::Pause { job, reason } => {
            act(&project, &job, "pause", Some(json!({ "reason": reason }))).await
        }
        Verb::Resume { job } => act(&project, &job, "resume", None).await,
        Verb::Preview { job, rule, count } => {
            let at = at(&project, &job).await?;
            let known = project.client.find(Call::get(&at)).await?;
            let before = known.map_or_else(|| json!({}), |known| known.body["rule"].clone());
            let body = json!({"rule": merged(before, &rule)?, "count": count});
            let call = Call::post(format!("{at}/preview"), body);
            let answer = project.send(call).await?;
            project.show(&answer, previewed)
        }
        Verb::Delete { job, sure } => {
            let at = at(&project, &job).await?;
            let known = project.send(Call::get(&at)).await?;
            form::sure(&sure, &format!("delete the schedule of job {job}"))?;
            let answer = project.send(Call::delete(at).seen(&known)).await?;
            project.show(&answer, |_| format!("deleted the schedule of job {job}\n"))
        }
    }
}

/// The path of a job's schedule.
async fn at(project: &Project, job: &str) -> Result<String, Stop> {
    Ok(format!("{}/schedule", job::at(project, job).await?))
}

/// Does something with a schedule as it is now.
async fn act(project: &Project, job: &str, verb: &str, body: Option<Value>) -> Result<Exit, Stop> {
    let at = at(project, job).await?;
    let known = project.send(Call::get(&at)).await?;
    let path = format!("{at}/{verb}");
    let call = match body {
        Some(body) => Call::post(path, body),
        None => Call::act(path),
    };
    let answer = project.send(call.seen(&known)).await?;
    tell(project, &answer).await
}

/// Saves what it waits for and submits it, as far as that is wanted.
async fn finish(
    project: &Project,
    at: &str,
    mut saved: Answer,
    wanted: &SaveArguments,
) -> Result<Exit, Stop> {
    if wanted.after_nothing || !wanted.after.is_empty() || !wanted.after_previous.is_empty() {
        let mut dependencies = Vec::new();
        for (kind, names) in [
            ("sameCycle", &wanted.after),
            ("previousCycle", &wanted.after_previous),
        ] {
            for id in project.jobs(names).await? {
                dependencies.push(json!({"job": id, "kind": kind}));
            }
        }
        let body = json!({ "dependencies": dependencies });
        let call = Call::put(format!("{at}/dependencies"), body).seen(&saved);
        saved = project.send(call).await?;
    }
    if wanted.submit {
        let call = Call::act(format!("{at}/submit")).seen(&saved);
        saved = project.send(call.once(None)).await?;
    }
    tell(project, &saved).await
}

async fn tell(project: &Project, answer: &Answer) -> Result<Exit, Stop> {
    let mut waits = Vec::new();
    if !project.json {
        for one in answer.body["dependencies"].as_array().into_iter().flatten() {
            let id = show::cell(one, "/job");
            let job = project
                .client
                .find(Call::get(project.at(format_args!("jobs/{id}"))))
                .await?;
            let name = job.map_or(id, |job| show::cell(&job.body, "/name"));
            waits.push(json!(format!("{name} ({})", show::cell(one, "/kind"))));
        }
    }
    project.show(answer, |body| {
        let waits = json!({ "waits": waits });
        show::facts(body, &ITEM)
            + &show::facts(body, &REST)
            + &show::facts(&waits, &[("waits for", "/waits")])
    })
}

/// A rule with what the command line says.
fn merged(rule: Value, arguments: &RuleArguments) -> Result<Value, Stop> {
    let mut rule = match &arguments.file {
        Some(path) => Value::Object(form::object(path)?),
        None => rule,
    };
    if let Some(at) = &arguments.daily {
        rule["cycle"] = json!({"kind": "day", "at": at});
    }
    if let Some(text) = &arguments.cron {
        rule["cycle"] = json!({"kind": "cron", "text": text});
    }
    if rule["cycle"].is_null() {
        return Err(Stop::usage("the rule says nothing about when it is due")
            .hint("name --daily, --cron, or a --file with the whole rule"));
    }
    form::set(&mut rule, "zone", arguments.zone.as_deref());
    if rule["zone"].is_null() {
        rule["zone"] = USUAL_ZONE.into();
    }
    let kind = arguments.kind.map(|kind| match kind {
        Kind::Normal => "normal",
        Kind::DryRun => "dryRun",
        Kind::Frozen => "frozen",
    });
    form::set(&mut rule, "calendar", arguments.calendar.as_deref());
    if rule["calendar"] == "" {
        rule["calendar"] = Value::Null;
    }
    form::set(&mut rule, "kind", kind);
    form::set(&mut rule, "priority", arguments.priority);
    form::set(&mut rule, "timeoutMinutes", arguments.timeout);
    form::set(
        &mut rule,
        "generation",
        arguments.immediately.then_some("immediately"),
    );
    if let Some(times) = arguments.reruns {
        extend(&mut rule, "rerun", json!({ "times": times }));
    }
    let given = form::pairs("-p", &arguments.variables.parameters)?;
    if given != json!({}) {
        extend(&mut rule, "parameters", given);
    }
    Ok(rule)
}

/// Adds fields to an object inside.
fn extend(rule: &mut Value, field: &str, given: Value) {
    let mut all = match rule[field].take() {
        Value::Object(all) => all,
        _ => Map::new(),
    };
    if let Value::Object(given) = given {
        all.extend(given);
    }
    rule[field] = all.into();
}

fn previewed(body: &Value) -> String {
    let mut rows = Vec::new();
    for cycle in body["cycles"].as_array().into_iter().flatten() {
        let parameters = cycle["parameters"].as_array().into_iter().flatten();
        let texts: Vec<String> = parameters
            .map(|one| {
                let value = match one["value"].as_str() {
                    Some(value) => value.to_string(),
                    None => format!("error: {}", show::cell(one, "/error")),
                };
                format!("{}={value}", show::cell(one, "/reference"))
            })
            .collect();
        let mut row = cycle.clone();
        row["parameters"] = texts.join(" ").into();
        rows.push(row);
    }
    let fields = [
        ("cycle", "/cycleAt"),
        ("due", "/dueAt"),
        ("bizdate", "/bizdate"),
        ("dry run", "/isDryRun"),
        ("parameters", "/parameters"),
    ];
    format!(
        "{}\n{}",
        show::cell(body, "/inWords"),
        show::table(&rows, &fields)
    )
}
