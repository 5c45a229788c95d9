//! The resources of the API, one file each: handlers with their requests and answers.

pub(crate) mod access_keys;
pub(crate) mod accounts;
pub(crate) mod audit;
pub(crate) mod authorize;
pub(crate) mod backfills;
pub(crate) mod body;
pub(crate) mod caller;
pub(crate) mod connectors;
pub(crate) mod datasources;
pub(crate) mod description;
pub(crate) mod error;
pub(crate) mod etag;
pub(crate) mod folders;
pub(crate) mod idempotency;
pub(crate) mod instance;
pub(crate) mod instances;
pub(crate) mod jobs;
pub(crate) mod members;
pub(crate) mod page;
pub(crate) mod projects;
pub(crate) mod resource_groups;
pub(crate) mod rotation;
pub(crate) mod runs;
pub(crate) mod schedules;
pub(crate) mod session;
pub(crate) mod time;
