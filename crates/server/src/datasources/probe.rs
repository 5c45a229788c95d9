//! The connectivity test: stage by stage, timed, and given up after a while.

use std::time::Duration;

use chrono::SecondsFormat;
use sdk::{Connector, Error, Kind, PingStage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};
use utoipa::ToSchema;

use super::policy::{Policy, Target};
use crate::access::secrets::{self, Parts, Secrets};
use crate::api::error::{ApiError, ApiResult};
use crate::state::App;
use crate::store::datasource::{self, Datasource};

/// A test ends after so long, whatever the connector does.
const LONGEST: Duration = Duration::from_secs(20);

/// What a connectivity test found.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestReport {
    /// The resource group that it was tested for.
    #[serde(default)]
    pub(crate) resource_group: String,
    /// Whether every stage was passed.
    pub(crate) passed: bool,
    /// When, as RFC 3339.
    pub(crate) tested_at: String,
    pub(crate) took_ms: u64,
    /// In order; no other stage follows one that failed. `policy` is there once for each thing it refuses.
    pub(crate) stages: Vec<TestStage>,
}

/// One stage of a test.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestStage {
    /// `policy`, `resolve`, `connect`, `tls`, `login` and others, as the connector calls them.
    pub(crate) name: String,
    pub(crate) took_ms: u64,
    /// What was found, for example an address or a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) remark: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<StageFailure>,
}

/// Why a stage failed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StageFailure {
    /// What sort of failure: config, auth, unreachable, denied, not found and others.
    pub(crate) kind: String,
    pub(crate) message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// The stages so far.
#[derive(Default)]
struct Stages(Vec<TestStage>);

impl Stages {
    fn add(&mut self, name: &str, took: Duration, outcome: Result<String, Error>) {
        let (remark, failure) = match outcome {
            Ok(remark) => (Some(remark).filter(|remark| !remark.is_empty()), None),
            Err(error) => {
                let failure = StageFailure {
                    kind: error.kind().to_string(),
                    message: error.to_string(),
                    hint: error.hint_text().map(str::to_string),
                };
                (None, Some(failure))
            }
        };
        self.0.push(TestStage {
            name: name.to_string(),
            took_ms: millis(took),
            remark,
            failure,
        });
    }

    /// Hides every secret that a driver may have put into its words.
    fn without(mut self, secrets: &Secrets) -> Vec<TestStage> {
        for stage in &mut self.0 {
            let failure = stage.failure.as_mut();
            let told = failure.map(|failure| (&mut failure.message, failure.hint.as_mut()));
            let (message, hint) = told.unzip();
            let texts = [message, hint.flatten(), stage.remark.as_mut()];
            for text in texts.into_iter().flatten() {
                *text = secrets.hide(text);
            }
        }
        self.0
    }

    fn all_passed(&self) -> bool {
        self.0.iter().all(|stage| stage.failure.is_none())
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl TestReport {
    /// Why the first failed stage failed.
    pub(crate) fn failure(&self) -> Option<String> {
        let failed =
            |stage: &TestStage| Some((stage.name.clone(), stage.failure.as_ref()?.message.clone()));
        let (stage, message) = self.stages.iter().find_map(failed)?;
        Some(format!("{stage}: {message}"))
    }
}

/// Tests a stored data source, for runs of a resource group, and keeps the report.
pub(crate) async fn test_stored(
    app: &App,
    row: &Datasource,
    resource_group: &str,
) -> ApiResult<TestReport> {
    let connector = app.registry.find(&row.connector).ok_or_else(|| {
        ApiError::conflict(format!("this server has no connector `{}`", row.connector))
            .hint("it was left out of this build; use one that has it")
    })?;
    let parts = super::opened(app, row)?;
    let report = test(app, connector, &parts, resource_group).await?;
    let text = serde_json::to_string(&report)
        .map_err(|error| ApiError::internal("writing the test of a datasource", error))?;
    let mut t = app.store.begin().await?;
    datasource::set_test(&mut t, &row.id, row.revision, &text).await?;
    t.commit().await.map_err(crate::store::StoreError::from)?;
    Ok(report)
}

/// Tests a connection from this server, for runs of a resource group. That it fails is a report too.
pub(crate) async fn test(
    app: &App,
    connector: &Connector,
    parts: &Parts,
    resource_group: &str,
) -> ApiResult<TestReport> {
    let config = &secrets::joined(parts)?;
    let settings = app.instance_settings().await?;
    let policy = Policy::of(&settings)?;
    let start = Instant::now();
    let mut stages = Stages::default();
    let target = Target {
        connector,
        config,
        paths: Vec::new(),
    };
    check_policy(&policy, &target, start + LONGEST, &mut stages).await;
    if stages.all_passed() {
        connect(connector, config, start + LONGEST, &mut stages).await;
    }
    Ok(TestReport {
        resource_group: resource_group.to_owned(),
        passed: stages.all_passed(),
        tested_at: app.clock.now().to_rfc3339_opts(SecondsFormat::AutoSi, true),
        took_ms: millis(start.elapsed()),
        stages: stages.without(&parts.secrets),
    })
}

async fn check_policy(
    policy: &Policy,
    target: &Target<'_>,
    deadline: Instant,
    stages: &mut Stages,
) {
    let start = Instant::now();
    match timeout_at(deadline, policy.check(target)).await {
        Err(_) => stages.add("policy", start.elapsed(), Err(too_late())),
        Ok(problems) if problems.is_empty() => {
            stages.add("policy", start.elapsed(), Ok(String::new()));
        }
        // Each problem is shown with its own way out.
        Ok(problems) => {
            let took = start.elapsed();
            for problem in problems {
                stages.add("policy", took, Err(problem));
            }
        }
    }
}

async fn connect(
    connector: &Connector,
    config: &Map<String, Value>,
    deadline: Instant,
    stages: &mut Stages,
) {
    let start = Instant::now();
    let opening = match connector.open_browser(&Value::Object(config.clone())) {
        None => {
            let remark = "this connector has nothing to connect to".to_string();
            stages.add("connect", start.elapsed(), Ok(remark));
            return;
        }
        Some(Err(_)) => {
            let error = Error::new(Kind::Config, "the settings of the datasource are not right")
                .hint("open the datasource and correct the fields that are marked");
            stages.add("settings", start.elapsed(), Err(error));
            return;
        }
        Some(Ok(opening)) => opening,
    };
    let pinged = timeout_at(deadline, async { Ok(opening().await?.ping().await) }).await;
    match pinged {
        Err(_) => stages.add("connect", start.elapsed(), Err(too_late())),
        Ok(Err(error)) => stages.add("connect", start.elapsed(), Err(error)),
        Ok(Ok(pinged)) => {
            for PingStage {
                name,
                took,
                outcome,
            } in pinged
            {
                stages.add(name, took, outcome);
            }
        }
    }
}

fn too_late() -> Error {
    Error::new(
        Kind::Unreachable,
        format!("no answer within {} s", LONGEST.as_secs()),
    )
    .hint("check host and port, and that no firewall between here and there drops what is sent")
}
