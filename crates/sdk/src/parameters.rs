//! The one place where JSON meets typed configurations: every problem found at once, with the
//! nearest known name, and the liberties that job documents take (numbers as strings, a scalar for
//! a list of one or for an object of one field, an empty string for an absent option) put right by
//! the type's own schema.

mod typed;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The mark in an object's schema that names the field which a text alone stands for. With it, a list
/// of names or objects is a list of objects to everybody who reads the schema.
pub const SHORTHAND: &str = "x-shorthand";

/// How bad a field problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Nobody knows the key; a lenient caller may drop it and go on.
    UnknownKey,
    /// The key is accepted and changes nothing.
    WithoutEffect,
    /// The value is missing or wrong.
    Wrong,
}

/// Something wrong with one field of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// JSON pointer below the value that was parsed: `/column/2/type`.
    pub pointer: String,
    /// What is wrong, naming the field.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// Whether it can be overlooked.
    pub flaw: Flaw,
}

impl FieldProblem {
    /// A problem at a pointer.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        FieldProblem {
            pointer: pointer.into(),
            message: message.into(),
            hint: None,
            flaw: Flaw::Wrong,
        }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The JSON Schema of a configuration type, without references.
pub fn schema_of<T: JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

/// Reads a typed configuration. Fails with every problem found, never only the first.
pub fn parse<T: DeserializeOwned + JsonSchema>(value: &Value) -> Result<T, Vec<FieldProblem>> {
    let mut checker = Checker {
        problems: Vec::new(),
    };
    let coerced = checker.check(value, &schema_of::<T>(), "");
    if !checker.problems.is_empty() {
        return Err(checker.problems);
    }
    typed::typed(coerced)
}

