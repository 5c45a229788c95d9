//! What each route needs, from its description: checked before a handler sees anything of the request.
//!
//! A route says it in its description as `x-right`: `public`, `signedIn`, `administrator` (of the instance), `metrics`
//! (an administrator, or whoever asks from a network that the server was started with), or a right in the project that stands in its path. A route that does not say it is closed.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{MatchedPath, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::caller::{Caller, Origin, expired};
use super::error::{ApiError, ApiResult};
use crate::access::role::Right;
use crate::state::App;

/// What a route needs of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Public,
    /// An account or a key.
    SignedIn,
    /// An administrator of the instance.
    Administrator,
    /// The same, or an address in a network that may read figures.
    Metrics,
    /// A right in the project of the path.
    InProject(Right),
}

impl Need {
    fn parse(text: &str) -> Option<Need> {
        match text {
            "public" => Some(Need::Public),
            "signedIn" => Some(Need::SignedIn),
            "administrator" => Some(Need::Administrator),
            "metrics" => Some(Need::Metrics),
            name => Right::all()
                .find(|right| right.name() == name)
                .map(Need::InProject),
        }
    }
}

/// What the routes need, by method in upper case and path.
#[derive(Clone, Debug)]
pub(crate) struct Needs(Arc<HashMap<(String, String), Need>>);

impl Needs {
    /// Reads the description of the API.
    pub(crate) fn read(api: &OpenApi) -> Needs {
        let api = serde_json::to_value(api).unwrap_or_default();
        let mut needs = HashMap::new();
        let paths = api.get("paths").and_then(Value::as_object);
        for (path, operations) in paths.into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let right = operation.get("x-right").and_then(Value::as_str);
                if let Some(need) = right.and_then(Need::parse) {
                    needs.insert((method.to_uppercase(), path.clone()), need);
                }
            }
        }
        Needs(Arc::new(needs))
    }

    fn of(&self, method: &str, path: &str) -> Option<Need> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.0.get(&(method.to_string(), path.to_string())).copied()
    }
}

/// Lets a request pass that may do what its route needs.
pub(crate) async fn authorize(
    State((app, needs)): State<(App, Needs)>,
    path: Option<MatchedPath>,
    parameters: Result<RawPathParams, RawPathParamsRejection>,
    request: Request,
    next: Next,
) -> Response {
    let need = path.and_then(|path| needs.of(request.method().as_str(), path.as_str()));
    let caller = request.extensions().get::<Arc<Caller>>().cloned();
    // Handlers read their path only if it was read here.
    let Ok(parameters) = parameters else {
        return ApiError::bad_request("the path holds what is no text")
            .hint("write what stands behind a percent sign as UTF-8")
            .into_response();
    };
    let project = parameters
        .iter()
        .find(|(name, _)| *name == "project")
        .map(|(_, value)| value.to_string());
    let origin = request.extensions().get::<Origin>();
    if need == Some(Need::Metrics)
        && origin.is_some_and(|origin| app.metrics_networks.contain(origin.address))
    {
        return next.run(request).await;
    }
    match check(&app, need, caller, project).await {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn check(
    app: &App,
    need: Option<Need>,
    caller: Option<Arc<Caller>>,
    project: Option<String>,
) -> ApiResult<()> {
    let need = need
        .ok_or_else(|| ApiError::internal("the request", "its route does not say what it needs"))?;
    if need == Need::Public {
        return Ok(());
    }
    let caller = caller.ok_or_else(expired)?;
    match (need, project) {
        (Need::Public | Need::SignedIn, _) => Ok(()),
        (Need::Administrator | Need::Metrics, _) => caller.need_admin(),
        (Need::InProject(right), Some(project)) => {
            caller.enter(app, &project, right).await.map(drop)
        }
        (Need::InProject(_), None) => Err(ApiError::internal(
            "the request",
            "its route has no project",
        )),
    }
}
