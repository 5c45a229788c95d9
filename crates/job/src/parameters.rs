//! Scheduling parameters: the values that a document's `${…}` and `$[…]` stand for.
//!
//! Owns the set of values of one run and their substitution into the strings of a document.
//! `expression` owns the time expressions, `declared` the values that parameters are given, `reference` finds references
//! in a text, `substitute` puts the values in.
//! The clock is read by the caller. The rules are those of `docs/guide/parameters.md`.

mod declared;
mod expression;
mod reference;
mod substitute;

pub(crate) use substitute::{brace_names, foreign_references, substitute};

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use chrono::{Months, NaiveDate, NaiveDateTime, NaiveTime};

use self::declared::{Part, SYSTEM_WORDS, System, parts};
use self::expression::{Baseline, Expression};
use self::reference::{Form, references};
use crate::document::{Document, Spelling};
use crate::node::{Content, Node, escaped};
use crate::secret::{MASK, Secrecy, is_secret_key};

const SYSTEM_BIZDATE: &str = "bdp.system.bizdate";
const SYSTEM_CYCTIME: &str = "bdp.system.cyctime";

/// Why a parameter has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterError(String);

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParameterError {}

/// The numbers of a scheduled run that `$jobid`, `$nodeid` and `$taskid` stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunNumber {
    /// `$jobid`: the workflow.
    Job,
    /// `$nodeid`: the node of the workflow.
    Node,
    /// `$taskid`: the instance of the node.
    Task,
}

/// The parameter values of one run.
///
/// ```
/// use chrono::NaiveDate;
/// let now = NaiveDate::from_ymd_opt(2024, 3, 1).unwrap().and_hms_opt(9, 30, 0).unwrap();
/// let mut parameters = job::Parameters::at(now, None, None);
/// parameters.set("month", "${yyyymm-1}").unwrap();
/// assert_eq!(parameters.value("bdp.system.bizdate").unwrap(), "20240229");
/// assert_eq!(parameters.value("month").unwrap(), "202401");
/// ```
#[derive(Clone)]
pub struct Parameters {
    bizdate: NaiveDate,
    cyctime: NaiveDateTime,
    gmtdate: NaiveDate,
    numbers: BTreeMap<RunNumber, String>,
    declared: BTreeMap<String, Vec<Part>>,
}

/// A reference of a document with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedParameter {
    /// The reference as written, for example `${bdp.system.bizdate}`.
    pub reference: String,
    /// Its value, masked when it stands in a secret, or why there is none.
    pub value: Result<String, ParameterError>,
    /// The places that use it, as JSON pointers; none for a declared parameter that nothing uses.
    pub pointers: Vec<String>,
}

impl Parameters {
    /// Values for a run of the given business date and scheduled time; `$gmtdate` is the day of the latter.
    pub fn new(bizdate: NaiveDate, cyctime: NaiveDateTime) -> Self {
        Self {
            bizdate,
            cyctime,
            gmtdate: cyctime.date(),
            numbers: BTreeMap::new(),
            declared: BTreeMap::new(),
        }
    }

