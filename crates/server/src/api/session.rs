//! Signing in and out, and the first administrator.

pub(crate) mod oidc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use sdk::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::accounts::{Account, check_name};
use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{By, COOKIE_NAME, Origin, SESSION_MICROS, SignedIn};
use super::error::{ApiError, ApiResult, Code, ErrorBody, Problem};
use super::time::new_id;
use crate::access::password::{self, Attempt, Verdict};
use crate::access::token;
use crate::config::Passwords;
use crate::state::App;
use crate::store::{StoreError, account, audit, session, setting};

#[cfg(test)]
pub(crate) mod tests;

/// The setting that holds the hash of the one-time token, until there is an administrator.
pub(crate) const SETUP: &str = "setup";

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SignIn {
    name: String,
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SetUp {
    /// The one-time token that the server printed when it started.
    #[schema(value_type = String, format = Password)]
    token: Secret,
    name: String,
    #[schema(value_type = String, format = Password)]
    password: Secret,
}

/// Who is signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionView {
    account: Account,
    /// To be sent as `X-CSRF-Token` with every change; absent for access keys, which need none.
    csrf_token: Option<String>,
}

/// What a visitor may know before signing in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Welcome {
    /// Whether the first administrator is still to be created.
    needs_setup: bool,
    version: &'static str,
    /// Who may sign in with a password.
    passwords: Passwords,
    /// The name of the provider behind `/session/oidc/start`; absent if there is none.
    single_sign_on: Option<String>,
}

/// Whether the first administrator is still to be created, and how people sign in.
#[utoipa::path(get, path = "/welcome", tag = "session",
    responses((status = 200, body = Welcome), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("public"))))]
pub(crate) async fn welcome(State(app): State<App>) -> ApiResult<Json<Welcome>> {
    let mut c = app.store.read().await?;
    let single_sign_on = app.sign_on.as_ref();
    Ok(Json(Welcome {
        needs_setup: account::count(&mut c).await? == 0,
        version: env!("CARGO_PKG_VERSION"),
        passwords: passwords(&app),
        single_sign_on: single_sign_on.map(|provider| provider.config().title.clone()),
    }))
}

/// Creates the first administrator and signs them in.
#[utoipa::path(post, path = "/setup", tag = "session", request_body = SetUp,
    responses((status = 200, body = SessionView), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("public"))))]
