//! The API of a server from a terminal: one file for each noun, with its verbs and what they do.
//!
//! `profile` keeps where servers are and the access keys for them, `client` signs and sends requests, `project`
//! turns names into ids, `show` prints answers. Nothing is decided here that the server decides.

pub(crate) mod api;
pub(crate) mod arguments;
pub(crate) mod backfill;
mod client;
mod form;
pub(crate) mod instance;
pub(crate) mod job;
mod job_file;
pub(crate) mod login;
mod profile;
pub(crate) mod project;
pub(crate) mod runs;
pub(crate) mod schedule;
mod show;
pub(crate) mod source;
mod source_form;
mod watch;
