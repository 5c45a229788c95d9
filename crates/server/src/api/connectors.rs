//! The connectors of this build: what they can do, and the forms that describe data sources and jobs.

use axum::extract::{Path, State};
use axum::response::Response;
use sdk::{Connector, Tier, Words};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::caller::SignedIn;
use super::error::{ApiError, ApiResult, ErrorBody};
use super::language::Reader;
use crate::state::App;

/// A kind of data source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorItem {
    /// What data sources and jobs call it.
    name: &'static str,
    /// Other names that jobs may use for it.
    aliases: Vec<&'static str>,
    /// The name for people.
    title: String,
    /// `relational`, `warehouse`, `files` or `synthetic`.
    #[schema(value_type = String)]
    family: sdk::Family,
    tier: SupportTier,
    capabilities: ConnectorCapabilities,
}

/// How far a connector is proven.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SupportTier {
    /// `tested` against a real server, `emulated`, or `unverified`.
    name: &'static str,
    /// The server or emulator; for an unverified one the reason.
    with: &'static str,
}

/// What a connector can do; what is false is unsupported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorCapabilities {
    reader: bool,
    writer: bool,
    /// Tests of connections, lists of tables, columns and previews.
    browser: bool,
}

/// All connectors of this build.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Connectors {
    items: Vec<ConnectorItem>,
}

/// A connector with the JSON Schemas of its forms.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorForms {
    #[serde(flatten)]
    connector: ConnectorItem,
    /// The settings of a data source; secrets are `writeOnly`.
    #[schema(value_type = Object)]
    datasource_schema: Value,
    /// The parameters of a job's reader; null if it cannot be read.
    #[schema(value_type = Option<Object>)]
    reader_schema: Option<Value>,
    /// The parameters of a job's writer; null if it cannot be written.
    #[schema(value_type = Option<Object>)]
    writer_schema: Option<Value>,
}

impl ConnectorItem {
    fn of(connector: &Connector, words: &Words) -> Self {
        let (name, with) = match connector.tier {
            Tier::Tested(with) => ("tested", with),
            Tier::Emulated(with) => ("emulated", with),
            Tier::Unverified(why) => ("unverified", why),
        };
        ConnectorItem {
            name: connector.name,
            aliases: connector.aliases.to_vec(),
            title: words.get("/title").unwrap_or(connector.title).to_owned(),
            family: connector.family,
            tier: SupportTier { name, with },
            capabilities: ConnectorCapabilities {
                reader: connector.reader_schema().is_some(),
                writer: connector.writer_schema().is_some(),
                browser: connector.open_browser(&json!({})).is_some(),
            },
        }
    }
}

/// The connectors of this build, in English or Chinese.
#[utoipa::path(get, path = "/connectors", tag = "connectors",
    params(("Accept-Language" = Option<String>, Header)),
    responses((status = 200, body = Connectors), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(_caller): SignedIn,
    reader: Reader,
) -> ApiResult<Response> {
    let connectors = app.registry.connectors().iter();
    let items = connectors.map(|it| ConnectorItem::of(it, &it.words_in(reader.language)));
    reader.answer(&Connectors {
        items: items.collect(),
    })
}

/// One connector with the schemas of its forms, whose texts are in English or Chinese.
#[utoipa::path(get, path = "/connectors/{connector}", tag = "connectors",
    params(("connector" = String, Path), ("Accept-Language" = Option<String>, Header)),
    responses((status = 200, body = ConnectorForms), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(_caller): SignedIn,
    Path(name): Path<String>,
    reader: Reader,
) -> ApiResult<Response> {
    let connector = app
        .registry
        .find(&name)
        .ok_or_else(|| ApiError::not_found("connector", &name))?;
    let words = connector.words_in(reader.language);
    let said = |form: &str, mut schema: Value| {
        words.say(form, &mut schema);
        schema
    };
    reader.answer(&ConnectorForms {
        connector: ConnectorItem::of(connector, &words),
        datasource_schema: said("datasource", connector.config_schema()),
        reader_schema: connector.reader_schema().map(|it| said("reader", it)),
        writer_schema: connector.writer_schema().map(|it| said("writer", it)),
    })
}