pub(crate) async fn set_up(
    State(app): State<App>,
    origin: Origin,
    Body(body): Body<SetUp>,
) -> ApiResult<Response> {
    let refused = || {
        ApiError::new(Code::Unauthenticated, "the one-time token is not accepted").hint(
            "take the one that the server printed last; it works until there is an administrator",
        )
    };
    let mut c = app.store.read().await?;
    let (stored, _) = setting::find(&mut c, SETUP).await?.ok_or_else(refused)?;
    drop(c);
    if !token::same(&stored, &token::hash(body.token.expose())) {
        return Err(refused());
    }
    let mut problems = Vec::new();
    check_name(&body.name, &mut problems);
    if let Err(error) = password::check(&body.password) {
        problems.push(Problem::of("/password", &error));
    }
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    let now = app.clock.micros();
    let administrator = account::Account {
        id: new_id(),
        name: body.name.to_lowercase(),
        display_name: body.name.clone(),
        email: None,
        password_hash: Some(hash(&app, body.password).await?),
        is_admin: 1,
        parent_id: None,
        state: "active".to_string(),
        failed_sign_ins: 0,
        failed_at: None,
        preferences: "{}".to_string(),
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    let mut t = app.store.begin().await?;
    // Of two that use the token at once, one deletes it.
    if setting::delete(&mut t, SETUP).await? != 1 {
        return Err(refused());
    }
    account::insert(&mut t, &administrator).await?;
    let begun = begin(&app, &mut t, administrator, &origin, "session.setUp").await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(begun.into_response())
}

/// Signs in with name and password.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn,
    responses((status = 200, body = SessionView), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("public"))))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    origin: Origin,
    Body(body): Body<SignIn>,
) -> ApiResult<Response> {
    let passwords = passwords(&app);
    let refused = || {
        let error = ApiError::new(Code::Unauthenticated, "name or password is not right");
        error.hint(match passwords {
            Passwords::Everybody => "an administrator can set a new password",
            Passwords::Administrators => {
                "only administrators of the instance sign in with a password here; use single sign-on"
            }
        })
    };
    let mut c = app.store.read().await?;
    let found = account::find_by_name(&mut c, &body.name).await?;
    drop(c);
    if let Some(account) = &found {
        count_try(&app, account.clone()).await?;
    }
    let may = |account: &account::Account| {
        account.is_active() && (passwords == Passwords::Everybody || account.is_admin())
    };
    let known = found.as_ref().filter(|account| may(account));
    let stored = known.and_then(|account| account.password_hash.clone());
    let verdict = verify(&app, body.password.clone(), stored).await?;
    let renewed = match verdict {
        Verdict::RightButOld => Some(hash(&app, body.password).await?),
        Verdict::Right | Verdict::Wrong => None,
    };
    if verdict == Verdict::Wrong {
        app.metrics.sign_in_refused();
    }
    let Some(known) = found else {
        // The audit log only grows, and nothing makes names wait that nobody has; so anybody could fill it. What was
        // typed may be a password, so it is not told.
        tracing::info!(address = %origin.address, "somebody whom nobody knows was not signed in");
        return Err(refused());
    };
    let mut t = app.store.begin().await?;
    if verdict == Verdict::Wrong {
        let entry = entry(&app, Some(&known), &origin, "session.refused");
        audit::insert(&mut t, &entry).await?;
        t.commit().await.map_err(StoreError::from)?;
        return Err(refused());
    }
    // Nobody else changes the account from here on. Whoever was closed or got another password while the given one
    // was looked at is not signed in by what was right before.
    account::forget_failures(&mut t, &known.id).await?;
    let now = account::find(&mut t, &known.id).await?;
    let now = now.filter(|now| may(now) && now.password_hash == known.password_hash);
    let account = now.ok_or_else(refused)?;
    if let Some(hash) = renewed {
        account::set_password(&mut t, &account.id, &hash, app.clock.micros()).await?;
    }
    let begun = begin(&app, &mut t, account, &origin, "session.signIn").await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(begun.into_response())
}

