//! Answers as people read them: tables, facts, and times without fractions.

use serde_json::Value;

use super::arguments::ListArguments;
use super::client::{Answer, Call, Client};
use crate::catalog::aligned;
use crate::exit::{Exit, Stop};
use crate::print;

/// The most that a page of a list has.
const LONGEST_PAGE: u32 = 500;

/// A column or a fact: its title, and the place of its value as a JSON pointer.
pub(super) type Field = (&'static str, &'static str);

/// Shows an answer: as it is, or in words.
pub(super) fn answer(
    is_json: bool,
    answer: &Answer,
    words: impl FnOnce(&Value) -> String,
) -> Result<Exit, Stop> {
    if is_json {
        // An answer without a body says nothing.
        if !answer.text.is_empty() {
            print::out(format_args!("{}\n", answer.text.trim_end()))?;
        }
    } else {
        print::out(words(&answer.body))?;
    }
    Ok(Exit::Success)
}

/// Shows a list, a page of it or all.
pub(super) async fn list(
    client: &Client,
    is_json: bool,
    wanted: &ListArguments,
    call: impl Fn() -> Call,
    fields: &[Field],
) -> Result<Exit, Stop> {
    if !wanted.all {
        let call = call()
            .with("limit", Some(wanted.limit))
            .with("cursor", wanted.cursor.as_ref());
        let page = client.send(call).await?;
        if !is_json && let Some(cursor) = page.body["nextCursor"].as_str() {
            print::err(format_args!(
                "notice: more follow; see them with --all, or with --cursor {cursor}"
            ));
        }
        return answer(is_json, &page, |body| table(items(body), fields));
    }
    let all = everything(client, call).await?;
    if is_json {
        let body = serde_json::json!({ "items": all });
        print::out(format_args!("{body}\n"))?;
    } else {
        print::out(table(&all, fields))?;
    }
    Ok(Exit::Success)
}

/// All items of a list, page after page.
pub(super) async fn everything(
    client: &Client,
    call: impl Fn() -> Call,
) -> Result<Vec<Value>, Stop> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let call = call()
            .with("limit", Some(LONGEST_PAGE))
            .with("cursor", cursor.as_ref());
        let page = client.send(call).await?.body;
        all.extend_from_slice(items(&page));
        cursor = page["nextCursor"].as_str().map(str::to_string);
        if cursor.is_none() {
            return Ok(all);
        }
    }
}

pub(super) fn items(body: &Value) -> &[Value] {
    let list = body.as_array().or_else(|| body["items"].as_array());
    list.map_or(&[], Vec::as_slice)
}

/// A row for each item, below the titles.
pub(super) fn table(items: &[Value], fields: &[Field]) -> String {
    let mut rows = vec![
        fields
            .iter()
            .map(|(title, _)| (*title).to_string())
            .collect::<Vec<_>>(),
    ];
    for item in items {
        rows.push(fields.iter().map(|(_, at)| cell(item, at)).collect());
    }
    aligned(&rows)
}

/// One thing, a line for each of its facts; what it has not got is left out.
pub(super) fn facts(thing: &Value, fields: &[Field]) -> String {
    let rows: Vec<[String; 2]> = fields
        .iter()
        .map(|(title, at)| [(*title).to_string(), cell(thing, at)])
        .filter(|[_, value]| !value.is_empty())
        .collect();
    aligned(&rows)
}

/// The text of a value.
pub(super) fn cell(thing: &Value, at: &str) -> String {
    match thing.pointer(at) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => time(text),
        Some(Value::Bool(true)) => "yes".to_string(),
        Some(Value::Bool(false)) => "no".to_string(),
        Some(Value::Array(items)) => {
            let texts: Vec<String> = items.iter().map(|item| cell(item, "")).collect();
            texts.join(", ")
        }
        Some(Value::Object(fields)) => {
            let pair = |(key, value): (&String, &Value)| format!("{key}={}", cell(value, ""));
            fields.iter().map(pair).collect::<Vec<_>>().join(" ")
        }
        Some(number) => number.to_string(),
    }
}

/// A time without fractions of a second; any other text as it is.
fn time(text: &str) -> String {
    match text.split_once('.') {
        Some((start, fraction))
            if text.len() < 40
                && text.as_bytes().get(10) == Some(&b'T')
                && fraction.ends_with('Z') =>
        {
            format!("{start}Z")
        }
        _ => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_written_for_people() {
        let thing = json!({
            "at": "2026-03-04T10:00:00.123456Z", "name": "a.Zb", "no": null, "yes": true,
            "list": ["a", 1], "states": {"done": 2}, "control": "a\u{1b}[31mb",
        });
        assert_eq!(cell(&thing, "/at"), "2026-03-04T10:00:00Z");
        assert_eq!(cell(&thing, "/name"), "a.Zb");
        assert_eq!(cell(&thing, "/list"), "a, 1");
        assert_eq!(cell(&thing, "/states"), "done=2");
        let text = facts(
            &thing,
            &[("no", "/no"), ("yes", "/yes"), ("control", "/control")],
        );
        assert_eq!(text, "yes      yes\ncontrol  a\\u{1b}[31mb\n");
        let rows = [thing];
        assert_eq!(
            table(&rows, &[("n", "/name"), ("l", "/list")]),
            "n     l\na.Zb  a, 1\n"
        );
    }
}
