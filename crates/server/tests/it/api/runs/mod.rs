//! `/api/v1/projects/{project}/runs`.

mod act;
mod channels;
mod defect;
mod limit;
mod list;
mod log;
mod replay;
mod retention;
mod start;
mod takeover;
