//! The secrets in a datasource's configuration: taken out before it is stored, put back for a run, hidden when
//! it is shown, and kept when it is changed by somebody who does not know them.
//!
//! What is secret is told by the connector's JSON Schema (`writeOnly`) and, inside addresses, by
//! [`job::has_secret`]. Sealing is the business of [`super::vault`].

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use sdk::{Error, FieldProblem, Result, Secret};
use serde_json::{Map, Value};

use super::outbound::{Host, endpoints_of};
use crate::pointer::{child, unescaped};

type Config = Map<String, Value>;

/// A configuration in two parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parts {
    /// Without the secret fields, and with addresses whose passwords are left out.
    pub(crate) public: Config,
    pub(crate) secrets: Secrets,
}

/// Secret values by the JSON pointers of their places; of an address with a password in it, the whole address.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Secrets(BTreeMap<String, Value>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    /// The text to seal.
    pub(crate) fn to_text(&self) -> Secret {
        let values = self
            .0
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()));
        Secret::new(Value::Object(values.collect()).to_string())
    }

    /// What [`Secrets::to_text`] gave.
    pub(crate) fn from_text(text: &Secret) -> Result<Secrets> {
        // The error of the parser could quote a part of the text.
        let values = serde_json::from_str::<BTreeMap<String, Value>>(text.expose());
        let values = values.map_err(|_| Error::internal("opened secrets have an unknown form"))?;
        Ok(Secrets(values))
    }

    /// A text with every secret that stands in it hidden.
    pub(crate) fn hide(&self, text: &str) -> String {
        let mut texts = Vec::new();
        for value in self.0.values() {
            texts_of(value, &mut texts);
        }
        // A longer one may hold a shorter one.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        let hide = |shown: String, secret: &&str| shown.replace(secret, "***");
        texts.iter().fold(text.to_string(), hide)
    }

    /// Where there are secrets, as JSON pointers.
    pub(crate) fn pointers(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The shortest secret that is looked for: shorter ones stand in every text.
const SHORTEST: usize = 4;

fn texts_of<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.len() >= SHORTEST => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| texts_of(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| texts_of(field, texts)),
        _ => {}
    }
}

/// Takes the secrets out of a new configuration. Empty ones are none.
pub(crate) fn split(config: &Config, schema: &Value) -> Parts {
    update(config, schema, &Secrets::default())
}

/// Takes the secrets out of a changed configuration. A secret that is absent or null, and an address that is as
/// it was shown, keep what was stored; an empty text clears it.
pub(crate) fn update(config: &Config, schema: &Value, stored: &Secrets) -> Parts {
    let whole = Value::Object(config.clone());
    let has_moved = |(at, stored): &(&String, &Value)| match stored.as_str() {
        Some(text) if job::has_secret(text) => {
            whole.pointer(at).and_then(Value::as_str) != Some(without_secrets(text).as_str())
        }
        _ => false,
    };
    let mut walk = Walk {
        stored,
        moved: stored.0.iter().filter(has_moved).collect(),
        secrets: Secrets::default(),
    };
    let public = walk.object(config, &[schema], "");
    Parts {
        public,
        secrets: walk.secrets,
    }
}

/// The whole configuration, for the connector.
pub(crate) fn joined(parts: &Parts) -> Result<Config> {
    let mut config = parts.public.clone();
    for (pointer, secret) in &parts.secrets.0 {
        put(&mut config, pointer, secret.clone()).ok_or_else(|| {
            Error::internal(format!(
                "the stored secret `{pointer}` belongs to no field of the configuration"
            ))
        })?;
    }
    Ok(config)
}

/// The configuration as it is shown: a stored secret is null, and addresses are without their passwords.
pub(crate) fn masked(parts: &Parts) -> Config {
    let mut config = parts.public.clone();
    let whole = Value::Object(parts.public.clone());
    for pointer in parts.secrets.pointers() {
        if whole.pointer(pointer).is_none() {
            put(&mut config, pointer, Value::Null);
        }
    }
    config
}

