//! Names that come from outside: identifiers, partition specifications and the ids this server gives out.
//!
//! A name is checked before it is used. Folders are named by ids or by hashes, never by text of a client, so no name
//! can leave the data folder.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use maxcompute::sign::compact_date;
use maxcompute::types::{Column, PartitionSpec, Type};
use sha2::{Digest, Sha256};

use crate::clock::since_epoch;

const MAX_IDENTIFIER_CHARS: usize = 128;
const MAX_PARTITION_VALUE_BYTES: usize = 255;

/// The lower-case form of a project, table or column name, if it may be one.
pub(crate) fn identifier(text: &str) -> Option<String> {
    let mut length = 0;
    for character in text.chars() {
        if !(character.is_alphanumeric() || character == '_') {
            return None;
        }
        length += 1;
    }
    (1..=MAX_IDENTIFIER_CHARS)
        .contains(&length)
        .then(|| text.to_lowercase())
}

/// The name under which a table is kept: `table` in the schema `default`, `schema.table` in another.
pub(crate) fn qualified(schema: Option<&str>, table: &str) -> String {
    match schema {
        Some(schema) => format!("{schema}.{table}"),
        None => table.to_owned(),
    }
}

/// The schema of a name, none for `default`, and the table's own name.
pub(crate) fn split_name(qualified: &str) -> (Option<&str>, &str) {
    match qualified.split_once('.') {
        Some((schema, table)) => (Some(schema), table),
        None => (None, qualified),
    }
}

/// A new id in the form the service uses: the time, then letters and digits.
pub(crate) fn new_id() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    static SALT: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()));
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now();
    let day = compact_date(now);
    let milliseconds = since_epoch(now).as_millis() % 86_400_000;
    format!("{day}{milliseconds:08}g{:08x}{count:06x}", *SALT as u32)
}

/// The values of all partition keys of one partition, in declared order. A table without partition keys has one
/// partition without values.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Spec(Vec<String>);

/// Why a partition specification does not name a partition of a table.
#[derive(Debug)]
pub(crate) struct SpecError(String);

impl fmt::Display for SpecError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Spec {
    pub(crate) fn from_values(values: Vec<String>) -> Self {
        Self(values)
    }

    pub(crate) fn values(&self) -> &[String] {
        &self.0
    }

    /// The specification of one partition: every key must be given.
    pub(crate) fn resolve(pairs: &[(String, String)], keys: &[Column]) -> Result<Self, SpecError> {
        let chosen = Self::prefix(pairs, keys)?;
        let mut values = Vec::with_capacity(keys.len());
        for (key, value) in keys.iter().zip(chosen) {
            let value = value
                .ok_or_else(|| SpecError(format!("partition key {} has no value", key.name)))?;
            values.push(value);
        }
        Ok(Self(values))
    }

    /// Values for some of the keys, in declared order.
    pub(crate) fn prefix(
        pairs: &[(String, String)],
        keys: &[Column],
    ) -> Result<Vec<Option<String>>, SpecError> {
        let mut values = vec![None; keys.len()];
        for (name, value) in pairs {
            let Some(index) = keys
                .iter()
                .position(|key| key.name.eq_ignore_ascii_case(name))
            else {
                return Err(SpecError(format!(
                    "{name:?} is no partition key of the table"
                )));
            };
            let value = partition_value(&keys[index], value)?;
            if values[index].replace(value).is_some() {
                return Err(SpecError(format!("partition key {name} is given twice")));
            }
        }
        Ok(values)
    }

    /// `pt=20240101,hh=07`
    pub(crate) fn to_text(&self, keys: &[Column], separator: &str) -> String {
        let mut text = String::new();
        for (key, value) in keys.iter().zip(&self.0) {
            if !text.is_empty() {
                text.push_str(separator);
            }
            text.push_str(&key.name);
            text.push('=');
            text.push_str(value);
        }
        text
    }

    /// A folder name that no value can bend.
    pub(crate) fn folder(&self) -> String {
        let mut hash = Sha256::new();
        for value in &self.0 {
            hash.update((value.len() as u64).to_le_bytes());
            hash.update(value.as_bytes());
        }
        let mut name = String::from("p");
        for byte in &hash.finalize()[..16] {
            name.push_str(&format!("{byte:02x}"));
        }
        name
    }
}

/// Keys and values of a specification in any of its spellings; empty text names no key.
pub(crate) fn parse_spec(text: &str) -> Result<Vec<(String, String)>, SpecError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let parsed: PartitionSpec = text
        .parse()
        .map_err(|error| SpecError(format!("{error}")))?;
    Ok(parsed.keys().to_vec())
}

fn partition_value(key: &Column, value: &str) -> Result<String, SpecError> {
    if value.is_empty() {
        return Err(SpecError(format!(
            "partition key {} has an empty value",
            key.name
        )));
    }
    if value.len() > MAX_PARTITION_VALUE_BYTES {
        return Err(SpecError(format!(
            "the value of partition key {} is too long",
            key.name
        )));
    }
    let range = match key.r#type {
        Type::TinyInt => i8::MIN.into()..=i8::MAX.into(),
        Type::SmallInt => i16::MIN.into()..=i16::MAX.into(),
        Type::Int => i32::MIN.into()..=i32::MAX.into(),
        Type::BigInt => i64::MIN + 1..=i64::MAX,
        _ => return Ok(value.to_owned()),
    };
    match value.parse::<i64>() {
        Ok(number) if range.contains(&number) => Ok(number.to_string()),
        _ => Err(SpecError(format!(
            "{value:?} is no {} for partition key {}",
            key.r#type, key.name
        ))),
    }
}

#[cfg(test)]
mod tests {
    use maxcompute::types::{Column, Type};

    use super::{Spec, identifier, new_id, parse_spec};

    #[test]
    fn identifiers_are_lowered_and_cannot_be_paths() {
        assert_eq!(identifier("T_1").as_deref(), Some("t_1"));
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a\0b",
            "a b",
            &"x".repeat(129),
        ] {
            assert_eq!(identifier(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn ids_differ_and_are_plain() {
        let (first, second) = (new_id(), new_id());
        assert_ne!(first, second);
        assert!(
            first
                .chars()
                .all(|character| character.is_ascii_alphanumeric())
        );
    }

    #[test]
    fn partitions_are_resolved_against_their_keys() {
        let keys = [
            Column::new("pt", Type::String),
            Column::new("hh", Type::BigInt),
        ];
        let spec = |text: &str| {
            let pairs = parse_spec(text).map_err(|error| error.to_string())?;
            Spec::resolve(&pairs, &keys).map_err(|error| error.to_string())
        };
        let expected = Spec::from_values(vec!["a".to_owned(), "7".to_owned()]);
        assert_eq!(spec("HH='07',pt=a").expect("complete"), expected);
        for bad in [
            "",
            "pt=a",
            "pt=a,hh=x",
            "pt=a,hh=1,x=2",
            "pt=a,hh=9223372036854775808",
        ] {
            assert!(spec(bad).is_err(), "{bad}");
        }
        let long = format!("pt={},hh=1", "x".repeat(256));
        assert!(spec(&long).is_err());
        assert_ne!(
            Spec::from_values(vec!["a".into(), "bc".into()]).folder(),
            Spec::from_values(vec!["ab".into(), "c".into()]).folder()
        );
    }
}
