//! What a type refuses that its schema lets pass, each with its place.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::{FieldProblem, escaped};

/// The value as its type, which may refuse what the schema lets pass. Serde ends at the first value that is
/// wrong, so each that is found is left out and the rest read again, until one is missing.
pub(super) fn typed<T: DeserializeOwned>(mut value: Value) -> Result<T, Vec<FieldProblem>> {
    let mut problems: Vec<FieldProblem> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(value.clone()) {
            Ok(typed) if problems.is_empty() => return Ok(typed),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let message = error.inner().to_string();
        let place = place_of(error.path()).or_else(|| culprit::<T>(&value, &message));
        let Some(pointer) = place else {
            if problems.is_empty() {
                problems.push(FieldProblem::new("", message));
            }
            return Err(problems);
        };
        let field = pointer.split('/').nth(1).unwrap_or_default();
        let field = field.replace("~1", "/").replace("~0", "~");
        let left_out = value.as_object_mut().and_then(|all| all.remove(&field));
        problems.push(FieldProblem::new(pointer, message));
        if left_out.is_none() {
            return Err(problems);
        }
    }
}

/// Where serde stood; nothing for the whole value.
fn place_of(path: &serde_path_to_error::Path) -> Option<String> {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Enum { .. } => {}
            Segment::Unknown => break,
        }
    }
    (!pointer.is_empty()).then_some(pointer)
}

/// The field without which the error is another one. Serde keeps no place of flattened fields.
fn culprit<T: DeserializeOwned>(value: &Value, message: &str) -> Option<String> {
    let fields = value
        .as_object()
        .filter(|_| !message.starts_with("missing"))?;
    for key in fields.keys() {
        let mut others = fields.clone();
        others.remove(key);
        match serde_json::from_value::<T>(Value::Object(others)) {
            Err(error) if error.to_string() == message => {}
            _ => return Some(format!("/{}", escaped(key))),
        }
    }
    None
}
