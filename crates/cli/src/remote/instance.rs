//! `longshore instance`: the cycles of schedules and backfills, and what they wait for.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::arguments::{ListArguments, Of};
use super::client::Call;
use super::form;
use super::project::{Project, only_id};
use super::show::{self, Field};
use crate::exit::{Exit, Stop};

const ITEM: [Field; 7] = [
    ("job", "/jobName"),
    ("cycle", "/cycleAt"),
    ("bizdate", "/bizdate"),
    ("state", "/state"),
    ("due", "/dueAt"),
    ("message", "/message"),
    ("id", "/id"),
];
const REST: [Field; 6] = [
    ("run", "/runId"),
    ("attempts", "/attempts"),
    ("frozen", "/isFrozen"),
    ("backfill", "/backfillId"),
    ("started", "/startedAt"),
    ("ended", "/endedAt"),
];
const NEIGHBOUR: [Field; 4] = [
    ("job", "/jobName"),
    ("cycle", "/cycleAt"),
    ("state", "/state"),
    ("id", "/instanceId"),
];

/// An instance.
#[derive(Args)]
pub(crate) struct InstanceArguments {
    /// The id of the instance
    instance: String,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// List instances, the latest first
    List {
        /// Only those of this job
        #[arg(long)]
        job: Option<String>,
        /// Only those in this state
        #[arg(long)]
        state: Option<String>,
        /// Only those of this business date
        #[arg(long, value_name = "YYYYMMDD")]
        bizdate: Option<String>,
        /// Only those of this backfill
        #[arg(long, value_name = "ID")]
        backfill: Option<String>,
        #[command(flatten)]
        list: ListArguments,
    },
    /// Show an instance and what it waits for
    Show(InstanceArguments),
    /// List what an instance depends on
    Upstream(InstanceArguments),
    /// List what depends on an instance
    Downstream(InstanceArguments),
    /// Run an instance again
    Rerun {
        #[command(flatten)]
        instance: InstanceArguments,
        /// And whatever waits for it and has ended
        #[arg(long)]
        downstream: bool,
    },
    /// Mark an instance as succeeded, so that whatever waits for it goes on
    Mark(InstanceArguments),
    /// Hold an instance back
    Freeze(InstanceArguments),
    /// Let a frozen instance go
    Unfreeze(InstanceArguments),
    /// Stop the run of an instance
    Stop(InstanceArguments),
}

/// `longshore instance`.
pub(crate) async fn run(arguments: Of<Verb>) -> Result<Exit, Stop> {
    let project = Project::open(&arguments.server).await?;
    match arguments.verb {
        Verb::List {
            job,
            state,
            bizdate,
            backfill,
            list,
        } => {
            let job = match job {
                Some(name) => Some(project.job(&name).await?),
                None => None,
            };
            let bizdate = form::bizdate("--bizdate", bizdate.as_deref())?;
            let call = || {
                Call::get(project.at("instances"))
                    .with("job", job.as_ref())
                    .with("state", state.as_ref())
                    .with("bizdate", bizdate.as_ref())
                    .with("backfill", backfill.as_ref())
            };
            project.list(&list, call, &ITEM).await
        }
        Verb::Show(instance) => {
            let answer = project.send(Call::get(at(&project, &instance)?)).await?;
            project.show(&answer, described)
        }
        Verb::Upstream(instance) => {
            let call = Call::get(format!("{}/upstream", at(&project, &instance)?));
            let answer = project.send(call).await?;
            project.show(&answer, |body| show::table(show::items(body), &NEIGHBOUR))
        }
        Verb::Downstream(instance) => {
            let call = Call::get(format!("{}/downstream", at(&project, &instance)?));
            let answer = project.send(call).await?;
            project.show(&answer, |body| show::table(show::items(body), &ITEM))
        }
        Verb::Rerun {
            instance,
            downstream,
        } => {
            let scope = if downstream { "downstream" } else { "instance" };
            let path = format!("{}/rerun", at(&project, &instance)?);
            let answer = project
                .send(Call::post(path, json!({ "scope": scope })))
                .await?;
            project.show(&answer, |body| {
                let count = body["ids"].as_array().map_or(0, Vec::len);
                format!("{count} to run again\n")
            })
        }
        Verb::Mark(instance) => act(&project, &instance, "mark-succeeded").await,
        Verb::Freeze(instance) => act(&project, &instance, "freeze").await,
        Verb::Unfreeze(instance) => act(&project, &instance, "unfreeze").await,
        Verb::Stop(instance) => act(&project, &instance, "stop").await,
    }
}

fn at(project: &Project, instance: &InstanceArguments) -> Result<String, Stop> {
    let id = only_id("instance", &instance.instance)?;
    Ok(project.at(format_args!("instances/{id}")))
}

async fn act(project: &Project, instance: &InstanceArguments, verb: &str) -> Result<Exit, Stop> {
    let path = format!("{}/{verb}", at(project, instance)?);
    let answer = project.send(Call::act(path)).await?;
    project.show(&answer, described)
}

fn described(body: &Value) -> String {
    let mut text = show::facts(body, &ITEM) + &show::facts(body, &REST);
    let waits = body["waitsFor"].as_array().map_or(&[][..], Vec::as_slice);
    if !waits.is_empty() {
        let fields = [
            ("waits for", "/kind"),
            ("at", "/at"),
            ("job", "/jobName"),
            ("cycle", "/cycleAt"),
            ("state", "/state"),
            ("reason", "/reason"),
        ];
        text += &show::table(waits, &fields);
    }
    text
}
