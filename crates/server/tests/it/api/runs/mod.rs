//! `/api/v1/projects/{project}/runs`.

mod act;
mod start;
mod takeover;
