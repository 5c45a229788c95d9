//! `/api/v1/projects/{project}/runs`.

mod act;
mod log;
mod start;
mod takeover;
