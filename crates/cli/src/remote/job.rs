//! `longshore job`: the jobs of a project, their versions, and runs of them. `job_file` moves documents in and out.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::arguments::{ListArguments, Of, OnceArguments, SureArguments};
use super::client::{Answer, Call, problem_line};
use super::form;
use super::job_file::{self, ExportArguments, ImportArguments, ValidateArguments};
use super::project::Project;
use super::show::{self, Field};
use super::watch;
use crate::catalog::visible_lines;
use crate::exit::{Exit, Stop};
use crate::print;

const ITEM: [Field; 7] = [
    ("name", "/name"),
    ("folder", "/folder"),
    ("source", "/source/datasource"),
    ("target", "/target/datasource"),
    ("draft", "/draftVersion"),
    ("published", "/publishedVersion"),
    ("owner", "/owner/name"),
];
const JOB: [Field; 8] = [
    ("mode", "/mode"),
    ("description", "/description"),
    ("source table", "/source/table"),
    ("target table", "/target/table"),
    ("variables", "/draft/variables"),
    ("note", "/draft/note"),
    ("updated", "/updatedAt"),
    ("id", "/id"),
];
const VERSION: [Field; 5] = [
    ("version", "/number"),
    ("created", "/createdAt"),
    ("author", "/author/name"),
    ("mode", "/mode"),
    ("note", "/note"),
];

/// Parameters of a job.
#[derive(Args)]
pub(crate) struct VariableArguments {
    /// A parameter: a constant, or an expression such as '$[yyyymmdd-1]'
    #[arg(short, long = "parameter", value_name = "KEY=VALUE", id = "parameters")]
    pub(super) parameters: Vec<String>,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    /// The job
    name: String,
    /// Try the draft instead of running the published version
    #[arg(long)]
    trial: bool,
    /// Read at most so many rows in the trial
    #[arg(long, value_name = "COUNT", requires = "trial", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    limit_rows: Option<u64>,
    /// Another version than the published one or the draft
    #[arg(long, value_name = "NUMBER")]
    version: Option<i64>,
    #[command(flatten)]
    variables: VariableArguments,
    /// The business date [default: yesterday]
    #[arg(long, value_name = "YYYYMMDD")]
    bizdate: Option<String>,
    /// The scheduled time [default: the day after the business date, 00:00:00]
    #[arg(long, value_name = "YYYYMMDDhhmmss")]
    cyctime: Option<String>,
    /// From 1 to 9; the highest goes first [default: 5]
    #[arg(long, value_name = "NUMBER")]
    priority: Option<i64>,
    /// The resource group that the run takes a slot of
    #[arg(long, value_name = "NAME")]
    resource_group: Option<String>,
    /// Stop the run when it takes longer
    #[arg(long, value_name = "MINUTES")]
    timeout: Option<u32>,
    /// Follow the run to its end; the exit code is the run's
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    once: OnceArguments,
}

#[derive(Args)]
pub(crate) struct UpdateArguments {
    /// The job
    name: String,
    /// The new document; `-` for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Refuse unless this is still the version of the draft, so that nobody's change is lost
    #[arg(long, value_name = "NUMBER")]
    base: Option<i64>,
    /// The new name
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    /// The folder it goes to; empty for the top
    #[arg(long)]
    folder: Option<String>,
    /// What it does
    #[arg(long)]
    description: Option<String>,
    /// What this version is about
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    variables: VariableArguments,
    /// From a form to a document that is written by hand; there is no way back
    #[arg(long)]
    to_script: bool,
    /// Publish what was saved
    #[arg(long)]
    publish: bool,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// List jobs
    List {
        /// Only those whose name contains this
        #[arg(default_value = "")]
        search: String,
        /// Only those in this folder and below it
        #[arg(long)]
        folder: Option<String>,
        #[command(flatten)]
        list: ListArguments,
    },
    /// Show a job
    Show {
        /// The job
        name: String,
    },
    /// Create a job of a document; names of data sources are those of the server
    Create {
        /// What it is called
        name: String,
        /// The document; `-` for standard input
        file: PathBuf,
        /// Where it goes, for example daily/orders; made if it does not exist
        #[arg(long, default_value = "")]
        folder: String,
        /// What it does
        #[arg(long, default_value = "")]
        description: String,
        /// What this version is about
        #[arg(long, default_value = "")]
        note: String,
        #[command(flatten)]
        variables: VariableArguments,
        /// To be edited as a form
        #[arg(long)]
        wizard: bool,
        /// Publish it at once
        #[arg(long)]
        publish: bool,
    },
    /// Change a job; a new document or new parameters make a new version
    Update(UpdateArguments),
    /// Publish a version, so that it runs and is scheduled
    Publish {
        /// The job
        name: String,
        /// Which version [default: the draft]
        #[arg(long, value_name = "NUMBER")]
        version: Option<i64>,
        /// What to say about it; the history shows it
        #[arg(long, default_value = "")]
        note: String,
    },
    /// List the versions of a job
    Versions {
        /// The job
        name: String,
        #[command(flatten)]
        list: ListArguments,
    },
    /// Show what differs between two versions
    Diff {
        /// The job
        name: String,
        /// The older version
        from: i64,
        /// The newer one [default: the draft]
        to: Option<i64>,
    },
    /// Make an earlier version the draft again
    Restore {
        /// The job
        name: String,
        /// The version
        version: i64,
    },
    /// Check a document against the data sources of the project, without saving it
    Validate(ValidateArguments),
    /// Make jobs of documents of DataX, DataWorks or Longshore
    Import(ImportArguments),
    /// Print the document of a job, or save it
    Export(ExportArguments),
    /// Delete a job with its versions and its schedule
    Delete {
        /// The job
        name: String,
        #[command(flatten)]
        sure: SureArguments,
    },
    /// Run a job on the server
    Run(RunArguments),
}

