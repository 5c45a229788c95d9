//! Signing in at an OpenID provider: the way there and the way back.
//!
//! The way back is believed from the browser that went there alone, and once: a short-lived cookie binds it, and
//! the check value and the proof of possession that the provider is shown are derived from that cookie.

mod account;

use axum::extract::State;
use axum::http::header::{ACCEPT, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use sdk::Secret;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{begin, cookie, entry};
use crate::access::token;
use crate::api::caller::{self, Origin};
use crate::api::error::{ApiError, ApiResult, Code, ErrorBody, Problem};
use crate::api::page::QueryOf;
use crate::router::PREFIX;
use crate::sign_on::{Attempt, Identity, Provider};
use crate::state::App;
use crate::store::{self, StoreError, audit, identity};

/// Where the provider sends browsers back to, below the API.
pub(crate) const CALLBACK: &str = "/session/oidc/callback";
/// The cookie of a browser that is at the provider.
const ATTEMPT_COOKIE: &str = "longshore_sign_on";
/// So long may somebody take at the provider.
const ATTEMPT_SECONDS: i64 = 600;
const LONGEST_NEXT: usize = 2_000;

/// Where to go after the sign-in.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StartQuery {
    /// A path on this server, `/` unless said.
    #[serde(default = "home")]
    #[param(default = "/")]
    next: String,
}

fn home() -> String {
    "/".to_string()
}

/// What the provider sends along with the browser.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallbackQuery {
    /// The value that went there.
    state: Option<String>,
    /// What the tokens are got with.
    #[param(value_type = Option<String>)]
    code: Option<Secret>,
    /// Why there is none.
    error: Option<String>,
    /// Who the provider is, if it says so.
    iss: Option<String>,
}

fn provider(app: &App) -> ApiResult<&Provider> {
    app.sign_on.as_ref().ok_or_else(|| {
        ApiError::new(Code::NotFound, "this server has no single sign-on")
            .hint("sign in with name and password, or start the server with `--oidc-issuer`")
    })
}

/// Sends a browser to the provider, to come back to `/session/oidc/callback`.
#[utoipa::path(get, path = "/session/oidc/start", tag = "session", params(StartQuery),
    responses((status = 303), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("public"))))]
pub(crate) async fn start(
    State(app): State<App>,
    headers: HeaderMap,
    QueryOf(query): QueryOf<StartQuery>,
) -> ApiResult<Response> {
    for_people(&headers, set_out(&app, query).await)
}

/// A browser that was sent here shows a person what it gets, so what went wrong is told by the sign-in page. It
/// learns the code; the reason stands in the audit log.
fn for_people(headers: &HeaderMap, answer: ApiResult<Response>) -> ApiResult<Response> {
    let accepted = headers
        .get(ACCEPT)
        .and_then(|accepted| accepted.to_str().ok());
    let reads_pages = accepted.is_some_and(|accepted| accepted.contains("text/html"));
    match answer {
        Err(error) if reads_pages => {
            let page = format!("/?signInError={}", error.code().name());
            Ok((StatusCode::SEE_OTHER, [(LOCATION, page)]).into_response())
        }
        answer => answer,
    }
}

async fn set_out(app: &App, query: StartQuery) -> ApiResult<Response> {
    let provider = provider(app)?;
    if !is_own_path(&query.next) {
        return Err(ApiError::invalid(vec![
            Problem::at("/next", "`next` is no path on this server").hint("begin it with one `/`"),
        ]));
    }
    let (attempt, state) = (Attempt::new()?, token::token()?);
    let now = app.clock.now();
    let page = provider.page(&attempt, state.clone(), now).await?;
    let now = now.timestamp_micros();
    let row = identity::SignOn {
        state_hash: token::hash(state.expose()),
        browser_hash: attempt.browser_hash(),
        next_path: query.next,
        expires_at: now + ATTEMPT_SECONDS * 1_000_000,
    };
    let mut t = app.store.begin().await?;
    identity::delete_ended(&mut t, now).await?;
    identity::begin(&mut t, &row).await?;
    t.commit().await.map_err(StoreError::from)?;
    let cookie = attempt_cookie(app, (attempt.cookie(), ATTEMPT_SECONDS));
    let headers = [(LOCATION, page), (SET_COOKIE, cookie)];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// Whether a browser that is sent to a text stays on this server. Browsers take a backslash for a slash and
/// overlook control characters.
fn is_own_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text.len() <= LONGEST_NEXT
        && text
            .chars()
            .all(|letter| letter.is_ascii_graphic() && letter != '\\')
}

fn attempt_cookie(app: &App, value: (&str, i64)) -> String {
    let path = format!("{PREFIX}/session/oidc");
    cookie(app, ATTEMPT_COOKIE, &path, value)
}

/// Signs in somebody whom the provider vouches for, and sends the browser where it wanted to go.
#[utoipa::path(get, path = CALLBACK, tag = "session", params(CallbackQuery),
    responses((status = 303), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("public"))))]
