//! What is shown of a data source: to everybody that it is there and whether it works, to those who manage data
//! sources its settings, and to nobody its secrets.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::access::outbound::endpoints_of;
use crate::access::role::Right;
use crate::access::secrets::{self, Parts};
use crate::api::caller::Access;
use crate::api::error::{ApiError, ApiResult};
use crate::api::time::Time;
use crate::datasources::policy::root_of;
use crate::datasources::probe::TestReport;
use crate::datasources::{self, read_environment};
use crate::runs::Environment;
use crate::state::App;
use crate::store::datasource::{self as store, Counted};

/// What the last connectivity test said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ConnectionState {
    /// These settings were not tested yet.
    Untested,
    /// Every stage was passed.
    Passed,
    /// A stage failed.
    Failed,
}

/// A data source in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatasourceItem {
    pub(crate) id: String,
    /// What jobs call it.
    pub(crate) name: String,
    pub(crate) environment: Environment,
    pub(crate) connector: String,
    pub(crate) description: String,
    pub(crate) resource_group: String,
    pub(crate) state: ConnectionState,
    /// When it was last tested, as RFC 3339.
    pub(crate) tested_at: Option<String>,
    /// Hosts with ports, or the folder; for those who may see settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// Jobs that name it, in their draft or in what is published.
    pub(crate) job_count: i64,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

/// A data source.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Datasource {
    #[serde(flatten)]
    pub(crate) item: DatasourceItem,
    /// The fields of the connector; a stored secret is null, and an address is without its password. For those
    /// who may see settings.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(crate) config: Option<Map<String, Value>>,
    /// Why the stored secrets cannot be used, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
    /// The last connectivity test of these settings, for those who may test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_test: Option<TestReport>,
}

/// A data source as the audit log keeps it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotedDatasource {
    #[serde(skip)]
    id: String,
    name: String,
    environment: String,
    connector: String,
    description: String,
    resource_group: String,
    /// Stored secrets are null.
    config: Map<String, Value>,
    /// A changed secret looks the same as before, so it is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    secrets: Option<&'static str>,
}

fn last_test(row: &store::Datasource) -> ApiResult<Option<TestReport>> {
    let Some(text) = &row.last_test else {
        return Ok(None);
    };
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| ApiError::internal("reading the test of a datasource", error))
}

impl DatasourceItem {
    pub(super) fn read(access: &Access, counted: Counted) -> ApiResult<DatasourceItem> {
        let Counted { row, job_count } = counted;
        let test = last_test(&row)?;
        let sees_settings = access.rights.contains(Right::DatasourcesManage);
        let address = match sees_settings {
            true => address_of(&datasources::public(&row)?),
            false => None,
        };
        Ok(DatasourceItem {
            environment: read_environment(&row.environment)?,
            state: match &test {
                None => ConnectionState::Untested,
                Some(test) if test.passed => ConnectionState::Passed,
                Some(_) => ConnectionState::Failed,
            },
            tested_at: test.map(|test| test.tested_at),
            address,
            job_count,
            id: row.id,
            name: row.name,
            connector: row.connector,
            description: row.description,
            resource_group: row.resource_group,
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
        })
    }
}

impl Datasource {
    pub(super) fn read(
        app: &App,
        access: &Access,
        row: store::Datasource,
        job_count: i64,
    ) -> ApiResult<Datasource> {
        let (mut config, mut problem) = (None, None);
        if access.rights.contains(Right::DatasourcesManage) {
            config = Some(match datasources::opened(app, &row) {
                Ok(parts) => secrets::masked(&parts),
                Err(error) => {
                    tracing::error!(datasource.id = row.id, %error, "the secrets of a datasource cannot be opened");
                    problem = Some(error.to_string());
                    datasources::public(&row)?
                }
            });
        }
        let sees_tests = access.rights.contains(Right::DatasourcesTest);
        let last_test = last_test(&row)?.filter(|_| sees_tests);
        Ok(Datasource {
            item: DatasourceItem::read(access, Counted { row, job_count })?,
            config,
            problem,
            last_test,
        })
    }
}

impl NotedDatasource {
    /// `parts` are absent if they cannot be opened.
    pub(super) fn of(row: &store::Datasource, parts: Option<&Parts>) -> ApiResult<NotedDatasource> {
        Ok(NotedDatasource {
            id: row.id.clone(),
            name: row.name.clone(),
            environment: row.environment.clone(),
            connector: row.connector.clone(),
            description: row.description.clone(),
            resource_group: row.resource_group.clone(),
            config: match parts {
                Some(parts) => secrets::masked(parts),
                None => datasources::public(row)?,
            },
            secrets: None,
        })
    }

    /// Says whether secrets were exchanged.
    pub(super) fn compare(&mut self, before: Option<&Parts>, after: Option<&Parts>) {
        if before.map(|parts| &parts.secrets) != after.map(|parts| &parts.secrets) {
            self.secrets = Some("changed");
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// Where a data source is, in a few words.
fn address_of(config: &Map<String, Value>) -> Option<String> {
    let endpoints = endpoints_of(config).unwrap_or_default();
    let hosts: Vec<String> = endpoints
        .iter()
        .map(|endpoint| match endpoint.port {
            Some(port) => format!("{}:{port}", endpoint.host),
            None => endpoint.host.to_string(),
        })
        .collect();
    match hosts.is_empty() {
        true => root_of(config).map(str::to_string),
        false => Some(hosts.join(", ")),
    }
}
