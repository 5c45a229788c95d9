//! Plans a job and copies the data in this process.
//!
//! Reading order: [`resolve`](resolve()) turns a job into opened connectors, `plan` makes the
//! mapping and the tasks, [`run_split`] is the one loop that moves a split, with nothing of the
//! process around it but its [`SplitContext`], and [`run`](run()) drives the tasks from preparation to
//! commit. `ledger` is the memory that makes a killed run resumable;
//! `meter` and `report` are what people see of it.

mod columns;
mod context;
mod convert;
mod dirty;
mod expression;
mod failure;
mod ledger;
mod mapping;
mod meter;
mod plan;
mod replay;
mod report;
mod resolve;
mod run;
mod sides;
mod task;
mod wrap;

pub use context::SplitContext;
pub use convert::Fit;
pub use dirty::{DirtyRows, DirtySink, DirtyTask};
pub use failure::Failure;
pub use ledger::{Event, FileLedger, History, Ledger, TaskState};
pub use meter::{Counts, Meter, Progress};
pub use plan::{Comparison, MappedColumn, Origin, Plan, compare, plan};
pub use replay::{BrokenLine, KeptRows, MendedRows, Replay, RowForm};
pub use report::{Outcome, Report, TaskPhase, TaskReport};
pub use resolve::{Datasource, Datasources, Resolved, resolve};
pub use run::{Ended, RunContext, run};
pub use task::{PreparedJob, run_split};
pub use wrap::{RateLimit, Throttle};
