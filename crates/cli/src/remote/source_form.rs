//! The fields of a data source from the command line. Secrets come from the environment, from files, from a
//! question, or from the local file of data sources; never from the command line itself, which others can see.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Map, Value, json};

use super::form;
use super::source::Form;
use crate::arguments::DatasourceArguments;
use crate::datasources;
use crate::exit::Stop;
use crate::secrets;

/// Where the connector comes from.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct OriginArguments {
    /// The connector; `longshore schema CONNECTOR` shows its fields
    #[arg(long)]
    connector: Option<String>,
    /// Take connector and fields from this data source of the local file
    #[arg(long, value_name = "NAME")]
    local: Option<String>,
}

/// The fields of a data source.
#[derive(Args)]
pub(crate) struct ConfigArguments {
    /// A field: key=value for a text, key:=json for anything else; '${env:NAME}' and '${file:PATH}' stand for what
    /// they hold
    #[arg(short, long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// A field to leave out again
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// Ask for a secret field, or take it from a line of standard input
    #[arg(long, value_name = "KEY")]
    ask: Vec<String>,
    /// Fields as a JSON object, in a file that only you can read; `-` for standard input
    #[arg(long, value_name = "FILE")]
    config_file: Option<PathBuf>,
    /// The file of data sources for --local [default: as for `longshore run`]
    #[arg(long, value_name = "FILE", env = "LONGSHORE_DATASOURCES")]
    datasources: Option<PathBuf>,
    /// What it is
    #[arg(long)]
    description: Option<String>,
    /// The resource group that it is reached from
    #[arg(long, value_name = "NAME")]
    resource_group: Option<String>,
}

/// The form of a new data source.
pub(super) fn new(
    name: &str,
    origin: &OriginArguments,
    arguments: &ConfigArguments,
) -> Result<Form, Stop> {
    let registry = connectors::registry();
    let (connector, mut config) = match (&origin.connector, &origin.local) {
        (Some(connector), _) => (connector.clone(), Map::new()),
        (None, local) => {
            let local = local.as_deref().unwrap_or(name);
            let file = datasources::find(&DatasourceArguments {
                datasources: arguments.datasources.clone(),
            });
            let mut known = datasources::load(file.as_deref(), &registry)?;
            let found = known.remove(local).ok_or_else(|| {
                let stop = Stop::usage(format!("the local file has no data source `{local}`"));
                match sdk::nearest(local, known.keys().map(String::as_str)) {
                    Some(near) => stop.hint(format!("did you mean `{near}`?")),
                    None => stop.hint("name the file that has it with --datasources"),
                }
            })?;
            (found.connector, found.config)
        }
    };
    apply(&mut config, &connector, arguments)?;
    let mut body = json!({"name": name, "connector": connector, "config": config});
    form::set(&mut body, "description", arguments.description.as_deref());
    form::set(
        &mut body,
        "resourceGroup",
        arguments.resource_group.as_deref(),
    );
    Ok(Form(body))
}

/// What changes of a data source that is `known`.
pub(super) fn change(known: &Value, arguments: &ConfigArguments) -> Result<Value, Stop> {
    let mut body = json!({});
    form::set(&mut body, "description", arguments.description.as_deref());
    form::set(
        &mut body,
        "resourceGroup",
        arguments.resource_group.as_deref(),
    );
    let fields = [&arguments.set, &arguments.unset, &arguments.ask];
    if arguments.config_file.is_some() || fields.iter().any(|list| !list.is_empty()) {
        let mut config = known["config"].as_object().cloned().ok_or_else(|| {
            Stop::new(
                crate::exit::Exit::Unreachable,
                "you may not see the settings of this data source, so you cannot change them",
            )
            .hint("ask a member who manages data sources")
        })?;
        let connector = known["connector"].as_str().unwrap_or_default();
        apply(&mut config, connector, arguments)?;
        body["config"] = config.into();
    }
    if body == json!({}) {
        return Err(Stop::usage("there is nothing to change")
            .hint("name fields with --set, --unset or --ask, or a --description"));
    }
    Ok(body)
}

fn apply(
    config: &mut Map<String, Value>,
    connector: &str,
    arguments: &ConfigArguments,
) -> Result<(), Stop> {
    if let Some(path) = &arguments.config_file {
        if path != Path::new("-") {
            secrets::refuse_if_readable_by_all(path).map_err(Stop::usage)?;
        }
        config.extend(form::object(path)?);
    }
    let schema = connectors::registry()
        .find(connector)
        .map(|connector| connector.config_schema())
        .unwrap_or_default();
    for pair in &arguments.set {
        let (key, value) = field(pair)?;
        let is_plain = value.as_str().is_some_and(|text| {
            let is_secret = datasources::is_secret(&schema, key) || job::has_secret(text);
            is_secret && !text.is_empty() && !secrets::is_reference(text)
        });
        if is_plain {
            return Err(Stop::usage(format!(
                "--set {key}: a secret on the command line is seen by every user of the machine"
            ))
            .hint(format!(
                "write --ask {key}, or --set '{key}=${{env:NAME}}' or --set '{key}=${{file:PATH}}'"
            )));
        }
        let value = match value {
            Value::String(text) => {
                let text = secrets::resolve(&text, Path::new("."));
                text.map_err(|reason| Stop::usage(format!("--set {key}: {reason}")))?
                    .into()
            }
            other => other,
        };
        config.insert(key.to_string(), value);
    }
    for key in &arguments.unset {
        config.remove(key);
    }
    for key in &arguments.ask {
        let secret = form::secret(key)?;
        config.insert(key.clone(), secret.expose().into());
    }
    Ok(())
}

/// `key=value` is a text, `key:=value` JSON.
fn field(pair: &str) -> Result<(&str, Value), Stop> {
    let (key, value) = pair.split_once('=').ok_or_else(|| {
        // What stands there may be a secret.
        Stop::usage("--set takes key=value or key:=json")
    })?;
    match key.strip_suffix(':') {
        None => Ok((key, value.into())),
        Some(key) => match serde_json::from_str(value) {
            Ok(value) => Ok((key, value)),
            Err(error) => Err(Stop::usage(format!(
                "--set {key}: the value is not JSON: {error}"
            ))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_texts_or_json() {
        assert_eq!(field("a=b=c").unwrap(), ("a", json!("b=c")));
        assert_eq!(field("a=1").unwrap(), ("a", json!("1")));
        assert_eq!(field("a:=1").unwrap(), ("a", json!(1)));
        assert_eq!(field("a:=[\"x\"]").unwrap(), ("a", json!(["x"])));
        assert!(field("a").is_err() && field("a:=x").is_err());
    }
}
