//! What is sent in to make or change a data source, and everything that can be wrong with it.

use sdk::{Connector, FieldProblem};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::access::outbound::endpoints_of;
use crate::access::secrets::{self, Parts, Secrets};
use crate::api::caller::Access;
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::time::new_id;
use crate::datasources::{self, policy, title_of};
use crate::runs::Environment;
use crate::state::App;
use crate::store::datasource::Datasource;
use crate::store::resource_group::{self, ResourceGroup};

const LONGEST_NAME: usize = 60;
const LONGEST_DESCRIPTION: usize = 80;
/// Settings are a form; whatever is longer was put there by mistake.
const LONGEST_CONFIG: usize = 64 << 10;

/// A new data source.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "exports", "connector": "file", "config": {"root": "/srv/exports"}}))]
pub(crate) struct NewDatasource {
    /// What jobs call it: letters, digits and underscores; begins with a letter or an underscore; it stays.
    #[schema(max_length = 60, pattern = "^[A-Za-z_][A-Za-z0-9_]*$")]
    name: String,
    /// `dev` is for projects with two environments.
    #[serde(default = "prod")]
    environment: Environment,
    /// It stays.
    connector: String,
    #[serde(default)]
    #[schema(max_length = 80)]
    description: String,
    #[serde(default = "usual_group")]
    resource_group: String,
    /// The fields of the connector, as its schema says.
    #[serde(default)]
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

fn prod() -> Environment {
    Environment::Prod
}

fn usual_group() -> String {
    resource_group::DEFAULT.to_string()
}

/// What can be changed of a data source.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DatasourceChange {
    #[schema(max_length = 80)]
    description: Option<String>,
    resource_group: Option<String>,
    /// All fields of the connector. A secret that is absent or null stays, and so does the password of an address
    /// that is sent as it was shown; an empty text clears a secret.
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
}

/// A data source before and after a change.
pub(super) struct Changed {
    pub(super) row: Datasource,
    /// Absent if the stored secrets could not be opened.
    pub(super) before: Option<Parts>,
    pub(super) after: Option<Parts>,
}

/// The row of a new data source.
pub(super) fn made(
    app: &App,
    access: &Access,
    groups: &[ResourceGroup],
    body: NewDatasource,
) -> ApiResult<(Datasource, Parts)> {
    let mut problems = Vec::new();
    check_name(&body.name, &mut problems);
    if body.environment == Environment::Dev && access.project.mode != "standard" {
        let message = format!("project `{}` has only one environment", access.project.name);
        let hint = "leave `environment` out; a project with two is made with mode `standard`";
        problems.push(Problem::at("/environment", message).hint(hint));
    }
    check_description(&body.description, &mut problems);
    check_group(&body.resource_group, groups, &mut problems);
    let connector = connector(app, &body.connector, &mut problems);
    let parts = connector.map(|connector| config(connector, &body.config, None, &mut problems));
    let (Some(connector), Some(parts), true) = (connector, parts, problems.is_empty()) else {
        return Err(ApiError::invalid(problems));
    };
    let parts = parts?;
    let (id, now) = (new_id(), app.clock.micros());
    let row = Datasource {
        project_id: access.project.id.clone(),
        name: body.name,
        environment: body.environment.name().to_string(),
        connector: connector.name.to_string(),
        description: body.description,
        resource_group: body.resource_group,
        config: text_of(&parts)?,
        secrets_sealed: datasources::seal(app, &id, &parts.secrets).map_err(not_sealed)?,
        last_test: None,
        created_by: access.caller.account.id.clone(),
        created_at: now,
        updated_at: now,
        revision: 1,
        id,
    };
    Ok((row, parts))
}

/// A data source as it is to be.
pub(super) fn changed(
    app: &App,
    groups: &[ResourceGroup],
    row: &Datasource,
    body: DatasourceChange,
) -> ApiResult<Changed> {
    let mut problems = Vec::new();
    let before = datasources::opened(app, row).ok();
    let mut changed = Changed {
        row: row.clone(),
        after: before.clone(),
        before,
    };
    if let Some(description) = body.description {
        check_description(&description, &mut problems);
        changed.row.description = description;
    }
    if let Some(group) = body.resource_group {
        check_group(&group, groups, &mut problems);
        changed.row.resource_group = group;
    }
    if let Some(fields) = body.config {
        let connector = connector(app, &row.connector, &mut problems);
        let stored = stored(row, changed.before.as_ref())?;
        if let Some(connector) = connector {
            changed.after = Some(config(connector, &fields, Some(&stored), &mut problems)?);
        }
    }
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    if let Some(after) = changed
        .after
        .as_ref()
        .filter(|after| changed.before.as_ref() != Some(after))
    {
        changed.row.config = text_of(after)?;
        changed.row.secrets_sealed =
            datasources::seal(app, &row.id, &after.secrets).map_err(not_sealed)?;
        changed.row.last_test = None;
    }
    changed.row.updated_at = app.clock.micros();
    Ok(changed)
}

