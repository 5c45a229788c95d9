//! `/metrics`, for Prometheus and whatever reads OpenMetrics.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::error::{ApiResult, ErrorBody};
use crate::state::App;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Figures of this server and of the queue, as OpenMetrics text. For administrators of the instance, and for
/// requests from the networks that the server was started with.
#[utoipa::path(get, path = "/metrics", tag = "instance",
    responses((status = 200, body = String, content_type = OPEN_METRICS), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("metrics"))))]
pub(crate) async fn show(State(app): State<App>) -> ApiResult<Response> {
    let text = app.metrics.text(&app).await?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}
