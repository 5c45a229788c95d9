//! `/api/v1/projects/{project}/runs`.

mod act;
mod defect;
mod start;
mod takeover;