/// `longshore job`.
pub(crate) async fn run(arguments: Of<Verb>) -> Result<Exit, Stop> {
    let project = Project::open(&arguments.server).await?;
    match arguments.verb {
        Verb::List {
            search,
            folder,
            list,
        } => {
            let call = || {
                Call::get(project.at("jobs"))
                    .with("search", Some(&search))
                    .with("folder", folder.as_ref())
                    .with("below", folder.as_ref().map(|_| true))
            };
            project.list(&list, call, &ITEM).await
        }
        Verb::Show { name } => {
            let answer = project.send(Call::get(at(&project, &name).await?)).await?;
            project.show(&answer, |body| {
                show::facts(body, &ITEM) + &show::facts(body, &JOB)
            })
        }
        Verb::Create {
            name,
            file,
            folder,
            description,
            note,
            variables,
            wizard,
            publish,
        } => {
            let body = json!({
                "name": name, "folder": folder, "description": description, "note": note,
                "mode": if wizard { "wizard" } else { "script" },
                "document": form::text(&file)?,
                "variables": form::pairs("-p", &variables.parameters)?,
            });
            let saved = project.send(Call::post(project.at("jobs"), body)).await?;
            finish(&project, saved, publish, "created").await
        }
        Verb::Update(arguments) => update(&project, arguments).await,
        Verb::Publish {
            name,
            version,
            note,
        } => {
            let at = at(&project, &name).await?;
            let known = project.send(Call::get(&at)).await?;
            let body = json!({ "version": version, "note": note });
            let call = Call::post(format!("{at}/publish"), body);
            let saved = project.send(call.seen(&known)).await?;
            told(&project, &saved, "published")
        }
        Verb::Versions { name, list } => {
            let at = at(&project, &name).await?;
            let call = || Call::get(format!("{at}/versions"));
            project.list(&list, call, &VERSION).await
        }
        Verb::Diff { name, from, to } => {
            let at = at(&project, &name).await?;
            let call = Call::get(format!("{at}/diff"));
            let answer = project
                .send(call.with("from", Some(from)).with("to", to))
                .await?;
            project.show(&answer, differing)
        }
        Verb::Restore { name, version } => {
            let at = at(&project, &name).await?;
            let known = project.send(Call::get(&at)).await?;
            let call = Call::act(format!("{at}/versions/{version}/restore"));
            let saved = project.send(call.seen(&known)).await?;
            told(&project, &saved, "restored")
        }
        Verb::Validate(arguments) => job_file::validate(&project, &arguments).await,
        Verb::Import(arguments) => job_file::import(&project, &arguments).await,
        Verb::Export(arguments) => job_file::export(&project, &arguments).await,
        Verb::Delete { name, sure } => {
            let at = at(&project, &name).await?;
            let known = project.send(Call::get(&at)).await?;
            form::sure(&sure, &format!("delete job {name}"))?;
            let answer = project.send(Call::delete(at).seen(&known)).await?;
            project.show(&answer, |_| format!("deleted job {name}\n"))
        }
        Verb::Run(arguments) => start(&project, arguments).await,
    }
}

/// The path of a job.
pub(super) async fn at(project: &Project, name: &str) -> Result<String, Stop> {
    let id = project.job(name).await?;
    Ok(project.at(format_args!("jobs/{id}")))
}

