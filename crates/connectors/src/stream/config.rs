//! The parameters of both sides and the check of a column's settings.

use schemars::JsonSchema;
use sdk::{Error, Kind, Result};
use serde::Deserialize;

use super::generate::{Column, Values};
use crate::format::dates::Pattern;
use crate::format::kind::TextKind;
use crate::format::layout::{Pick, TextColumnPlan, position_name};
use crate::format::parse;

/// The longest random text; the first batch, whose size nobody knows yet, must fit the memory.
const MOST_CHARACTERS: usize = 1 << 20;

/// Nothing to reach, so nothing to say.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Datasource {}

/// What rows to make.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ReaderParameters {
    /// The columns and how their values are made.
    pub(super) column: Vec<ColumnParameters>,
    /// Rows in all, shared out among the tasks.
    #[serde(default)]
    pub(super) row_count: Option<u64>,
    /// Rows of each task, one task per channel.
    #[serde(default)]
    pub(super) slice_record_count: Option<u64>,
    /// Another seed gives other random values, the same seed the same ones.
    #[serde(default = "seed")]
    pub(super) seed: u64,
}

fn seed() -> u64 {
    1
}

/// A column of made-up values. Without `value`, `random` and `incr`, whole numbers count from 1 and
/// other types are random.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ColumnParameters {
    /// The column's name; `column1` and so on when absent.
    #[serde(default)]
    pub(super) name: Option<String>,
    /// The type: string, long, double, boolean, date, bytes, or a SQL type such as `integer`,
    /// `decimal(15,2)`, `timestamp`, `timestamptz`, `uuid`. Text when absent.
    #[serde(default, rename = "type")]
    pub(super) type_name: Option<String>,
    /// The same value in every row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // Described as a plain text, so that an empty one is a value and not an absent option.
    #[schemars(with = "String")]
    pub(super) value: Option<String>,
    /// Random values between two bounds, both included: `1,100`, `2024-01-01, 2024-12-31`. For text
    /// and bytes the bounds of the length, at most 1048576, for booleans the shares of false and true.
    #[serde(default)]
    pub(super) random: Option<String>,
    /// Counted values: the first one and the step, `1,1`. Steps of dates are days, of timestamps
    /// seconds.
    #[serde(default)]
    pub(super) incr: Option<String>,
    /// How dates in `value`, `random` and `incr` are written, as a Java pattern; ISO 8601 when absent.
    #[serde(default)]
    pub(super) date_format: Option<String>,
    /// The share of rows that are NULL, from 0 to 1.
    #[serde(default)]
    pub(super) null_ratio: f64,
}

/// What to do with the rows.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "accepted for the sake of documents that have them"
)]
pub(super) struct WriterParameters {
    /// The columns' names; nothing is done with them.
    #[serde(default)]
    #[schemars(extend("x-without-effect" = "rows are counted, whatever their columns are called"))]
    column: Vec<String>,
    /// No effect: rows are counted, never printed. Write to a `file` to see them.
    #[serde(default)]
    #[schemars(extend("x-without-effect" = "rows are counted, never printed"))]
    print: Option<bool>,
    /// No effect, since nothing is printed.
    #[serde(default)]
    #[schemars(extend("x-without-effect" = "nothing is printed"))]
    field_delimiter: Option<String>,
    /// No effect: use the connector `file` to write files.
    #[serde(default)]
    #[schemars(extend("x-without-effect" = "the connector `file` writes files"))]
    path: Option<String>,
    /// No effect: use the connector `file` to write files.
    #[serde(default)]
    #[schemars(extend("x-without-effect" = "the connector `file` writes files"))]
    file_name: Option<String>,
    /// No effect: use the job's rate limit to slow it down.
    #[serde(default)]
    #[schemars(extend("x-without-effect" = "the job's rate limit slows it down"))]
    record_num_before_sleep: Option<u64>,
    /// No effect: use the job's rate limit to slow it down.
    #[serde(default)]
    #[schemars(extend("x-without-effect" = "the job's rate limit slows it down"))]
    sleep_time: Option<u64>,
}

impl ColumnParameters {
    /// The column, or what is wrong with its settings.
    pub(super) fn checked(&self, place: usize) -> Result<Column> {
        let name = self.name.clone().unwrap_or_else(|| position_name(place));
        self.build(&name)
            .map_err(|message| Error::new(Kind::Config, format!("column \"{name}\": {message}")))
    }

