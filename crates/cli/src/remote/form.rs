//! What is typed for a request: texts from files, values, dates, and answers to questions.

use std::io::{IsTerminal, Read};
use std::path::Path;

use sdk::Secret;
use serde_json::{Map, Value};

use super::arguments::SureArguments;
use crate::document;
use crate::exit::Stop;
use crate::print;

/// The text of a file, or of standard input for `-`.
pub(super) fn text(path: &Path) -> Result<String, Stop> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let limit = job::Document::LONGEST as u64 + 1;
        let read = std::io::stdin().lock().take(limit).read_to_end(&mut bytes);
        read.map_err(|error| Stop::usage(format!("cannot read standard input: {error}")))?;
        if bytes.len() as u64 == limit {
            return Err(Stop::usage(
                "standard input is longer than a document may be",
            ));
        }
        bytes
    } else {
        document::read(path)?
    };
    String::from_utf8(bytes).map_err(|_| {
        Stop::usage(format!("{} is not UTF-8 text", path.display()))
            .hint("save the document as UTF-8")
    })
}

/// A JSON object from a file, or from standard input for `-`.
pub(super) fn object(path: &Path) -> Result<Map<String, Value>, Stop> {
    serde_json::from_str(&text(path)?)
        .map_err(|error| Stop::usage(format!("{}: {error}", path.display())))
}

/// `key=value` pairs as an object of texts.
pub(super) fn pairs(option: &str, pairs: &[String]) -> Result<Value, Stop> {
    let mut object = Map::new();
    for pair in pairs {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| Stop::usage(format!("{option} {pair}: write it as key=value")))?;
        object.insert(key.trim().to_string(), value.into());
    }
    Ok(Value::Object(object))
}

/// A business date as the API writes it.
pub(super) fn bizdate(option: &str, text: Option<&str>) -> Result<Option<String>, Stop> {
    let wrong = |error| Stop::usage(format!("{option}: {error}"));
    let date = text.map(job::parse_bizdate).transpose().map_err(wrong)?;
    Ok(date.map(|date| date.to_string()))
}

/// A scheduled time as the API writes it.
pub(super) fn cyctime(option: &str, text: Option<&str>) -> Result<Option<String>, Stop> {
    let wrong = |error| Stop::usage(format!("{option}: {error}"));
    let time = text.map(job::parse_cyctime).transpose().map_err(wrong)?;
    Ok(time.map(|time| time.format("%Y-%m-%dT%H:%M:%S").to_string()))
}

/// Sets a field of a request if there is something to say.
pub(super) fn set(body: &mut Value, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        body[field] = value.into();
    }
}

/// A secret: typed without being shown, or the next line of standard input.
pub(super) fn secret(what: &str) -> Result<Secret, Stop> {
    let cannot = |error: std::io::Error| Stop::usage(format!("cannot read the {what}: {error}"));
    let secret = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{what}: ")).map_err(cannot)?
    } else {
        line()?
    };
    if secret.is_empty() {
        return Err(Stop::usage(format!("the {what} is missing"))
            .hint("type it, or give it as a line of standard input"));
    }
    Ok(Secret::new(secret))
}

/// The next line of standard input, and not one byte more: the next secret may stand behind it.
pub(super) fn line() -> Result<String, Stop> {
    let mut input = std::io::stdin().lock();
    let mut text = String::new();
    std::io::BufRead::read_line(&mut input, &mut text)
        .map_err(|error| Stop::usage(format!("cannot read standard input: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_string())
}

/// Asks before something is lost.
pub(super) fn sure(arguments: &SureArguments, what: &str) -> Result<(), Stop> {
    if arguments.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Stop::usage(format!("{what} needs your word")).hint("say it with --yes"));
    }
    print::err(format_args!("{what}? Type `yes`:"));
    match line()?.as_str() {
        "yes" | "y" => Ok(()),
        _ => Err(Stop::usage("nothing was done")),
    }
}
