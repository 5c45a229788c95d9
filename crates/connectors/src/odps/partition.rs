//! Partition expressions: `pt=20240101/ds=hz`, wildcards, and the choice among existing partitions.
//!
//! Owns their text and the matching. Filters (`/*query*/ …`) are parsed by `filter`; asking the
//! service for partitions is left to `table`.

use maxcompute::types::PartitionSpec;
use sdk::{Error, Kind};

use super::filter::Filter;

/// One item of a reader's `partition` list.
#[derive(Debug, PartialEq)]
pub(super) enum Choice {
    /// Exactly this one.
    One(PartitionSpec),
    /// Every one whose values match; the pairs stand in key order.
    Wild(PartitionSpec),
    /// Every one for which the condition holds.
    Filter(Filter),
}

impl Choice {
    /// Reads one item against the table's partition keys.
    pub(super) fn parse(text: &str, keys: &[String]) -> Result<Choice, Error> {
        if let Some(condition) = text.trim().strip_prefix("/*query*/") {
            return Filter::parse(condition, keys).map(Choice::Filter);
        }
        let partition = parse(text, keys)?;
        let wild = partition
            .keys()
            .iter()
            .any(|(_, value)| value.contains(['*', '?']));
        Ok(if wild {
            Choice::Wild(partition)
        } else {
            Choice::One(partition)
        })
    }

    /// Whether an existing partition is meant.
    pub(super) fn covers(&self, partition: &PartitionSpec) -> bool {
        match self {
            Choice::One(wanted) => wanted == partition,
            Choice::Wild(pattern) => pattern.keys().iter().all(|(key, glob)| {
                partition
                    .value(key)
                    .is_some_and(|value| matches(glob, value))
            }),
            Choice::Filter(filter) => filter.holds(partition),
        }
    }
}

/// Reads the one partition of a writer.
pub(super) fn parse_one(text: &str, keys: &[String]) -> Result<PartitionSpec, Error> {
    match Choice::parse(text, keys)? {
        Choice::One(partition) => Ok(partition),
        Choice::Wild(_) | Choice::Filter(_) => Err(Error::new(
            Kind::Config,
            format!("partition `{text}` does not name one partition"),
        )
        .hint(format!(
            "a writer fills exactly one partition; write `{}`",
            example(keys)
        ))),
    }
}

/// Reads `key=value` pairs separated by `/` or `,`, in any order, and puts them into that of the keys.
fn parse(text: &str, keys: &[String]) -> Result<PartitionSpec, Error> {
    let wrong = |message: String| {
        Error::new(Kind::Config, message).hint(format!("write `{}`", example(keys)))
    };
    let plain = text.trim().trim_end_matches(['/', ',']);
    let given: PartitionSpec = plain.parse().map_err(|error| wrong(format!("{error}")))?;
    let is_key = |name: &str| keys.iter().any(|key| key.eq_ignore_ascii_case(name));
    let strange = given.keys().iter().filter(|(name, _)| !is_key(name));
    let strange: Vec<&str> = strange.map(|(name, _)| name.as_str()).collect();
    let missing = keys.iter().filter(|key| given.value(key).is_none());
    let missing: Vec<&str> = missing.map(String::as_str).collect();
    if !strange.is_empty() {
        let names = strange.join("`, `");
        return Err(wrong(format!(
            "partition `{text}` names columns by which the table is not partitioned: `{names}`"
        )));
    }
    if !missing.is_empty() {
        let names = missing.join("`, `");
        return Err(wrong(format!(
            "partition `{text}` says nothing about `{names}`"
        )));
    }
    let values = keys
        .iter()
        .map(|key| (key.as_str(), given.value(key).unwrap_or_default()));
    PartitionSpec::new(values).map_err(|error| wrong(format!("{error}")))
}

/// Whether `value` matches a pattern of `*` (anything) and `?` (one character).
pub(super) fn matches(pattern: &str, value: &str) -> bool {
    wildcard(pattern, value, '*', '?')
}

