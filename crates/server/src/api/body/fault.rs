//! One fault of a body: what the reader says of it, put into words for people and without the value, which may
//! be a secret; and how to mend it, so that the next fault shows.

use serde_json::{Value, json};
use serde_path_to_error::{Error, Segment};

use crate::api::error::Problem;
use crate::pointer;

/// Known names are listed in a hint up to so many.
const MOST_NAMES: usize = 20;

/// What was wrong with a place of a body.
pub(super) struct Fault {
    /// The place; empty for the whole body.
    pub(super) pointer: String,
    sort: Sort,
}

enum Sort {
    Unknown {
        known: Vec<String>,
    },
    Missing,
    Variant {
        given: String,
        known: Vec<String>,
    },
    Type {
        given: &'static str,
        wanted: String,
    },
    /// Somewhere below the place: what has several shapes is read twice, and the second reader knows no places.
    Below {
        given: &'static str,
        wanted: String,
    },
    Other(String),
}

impl Fault {
    /// Reads what serde says; its sentences are stable since its first release.
    pub(super) fn read(error: &Error<serde_json::Error>, body: &Value) -> Fault {
        let mut pointer = String::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
                Segment::Map { key } => pointer.push_str(&step(key)),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        let text = error.inner().to_string();
        let names = quoted(&text);
        if let Some(rest) = text.strip_prefix("unknown field `") {
            let (name, _) = rest.split_once('`').unwrap_or((rest, ""));
            if !pointer.ends_with(&step(name)) {
                pointer.push_str(&step(name));
            }
            return Fault {
                pointer,
                sort: Sort::Unknown {
                    known: names.into_iter().skip(1).collect(),
                },
            };
        }
        if text.starts_with("missing field `") {
            let name = names.into_iter().next().unwrap_or_default();
            pointer.push_str(&step(&name));
            return Fault {
                pointer,
                sort: Sort::Missing,
            };
        }
        let sort = if text.starts_with("unknown variant `") {
            let mut names = names.into_iter();
            Sort::Variant {
                given: names.next().unwrap_or_default(),
                known: names.collect(),
            }
        } else if text.starts_with("invalid type: ")
            || text.starts_with("invalid value: ")
            // A list where an object belongs.
            || text.contains(", expected struct ")
        {
            let (_, wanted) = text.rsplit_once(", expected ").unwrap_or(("", "another"));
            let (here, wanted) = (described(body.pointer(&pointer)), expected(wanted));
            match named(&text) {
                Some(NUMBER) if here.contains("number") => Sort::Type {
                    given: here,
                    wanted,
                },
                Some(given) if given != here => Sort::Below { given, wanted },
                _ => Sort::Type {
                    given: here,
                    wanted,
                },
            }
        } else {
            Sort::Other(text)
        };
        Fault { pointer, sort }
    }

    /// Whether it is there only because this place was mended.
    pub(super) fn follows(&self, place: &str) -> bool {
        let within = |outer: &str, inner: &str| {
            let rest = inner.strip_prefix(outer);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        within(place, &self.pointer)
            || (matches!(self.sort, Sort::Below { .. }) && within(&self.pointer, place))
    }

    pub(super) fn problem(&self) -> Problem {
        let field = match self.pointer.rsplit_once('/') {
            None => "the body".to_string(),
            Some((_, name)) if name.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("`{}`", self.pointer)
            }
            Some((_, name)) => format!("`{}`", name.replace("~1", "/").replace("~0", "~")),
        };
        let problem = |message: String| Problem::at(&self.pointer, message);
        match &self.sort {
            Sort::Unknown { known } => {
                let unknown = problem(format!("there is no field {field} here"));
                let name = field.trim_matches('`');
                match sdk::nearest(name, known.iter().map(String::as_str)) {
                    Some(near) => unknown.hint(format!("did you mean `{near}`?")),
                    None if known.is_empty() => unknown.hint("leave it out"),
                    None => unknown.hint(format!("there are {}", listed(known))),
                }
            }
            Sort::Missing => problem(format!("{field} is missing")),
            Sort::Variant { given, known } => {
                let near = sdk::nearest(given, known.iter().map(String::as_str));
                let wrong = problem(format!("{field} must be one of {}", listed(known)));
                match near {
                    Some(near) => wrong.hint(format!("did you mean `{near}`?")),
                    None => wrong,
                }
            }
            Sort::Type { given, wanted } => {
                problem(format!("{field} must be {wanted}, and is {given}"))
            }
            Sort::Below { given, wanted } => problem(format!(
                "{field} has a field that must be {wanted}, and is {given}"
            )),
            Sort::Other(text) => problem(format!("{field} is not right: {text}")),
        }
    }