pub(crate) async fn finish(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    QueryOf(query): QueryOf<CallbackQuery>,
) -> ApiResult<Response> {
    for_people(&headers, come_back(&app, &origin, &headers, query).await)
}

async fn come_back(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    query: CallbackQuery,
) -> ApiResult<Response> {
    let provider = provider(app)?;
    let (attempt, next) = attempt_of(app, headers, query.state.as_deref()).await?;
    let identity = identified(app, provider, &attempt, query).await;
    let identity = match identity {
        Ok(identity) => identity,
        Err(error) => return Err(refused(app, None, origin, error).await),
    };
    match sign_in(app, provider, &identity, origin).await {
        Ok(session) => {
            let cookies = [session, attempt_cookie(app, ("", 0))];
            let cookies = AppendHeaders(cookies.map(|cookie| (SET_COOKIE, cookie)));
            Ok((StatusCode::SEE_OTHER, [(LOCATION, next)], cookies).into_response())
        }
        Err(error) => Err(refused(app, Some(&identity), origin, error).await),
    }
}

/// The attempt that the browser went there with, and where it wanted to go; nobody finds it again.
async fn attempt_of(
    app: &App,
    headers: &HeaderMap,
    state: Option<&str>,
) -> ApiResult<(Attempt, String)> {
    let unknown = || {
        ApiError::bad_request(
            "this browser has not begun this sign-in, or too long ago, or it is done already",
        )
        .hint("begin again at the sign-in page; cookies of this server must be allowed")
    };
    let attempt = caller::cookie(headers, ATTEMPT_COOKIE).map(Attempt::of);
    let (Some(attempt), Some(state)) = (attempt, state) else {
        return Err(unknown());
    };
    let mut t = app.store.begin().await?;
    let row = identity::take(&mut t, &token::hash(state), &attempt.browser_hash()).await?;
    t.commit().await.map_err(StoreError::from)?;
    match row {
        Some(row) if row.expires_at > app.clock.micros() => Ok((attempt, row.next_path)),
        _ => Err(unknown()),
    }
}

async fn identified(
    app: &App,
    provider: &Provider,
    attempt: &Attempt,
    query: CallbackQuery,
) -> ApiResult<Identity> {
    if query
        .iss
        .is_some_and(|issuer| issuer != provider.config().issuer)
    {
        return Err(ApiError::new(
            Code::Unauthenticated,
            "the answer comes from another provider",
        )
        .hint("begin again at the sign-in page"));
    }
    let Some(code) = query.code else {
        let plain = |error: &String| {
            error.len() <= 60
                && error
                    .bytes()
                    .all(|it| it == b'_' || it.is_ascii_lowercase())
        };
        let reason = query.error.filter(plain);
        let reason = reason.as_deref().unwrap_or("without a reason");
        return Err(ApiError::new(
            Code::Unauthenticated,
            format!("the provider refused the sign-in: {reason}"),
        )
        .hint("begin again at the sign-in page; if that does not help, ask an administrator"));
    };
    Ok(provider.identify(code, attempt, app.clock.now()).await?)
}

/// Begins the session; returns its cookie.
async fn sign_in(
    app: &App,
    provider: &Provider,
    identity: &Identity,
    origin: &Origin,
) -> ApiResult<String> {
    provider.admit(identity)?;
    let mut t = app.store.begin().await?;
    let account = account::of(app, &mut t, identity, origin).await?;
    let begun = begin(app, &mut t, account, origin, "session.singleSignOn").await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(begun.cookie)
}

/// Notes who was refused and why.
async fn refused(
    app: &App,
    identity: Option<&Identity>,
    origin: &Origin,
    error: ApiError,
) -> ApiError {
    let noted = async {
        let mut t = app.store.begin().await?;
        let known = match identity {
            Some(identity) => account::known(&mut t, identity).await?,
            None => None,
        };
        let mut entry = entry(app, known.as_ref(), origin, "session.refused");
        let why = serde_json::json!({
            "reason": error.message(),
            "issuer": identity.map(|identity| &identity.issuer),
            "subject": identity.map(|identity| &identity.subject),
        });
        entry.value_after = Some(why.to_string());
        audit::insert(&mut t, &entry).await?;
        t.commit().await.map_err(StoreError::from)?;
        Ok::<(), store::StoreError>(())
    };
    match noted.await {
        Ok(()) => error,
        Err(failed) => failed.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn only_paths_of_this_server_are_gone_to() {
        for own in [
            "/",
            "/projects/1?tab=runs#top",
            "/a//b",
            "/%2f%2fexample.org",
        ] {
            assert!(is_own_path(own), "{own}");
        }
        let long = format!("/{}", "a".repeat(2_000));
        for foreign in [
            "",
            "projects",
            "//example.org",
            "/\\example.org",
            "\\\\example.org",
            "/\t/example.org",
            "/\r\nset-cookie:x=y",
            "/\u{e9}",
            "https://example.org",
            "javascript:alert(1)",
            &long,
        ] {
            assert!(!is_own_path(foreign), "{foreign}");
        }
    }
}
