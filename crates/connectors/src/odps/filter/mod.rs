//! The condition of a `/*query*/` partition expression: its parts and what they mean.
//!
//! Comparisons, `in`, `between`, `like`, `is null`, `and`, `or`, `not` over partition columns.
//! A partition's value is text. It compares as a number with an unquoted number if it reads as one,
//! and as text with everything else. `parse` turns the text into these parts.

mod parse;

use std::cmp::Ordering;

use maxcompute::types::PartitionSpec;
use sdk::Error;

use super::partition::wildcard;

/// A condition over one partition's values.
#[derive(Debug, PartialEq)]
pub(super) struct Filter(Condition);

impl Filter {
    /// Reads a condition that may name only these partition columns.
    pub(super) fn parse(text: &str, keys: &[String]) -> Result<Filter, Error> {
        parse::condition(text, keys).map(Filter)
    }

    /// Whether a partition meets the condition.
    pub(super) fn holds(&self, partition: &PartitionSpec) -> bool {
        holds(&self.0, partition)
    }
}

/// Nesting is bounded by the parser, so walking it cannot exhaust the stack.
#[derive(Debug, PartialEq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Operand, Operator, Operand),
    In(Operand, Vec<Operand>),
    Between(Operand, Operand, Operand),
    Like(Operand, String),
    /// A partition column always has a value, so this is a constant; kept for the documents that
    /// say `dt is not null`.
    IsNull,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    /// A partition column, spelled as the table spells it.
    Column(String),
    Text(String),
    /// A number as it was written.
    Number(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

fn holds(condition: &Condition, partition: &PartitionSpec) -> bool {
    let compare = |left: &Operand, right: &Operand| compare(left, right, partition);
    match condition {
        Condition::All(parts) => parts.iter().all(|part| holds(part, partition)),
        Condition::Any(parts) => parts.iter().any(|part| holds(part, partition)),
        Condition::Not(part) => !holds(part, partition),
        Condition::Compare(left, operator, right) => {
            let order = compare(left, right);
            match operator {
                Operator::Equal => order.is_eq(),
                Operator::NotEqual => order.is_ne(),
                Operator::Less => order.is_lt(),
                Operator::LessOrEqual => order.is_le(),
                Operator::Greater => order.is_gt(),
                Operator::GreaterOrEqual => order.is_ge(),
            }
        }
        Condition::In(operand, list) => list.iter().any(|item| compare(operand, item).is_eq()),
        Condition::Between(operand, low, high) => {
            compare(operand, low).is_ge() && compare(operand, high).is_le()
        }
        Condition::Like(operand, pattern) => wildcard(pattern, text(operand, partition), '%', '_'),
        Condition::IsNull => false,
    }
}

fn compare(left: &Operand, right: &Operand, partition: &PartitionSpec) -> Ordering {
    let numeric = matches!(left, Operand::Number(_)) || matches!(right, Operand::Number(_));
    let (left, right) = (text(left, partition), text(right, partition));
    if numeric {
        if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
            return left.cmp(&right);
        }
        if let (Ok(left), Ok(right)) = (left.parse::<f64>(), right.parse::<f64>()) {
            return left.total_cmp(&right);
        }
    }
    left.cmp(right)
}

fn text<'a>(operand: &'a Operand, partition: &'a PartitionSpec) -> &'a str {
    match operand {
        // The parser lets through only names of partition columns.
        Operand::Column(name) => partition.value(name).unwrap_or_default(),
        Operand::Text(text) | Operand::Number(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<String> {
        vec!["dt".to_string(), "region".to_string(), "in".to_string()]
    }

    fn holds(condition: &str) -> bool {
        let partition =
            PartitionSpec::new([("dt", "20240109"), ("region", "cn"), ("in", "9")]).unwrap();
        Filter::parse(condition, &keys()).unwrap().holds(&partition)
    }

    #[test]
    fn conditions_hold_as_in_sql() {
        for condition in [
            "dt >= '20240101' and region = 'cn'",
            "DT>=20240101 AND Region='cn'",
            "dt = 020240109",
            "dt in ('1', '20240109')",
            "dt not in ('1')",
            "dt between '20240101' and '20240131' and region like 'c_'",
            "not dt between 1 and 2",
            "dt like '2024%' or region = 'us'",
            "dt not like '2023%'",
            "region <> 'us' and region != 'eu'",
            "region = 'us' and region = 'cn' or region = 'cn'",
            "region = 'cn' or region = 'cn' and region = 'us'",
            "not (region = 'us' or dt < '2024')",
            "dt is not null",
            "`in` < 10",
            "`in` > '10'",
            "10.5 > `in`",
            "`in` >= -1",
            "'20240109' == dt;",
            "region = \"cn\"",
            "region <> 'it''s' -- a remark",
        ] {
            assert!(holds(condition), "{condition}");
        }
        for condition in [
            "dt is null",
            "dt < '20240101'",
            "region = 'CN'",
            "region in ('us', 'eu')",
            "not (not (dt = '1'))",
            "dt = 20240109.5",
        ] {
            assert!(!holds(condition), "{condition}");
        }
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let message = |condition: &str| {
            Filter::parse(condition, &keys())
                .unwrap_err()
                .message()
                .to_string()
        };
        assert_eq!(
            message("dd = '1'"),
            "cannot read partition filter `dd = '1'`: at character 1: `dd` is not a partition column"
        );
        assert_eq!(
            message("dt = '1' and"),
            "cannot read partition filter `dt = '1' and`: at character 13: a column or value is missing"
        );
        assert_eq!(
            message("max_pt('t') = dt"),
            "cannot read partition filter `max_pt('t') = dt`: at character 1: functions such as `max_pt` are not supported"
        );
        assert_eq!(
            message("dt = 'x"),
            "cannot read partition filter `dt = 'x`: at character 6: a quote is not closed"
        );
        for condition in [
            "",
            "dt",
            "dt = ",
            "dt = '1' region = '2'",
            "(dt = '1'",
            "dt in ()",
            "dt like 5 6",
            "dt = 1 # 2",
        ] {
            assert!(Filter::parse(condition, &keys()).is_err(), "{condition}");
        }
        assert!(Filter::parse(&"(".repeat(100_000), &keys()).is_err());
        assert!(Filter::parse(&"not ".repeat(100_000), &keys()).is_err());
    }
}
