//! What tests share: a store in memory whose reader and writer follow a script of faults, and a
//! short way to run a job against it. Development only.

mod faults;
mod ledger;
mod memory;
mod run;

pub use faults::{Action, Fault, Step};
pub use ledger::DyingLedger;
pub use memory::{MemoryStore, id_column, registry, schema_of};
pub use run::{TestRun, run_job};
