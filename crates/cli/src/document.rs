//! Job documents from files: read, normalised, and their problems printed.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;

use chrono::Local;
use job::{
    Colour, Document, Job, Options, Parameters, Problems, Strictness, parse_bizdate, parse_cyctime,
};

use crate::arguments::{ConvertArguments, DocumentArguments, ParameterArguments};
use crate::exit::{Exit, Stop};
use crate::print;

/// A document that became a job, with its warnings so far.
pub(crate) struct Loaded {
    pub(crate) job: Job,
    pub(crate) strictness: Strictness,
    pub(crate) problems: Problems,
}

/// Reads and normalises a document; prints its problems and stops if it has errors.
pub(crate) fn load(path: &Path, arguments: &ParameterArguments) -> Result<Loaded, Stop> {
    let document = parse(path)?;
    let strictness = match (arguments.strict, arguments.lenient, document.spelling()) {
        (true, _, _) => Strictness::Strict,
        (_, true, _) | (_, _, job::Spelling::DataX) => Strictness::Lenient,
        _ => Strictness::Strict,
    };
    let options = Options {
        strictness: Some(strictness),
        parameters: parameters(arguments)?,
    };
    match job::normalise(&document, &options) {
        Ok((job, problems)) => Ok(Loaded {
            job,
            strictness,
            problems,
        }),
        Err(problems) => Err(refuse(&problems)),
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

fn parse(path: &Path) -> Result<Document, Stop> {
    let bytes = fs::read(path).map_err(|error| {
        Stop::usage(format!(
            "cannot read the job document {}: {error}",
            path.display()
        ))
    })?;
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

fn parameters(arguments: &ParameterArguments) -> Result<Parameters, Stop> {
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
    let mut parameters = Parameters::at(Local::now().naive_local(), bizdate, cyctime);
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
    let document = parse(&arguments.job)?;
    let resolved = parameters(&arguments.parameters)?.resolve_all(&document);
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
    let document = parse(&arguments.job)?;
    let (text, warnings) = job::convert(&document).map_err(|problems| refuse(&problems))?;
    warn(&warnings);
    match &arguments.output {
        Some(path) => fs::write(path, text)
            .map_err(|error| Stop::usage(format!("cannot write {}: {error}", path.display())))?,
        None => print::out(text)?,
    }
    Ok(Exit::Success)
}
