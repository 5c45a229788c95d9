//! Calendars: days off that schedules of a project share, such as the holidays of a country.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use super::problem::RuleProblem;

/// Dates on which nothing is due, in the zone of each schedule that goes by them.
pub(crate) type DaysOff = Arc<BTreeSet<NaiveDate>>;

/// Calendars of a project by name: all, or those that are needed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Calendars(BTreeMap<String, DaysOff>);

impl Calendars {
    /// The days off of a schedule that names a calendar, or none.
    pub(super) fn days_off(&self, name: Option<&str>) -> Result<DaysOff, RuleProblem> {
        let Some(name) = name else {
            return Ok(DaysOff::default());
        };
        self.0.get(name).cloned().ok_or_else(|| {
            let nearest = sdk::nearest(name, self.0.keys().map(String::as_str));
            let hint = match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "name one of the project, or none".to_owned(),
            };
            RuleProblem::new("/calendar", format!("there is no calendar `{name}`"), hint)
        })
    }
}

impl FromIterator<(String, BTreeSet<NaiveDate>)> for Calendars {
    fn from_iter<I: IntoIterator<Item = (String, BTreeSet<NaiveDate>)>>(all: I) -> Self {
        let shared = |(name, days): (String, BTreeSet<NaiveDate>)| (name, Arc::new(days));
        Self(all.into_iter().map(shared).collect())
    }
}
