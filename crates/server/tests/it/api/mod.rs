//! One module per resource, as the URLs name them.

mod accounts;
mod alert_channels;
mod alert_rules;
mod alerts;
mod allow_list;
mod audit;
mod backfills;
mod body;
mod calendars;
mod connectors;
pub(crate) mod datasources;
mod description;
mod folders;
mod instances;
mod jobs;
mod limits;
mod metrics;
mod projects;
mod resource_groups;
mod routes;
mod runs;
mod schedules;
mod servers;
mod session;