    /// Puts something else in its place; `false` when nothing is left to try.
    pub(super) fn mend(&self, body: &mut Value, tried: usize) -> bool {
        if matches!(self.sort, Sort::Below { .. }) {
            return false;
        }
        let Some((parent, name)) = self.pointer.rsplit_once('/') else {
            return false;
        };
        let name = name.replace("~1", "/").replace("~0", "~");
        let Some(parent) = body.pointer_mut(parent) else {
            return false;
        };
        if let (Sort::Unknown { .. }, Value::Object(fields)) = (&self.sort, &mut *parent) {
            return fields.remove(&name).is_some();
        }
        let values = match &self.sort {
            Sort::Variant { known, .. } if tried < 3 => known
                .first()
                .map(|first| json!(first))
                .into_iter()
                .collect(),
            _ => vec![
                json!(null),
                json!(""),
                json!(1),
                json!(false),
                json!([]),
                json!({}),
            ],
        };
        let Some(value) = values
            .get(tried)
            .or(values.first().filter(|_| values.len() == 1))
        else {
            return false;
        };
        match parent {
            Value::Object(fields) => {
                fields.insert(name, value.clone());
                true
            }
            Value::Array(items) => {
                match name.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                    Some(item) => {
                        *item = value.clone();
                        true
                    }
                    None => false,
                }
            }
            _ => false,
        }
    }
}

/// A step of a JSON pointer.
fn step(name: &str) -> String {
    pointer::child("", name)
}

/// The texts between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_string)
        .collect()
}

fn listed(names: &[String]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| format!("`{name}`"))
        .collect();
    shown.join(", ")
}

/// What a value is, without saying what it holds.
fn described(value: Option<&Value>) -> &'static str {
    match value {
        None | Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "true or false",
        Some(Value::Number(number)) if number.is_f64() => "a number with a fraction",
        Some(Value::Number(number)) if number.as_i64().is_some_and(|it| it < 0) => {
            "a negative number"
        }
        Some(Value::Number(_)) => NUMBER,
        Some(Value::String(_)) => "a text",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    }
}

const NUMBER: &str = "a number";

/// How serde names the value that it found, in the words of [`described`].
fn named(text: &str) -> Option<&'static str> {
    let (_, found) = text.split_once(": ")?;
    let words = [
        ("null", "null"),
        ("unit", "null"),
        ("boolean", "true or false"),
        ("integer", NUMBER),
        ("floating point", NUMBER),
        ("string", "a text"),
        ("sequence", "a list"),
        ("map", "an object"),
    ];
    let word = words.iter().find(|(word, _)| found.starts_with(word))?;
    Some(word.1)
}

/// The word of a type as serde says it.
fn expected(wanted: &str) -> String {
    let text = match wanted {
        "a string" | "a borrowed string" | "str" | "string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" | "unit" => "an object",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number from 0 on",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "string or map" => "a text or an object",
        "a formatted date string" => "a date such as `2026-03-04`",
        "a formatted date and time string" => "a time such as `2026-03-04T00:15:00`",
        "an RFC 3339 formatted date and time string" => "a time such as `2026-03-04T00:15:00Z`",
        other if other.starts_with("struct ") || other.starts_with("internally tagged enum ") => {
            "an object"
        }
        other if other.starts_with("a sequence") || other.starts_with("tuple ") => "a list",
        other if other.starts_with("enum ") => "one of a few texts",
        other => return other.to_string(),
    };
    text.to_string()
}
