//! Made-up rows and a sink that only counts: for dry runs, tests and benchmarks.
//!
//! `config` checks the parameters, `generate` makes a value of any row without the rows before it,
//! `read` cuts the rows into splits, `write` counts.

mod config;
mod generate;
mod read;
mod write;

use sdk::{Connector, Family, Tier};

/// The connector `stream`.
pub(crate) fn connector() -> Connector {
    Connector::new::<config::Datasource>(
        "stream",
        "Stream",
        Family::Synthetic,
        Tier::Tested("itself"),
    )
    .words("zh", include_str!("zh.json"))
    .reader(read::open)
    .writer(write::open)
}
