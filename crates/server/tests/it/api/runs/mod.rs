//! `/api/v1/projects/{project}/runs`.

mod act;
mod channels;
mod defect;
mod dirty;
mod limit;
mod list;
mod log;
mod queue;
mod replay;
mod retention;
mod start;
mod takeover;
