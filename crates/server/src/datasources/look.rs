//! Opens a stored data source for somebody who looks into it.

use sdk::{Browser, Error, Kind, Result};
use serde_json::Value;

use super::policy::{Policy, Target};
use crate::access::secrets::{self, Parts};
use crate::settings::InstanceSettings;
use crate::state::App;
use crate::store::datasource::Datasource;

/// A way to look into a data source, once it is known that it may be reached. `table` is what will be looked at,
/// if that is known; for files it is a path.
pub(crate) async fn open(
    app: &App,
    settings: &InstanceSettings,
    (row, parts): (&Datasource, &Parts),
    table: Option<&str>,
) -> Result<Box<dyn Browser>> {
    let connector = app.registry.find(&row.connector).ok_or_else(|| {
        Error::new(
            Kind::Unsupported,
            format!("this server has no connector `{}`", row.connector),
        )
        .hint("it was left out of this build; use one that has it")
    })?;
    let config = secrets::joined(parts)?;
    let target = Target {
        connector,
        config: &config,
        paths: table.map(str::to_string).into_iter().collect(),
    };
    let policy = Policy::of(settings)?;
    if let Some(problem) = policy.check(&target).await.into_iter().next() {
        return Err(problem);
    }
    match connector.open_browser(&Value::Object(config)) {
        None => Err(Error::new(
            Kind::Unsupported,
            format!("{} has no tables to look at", connector.title),
        )
        .hint("describe its columns in the job")),
        Some(Err(_)) => Err(Error::new(
            Kind::Config,
            format!("the settings of datasource `{}` are not right", row.name),
        )
        .hint("ask who manages the datasource to open it and correct the fields that are marked")),
        Some(Ok(opening)) => opening().await,
    }
}
