//! `longshore backfill`: runs for business dates that have passed.

use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::arguments::{ListArguments, Of, OnceArguments};
use super::client::Call;
use super::form;
use super::job::VariableArguments;
use super::project::{Project, only_id};
use super::show::{self, Field};
use crate::exit::{Exit, Stop};
use crate::print;

const ITEM: [Field; 6] = [
    ("state", "/state"),
    ("from", "/spec/from"),
    ("to", "/spec/to"),
    ("created", "/createdAt"),
    ("ended", "/endedAt"),
    ("id", "/id"),
];
/// A backfill that is waited for is looked at this often.
const LOOK: Duration = Duration::from_secs(2);

/// What is to be made up for.
#[derive(Args)]
pub(crate) struct WhatArguments {
    /// The jobs
    #[arg(required = true)]
    jobs: Vec<String>,
    /// The first business date
    #[arg(long, value_name = "YYYYMMDD")]
    from: String,
    /// The last business date
    #[arg(long, value_name = "YYYYMMDD")]
    to: String,
    /// And all jobs that wait for them
    #[arg(long)]
    downstream: bool,
    /// A job to leave out of --downstream
    #[arg(long, value_name = "JOB", requires = "downstream")]
    except: Vec<String>,
    /// Begin with the last day
    #[arg(long)]
    descending: bool,
    /// Cut the range into so many pieces that run side by side
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    groups: u32,
    #[command(flatten)]
    variables: VariableArguments,
}

/// A backfill.
#[derive(Args)]
pub(crate) struct BackfillArguments {
    /// The id of the backfill
    backfill: String,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// List backfills, the latest first
    List {
        #[command(flatten)]
        list: ListArguments,
    },
    /// Show a backfill and how far it is
    Show(BackfillArguments),
    /// Show what a backfill would do
    Preview(WhatArguments),
    /// Begin a backfill
    Create {
        #[command(flatten)]
        what: WhatArguments,
        /// Wait for its end: exit code 0 if it succeeded, 1 if it failed, 5 if it was stopped
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        once: OnceArguments,
    },
    /// Begin nothing new for a while
    Pause(BackfillArguments),
    /// Go on after a pause
    Resume(BackfillArguments),
    /// Stop a backfill and its runs
    Stop(BackfillArguments),
}

/// `longshore backfill`.
pub(crate) async fn run(arguments: Of<Verb>) -> Result<Exit, Stop> {
    let project = Project::open(&arguments.server).await?;
    match arguments.verb {
        Verb::List { list } => {
            let call = || Call::get(project.at("backfills"));
            project.list(&list, call, &ITEM).await
        }
        Verb::Show(backfill) => {
            let answer = project.send(Call::get(at(&project, &backfill)?)).await?;
            project.show(&answer, described)
        }
        Verb::Preview(what) => {
            let body = body(&project, &what).await?;
            let call = Call::post(project.at("backfills/preview"), body);
            let answer = project.send(call).await?;
            project.show(&answer, previewed)
        }
        Verb::Create { what, wait, once } => {
            let body = body(&project, &what).await?;
            let call = Call::post(project.at("backfills"), body).once(once.idempotency_key);
            let made = project.send(call).await?;
            if wait {
                let id = show::cell(&made.body, "/id");
                print::err(format_args!("backfill {id}"));
                return to_end(&project, &id).await;
            }
            project.show(&made, |body| {
                format!("backfill {} has begun\n", show::cell(body, "/id"))
            })
        }
        Verb::Pause(backfill) => act(&project, &backfill, "pause").await,
        Verb::Resume(backfill) => act(&project, &backfill, "resume").await,
        Verb::Stop(backfill) => act(&project, &backfill, "stop").await,
    }
}

fn at(project: &Project, backfill: &BackfillArguments) -> Result<String, Stop> {
    let id = only_id("backfill", &backfill.backfill)?;
    Ok(project.at(format_args!("backfills/{id}")))
}

async fn act(project: &Project, backfill: &BackfillArguments, verb: &str) -> Result<Exit, Stop> {
    let path = format!("{}/{verb}", at(project, backfill)?);
    let answer = project.send(Call::act(path)).await?;
    project.show(&answer, described)
}

async fn body(project: &Project, what: &WhatArguments) -> Result<Value, Stop> {
    Ok(json!({
        "jobs": project.jobs(&what.jobs).await?,
        "from": form::bizdate("--from", Some(&what.from))?,
        "to": form::bizdate("--to", Some(&what.to))?,
        "downstream": if what.downstream { "all" } else { "none" },
        "except": project.jobs(&what.except).await?,
        "order": if what.descending { "descending" } else { "ascending" },
        "groups": what.groups,
        "variables": form::pairs("-p", &what.variables.parameters)?,
    }))
}

/// Looks until a backfill has ended.
async fn to_end(project: &Project, id: &str) -> Result<Exit, Stop> {
    let mut last = Value::Null;
    loop {
        let answer = project
            .send(Call::get(project.at(format_args!("backfills/{id}"))))
            .await?;
        let body = &answer.body;
        if body["states"] != last {
            last = body["states"].clone();
            print::err(format_args!(
                "{}  {}",
                show::cell(body, "/state"),
                show::cell(&last, "")
            ));
        }
        if !body["endedAt"].is_null() {
            project.show(&answer, described)?;
            return Ok(match body["state"].as_str() {
                Some("succeeded") => Exit::Success,
                Some("stopped") => Exit::Interrupted,
                _ => Exit::Failed,
            });
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn described(body: &Value) -> String {
    show::facts(body, &ITEM) + &show::facts(body, &[("instances", "/states")])
}

fn previewed(body: &Value) -> String {
    let fields = [
        ("cycle", "/cycleAt"),
        ("bizdate", "/bizdate"),
        ("group", "/group"),
        ("dry run", "/isDryRun"),
        ("job", "/jobId"),
    ];
    let instances = body["instances"].as_array().map_or(&[][..], Vec::as_slice);
    let mut text = show::table(instances, &fields);
    text += &format!("{} instances\n", show::cell(body, "/instanceCount"));
    if let Some(count) = body["conflicts"]
        .as_array()
        .map(Vec::len)
        .filter(|count| *count > 0)
    {
        text += &format!("{count} instances of the same jobs and days wait or are under way\n");
    }
    text
}
