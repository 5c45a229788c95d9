//! The whole API on one page.
//!
//! What a route needs stands in its description, and [`crate::api::authorize`] checks it first.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::STRICT_TRANSPORT_SECURITY;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::authorize::{Needs, authorize};
use crate::api::caller::authenticate;
use crate::api::error::{ApiError, Code};
use crate::api::observe::observe;
use crate::api::{
    access_keys, accounts, alert_channels, alert_rules, alerts, audit, backfills, calendars,
    connectors, datasources, description, folders, instance, instances, jobs, members, metrics,
    projects, resource_groups, rotation, runs, schedules, servers, session,
};
use crate::state::App;

/// Where the API is.
pub(crate) const PREFIX: &str = "/api/v1";

/// A request that takes longer is given up.
const LONGEST_REQUEST: Duration = Duration::from_secs(60);

#[derive(OpenApi)]
#[openapi(info(
    title = "Longshore",
    description = "Data sources, jobs, runs, schedules and people of a Longshore server."
))]
struct Description;

fn api() -> OpenApiRouter<App> {
    let v1 = OpenApiRouter::new()
        .routes(routes!(session::welcome))
        .routes(routes!(session::set_up))
        .routes(routes!(session::sign_in, session::show, session::sign_out))
        .routes(routes!(session::oidc::start))
        .routes(routes!(session::oidc::finish))
        .routes(routes!(accounts::list, accounts::create))
        .routes(routes!(accounts::show, accounts::change))
        .routes(routes!(accounts::set_password))
        .routes(routes!(access_keys::list, access_keys::create))
        .routes(routes!(access_keys::revoke))
        .routes(routes!(instance::settings, instance::put_settings))
        .routes(routes!(rotation::rotate))
        .routes(routes!(servers::list))
        .routes(routes!(servers::drain))
        .routes(routes!(servers::undrain))
        .routes(routes!(audit::of_instance))
        .routes(routes!(projects::list, projects::create))
        .routes(routes!(projects::show, projects::change, projects::delete))
        .routes(routes!(members::list))
        .routes(routes!(members::put, members::remove))
        .routes(routes!(access_keys::of_project))
        .routes(routes!(access_keys::revoke_in_project))
        .routes(routes!(audit::of_project))
        .routes(routes!(connectors::list))
        .routes(routes!(connectors::show))
        .routes(routes!(datasources::list, datasources::create))
        .routes(routes!(datasources::connectivity::test_form))
        .routes(routes!(
            datasources::show,
            datasources::change,
            datasources::delete
        ))
        .routes(routes!(datasources::users))
        .routes(routes!(datasources::connectivity::test))
        .routes(routes!(
            datasources::browse::tables,
            datasources::creation::create
        ))
        .routes(routes!(datasources::creation::draft))
        .routes(routes!(datasources::browse::columns))
        .routes(routes!(datasources::parts::schemas))
        .routes(routes!(datasources::parts::partitions))
        .routes(routes!(datasources::browse::preview))
        .routes(routes!(datasources::browse::definition))
        .routes(routes!(calendars::list, calendars::create))
        .routes(routes!(
            calendars::show,
            calendars::change,
            calendars::delete
        ))
        .routes(routes!(resource_groups::list, resource_groups::create))
        .routes(routes!(
            resource_groups::show,
            resource_groups::change,
            resource_groups::delete
        ))
        .routes(routes!(
            folders::list,
            folders::create,
            folders::rename,
            folders::delete
        ))
        .routes(routes!(jobs::list, jobs::create))
        .routes(routes!(jobs::script::validate))
        .routes(routes!(jobs::script::document_schema))
        .routes(routes!(jobs::script::document_template))
        .routes(routes!(jobs::import::import))
        .routes(routes!(jobs::show, jobs::change, jobs::delete))
        .routes(routes!(jobs::versions::list))
        .routes(routes!(jobs::versions::show))
        .routes(routes!(jobs::versions::restore))
        .routes(routes!(jobs::versions::diff))
        .routes(routes!(jobs::versions::publish))
        .routes(routes!(jobs::export::export))
        .routes(routes!(runs::start::start))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::act::stop))
        .routes(routes!(runs::act::resume))
        .routes(routes!(runs::act::rerun))
        .routes(routes!(runs::act::mark_succeeded))
        .routes(routes!(runs::replay::replay))
        .routes(routes!(runs::replay::replay_rows))
        .routes(routes!(runs::watch::events))
        .routes(routes!(runs::watch::series))
        .routes(routes!(runs::logs::show))
        .routes(routes!(runs::logs::download))
        .routes(routes!(runs::dirty::list))
        .routes(routes!(runs::dirty::download))
        .routes(routes!(schedules::list))
        .routes(routes!(schedules::show, schedules::put, schedules::delete))
        .routes(routes!(schedules::dependencies::put_dependencies))
        .routes(routes!(schedules::act::submit))
        .routes(routes!(schedules::act::pause))
        .routes(routes!(schedules::act::resume))
        .routes(routes!(schedules::preview::show))
        .routes(routes!(instances::list))
        .routes(routes!(instances::show))
        .routes(routes!(instances::upstream))
        .routes(routes!(instances::downstream))
        .routes(routes!(instances::act::rerun))
        .routes(routes!(instances::act::mark_succeeded))
        .routes(routes!(instances::act::freeze))
        .routes(routes!(instances::act::unfreeze))
        .routes(routes!(instances::act::stop))
        .routes(routes!(backfills::list, backfills::create))
        .routes(routes!(backfills::preview))
        .routes(routes!(backfills::show))
        .routes(routes!(backfills::act::pause))
        .routes(routes!(backfills::act::resume))
        .routes(routes!(backfills::act::stop))
        .routes(routes!(alert_channels::kinds))
        .routes(routes!(alert_channels::list, alert_channels::create))
        .routes(routes!(
            alert_channels::show,
            alert_channels::change,
            alert_channels::delete
        ))
        .routes(routes!(alert_channels::test))
        .routes(routes!(alert_rules::list, alert_rules::create))
        .routes(routes!(
            alert_rules::show,
            alert_rules::put,
            alert_rules::delete
        ))
        .routes(routes!(alert_rules::enable))
        .routes(routes!(alert_rules::disable))
        .routes(routes!(alerts::list));
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(instance::healthz))
        .routes(routes!(instance::readyz))
        .routes(routes!(metrics::show))
        .nest(PREFIX, v1)
}

