//! Job documents from files: read, normalised, and their problems printed.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use chrono::{Local, NaiveDate};
use job::{
    Colour, Document, Job, Options, Parameters, Problems, Strictness, parse_bizdate, parse_cyctime,
};

use crate::arguments::{ConvertArguments, DocumentArguments, ParameterArguments};
use crate::exit::{Exit, Stop};
use crate::print;
use crate::state::Begun;

/// A document as far as it is a job, with everything wrong with it so far. Whoever goes on from here
/// finds further problems and refuses all of them together.
pub(crate) struct Loaded {
    pub(crate) job: Job,
    pub(crate) strictness: Strictness,
    pub(crate) problems: Problems,
}

/// Reads and normalises the document of a run; prints its problems and stops if it says nothing of a
/// source or a target.
pub(crate) fn load(begun: &Begun) -> Result<Loaded, Stop> {
    let bytes = read(&begun.document)?;
    begun.refuse_changed(&bytes)?;
    let document = parse(&begun.document, bytes)?;
    let arguments = &begun.parameters;
    let strictness = match (arguments.strict, arguments.lenient) {
        (true, _) => Strictness::Strict,
        (_, true) => Strictness::Lenient,
        _ => document.spelling().strictness(),
    };
    let options = Options {
        strictness: Some(strictness),
        parameters: parameters(arguments, begun.today()?)?,
    };
    let (job, problems) = job::read_draft(&document, &options).into_job();
    match job {
        Some(job) => Ok(Loaded {
            job,
            strictness,
            problems,
        }),
        None => Err(refuse(&problems)),
    }
}

/// Prints problems that keep a job from running.
pub(crate) fn refuse(problems: &Problems) -> Stop {
    warn(problems);
    Stop::silent(Exit::Usage)
}

/// Prints problems, warnings too.
pub(crate) fn warn(problems: &Problems) {
    if !problems.is_empty() {
        let colour = if std::io::stderr().is_terminal() {
            Colour::Ansi
        } else {
            Colour::Plain
        };
        print::err(problems.render(colour).trim_end());
    }
}

/// The bytes of a document; a file that is too long for one is not read.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Stop> {
    let cannot = |error| {
        Stop::usage(format!(
            "cannot read the job document {}: {error}",
            path.display()
        ))
    };
    let length = fs::metadata(path).map_err(cannot)?.len();
    if length > Document::LONGEST as u64 {
        return Err(Stop::usage(format!(
            "{} has {length} bytes, a job document at most {}",
            path.display(),
            Document::LONGEST
        ))
        .hint("name the document that describes the job, not the data"));
    }
    fs::read(path).map_err(cannot)
}

fn parse(path: &Path, bytes: Vec<u8>) -> Result<Document, Stop> {
    let text = String::from_utf8(bytes).map_err(|error| {
        Stop::usage(format!(
            "{} is not UTF-8 text: byte {} is invalid",
            path.display(),
            error.utf8_error().valid_up_to()
        ))
        .hint("save the document as UTF-8")
    })?;
    Document::parse(&path.display().to_string(), &text).map_err(|problems| refuse(&problems))
}

fn parameters(arguments: &ParameterArguments, today: NaiveDate) -> Result<Parameters, Stop> {
    let mut problems = Vec::new();
    let mut note = |problem: String| problems.push(problem);
    let bizdate = arguments
        .bizdate
        .as_deref()
        .map(parse_bizdate)
        .transpose()
        .unwrap_or_else(|error| {
            note(format!("--bizdate: {error}"));
            None
        });
    let cyctime = arguments
        .cyctime
        .as_deref()
        .map(parse_cyctime)
        .transpose()
        .unwrap_or_else(|error| {
            note(format!("--cyctime: {error}"));
            None
        });
    let mut parameters = Parameters::at(today.into(), bizdate, cyctime);
    for pair in &arguments.parameters {
        match pair.split_once('=') {
            Some((name, value)) => {
                if let Err(error) = parameters.set(name.trim(), value) {
                    note(format!("-p {name}: {error}"));
                }
            }
            None => note(format!("-p {pair}: write it as key=value")),
        }
    }
    if problems.is_empty() {
        Ok(parameters)
    } else {
        Err(Stop::usage(problems.join("\nerror: ")))
    }
}

/// `longshore params`: the value of every reference.
pub(crate) fn params(arguments: &DocumentArguments) -> Result<Exit, Stop> {
    let document = parse(&arguments.job, read(&arguments.job)?)?;
    let today = Local::now().date_naive();
    let resolved = parameters(&arguments.parameters, today)?.resolve_all(&document);
    if resolved.is_empty() {
        let name = arguments.job.display();
        print::out(format_args!("{name} refers to no parameters\n"))?;
    }
    let width = resolved
        .iter()
        .map(|parameter| parameter.reference.chars().count())
        .max()
        .unwrap_or(0);
    let mut failed = false;
    for parameter in &resolved {
        let value = match &parameter.value {
            Ok(value) => value.clone(),
            Err(error) => {
                failed = true;
                format!("error: {error}")
            }
        };
        let places = if parameter.pointers.is_empty() {
            "not used".to_string()
        } else {
            parameter.pointers.join(" ")
        };
        print::out(format_args!(
            "{:width$}  {value}  ({places})\n",
            parameter.reference
        ))?;
    }
    Ok(if failed { Exit::Usage } else { Exit::Success })
}

/// `longshore convert`: the document in Longshore's own spelling.
pub(crate) fn convert(arguments: &ConvertArguments) -> Result<Exit, Stop> {
    let document = parse(&arguments.job, read(&arguments.job)?)?;
    let (text, warnings) = job::convert(&document).map_err(|problems| refuse(&problems))?;
    warn(&warnings);
    match &arguments.output {
        Some(path) => write_like(&arguments.job, path, &text)
            .map_err(|error| Stop::usage(format!("cannot write {}: {error}", path.display())))?,
        None => print::out(text)?,
    }
    Ok(Exit::Success)
}

/// Writes a file that holds what `model` holds, passwords perhaps: nobody may read it who may not read that.
fn write_like(model: &Path, path: &Path, text: &str) -> io::Result<()> {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(fs::metadata(model)?.mode() & 0o777)
        .open(path)?
        .write_all(text.as_bytes())
}