/// Who is signed in, and the token that changes need.
#[utoipa::path(get, path = "/session", tag = "session",
    responses((status = 200, body = SessionView), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn show(SignedIn(caller): SignedIn) -> Json<SessionView> {
    Json(SessionView {
        account: Account::from(caller.account.clone()),
        csrf_token: match &caller.by {
            By::Session(session) => Some(session.csrf_token.clone()),
            By::Key(_) => None,
        },
    })
}

/// Signs out.
#[utoipa::path(delete, path = "/session", tag = "session",
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
) -> ApiResult<Response> {
    if let By::Session(session) = &caller.by {
        let mut t = app.store.begin().await?;
        session::delete(&mut t, &session.token_hash).await?;
        t.commit().await.map_err(StoreError::from)?;
    }
    let cookie = cookie(&app, COOKIE_NAME, "/", ("", 0));
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

/// Who may sign in with a password on this server.
fn passwords(app: &App) -> Passwords {
    app.sign_on
        .as_ref()
        .map_or(Passwords::Everybody, |provider| provider.config().passwords)
}

/// A session that has just begun.
struct Begun {
    cookie: String,
    view: SessionView,
}

impl IntoResponse for Begun {
    fn into_response(self) -> Response {
        ([(SET_COOKIE, self.cookie)], Json(self.view)).into_response()
    }
}

/// Begins a session with new tokens; an old cookie of the browser is worth nothing afterwards.
async fn begin(
    app: &App,
    c: &mut crate::store::Connection,
    account: account::Account,
    origin: &Origin,
    action: &str,
) -> ApiResult<Begun> {
    let (token, csrf) = (token::token()?, token::token()?);
    let now = app.clock.micros();
    let row = session::Session {
        token_hash: token::hash(token.expose()),
        account_id: account.id.clone(),
        csrf_token: csrf.expose().to_string(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + SESSION_MICROS,
        address: origin.address.to_string(),
        agent: origin.agent.clone(),
    };
    session::insert(c, &row).await?;
    session::delete_ended(c, now).await?;
    let caller = super::caller::Caller {
        account,
        parent: None,
        by: By::Session(row),
        address: origin.address,
        clock: app.clock.clone(),
        entered: std::sync::OnceLock::new(),
    };
    let object = Object {
        kind: "account",
        id: &caller.account.id,
        name: &caller.account.name,
    };
    caller.note(c, action, object, Change::default()).await?;
    let view = SessionView {
        account: Account::from(caller.account),
        csrf_token: Some(csrf.expose().to_string()),
    };
    let value = (token.expose(), SESSION_MICROS / 1_000_000);
    let cookie = cookie(app, COOKIE_NAME, "/", value);
    Ok(Begun { cookie, view })
}

/// Counts a try before its password is looked at, so that many tries at once are no more than many tries. While
/// somebody has to wait, none is looked at.
async fn count_try(app: &App, mut row: account::Account) -> ApiResult<()> {
    let now = app.clock.now();
    let mut t = app.store.begin().await?;
    loop {
        let failures = u32::try_from(row.failed_sign_ins).unwrap_or(u32::MAX);
        let last = row.failed_at.and_then(DateTime::from_timestamp_micros);
        if let Attempt::WaitUntil(until) = password::attempt(failures, last, now) {
            return Err(throttled(until, now));
        }
        if account::note_failure(&mut t, &row, now.timestamp_micros()).await? {
            t.commit().await.map_err(StoreError::from)?;
            return Ok(());
        }
        // Somebody else was faster: that try counts, too.
        let read = account::find(&mut t, &row.id).await?;
        row = read.ok_or_else(super::caller::expired)?;
    }
}

/// Checks somebody's own password again, before they change it; guesses count as at the sign-in.
pub(crate) async fn check_own(
    app: &App,
    row: &account::Account,
    given: Option<Secret>,
) -> ApiResult<()> {
    count_try(app, row.clone()).await?;
    let given = given.unwrap_or_default();
    match verify(app, given, row.password_hash.clone()).await? {
        Verdict::Wrong => Err(ApiError::invalid(vec![Problem::at(
            "/old",
            "the old password is not right",
        )])),
        Verdict::Right | Verdict::RightButOld => Ok(()),
    }
}

/// A cookie below a path, with its value and how long that lasts: out of reach of scripts, not sent along by other
/// sites' requests.
fn cookie(app: &App, name: &str, path: &str, (value, seconds): (&str, i64)) -> String {
    let secure = if app.config.address.starts_with("https:") {
        "; Secure"
    } else {
        ""
    };
    format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

fn throttled(until: DateTime<Utc>, now: DateTime<Utc>) -> ApiError {
    let seconds = u64::try_from((until - now).num_seconds() + 1).unwrap_or(1);
    ApiError::new(
        Code::Throttled,
        format!("too many wrong passwords; wait {seconds} seconds"),
    )
    .hint("an administrator can set a new password, which ends the wait")
    .retry_after(seconds)
}

/// An entry about somebody who is not signed in yet. A name that nobody has is not noted; it may be a password
/// typed into the wrong field.
fn entry(
    app: &App,
    known: Option<&account::Account>,
    origin: &Origin,
    action: &str,
) -> audit::Entry {
    audit::Entry {
        id: new_id(),
        at: app.clock.micros(),
        account_id: known.map(|account| account.id.clone()),
        account_name: known.map_or_else(|| "?".to_string(), |account| account.name.clone()),
        access_key_id: None,
        address: origin.address.to_string(),
        action: action.to_string(),
        project_id: None,
        object_kind: "account".to_string(),
        object_id: known.map_or_else(String::new, |account| account.id.clone()),
        object_name: known.map_or_else(|| "?".to_string(), |account| account.name.clone()),
        value_before: None,
        value_after: None,
    }
}

/// Hashes a password on a thread for blocking work.
pub(crate) async fn hash(app: &App, password: Secret) -> ApiResult<String> {
    blocking(app, move || password::hash(&password)).await
}

async fn verify(app: &App, password: Secret, stored: Option<String>) -> ApiResult<Verdict> {
    blocking(app, move || password::verify(&password, stored.as_deref())).await
}

async fn blocking<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> sdk::Result<T> + Send + 'static,
) -> ApiResult<T> {
    let _place = app
        .hashing
        .acquire()
        .await
        .map_err(|error| ApiError::internal("hashing a password", error))?;
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ApiError::internal("hashing a password", error))?;
    Ok(done?)
}