    /// Values for a run started by hand at `now`.
    ///
    /// Without any date the run is that of today, 00:00:00, for the data of yesterday.
    /// A business date alone means the run on the day after it, at 00:00:00;
    /// a scheduled time alone means the data of the day before it.
    pub fn at(
        now: NaiveDateTime,
        bizdate: Option<NaiveDate>,
        cyctime: Option<NaiveDateTime>,
    ) -> Self {
        let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN);
        let cyctime = match (cyctime, bizdate) {
            (Some(cyctime), _) => cyctime,
            // The last day that can be counted has no day after it and stays itself.
            (None, Some(bizdate)) => midnight(bizdate.succ_opt().unwrap_or(bizdate)),
            (None, None) => midnight(now.date()),
        };
        let day = cyctime.date();
        let bizdate = bizdate.unwrap_or_else(|| day.pred_opt().unwrap_or(day));
        let mut parameters = Self::new(bizdate, cyctime);
        parameters.set_gmtdate(now.date());
        parameters
    }

    /// Sets the current date, which `$gmtdate` prints and `$bizmonth` compares with.
    pub fn set_gmtdate(&mut self, today: NaiveDate) {
        self.gmtdate = today;
    }

    /// Sets what `$jobid`, `$nodeid` or `$taskid` stands for.
    pub fn set_number(&mut self, number: RunNumber, value: impl Into<String>) {
        self.numbers.insert(number, value.into());
    }

    /// Declares the parameter `name`, which a document refers to as `${name}`.
    ///
    /// The value is `$bizdate` and its like, any text with `${yyyymmdd-1}` or `$[hh24miss-1/24]` in it,
    /// or a constant; a constant in single quotes is taken as it is.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ParameterError> {
        if !is_name(name) {
            return Err(ParameterError(format!(
                "`{name}` is no parameter name: letters, digits, `_` and `.`, beginning with a letter or `_`"
            )));
        }
        let parts = parts(value).map_err(|reason| {
            // The reason quotes the value.
            let reason = match is_secret_key(name) {
                true => "its value cannot be read; write it in single quotes",
                false => reason.as_str(),
            };
            ParameterError(format!("parameter `{name}`: {reason}"))
        })?;
        self.declared.insert(name.to_owned(), parts);
        Ok(())
    }

    /// The value that `${name}` stands for.
    pub fn value(&self, name: &str) -> Result<String, ParameterError> {
        self.braces(name).map_err(ParameterError)
    }

    /// The names that a document may refer to, system parameters last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let declared = self.declared.keys().map(String::as_str);
        declared.chain([SYSTEM_BIZDATE, SYSTEM_CYCTIME])
    }

    /// Every reference of a document with its value, in the order of the text, then declared parameters without use.
    pub fn resolve_all(&self, document: &Document) -> Vec<ResolvedParameter> {
        let mut resolved: Vec<ResolvedParameter> = Vec::new();
        let mut used = BTreeSet::new();
        // A reference has one value, except that it is masked in secrets.
        let mut places: HashMap<(String, Secrecy), usize> = HashMap::new();
        let mut note = |pointer: &str, secrecy: Secrecy, text: &str| {
            for reference in references(text) {
                let secrecy = secrecy.within(text, &reference.range);
                let written = &text[reference.range];
                let value = match self.resolve(reference.form, document.spelling()) {
                    Outcome::Value(_) if secrecy == Secrecy::Secret => Ok(MASK.to_owned()),
                    Outcome::Value(value) => Ok(value),
                    Outcome::Unknown(_)
                        if secrecy == Secrecy::Secret && reference.form == Form::Unclosed =>
                    {
                        continue;
                    }
                    Outcome::Unknown(reason) => Err(ParameterError(reason)),
                    Outcome::Text => continue,
                };
                used.extend(reference.form.name().map(str::to_owned));
                let place = places.entry((written.to_owned(), secrecy));
                let place = *place.or_insert_with(|| {
                    resolved.push(ResolvedParameter {
                        reference: written.to_owned(),
                        value,
                        pointers: Vec::new(),
                    });
                    resolved.len() - 1
                });
                resolved[place].pointers.push(pointer.to_owned());
            }
        };
        each_text(&document.root, "", Secrecy::Open, &mut note);
        for name in self.declared.keys().filter(|name| !used.contains(*name)) {
            resolved.push(ResolvedParameter {
                reference: format!("${{{name}}}"),
                value: self.value(name).map(|value| match is_secret_key(name) {
                    true => MASK.to_owned(),
                    false => value,
                }),
                pointers: Vec::new(),
            });
        }
        resolved
    }

    fn resolve(&self, form: Form<'_>, spelling: Spelling) -> Outcome {
        let result = match form {
            Form::Braces(inside) => self.braces(inside),
            Form::Brackets(inside) => self.brackets(inside),
            Form::Bare(name) if spelling == Spelling::DataX => match self.declared.get(name) {
                Some(parts) => self.joined(parts),
                None => return Outcome::Text,
            },
            Form::Bare(_) => return Outcome::Text,
            Form::Unclosed => Err("a reference begins with `${` or `$[` and does not end".into()),
        };
        match result {
            Ok(value) => Outcome::Value(value),
            Err(reason) => Outcome::Unknown(reason),
        }
    }

    fn braces(&self, inside: &str) -> Result<String, String> {
        // A declared name wins, so that `yy` may be declared, too.
        if let Some(parts) = self.declared.get(inside) {
            return self.joined(parts);
        }
        match inside {
            SYSTEM_BIZDATE => return self.system(System::BizDate),
            SYSTEM_CYCTIME => return self.system(System::CycTime),
            _ => {}
        }
        match Expression::parse(inside, Baseline::BizDate) {
            Ok(expression) => expression.on_bizdate(self.bizdate),
            // What begins like a date was meant as one; anything else is the name of a parameter.
            Err(reason)
                if ["yy", "mm", "dd"]
                    .iter()
                    .any(|part| inside.starts_with(part)) =>
            {
                Err(format!(
                    "`${{{inside}}}` is neither declared nor a date: {reason}"
                ))
            }
            Err(_) => Err(format!("parameter `{inside}` has no value")),
        }
    }

    fn brackets(&self, inside: &str) -> Result<String, String> {
        let expression = Expression::parse(inside, Baseline::CycTime);
        expression
            .and_then(|expression| expression.on_cyctime(self.cyctime))
            .map_err(|reason| format!("`$[{inside}]` is not a time: {reason}"))
    }

    fn joined(&self, parts: &[Part]) -> Result<String, String> {
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Constant(constant) => text.push_str(constant),
                Part::BizDate(expression) => text.push_str(&expression.on_bizdate(self.bizdate)?),
                Part::CycTime(expression) => text.push_str(&expression.on_cyctime(self.cyctime)?),
                Part::System(system) => text.push_str(&self.system(*system)?),
            }
        }
        Ok(text)
    }

    fn system(&self, system: System) -> Result<String, String> {
        match system {
            System::BizDate => Ok(self.bizdate.format("%Y%m%d").to_string()),
            System::CycTime => Ok(self.cyctime.format("%Y%m%d%H%M%S").to_string()),
            System::GmtDate => Ok(self.gmtdate.format("%Y%m%d").to_string()),
            System::BizMonth => {
                let month = |date: NaiveDate| date.format("%Y%m").to_string();
                let is_current = month(self.bizdate) == month(self.gmtdate);
                let date = match is_current {
                    true => self.bizdate.checked_sub_months(Months::new(1)),
                    false => Some(self.bizdate),
                };
                date.map(month)
                    .ok_or_else(|| "there is no month before".into())
            }
            System::Number(number) => self.numbers.get(&number).cloned().ok_or_else(|| {
                let word = SYSTEM_WORDS.iter().find(
                    |(_, system)| matches!(system, System::Number(other) if *other == number),
                );
                let word = word.map_or("$jobid", |(word, _)| word);
                format!("`{word}` is known in scheduled runs only")
            }),
        }
    }
}

