//! Partition specifications such as `pt='20240101',hh='07'`.
//!
//! Owns their text forms: quoted for REST and SQL, bare for Tunnel (`PROTOCOL.md`, section 4.4).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Names and values of partition keys, in the order they were given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartitionSpec(Vec<(String, String)>);

/// Why a partition specification was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsePartitionError(String);

impl fmt::Display for ParsePartitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParsePartitionError {}

impl PartitionSpec {
    /// A specification of these keys and values; names become lower case, as the service keeps them.
    pub fn new<N, V>(
        keys: impl IntoIterator<Item = (N, V)>,
    ) -> Result<PartitionSpec, ParsePartitionError>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let mut spec = PartitionSpec(Vec::new());
        for (name, value) in keys {
            let (name, value) = (name.into().to_lowercase(), value.into());
            if name.is_empty() || value.is_empty() {
                return Err(ParsePartitionError(format!(
                    "a partition key and its value cannot be empty: `{name}={value}`"
                )));
            }
            if spec.value(&name).is_some() {
                return Err(ParsePartitionError(format!(
                    "the partition key `{name}` is given twice"
                )));
            }
            spec.0.push((name, value));
        }
        if spec.0.is_empty() {
            return Err(ParsePartitionError("no partition key is given".to_owned()));
        }
        Ok(spec)
    }

    /// Names and values.
    pub fn keys(&self) -> &[(String, String)] {
        &self.0
    }

    /// The value of a key.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The form of REST and SQL: `pt='20240101',hh='07'`.
    pub fn to_sql(&self) -> String {
        let parts = self.0.iter().map(|(name, value)| {
            let value = value.replace('\\', "\\\\").replace('\'', "\\'");
            format!("{name}='{value}'")
        });
        parts.collect::<Vec<_>>().join(",")
    }
}

/// The form of Tunnel: `pt=20240101,hh=07`.
impl fmt::Display for PartitionSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (name, value)) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(",")?;
            }
            write!(f, "{name}={value}")?;
        }
        Ok(())
    }
}

impl From<PartitionSpec> for String {
    fn from(spec: PartitionSpec) -> String {
        spec.to_sql()
    }
}

impl TryFrom<String> for PartitionSpec {
    type Error = ParsePartitionError;

    fn try_from(text: String) -> Result<PartitionSpec, ParsePartitionError> {
        text.parse()
    }
}

/// Accepts values in single, double or no quotes, and `,` or `/` between keys.
impl FromStr for PartitionSpec {
    type Err = ParsePartitionError;

    fn from_str(text: &str) -> Result<PartitionSpec, ParsePartitionError> {
        let wrong = |reason: &str| {
            ParsePartitionError(format!("cannot read the partition `{text}`: {reason}"))
        };
        let mut keys = Vec::new();
        let mut rest = text.trim();
        loop {
            let (name, after) = rest
                .split_once('=')
                .ok_or_else(|| wrong("a key has no `=`"))?;
            let name = name.trim().trim_matches('`');
            let (value, after) =
                take_value(after.trim_start()).ok_or_else(|| wrong("a quote is not closed"))?;
            keys.push((name.to_owned(), value));
            rest = match after.trim_start().strip_prefix([',', '/']) {
                Some(next) => next,
                None if after.trim().is_empty() => break,
                None => return Err(wrong("text behind a closing quote")),
            };
        }
        PartitionSpec::new(keys).map_err(|error| wrong(&error.0))
    }
}

/// The value at the beginning of the text, and the text behind it.
fn take_value(text: &str) -> Option<(String, &str)> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
        let end = text.find([',', '/']).unwrap_or(text.len());
        return Some((text[..end].trim_end().to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((position, c)) = characters.next() {
        match c {
            '\\' => value.push(characters.next()?.1),
            _ if c == quote => return Some((value, &text[position + c.len_utf8()..])),
            _ => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_one_partition() {
        for text in [
            "pt=20240101,hh=07",
            "PT='20240101',hh=\"07\"",
            " pt = 20240101 / hh = '07' ",
            "`pt`='20240101'/hh=07",
        ] {
            let spec: PartitionSpec = text.parse().unwrap();
            assert_eq!(spec.to_string(), "pt=20240101,hh=07", "{text}");
            assert_eq!(spec.to_sql(), "pt='20240101',hh='07'", "{text}");
        }
    }

    #[test]
    fn special_characters_survive_serialisation() {
        let spec = PartitionSpec::new([("pt", "a'b\\c,d/e=中"), ("x", "\"")]).unwrap();
        let json = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<PartitionSpec>(&json).unwrap(), spec);
    }

    #[test]
    fn incomplete_text_is_refused() {
        for text in [
            "",
            "pt",
            "pt=",
            "=x",
            "pt='x",
            "pt='x'y",
            "pt=1,pt=2",
            "pt=1,",
        ] {
            assert!(text.parse::<PartitionSpec>().is_err(), "{text}");
        }
    }
}
