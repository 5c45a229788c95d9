//! One suite for all connectors, run through the real engine against an in-memory other side.
//!
//! A connector describes itself as a [`Subject`]; [`run()`] picks the cases that apply to what it
//! offers, runs them all, and fails with every subject and case that broke a promise of the contract
//! in `sdk`. Whether single values are what the store means by them is for the connector's own tests,
//! which ask the store; the suite asks the store only which rows are visible.
//!
//! `values` are the cases about rows and types, `delivery` those about writing, failing and going on,
//! `connection` those about the network; `trial` is what they share.

mod connection;
mod delivery;
mod proxy;
mod sink;
mod source;
mod subject;
mod trial;
mod values;

use std::time::Duration;

use futures::FutureExt;
use futures::future::LocalBoxFuture;

pub use engine::Datasource;
pub use proxy::CuttingProxy;
pub use sink::{Sink, keeps_sink_promises};
pub use source::{Source, keeps_source_promises};
pub use subject::{Cut, Misfit, Mode, ModeOutcome, Network, Store, Subject, Table, TypeCase};
pub use trial::Verdict;
pub use values::{Pairing, pair};

/// Far more than any case needs; a case that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

struct Case {
    name: &'static str,
    applies: fn(&Subject) -> bool,
    run: for<'a> fn(&'a Subject) -> LocalBoxFuture<'a, Verdict>,
}

fn always(_: &Subject) -> bool {
    true
}

const CASES: &[Case] = &[
    Case {
        name: "schema",
        applies: always,
        run: |subject| values::schema(subject).boxed_local(),
    },
    Case {
        name: "every type with its extremes and NULL",
        applies: |subject| !subject.types.is_empty(),
        run: |subject| values::every_type(subject).boxed_local(),
    },
    Case {
        name: "splits cover all rows once",
        applies: always,
        run: |subject| values::splits(subject).boxed_local(),
    },
    Case {
        name: "an empty table",
        applies: always,
        run: |subject| values::empty_table(subject).boxed_local(),
    },
    Case {
        name: "a table of one row",
        applies: always,
        run: |subject| values::one_row(subject).boxed_local(),
    },
    Case {
        name: "wide rows",
        applies: always,
        run: |subject| values::wide_rows(subject).boxed_local(),
    },
    Case {
        name: "write modes",
        applies: always,
        run: |subject| delivery::write_modes(subject).boxed_local(),
    },
    Case {
        name: "rows that cannot be converted",
        applies: always,
        run: |subject| delivery::rows_that_cannot_be_converted(subject).boxed_local(),
    },
    Case {
        name: "rows that the target refuses",
        applies: |subject| subject.misfit.is_some(),
        run: |subject| delivery::rows_that_the_target_refuses(subject).boxed_local(),
    },
    Case {
        name: "too many dirty rows leave no trace",
        applies: |subject| subject.misfit.is_some(),
        run: |subject| delivery::too_many_dirty_rows(subject).boxed_local(),
    },
    Case {
        name: "abort leaves no trace",
        applies: always,
        run: |subject| delivery::abort(subject).boxed_local(),
    },
    Case {
        name: "a task that is tried again",
        applies: always,
        run: |subject| delivery::task_tried_again(subject).boxed_local(),
    },
    Case {
        name: "attempts that were given up",
        applies: always,
        run: |subject| delivery::attempts_given_up(subject).boxed_local(),
    },
    Case {
        name: "resume as a target",
        applies: always,
        run: |subject| delivery::resume_as_target(subject).boxed_local(),
    },
    Case {
        name: "resume as a source",
        applies: always,
        run: |subject| delivery::resume_as_source(subject).boxed_local(),
    },
    Case {
        name: "a wrong password",
        applies: |subject| subject.locked_out.is_some(),
        run: |subject| connection::wrong_password(subject).boxed_local(),
    },
    Case {
        name: "a connection that drops while reading",
        applies: |subject| subject.network.is_some(),
        run: |subject| connection::dropped_while_reading(subject).boxed_local(),
    },
    Case {
        name: "a connection that drops while writing",
        applies: |subject| subject.network.is_some(),
        run: |subject| connection::dropped_while_writing(subject).boxed_local(),
    },
];

/// Runs every case that applies; panics with the list of those that failed.
pub async fn run(subject: &Subject) {
    let mut failures = Vec::new();
    let mut case_count = 0;
    for case in CASES.iter().filter(|case| (case.applies)(subject)) {
        case_count += 1;
        let verdict = tokio::time::timeout(PATIENCE, (case.run)(subject)).await;
        let verdict = verdict.unwrap_or_else(|_| Err("does not end".to_string()));
        if let Err(problem) = verdict {
            failures.push(format!("{}, {}: {problem}", subject.name, case.name));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {case_count} cases failed\n{}",
        failures.len(),
        failures.join("\n")
    );
}