fn is_name(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_word)
}

/// What became of a reference.
enum Outcome {
    Value(String),
    /// It is no reference after all.
    Text,
    Unknown(String),
}

impl<'t> Form<'t> {
    /// The declared parameter it may mean.
    fn name(self) -> Option<&'t str> {
        match self {
            Form::Braces(name) | Form::Bare(name) => Some(name),
            Form::Brackets(_) | Form::Unclosed => None,
        }
    }
}

fn each_text(
    node: &Node,
    pointer: &str,
    secrecy: Secrecy,
    seen: &mut impl FnMut(&str, Secrecy, &str),
) {
    match &node.content {
        Content::Text(text) => seen(pointer, secrecy, text),
        Content::List(items) => {
            for (index, item) in items.iter().enumerate() {
                each_text(item, &format!("{pointer}/{index}"), secrecy, seen);
            }
        }
        Content::Object(members) => {
            for member in members {
                let pointer = format!("{pointer}/{}", escaped(&member.key));
                let secrecy = secrecy.below(&member.key);
                each_text(&member.node, &pointer, secrecy, seen);
            }
        }
        Content::Null | Content::Bool(_) | Content::Number(_) => {}
    }
}

/// Reads a business date: `20240131` or `2024-01-31`.
pub fn parse_bizdate(text: &str) -> Result<NaiveDate, ParameterError> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d");
    match (compact(text, 8), date) {
        (Some(time), _) => Ok(time.date()),
        (None, Ok(date)) => Ok(date),
        _ => Err(ParameterError(format!(
            "`{text}` is not a date: write it as 20240131"
        ))),
    }
}

/// Reads a scheduled time: `20240131083000` or `2024-01-31 08:30:00`.
pub fn parse_cyctime(text: &str) -> Result<NaiveDateTime, ParameterError> {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S");
    compact(text, 14).or(time.ok()).ok_or_else(|| {
        ParameterError(format!(
            "`{text}` is not a time: write it as 20240131083000"
        ))
    })
}

/// A time written in digits only, of which the first `length` are given.
fn compact(text: &str, length: usize) -> Option<NaiveDateTime> {
    if text.len() != length || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| {
        text.get(from..to)
            .map_or(Some(0), |part| part.parse::<u32>().ok())
    };
    let year = i32::try_from(number(0, 4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(4, 6)?, number(6, 8)?)?;
    date.and_hms_opt(number(8, 10)?, number(10, 12)?, number(12, 14)?)
}

/// The debug output names the parameters only: values may be secret.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameters")
            .field("bizdate", &self.bizdate)
            .field("cyctime", &self.cyctime)
            .field("declared", &self.declared.keys())
            .finish_non_exhaustive()
    }
}
