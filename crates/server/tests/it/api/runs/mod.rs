//! `/api/v1/projects/{project}/runs`.

mod act;
mod replay;
mod retention;
mod start;
mod takeover;
