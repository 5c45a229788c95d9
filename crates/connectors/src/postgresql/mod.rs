//! PostgreSQL, and servers that speak its protocol: reads and writes by binary COPY, straight to and
//! from Arrow. Use, limits and promises are in the folder's README.
//!
//! Reading order: `config` and `url` are what users write; `connect` makes a `session` of it, on top
//! of `tls` and `tap`; `catalog` and `typemap` say what is there and what it is in Arrow; `read`,
//! `plan` and `split` are the reader; `write`, `isolate`, `sieve` and `merge` the writer; `browse`
//! looks around, and `draft` writes tables. `copy` is the codec, `exchange` the messages around it, `fault` what refusals mean.
//! `lab` opens the codec to benchmarks and fuzzing.

mod browse;
mod catalog;
mod config;
mod connect;
mod copy;
mod draft;
mod exchange;
mod fault;
mod idle;
mod isolate;
pub mod lab;
mod merge;
mod names;
mod plan;
mod read;
mod rules;
mod session;
mod sieve;
mod slices;
mod split;
mod sql;
mod tap;
mod target;
mod tls;
mod typemap;
mod url;
mod write;

use sdk::{Connector, Family, Tier};

/// The connector as the registry lists it.
pub(crate) fn connector() -> Connector {
    Connector::new::<config::Datasource>(
        "postgresql",
        "PostgreSQL",
        Family::Relational,
        Tier::Tested("PostgreSQL 15"),
    )
    .aliases(&[
        "postgres",
        "adbpg",
        "analyticdb_for_postgresql",
        "greenplum",
        "gpdb",
    ])
    .words("zh", include_str!("zh.json"))
    .reader(read::open)
    .writer(write::open)
    .browser(browse::open)
    .reads(names::read)
    .writes(names::written)
}
