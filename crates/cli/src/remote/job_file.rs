//! Documents on their way between files and a server: checked, imported, exported.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::client::{Call, problem_line};
use super::form;
use super::job::{self, VariableArguments};
use super::project::Project;
use super::show;
use crate::exit::{Exit, Stop};
use crate::print;

#[derive(Args)]
pub(crate) struct ValidateArguments {
    /// The document; `-` for standard input
    file: PathBuf,
    #[command(flatten)]
    variables: VariableArguments,
    /// The business date that values are shown for [default: yesterday]
    #[arg(long, value_name = "YYYYMMDD")]
    bizdate: Option<String>,
    /// Check it as publishing does
    #[arg(long)]
    production: bool,
}

#[derive(Args)]
pub(crate) struct ImportArguments {
    /// The documents; each becomes a job with the name of its file
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Where the jobs go; made if it does not exist
    #[arg(long, default_value = "")]
    folder: String,
    /// Give a job whose name is taken another one, with a number at its end
    #[arg(long)]
    rename: bool,
    /// The registered data source to read from, where the document has an address and a password
    #[arg(long, value_name = "SOURCE")]
    reader: Option<String>,
    /// The registered data source to write to, where the document has an address and a password
    #[arg(long, value_name = "SOURCE")]
    writer: Option<String>,
}

/// How a document is written.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// In Longshore's spelling, which is script mode 1.0 of DataWorks
    Longshore,
    /// As it is kept
    Original,
}

#[derive(Args)]
pub(crate) struct ExportArguments {
    /// The job
    name: String,
    /// Which version [default: the draft]
    #[arg(long, value_name = "NUMBER")]
    version: Option<i64>,
    /// How it is written
    #[arg(long, value_enum, default_value = "original")]
    format: Format,
    /// Write here instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// `longshore job validate`.
pub(super) async fn validate(
    project: &Project,
    arguments: &ValidateArguments,
) -> Result<Exit, Stop> {
    let bizdate = form::bizdate("--bizdate", arguments.bizdate.as_deref())?;
    let body = json!({
        "document": form::text(&arguments.file)?,
        "variables": form::pairs("-p", &arguments.variables.parameters)?,
        "bizdate": bizdate,
        "forProduction": arguments.production,
    });
    let answer = project
        .send(Call::post(project.at("jobs/validate"), body))
        .await?;
    if !project.json {
        let lists = ["problems", "variableProblems"].map(|list| answer.body[list].as_array());
        for problem in lists.into_iter().flatten().flatten() {
            let severity = show::cell(problem, "/severity");
            let line = problem_line(problem);
            print::err(format_args!(
                "{severity}: {}:{line}",
                arguments.file.display()
            ));
        }
    }
    let is_valid = answer.body["isValid"] == true;
    project.show(&answer, |body| {
        let fields = [
            ("parameter", "/reference"),
            ("value", "/value"),
            ("error", "/error"),
        ];
        let parameters = body["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let mut text = String::new();
        if !parameters.is_empty() {
            text = show::table(parameters, &fields);
        }
        let verdict = if is_valid { "is valid" } else { "is not valid" };
        text + &format!("{} {verdict}\n", arguments.file.display())
    })?;
    Ok(if is_valid { Exit::Success } else { Exit::Usage })
}

/// `longshore job import`.
pub(super) async fn import(project: &Project, arguments: &ImportArguments) -> Result<Exit, Stop> {
    let mut jobs = Vec::new();
    for file in &arguments.files {
        let name = file
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        jobs.push(json!({
            "name": name.unwrap_or_default(),
            "document": form::text(file)?,
            "datasources": {"reader": arguments.reader, "writer": arguments.writer},
        }));
    }
    let body = json!({"folder": arguments.folder, "rename": arguments.rename, "jobs": jobs});
    let answer = project
        .send(Call::post(project.at("jobs/import"), body))
        .await?;
    let made = answer.body["jobs"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if !project.json {
        for (file, job) in arguments.files.iter().zip(made) {
            remark(file, job);
        }
    }
    project.show(&answer, |_| {
        let line = |job: &Value| format!("created job {}\n", show::cell(job, "/job/name"));
        made.iter().map(line).collect()
    })
}

/// What became different on the way, and what is wrong with the job.
fn remark(file: &Path, job: &Value) {
    for list in ["warnings", "problems"] {
        for problem in job[list].as_array().into_iter().flatten() {
            let severity = show::cell(problem, "/severity");
            let line = problem_line(problem);
            print::err(format_args!("{severity}: {}:{line}", file.display()));
        }
    }
}

/// `longshore job export`.
pub(super) async fn export(project: &Project, arguments: &ExportArguments) -> Result<Exit, Stop> {
    let at = job::at(project, &arguments.name).await?;
    let format = match arguments.format {
        Format::Longshore => "longshore",
        Format::Original => "original",
    };
    let call = Call::get(format!("{at}/export"))
        .with("format", Some(format))
        .with("version", arguments.version);
    let text = project.send(call).await?.text;
    let Some(path) = &arguments.output else {
        print::out(&text)?;
        return Ok(Exit::Success);
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o644);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Stop::usage(format!("cannot write {}: {error}", path.display())))?;
    Ok(Exit::Success)
}