/// A problem for each secret that a change keeps while it sends it to other hosts: whoever may change the
/// address could otherwise have the password sent to a server of their own.
pub(crate) fn kept_for_other_hosts(before: &Parts, after: &Parts) -> Vec<FieldProblem> {
    let hosts = |parts: &Parts| -> Option<HashSet<(Host, Option<u16>)>> {
        let found = endpoints_of(&joined(parts).ok()?).ok()?;
        Some(
            found
                .into_iter()
                .map(|found| (found.host, found.port))
                .collect(),
        )
    };
    match (hosts(before), hosts(after)) {
        (Some(known), Some(wanted)) if wanted.is_subset(&known) => Vec::new(),
        _ => kept(before, after),
    }
}

fn kept(before: &Parts, after: &Parts) -> Vec<FieldProblem> {
    let same =
        |(pointer, value): &(&String, &Value)| before.secrets.0.get(*pointer) == Some(*value);
    let kept = after.secrets.0.iter().filter(same);
    kept.map(|(pointer, _)| {
        let name = pointer
            .rsplit('/')
            .find(|part| part.parse::<usize>().is_err());
        let name = name.unwrap_or_default();
        FieldProblem::new(
            pointer,
            format!("`{name}` was given for another host than the one that is named now"),
        )
        .hint("enter it again")
    })
    .collect()
}

/// Sets a value in the configuration; the object or list that holds it must be there.
fn put(config: &mut Config, pointer: &str, value: Value) -> Option<()> {
    let (parent, key) = pointer.rsplit_once('/')?;
    let mut whole = Value::Object(std::mem::take(config));
    let placed = match whole.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            fields.insert(unescaped(key), value);
            Some(())
        }
        Some(Value::Array(items)) => {
            let item = key
                .parse::<usize>()
                .ok()
                .and_then(|index| items.get_mut(index));
            item.map(|item| *item = value)
        }
        _ => None,
    };
    if let Value::Object(fields) = whole {
        *config = fields;
    }
    placed
}

struct Walk<'a> {
    stored: &'a Secrets,
    /// Addresses that do not stand where they stood: a list may have been sorted.
    moved: Vec<(&'a String, &'a Value)>,
    secrets: Secrets,
}

/// All schemas that may describe a value.
type Schemas<'s> = [&'s Value];