/// A key as a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The known name that is nearest to a mistyped one, if one is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let near = |name: &str, distance| distance <= name.len().max(word.len()) / 3;
    known
        .into_iter()
        // The distance costs time and memory by both lengths, and a word may be of any.
        .filter(|name| near(name, name.len().abs_diff(word.len())))
        .map(|name| {
            (
                strsim::damerau_levenshtein(&folded, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| near(name, *distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

struct Checker {
    problems: Vec<FieldProblem>,
}

impl Checker {
    fn problem(&mut self, pointer: &str, message: String) {
        self.problems.push(FieldProblem::new(pointer, message));
    }

    /// Returns the value in the shape the schema asks for, noting whatever cannot be put right.
    fn check(&mut self, value: &Value, schema: &Value, pointer: &str) -> Value {
        if let Some(variants) = schema
            .get("anyOf")
            .or_else(|| schema.get("oneOf"))
            .and_then(Value::as_array)
        {
            return self.check_choice(value, variants, pointer);
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array) {
            return self.check_enum(value, allowed, pointer);
        }
        if let Some(only) = schema.get("const") {
            return self.check_enum(value, std::slice::from_ref(only), pointer);
        }
        let types: Vec<&str> = match schema.get("type") {
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => return value.clone(),
        };
        if types.contains(&"null") && (value.is_null() || value.as_str() == Some("")) {
            return Value::Null;
        }
        match types
            .iter()
            .copied()
            .find(|name| *name != "null")
            .unwrap_or("null")
        {
            "object" => match schema.get(SHORTHAND).and_then(Value::as_str) {
                Some(key) if scalar(value, "string").is_some() => {
                    self.check_object(&json!({key: value}), schema, pointer)
                }
                _ => self.check_object(value, schema, pointer),
            },
            "array" => self.check_array(value, schema, pointer),
            wanted => match scalar(value, wanted) {
                Some(scalar) => {
                    self.check_range(&scalar, schema, pointer);
                    scalar
                }
                None => {
                    self.problem(
                        pointer,
                        format!(
                            "{} must be {}, not {}",
                            name_of(pointer),
                            article(wanted),
                            describe(value)
                        ),
                    );
                    Value::Null
                }
            },
        }
    }

    fn check_range(&mut self, value: &Value, schema: &Value, pointer: &str) {
        let Some(number) = value.as_f64() else {
            return;
        };
        let bound = |key| schema.get(key).cloned();
        // The schema of an integer names its width where it names no bounds.
        let widest = match schema.get("format").and_then(Value::as_str) {
            Some("uint32") => (None, Some(Value::from(u32::MAX))),
            Some("int32") => (Some(Value::from(i32::MIN)), Some(Value::from(i32::MAX))),
            Some("int64") => (Some(Value::from(i64::MIN)), Some(Value::from(i64::MAX))),
            _ => (None, None),
        };
        let least = bound("minimum").or(widest.0);
        let most = bound("maximum").or(widest.1);
        let beyond = |bound: &Option<Value>, is_beyond: fn(&f64, &f64) -> bool| {
            let bound = bound.as_ref().and_then(Value::as_f64);
            bound.is_some_and(|bound| is_beyond(&number, &bound))
        };
        if !beyond(&least, f64::lt) && !beyond(&most, f64::gt) {
            return;
        }
        let range = match (least, most) {
            (Some(least), Some(most)) => format!("from {least} to {most}"),
            (Some(least), None) => format!("{least} or more"),
            (None, Some(most)) => format!("at most {most}"),
            (None, None) => return,
        };
        self.problem(pointer, format!("{} must be {range}", name_of(pointer)));
    }

    fn check_object(&mut self, value: &Value, schema: &Value, pointer: &str) -> Value {
        let Value::Object(fields) = value else {
            self.problem(
                pointer,
                format!(
                    "{} must be an object, not {}",
                    name_of(pointer),
                    describe(value)
                ),
            );
            return Value::Null;
        };
        let empty = Map::new();
        let properties = schema
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        let extra = schema
            .get("additionalProperties")
            .filter(|extra| **extra != Value::Bool(false));
        let mut coerced = Map::new();
        for (key, field) in fields {
            let at = format!("{pointer}/{}", escaped(key));
            if let Some(property) = properties.get(key).or(extra) {
                coerced.insert(key.clone(), self.check(field, property, &at));
                continue;
            }
            let mut problem = FieldProblem::new(at, format!("unknown key `{key}`"));
            problem.flaw = Flaw::UnknownKey;
            problem.hint = Some(match nearest(key, properties.keys().map(String::as_str)) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!(
                    "known keys are {}",
                    list(properties.keys().map(String::as_str))
                ),
            });
            self.problems.push(problem);
        }
        for required in schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !fields.contains_key(required) {
                self.problem(pointer, format!("`{required}` is missing"));
            }
        }
        Value::Object(coerced)
    }

    fn check_array(&mut self, value: &Value, schema: &Value, pointer: &str) -> Value {
        let item_schema = schema.get("items").unwrap_or(&Value::Null);
        match value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| self.check(item, item_schema, &format!("{pointer}/{index}")))
                .collect(),
            Value::Null => Value::Array(Vec::new()),
            Value::String(text) if text.is_empty() => Value::Array(Vec::new()),
            single => Value::Array(vec![self.check(single, item_schema, pointer)]),
        }
    }

    fn check_enum(&mut self, value: &Value, allowed: &[Value], pointer: &str) -> Value {
        if allowed.contains(value) {
            return value.clone();
        }
        let names: Vec<&str> = allowed.iter().filter_map(Value::as_str).collect();
        let said = value.as_str().unwrap_or_default();
        if let Some(name) = names.iter().find(|name| name.eq_ignore_ascii_case(said)) {
            return Value::from(*name);
        }
        let mut problem = FieldProblem::new(
            pointer,
            format!("{} cannot be {}", name_of(pointer), describe(value)),
        );
        problem.hint = Some(match nearest(said, names.iter().copied()) {
            Some(name) => format!(
                "did you mean `{name}`? possible values are {}",
                list(names.iter().copied())
            ),
            None => format!("possible values are {}", list(names.iter().copied())),
        });
        self.problems.push(problem);
        Value::Null
    }

    /// Takes the first variant that fits; if none does, reports what the best one lacks.
    fn check_choice(&mut self, value: &Value, variants: &[Value], pointer: &str) -> Value {
        let constants: Vec<Value> = variants
            .iter()
            .filter_map(|variant| variant.get("const").cloned())
            .collect();
        if constants.len() == variants.len() {
            return self.check_enum(value, &constants, pointer);
        }
        if value.as_str() == Some("")
            && variants
                .iter()
                .any(|variant| variant.get("type").and_then(Value::as_str) == Some("null"))
        {
            return Value::Null;
        }
        let mut best: Option<Vec<FieldProblem>> = None;
        for variant in variants {
            let mut trial = Checker {
                problems: Vec::new(),
            };
            let coerced = trial.check(value, variant, pointer);
            if trial.problems.is_empty() {
                return coerced;
            }
            // A problem deep inside a variant means that its outer shape did fit.
            let depth = |problems: &[FieldProblem]| {
                problems.iter().map(|problem| problem.pointer.len()).max()
            };
            if best
                .as_ref()
                .is_none_or(|known| depth(&trial.problems) > depth(known))
            {
                best = Some(trial.problems);
            }
        }
        self.problems.extend(best.unwrap_or_default());
        Value::Null
    }
}

fn scalar(value: &Value, wanted: &str) -> Option<Value> {
    match (wanted, value) {
        ("string", Value::String(_))
        | ("boolean", Value::Bool(_))
        | ("number", Value::Number(_))
        | ("null", Value::Null) => Some(value.clone()),
        ("string", Value::Number(_) | Value::Bool(_)) => Some(Value::String(value.to_string())),
        ("integer", Value::Number(number)) if number.is_i64() || number.is_u64() => {
            Some(value.clone())
        }
        ("integer", Value::String(text)) => {
            let signed = text.trim().parse::<i64>().map(Value::from);
            signed
                .or_else(|_| text.trim().parse::<u64>().map(Value::from))
                .ok()
        }
        ("number", Value::String(text)) => text.trim().parse::<f64>().ok().map(Value::from),
        ("boolean", Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    }
}

fn name_of(pointer: &str) -> String {
    match pointer
        .rsplit('/')
        .find(|part| part.parse::<usize>().is_err())
    {
        Some(name) if !name.is_empty() => format!("`{name}`"),
        _ => "the value".to_string(),
    }
}

fn article(wanted: &str) -> String {
    match wanted {
        "integer" => "a whole number".to_string(),
        "boolean" => "true or false".to_string(),
        other => format!("a {other}"),
    }
}

/// Names the sort of a value; strings are not quoted, since they may be secrets.
fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "that number",
        Value::String(_) => "that text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests;