/// The one matcher behind `*`/`?` and SQL's `%`/`_`: on a mismatch it goes back to the last "any"
/// only, so its time is at most the product of the two lengths.
pub(super) fn wildcard(pattern: &str, value: &str, any: char, one: char) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let value: Vec<char> = value.chars().collect();
    let (mut p, mut v) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while v < value.len() {
        if p < pattern.len() && pattern[p] == any {
            retry = Some((p + 1, v));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == one || pattern[p] == value[v]) {
            p += 1;
            v += 1;
        } else if let Some((after, from)) = retry {
            retry = Some((after, from + 1));
            p = after;
            v = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == any)
}

/// An example of a full specification for these keys.
pub(super) fn example(keys: &[String]) -> String {
    let parts: Vec<String> = keys.iter().map(|key| format!("{key}=…")).collect();
    parts.join("/")
}

/// Up to ten partitions by name, for messages; the latest names come first, since they are the
/// likeliest to be meant.
pub(super) fn list(partitions: &[PartitionSpec]) -> String {
    let mut names: Vec<String> = partitions
        .iter()
        .rev()
        .take(10)
        .map(|one| format!("`{one}`"))
        .collect();
    if partitions.len() > names.len() {
        names.push(format!("and {} more", partitions.len() - names.len()));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<String> {
        vec!["pt".to_string(), "hh".to_string()]
    }

    #[test]
    fn every_spelling_of_one_partition_is_understood() {
        for text in [
            "pt=20240101/hh=07",
            "pt=20240101,hh=07",
            " PT = '20240101' , hh=\"07\" ",
            "hh=07/pt=20240101",
            "pt=20240101/hh=07/",
        ] {
            let partition = parse_one(text, &keys()).unwrap();
            assert_eq!(partition.to_string(), "pt=20240101,hh=07", "{text}");
        }
        assert_eq!(
            parse_one("pt='a/b,c', hh=d e=f", &keys()).unwrap(),
            PartitionSpec::new([("pt", "a/b,c"), ("hh", "d e=f")]).unwrap()
        );
    }

    #[test]
    fn wrong_specifications_say_what_is_wrong() {
        let message = |text: &str| {
            Choice::parse(text, &keys())
                .unwrap_err()
                .message()
                .to_string()
        };
        for (text, expected) in [
            ("pt=1", "partition `pt=1` says nothing about `hh`"),
            (
                "pt=1/dd=2",
                "partition `pt=1/dd=2` names columns by which the table is not partitioned: `dd`",
            ),
            (
                "pt=1/pt=2",
                "cannot read the partition `pt=1/pt=2`: the partition key `pt` is given twice",
            ),
            (
                "pt=/hh=1",
                "cannot read the partition `pt=/hh=1`: a partition key and its value cannot be empty: `pt=`",
            ),
            (
                "pt='1/hh=1",
                "cannot read the partition `pt='1/hh=1`: a quote is not closed",
            ),
            (
                "20240101",
                "cannot read the partition `20240101`: a key has no `=`",
            ),
            ("", "cannot read the partition ``: a key has no `=`"),
        ] {
            assert_eq!(message(text), expected);
        }
        assert_eq!(
            parse_one("pt=*/hh=1", &keys()).unwrap_err().hint_text(),
            Some("a writer fills exactly one partition; write `pt=…/hh=…`")
        );
    }

    #[test]
    fn wildcards_cover_whole_values() {
        let choice = Choice::parse("pt=2024*/hh=0?", &keys()).unwrap();
        let covers = |pt: &str, hh: &str| {
            choice.covers(&PartitionSpec::new([("pt", pt), ("hh", hh)]).unwrap())
        };
        assert!(covers("20240101", "07"));
        assert!(covers("2024", "0é"));
        assert!(!covers("20230101", "07"));
        assert!(!covers("20240101", "007"));
        assert!(matches("*a*b", "xxaxxbxxb"));
        assert!(!matches("*a*b", "xxbxxa"));
        assert!(matches("*", ""));
        assert!(!matches("", "x"));
        assert!(!matches(&"*a".repeat(2_000), &"a".repeat(1_999)));
    }

    #[test]
    fn lists_are_short() {
        let partitions: Vec<PartitionSpec> = (0..13)
            .map(|day| PartitionSpec::new([("pt", format!("{day:02}"))]).unwrap())
            .collect();
        let text = list(&partitions);
        assert!(text.starts_with("`pt=12`, `pt=11`, "), "{text}");
        assert!(text.ends_with("`pt=03`, and 3 more"), "{text}");
    }
}