async fn update(project: &Project, arguments: UpdateArguments) -> Result<Exit, Stop> {
    let at = at(project, &arguments.name).await?;
    let known = project.send(Call::get(&at)).await?;
    let draft = known.body["draftVersion"].as_i64();
    if arguments.base.is_some() && arguments.base != draft {
        return Err(Stop::new(
            Exit::Failed,
            format!(
                "the draft of job {} is version {}, not {}",
                arguments.name,
                draft.unwrap_or_default(),
                arguments.base.unwrap_or_default()
            ),
        )
        .hint(
            "look at what changed with `longshore job diff`, and bring your change to the draft",
        ));
    }
    let mut body = json!({});
    if let Some(file) = &arguments.file {
        body["document"] = form::text(file)?.into();
    }
    form::set(&mut body, "name", arguments.rename);
    form::set(&mut body, "folder", arguments.folder);
    form::set(&mut body, "description", arguments.description);
    form::set(&mut body, "note", arguments.note);
    form::set(&mut body, "mode", arguments.to_script.then_some("script"));
    if !arguments.variables.parameters.is_empty() {
        let given = form::pairs("-p", &arguments.variables.parameters)?;
        let mut variables = known.body["draft"]["variables"].clone();
        if let (Value::Object(all), Value::Object(given)) = (&mut variables, given) {
            all.extend(given);
        }
        body["variables"] = variables;
    }
    if body == json!({}) {
        return Err(Stop::usage("there is nothing to change")
            .hint("name a --file, or one of the other options of `longshore job update --help`"));
    }
    let saved = project.send(Call::patch(at, body).seen(&known)).await?;
    finish(project, saved, arguments.publish, "saved").await
}

/// Publishes what was saved if that is wanted, and tells of it.
async fn finish(project: &Project, saved: Answer, publish: bool, verb: &str) -> Result<Exit, Stop> {
    if !publish {
        return told(project, &saved, verb);
    }
    let id = show::cell(&saved.body, "/id");
    let call = Call::post(project.at(format_args!("jobs/{id}/publish")), json!({}));
    match project.send(call.seen(&saved)).await {
        Ok(published) => told(project, &published, &format!("{verb} and published")),
        Err(stop) => {
            let name = show::cell(&saved.body, "/name");
            print::err(format_args!(
                "notice: job {name} was {verb}, but not published"
            ));
            Err(stop)
        }
    }
}

/// Tells of a job that was saved, and what is still wrong with it.
fn told(project: &Project, saved: &Answer, verb: &str) -> Result<Exit, Stop> {
    if !project.json {
        for problem in saved.body["problems"].as_array().into_iter().flatten() {
            let severity = show::cell(problem, "/severity");
            print::err(format_args!("{severity}: {}", problem_line(problem)));
        }
    }
    project.show(saved, |body| {
        let (name, draft) = (show::cell(body, "/name"), show::cell(body, "/draftVersion"));
        format!("{verb} job {name}, version {draft}\n")
    })
}

fn differing(body: &Value) -> String {
    let mut text = visible_lines(body["text"].as_str().unwrap_or_default());
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let variables = body["variables"].as_array().map_or(&[][..], Vec::as_slice);
    if !variables.is_empty() {
        let fields = [
            ("parameter", "/name"),
            ("before", "/before"),
            ("after", "/after"),
        ];
        text += &show::table(variables, &fields);
    }
    if text.is_empty() {
        text.push_str("nothing differs\n");
    }
    text
}

async fn start(project: &Project, arguments: RunArguments) -> Result<Exit, Stop> {
    let at = at(project, &arguments.name).await?;
    let mut body = json!({
        "kind": if arguments.trial { "trial" } else { "manual" },
        "variables": form::pairs("-p", &arguments.variables.parameters)?,
    });
    form::set(&mut body, "version", arguments.version);
    form::set(&mut body, "limitRows", arguments.limit_rows);
    form::set(&mut body, "priority", arguments.priority);
    form::set(&mut body, "resourceGroup", arguments.resource_group);
    let bizdate = form::bizdate("--bizdate", arguments.bizdate.as_deref())?;
    form::set(&mut body, "bizdate", bizdate);
    let cyctime = form::cyctime("--cyctime", arguments.cyctime.as_deref())?;
    form::set(&mut body, "cycleAt", cyctime);
    if let Some(minutes) = arguments.timeout {
        body["options"] = json!({ "timeoutMinutes": minutes });
    }
    let call = Call::post(format!("{at}/runs"), body).once(arguments.once.idempotency_key);
    let started = project.send(call).await?;
    watch::started(project, &started, arguments.wait).await
}
