//! `/api/v1/projects/{project}/runs`.

mod act;
mod defect;
mod log;
mod replay;
mod retention;
mod start;
mod takeover;