impl Walk<'_> {
    /// The public part of an object.
    fn object(&mut self, fields: &Config, schemas: &Schemas<'_>, pointer: &str) -> Config {
        let variants = with_variants(schemas);
        let mut public = Config::new();
        for (key, value) in fields {
            let at = child(pointer, key);
            // What is secret in one variant is never shown, whichever is meant.
            let described: Vec<&Value> = variants
                .iter()
                .filter_map(|schema| property(schema, key))
                .collect();
            if let Some(value) = self.value(value, &described, &at) {
                public.insert(key.clone(), value);
            }
        }
        // What the client left out, unless the object has become another variant, which has no such field.
        for (at, value) in &self.stored.0 {
            let key = at
                .strip_prefix(pointer)
                .and_then(|rest| rest.strip_prefix('/'));
            let Some(key) = key.filter(|key| !key.contains('/')) else {
                continue;
            };
            let key = unescaped(key);
            let fitting = variants.iter().filter(|schema| fits(fields, schema));
            let mut described = fitting.filter_map(|schema| property(schema, &key));
            if !fields.contains_key(&key) && described.any(is_secret) {
                self.secrets.0.insert(at.clone(), value.clone());
            }
        }
        public
    }

    /// The public part of a value; nothing if all of it is secret.
    fn value(&mut self, value: &Value, schemas: &Schemas<'_>, pointer: &str) -> Option<Value> {
        if schemas.iter().any(|schema| is_secret(schema)) {
            self.secret(value, pointer);
            return None;
        }
        Some(match value {
            Value::Object(fields) => Value::Object(self.object(fields, schemas, pointer)),
            Value::Array(items) => {
                let described: Vec<&Value> = with_variants(schemas)
                    .iter()
                    .filter_map(|schema| schema.get("items"))
                    .collect();
                // A list keeps its places, so that the pointers of the secrets stay true.
                let item = |(index, item): (usize, &Value)| {
                    let at = child(pointer, &index.to_string());
                    self.value(item, &described, &at).unwrap_or(Value::Null)
                };
                Value::Array(items.iter().enumerate().map(item).collect())
            }
            Value::String(text) => Value::String(self.text(text, pointer)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    fn secret(&mut self, value: &Value, pointer: &str) {
        let kept = match value {
            Value::Null => self.stored.0.get(pointer).cloned(),
            Value::String(text) if text.is_empty() => None,
            value => Some(value.clone()),
        };
        if let Some(value) = kept {
            self.secrets.0.insert(pointer.to_string(), value);
        }
    }

    /// A text that may be an address with a password in it, or one that was shown without it.
    fn text(&mut self, text: &str, pointer: &str) -> String {
        if job::has_secret(text) {
            self.secrets.0.insert(pointer.to_string(), text.into());
            return without_secrets(text);
        }
        let is_shown_as_text = |stored: &&Value| {
            let stored = stored.as_str().filter(|stored| job::has_secret(stored));
            stored.is_some_and(|stored| without_secrets(stored) == text)
        };
        let here = self.stored.0.get(pointer).filter(is_shown_as_text);
        let elsewhere = || {
            let beside = self
                .moved
                .iter()
                .filter(|(at, _)| parent(at) == parent(pointer));
            beside.map(|(_, stored)| *stored).find(is_shown_as_text)
        };
        if let Some(stored) = here.or_else(elsewhere) {
            self.secrets.0.insert(pointer.to_string(), stored.clone());
        }
        text.to_string()
    }
}

/// An address without its password and without parameters that are secret, by the rules of [`job::has_secret`].
/// What cannot be taken apart that way is reduced to its scheme.
fn without_secrets(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return String::new();
    };
    let before_query = rest.split('?').next().unwrap_or_default();
    let at = before_query.rfind('@').or_else(|| rest.rfind('@'));
    let password = at.and_then(|at| Some(rest[..at].find(':')?..at));
    let (user, behind) = match password {
        Some(password) => (&rest[..password.start], &rest[password.end..]),
        None => ("", rest),
    };
    let place = behind.find(['?', ';']).unwrap_or(behind.len());
    let mut shown = format!("{scheme}://{user}{}", &behind[..place]);
    let mut separator = "?";
    if behind[place..].starts_with(';') {
        separator = ";";
    }
    for pair in behind[place..].split(['&', ';']) {
        let pair = pair.strip_prefix('?').unwrap_or(pair);
        if pair.is_empty() || job::has_secret(&format!("x://h?{pair}")) {
            continue;
        }
        shown.push_str(separator);
        shown.push_str(pair);
        separator = if separator == ";" { ";" } else { "&" };
    }
    match job::has_secret(&shown) {
        true => format!("{scheme}://"),
        false => shown,
    }
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn is_secret(schema: &Value) -> bool {
    let marked = |schema: &&Value| schema.get("writeOnly").and_then(Value::as_bool) == Some(true);
    with_variants(&[schema]).iter().any(marked)
}

/// The schemas and all that they offer as a choice, at any depth.
fn with_variants<'s>(schemas: &[&'s Value]) -> Vec<&'s Value> {
    let mut all = schemas.to_vec();
    let mut next = 0;
    while let Some(schema) = all.get(next).copied() {
        next += 1;
        for choice in ["anyOf", "oneOf", "allOf"] {
            all.extend(
                schema
                    .get(choice)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten(),
            );
        }
    }
    all
}

/// Whether an object can be the one that the schema describes: it has the constants that tell variants apart.
fn fits(fields: &Config, schema: &Value) -> bool {
    let properties = schema.get("properties").and_then(Value::as_object);
    let described = properties.into_iter().flatten();
    let mut constants = described.filter_map(|(key, property)| Some((key, property.get("const")?)));
    constants.all(|(key, constant)| fields.get(key) == Some(constant))
}

fn property<'s>(schema: &'s Value, key: &str) -> Option<&'s Value> {
    let named = schema
        .get("properties")
        .and_then(|properties| properties.get(key));
    named.or_else(|| {
        schema
            .get("additionalProperties")
            .filter(|extra| extra.is_object())
    })
}

#[cfg(test)]
mod tests;