    fn build(&self, name: &str) -> std::result::Result<Column, String> {
        let mut kind = match &self.type_name {
            Some(type_name) => TextKind::named(type_name)?,
            None => TextKind::Text,
        };
        let pattern = match &self.date_format {
            Some(format) => Some(Pattern::parse(format)?),
            None => None,
        };
        kind = kind.written_as(pattern.as_ref())?;
        let settings = [&self.value, &self.random, &self.incr];
        // Without a pattern, a time of day tells that a `date` of DataX is a timestamp.
        let timed = settings
            .iter()
            .any(|text| text.as_ref().is_some_and(|text| text.contains(':')));
        if kind == TextKind::Date && timed {
            kind = TextKind::Timestamp;
        }
        if !(0.0..=1.0).contains(&self.null_ratio) {
            return Err("`nullRatio` must be between 0 and 1".to_string());
        }
        let plan = TextColumnPlan {
            name: name.to_string(),
            pick: Pick::Constant(String::new()),
            kind,
            pattern,
        };
        let values = match settings.map(Option::as_deref) {
            [Some(value), None, None] => Values::Constant(parse::constant(value, &plan)?),
            [None, Some(random), None] => random_values(random, &plan)?,
            [None, None, Some(incr)] => counted_values(incr, &plan)?,
            [None, None, None] => default_values(kind)?,
            _ => {
                return Err("only one of `value`, `random` and `incr` can be given".to_string());
            }
        };
        Ok(Column {
            name: name.to_string(),
            kind,
            values,
            null_ratio: self.null_ratio,
        })
    }
}

fn pair<'a>(key: &str, text: &'a str) -> std::result::Result<(&'a str, &'a str), String> {
    text.split_once(',')
        .map(|(first, second)| (first.trim(), second.trim()))
        .ok_or_else(|| format!("`{key}` must be two values with a comma between, such as `1,100`"))
}

fn random_values(text: &str, plan: &TextColumnPlan) -> std::result::Result<Values, String> {
    let (low, high) = pair("random", text)?;
    let number = |text: &str| {
        text.parse::<usize>()
            .map_err(|_| "`random` must be two whole numbers here".to_string())
    };
    let values = match plan.kind {
        TextKind::Text | TextKind::Bytes => Values::Lengths(number(low)?, number(high)?),
        TextKind::Boolean => Values::Shares(number(low)? as u64, number(high)? as u64),
        TextKind::Float | TextKind::Double | TextKind::ExactDouble => {
            let number = |text: &str| {
                text.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
                    .ok_or_else(|| "`random` must be two numbers here".to_string())
            };
            Values::Between(number(low)?, number(high)?)
        }
        TextKind::Json | TextKind::Uuid => {
            return Err("`random` has no meaning for this type".to_string());
        }
        _ => Values::Random(parse::ticks(low, plan)?, parse::ticks(high, plan)?),
    };
    let orderly = match &values {
        Values::Lengths(_, high) if *high > MOST_CHARACTERS => {
            return Err(format!(
                "`random` can be at most {MOST_CHARACTERS} characters"
            ));
        }
        Values::Lengths(low, high) => low <= high,
        Values::Shares(no, yes) => *no > 0 || *yes > 0,
        Values::Between(low, high) => low <= high,
        Values::Random(low, high) => low <= high,
        _ => true,
    };
    if orderly {
        Ok(values)
    } else {
        Err(format!("`random` of `{text}` leaves no value to choose"))
    }
}

fn counted_values(text: &str, plan: &TextColumnPlan) -> std::result::Result<Values, String> {
    let (first, step) = pair("incr", text)?;
    let whole = |text: &str| {
        text.parse::<i128>()
            .map_err(|_| "the step in `incr` must be a whole number".to_string())
    };
    let step = match plan.kind {
        TextKind::Short | TextKind::Integer | TextKind::Long | TextKind::Date => whole(step)?,
        TextKind::Decimal(..) => parse::ticks(step, plan)?,
        TextKind::Time | TextKind::Timestamp | TextKind::TimestampTz => {
            whole(step)?.saturating_mul(1_000_000)
        }
        _ => return Err("`incr` has no meaning for this type".to_string()),
    };
    Ok(Values::Counted {
        first: parse::ticks(first, plan)?,
        step,
    })
}

fn default_values(kind: TextKind) -> std::result::Result<Values, String> {
    const DAY: i128 = 86_400_000_000;
    Ok(match kind {
        TextKind::Short | TextKind::Integer | TextKind::Long => {
            Values::Counted { first: 1, step: 1 }
        }
        TextKind::Text => Values::Lengths(1, 20),
        TextKind::Bytes => Values::Lengths(0, 20),
        TextKind::Boolean => Values::Shares(1, 1),
        TextKind::Float | TextKind::Double | TextKind::ExactDouble => Values::Between(0.0, 1.0),
        TextKind::Decimal(precision, _) => {
            let limit = 10_i128.pow(u32::from(precision)) - 1;
            Values::Random(-limit, limit)
        }
        // The years 2000 to 2029.
        TextKind::Date => Values::Random(10_957, 21_914),
        TextKind::Timestamp | TextKind::TimestampTz => Values::Random(10_957 * DAY, 21_914 * DAY),
        TextKind::Time => Values::Random(0, DAY - 1),
        TextKind::Uuid => Values::Uuids,
        TextKind::Json => return Err("a JSON column needs a `value`".to_string()),
    })
}
