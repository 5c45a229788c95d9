//! The server: REST API, metadata store, scheduler and access control.
//!
//! Reading order: `router` is the whole API on one page; `api` has a file for each resource, and in
//! `api/caller.rs` who calls; `access` says who may do what; `store` keeps everything; `schedule` holds
//! the rules of time, `documents` says what is wrong with a job document. `runs` makes runs and `runner` does
//! them. `alerts` tells people what happens, `lineage` and `metrics` other programs, `servers` who is there;
//! `sign_on` asks the provider of single sign-on. `serve` starts and stops it all.

mod access;
mod alerts;
mod api;
mod clock;
mod config;
mod console;
mod datasources;
mod documents;
mod lineage;
mod metrics;
mod pointer;
mod retention;
mod rotation;
mod router;
mod runner;
mod runs;
mod schedule;
mod scheduler;
mod serve;
mod servers;
mod settings;
mod sign_on;
mod state;
mod store;

pub use access::signature::{DATE_HEADER, Request as SignedRequest, sign};
pub use access::vault::KeyRing;
pub use clock::Clock;
pub use config::{Lineage, Observe, OidcConfig, Passwords, ServerConfig, Shutdown, Tls};
pub use console::Console;
pub use router::openapi;
pub use serve::{Equipment, Server, use_tls};