/// What is stored; without secrets if they cannot be opened, so that they can be entered again.
pub(super) fn stored(row: &Datasource, opened: Option<&Parts>) -> ApiResult<Parts> {
    match opened {
        Some(parts) => Ok(parts.clone()),
        None => Ok(Parts {
            public: datasources::public(row)?,
            secrets: Secrets::default(),
        }),
    }
}

/// Another data source has the name.
pub(super) fn taken(row: &Datasource) -> ApiError {
    let environment = datasources::read_environment(&row.environment);
    let side = environment.map_or("production", title_of);
    ApiError::conflict(format!(
        "there is a datasource `{}` for {side} already",
        row.name
    ))
    .hint("choose another name, or change that one")
}

fn check_name(name: &str, problems: &mut Vec<Problem>) {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let fits = (1..=LONGEST_NAME).contains(&name.len())
        && name.chars().all(letter)
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if !fits {
        problems.push(
            Problem::at("/name", "this cannot be the name of a datasource").hint(format!(
                "use letters, digits and underscores, begin with a letter or an underscore, at most {LONGEST_NAME}"
            )),
        );
    }
}

fn check_description(description: &str, problems: &mut Vec<Problem>) {
    let length = description.chars().count();
    if length > LONGEST_DESCRIPTION {
        problems.push(Problem::at(
            "/description",
            format!(
                "the description has {length} characters, at most {LONGEST_DESCRIPTION} are kept"
            ),
        ));
    }
}

pub(super) fn check_group(name: &str, groups: &[ResourceGroup], problems: &mut Vec<Problem>) {
    if name == resource_group::DEFAULT || groups.iter().any(|group| group.name == name) {
        return;
    }
    let mut names = vec![format!("`{}`", resource_group::DEFAULT)];
    names.extend(groups.iter().map(|group| format!("`{}`", group.name)));
    names.dedup();
    problems.push(
        Problem::at(
            "/resourceGroup",
            format!("there is no resource group `{name}`"),
        )
        .hint(format!(
            "the groups of the project are {}",
            names.join(", ")
        )),
    );
}

/// The connector of this name.
pub(super) fn connector<'a>(
    app: &'a App,
    name: &str,
    problems: &mut Vec<Problem>,
) -> Option<&'a Connector> {
    let found = app.registry.find(name);
    if found.is_none() {
        let hint = match app.registry.nearest(name) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`GET /api/v1/connectors` lists them".to_string(),
        };
        let message = format!("there is no connector `{name}`");
        problems.push(Problem::at("/connector", message).hint(hint));
    }
    found
}

/// Takes the secrets out of a configuration and adds what is wrong with it, each at its field.
pub(super) fn config(
    connector: &Connector,
    fields: &Map<String, Value>,
    stored: Option<&Parts>,
    problems: &mut Vec<Problem>,
) -> ApiResult<Parts> {
    let schema = connector.config_schema();
    let parts = match stored {
        None => secrets::split(fields, &schema),
        Some(stored) => secrets::update(fields, &schema, &stored.secrets),
    };
    let whole = secrets::joined(&parts)?;
    let mut found = datasources::problems_of(connector, &whole);
    if let Err(unread) = endpoints_of(&whole) {
        found.extend(unread);
    }
    if let Some(stored) = stored {
        found.extend(secrets::kept_for_other_hosts(stored, &parts));
    }
    if policy::is_local(connector) && policy::root_of(&whole).is_none() {
        found.push(
            FieldProblem::new("/root", "`root` is missing")
                .hint("name the folder whose files are meant"),
        );
    }
    let length = Value::Object(whole).to_string().len();
    if length > LONGEST_CONFIG {
        let message =
            format!("the settings have {length} bytes, at most {LONGEST_CONFIG} are kept");
        found.push(FieldProblem::new("", message));
    }
    let place = |problem: &FieldProblem| format!("/config{}", field_of(problem));
    problems.extend(
        found
            .iter()
            .map(|problem| Problem::field(place(problem), problem)),
    );
    Ok(parts)
}

/// A connector reports a missing field at the object that lacks it; a form shows that at the field.
pub(crate) fn field_of(problem: &FieldProblem) -> String {
    let message = problem.message.strip_prefix('`');
    match message.and_then(|rest| rest.strip_suffix("` is missing")) {
        Some(field) if !problem.pointer.ends_with(&format!("/{field}")) => {
            format!("{}/{field}", problem.pointer)
        }
        _ => problem.pointer.clone(),
    }
}

fn text_of(parts: &Parts) -> ApiResult<String> {
    serde_json::to_string(&parts.public)
        .map_err(|error| ApiError::internal("writing the settings of a datasource", error))
}

fn not_sealed(error: sdk::Error) -> ApiError {
    ApiError::internal("sealing the secrets of a datasource", error)
}