/// The description of the API, as it is committed in `docs/reference/openapi.json`.
pub fn openapi() -> serde_json::Value {
    let mut api = serde_json::to_value(api().split_for_parts().1).unwrap_or_default();
    description::complete(&mut api);
    api
}

/// Gives a request up that takes too long, and says so like any other failure.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(LONGEST_REQUEST, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let message = format!(
                "the request took longer than {} s",
                LONGEST_REQUEST.as_secs()
            );
            ApiError::new(Code::Unavailable, message)
                .hint("look whether it was done before you repeat it")
                .into_response()
        }
    }
}

/// The service: routes inside of what every request passes through.
pub(crate) fn router(app: App) -> Router {
    let header = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    // Browsers that came once over TLS do not come without it for a year.
    let is_secure = app.config.address.starts_with("https:");
    let transport = is_secure.then(|| HeaderValue::from_static("max-age=31536000"));
    let id = HeaderName::from_static("x-request-id");
    let (routes, description) = api().split_for_parts();
    let needs = Needs::read(&description);
    let body_limit = DefaultBodyLimit::max(app.config.longest_body);
    routes
        .route_layer(middleware::from_fn_with_state(
            (app.clone(), needs),
            authorize,
        ))
        .fallback(page)
        .method_not_allowed_fallback(async || {
            ApiError::new(Code::MethodNotAllowed, "this path does not take this method")
        })
        .layer(middleware::from_fn_with_state(app.clone(), authenticate))
        .layer(body_limit)
        .layer(middleware::from_fn(in_time))
        .layer(CatchPanicLayer::custom(|_| {
            ApiError::internal("the request", "a panic").into_response()
        }))
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("x-frame-options", "DENY"))
        .layer(SetResponseHeaderLayer::if_not_present(
            STRICT_TRANSPORT_SECURITY,
            move |_: &Response| transport.clone(),
        ))
        .layer(header("referrer-policy", "no-referrer"))
        .layer(header("cache-control", "no-store"))
        .layer(header(
            "content-security-policy",
            "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ))
        .layer(PropagateRequestIdLayer::new(id.clone()))
        .layer(middleware::from_fn_with_state(app.clone(), observe))
        .layer(SetRequestIdLayer::new(id, MakeRequestUuid))
        .with_state(app)
}

/// What is no route of the API: a page or a file of the console.
async fn page(State(app): State<App>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let is_page = !uri.path().starts_with("/api/");
    if is_page && matches!(method, Method::GET | Method::HEAD) {
        return app.console.answer(uri.path(), &headers).await;
    }
    ApiError::new(Code::NotFound, "there is no such path").into_response()
}
