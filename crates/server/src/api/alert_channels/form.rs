//! What is sent in to make or change a channel, and everything that can be wrong with it.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::access::secrets::{self, Parts, Secrets};
use crate::alerts::channel::{self, Kind};
use crate::api::datasources::field_of;
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::time::new_id;
use crate::state::App;
use crate::store::alert_channel::AlertChannel;

const LONGEST_NAME: usize = 60;
/// Settings are a form; whatever is longer was put there by mistake.
const LONGEST_CONFIG: usize = 64 << 10;

/// A new channel.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewAlertChannel {
    #[schema(max_length = 60)]
    name: String,
    /// It stays.
    kind: Kind,
    /// The fields of the kind, as its schema says.
    #[schema(value_type = Object)]
    config: Map<String, Value>,
}

/// What can be changed of a channel.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AlertChannelChange {
    #[schema(max_length = 60)]
    name: Option<String>,
    /// All fields of the kind. A secret that is absent or null stays; an empty text clears it.
    #[schema(value_type = Option<Object>)]
    config: Option<Map<String, Value>>,
}

/// A channel before and after a change.
pub(super) struct Changed {
    pub(super) row: AlertChannel,
    /// Absent if the stored secrets could not be opened.
    pub(super) before: Option<Parts>,
    pub(super) after: Option<Parts>,
}

/// The row of a new channel.
pub(super) fn made(
    app: &App,
    project_id: &str,
    body: NewAlertChannel,
) -> ApiResult<(AlertChannel, Parts)> {
    let mut problems = Vec::new();
    check_name(&body.name, &mut problems);
    let parts = config(body.kind, &body.config, None, &mut problems)?;
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    let (id, now) = (new_id(), app.clock.micros());
    let row = AlertChannel {
        project_id: project_id.to_string(),
        name: body.name,
        kind: body.kind.name().to_string(),
        config: text_of(&parts)?,
        secrets_sealed: seal(app, &id, &parts.secrets)?,
        created_at: now,
        updated_at: now,
        revision: 1,
        id,
    };
    Ok((row, parts))
}

/// A channel as it is to be.
pub(super) fn changed(
    app: &App,
    row: &AlertChannel,
    body: AlertChannelChange,
) -> ApiResult<Changed> {
    let mut problems = Vec::new();
    let before = channel::opened(app, row).ok();
    let mut changed = Changed {
        row: row.clone(),
        after: before.clone(),
        before,
    };
    if let Some(name) = body.name {
        check_name(&name, &mut problems);
        changed.row.name = name;
    }
    if let Some(fields) = body.config {
        // Without secrets if they cannot be opened, so that they can be entered again.
        let stored = match &changed.before {
            Some(parts) => parts.clone(),
            None => Parts {
                public: channel::public(row)?,
                secrets: Secrets::default(),
            },
        };
        let parts = config(
            Kind::read(&row.kind)?,
            &fields,
            Some(&stored),
            &mut problems,
        )?;
        if problems.is_empty() && changed.before.as_ref() != Some(&parts) {
            changed.row.config = text_of(&parts)?;
            changed.row.secrets_sealed = seal(app, &row.id, &parts.secrets)?;
        }
        changed.after = Some(parts);
    }
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    changed.row.updated_at = app.clock.micros();
    Ok(changed)
}

fn check_name(name: &str, problems: &mut Vec<Problem>) {
    problems.extend(name_problem(name, "channel"));
}

/// What is wrong with the name of a channel or rule, which may have blanks and any letters.
pub(crate) fn name_problem(name: &str, what: &str) -> Option<Problem> {
    let length = name.chars().count();
    let fits = (1..=LONGEST_NAME).contains(&length)
        && name.trim() == name
        && !name.chars().any(char::is_control);
    (!fits).then(|| {
        Problem::at("/name", format!("this cannot be the name of a {what}")).hint(format!(
            "use up to {LONGEST_NAME} letters, without blanks at the ends"
        ))
    })
}

/// Takes the secrets out of the settings and adds what is wrong with them, each at its field.
fn config(
    kind: Kind,
    fields: &Map<String, Value>,
    stored: Option<&Parts>,
    problems: &mut Vec<Problem>,
) -> ApiResult<Parts> {
    let schema = kind.schema();
    let parts = match stored {
        None => secrets::split(fields, &schema),
        Some(stored) => secrets::update(fields, &schema, &stored.secrets),
    };
    let whole = secrets::joined(&parts)?;
    let mut found = channel::open(kind, &whole).err().unwrap_or_default();
    if let Some(stored) = stored {
        found.extend(secrets::kept_for_other_hosts(stored, &parts));
    }
    let length = Value::Object(whole).to_string().len();
    if length > LONGEST_CONFIG {
        let message =
            format!("the settings have {length} bytes, at most {LONGEST_CONFIG} are kept");
        found.push(sdk::FieldProblem::new("", message));
    }
    let place = |problem: &sdk::FieldProblem| format!("/config{}", field_of(problem));
    problems.extend(
        found
            .iter()
            .map(|problem| Problem::field(place(problem), problem)),
    );
    Ok(parts)
}

fn text_of(parts: &Parts) -> ApiResult<String> {
    serde_json::to_string(&parts.public)
        .map_err(|error| ApiError::internal("writing the settings of a channel", error))
}

fn seal(app: &App, id: &str, secrets: &Secrets) -> ApiResult<String> {
    let sealed = app.keys.seal(&channel::owner(id), &secrets.to_text());
    sealed.map_err(|error| ApiError::internal("sealing the secrets of a channel", error))
}
