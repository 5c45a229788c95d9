//! What is noted of every request: a line in the log, a span for traces, and figures.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::global;
use opentelemetry::propagation::Extractor;
use tracing::{Instrument, Level, field};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::state::App;

/// The route of requests that none takes.
const NO_ROUTE: &str = "none";
/// Routes that machines ask all the time.
const QUIET: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Notes a request and its answer.
pub(crate) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.extensions().get::<MatchedPath>();
    let route = path.map_or(NO_ROUTE, MatchedPath::as_str).to_string();
    let method = name(request.method());
    let id = request.headers().get("x-request-id");
    let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default();
    // The path holds ids, and the query what somebody searches for; the route says enough.
    let span = tracing::info_span!(
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        request.id = id,
        method,
        route,
        status = field::Empty,
        account.id = field::Empty,
    );
    let remote =
        global::get_text_map_propagator(|known| known.extract(&Carrier(request.headers())));
    // There is nobody to tell when traces are not collected.
    span.set_parent(remote).ok();
    let response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    app.metrics.answered(method, &route, status, took);
    span.record("status", status);
    if status >= 500 {
        span.set_status(opentelemetry::trace::Status::error("the server failed"));
    }
    let latency_ms = took.as_secs_f64() * 1e3;
    span.in_scope(|| {
        if QUIET.contains(&route.as_str()) {
            tracing::event!(Level::DEBUG, latency_ms, "answered");
        } else {
            tracing::event!(Level::INFO, latency_ms, "answered");
        }
    });
    response
}

/// Anybody can make up a method, so that only known ones are told apart.
fn name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// The headers that a caller's trace comes in, <https://www.w3.org/TR/trace-context/>.
struct Carrier<'a>(&'a HeaderMap);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}
