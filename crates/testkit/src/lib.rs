//! What tests share: a store in memory whose reader and writer follow a script of faults, a short way
//! to run a job against it, and the suite that every connector passes. Development only.

pub mod conformance;
mod faults;
mod ledger;
mod memory;
mod run;

pub use conformance::CuttingProxy;
pub use faults::{Action, Fault, Step};
pub use ledger::{Death, DyingLedger};
pub use memory::{MemoryStore, id_column, registry, schema_of};
pub use run::{TestRun, run_job};
