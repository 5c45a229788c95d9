//! Who calls: every request is authenticated here, and a project is entered only through here.

mod entered;
#[cfg(test)]
mod tests;
mod uses;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use sdk::Secret;
use tokio::time::timeout;

use super::error::{ApiError, ApiResult, Code};
use super::instance::{HEALTH, LONGEST_LOOK};
use crate::access::allow_list::{Networks, client_address};
use crate::access::role::{Right, Rights, Role, capped};
use crate::access::signature::{Authorization, Request as SignedRequest};
use crate::access::token;
use crate::clock::Clock;
use crate::state::App;
use crate::store::access_key::AccessKey;
use crate::store::account::Account;
use crate::store::project::Project;
use crate::store::session::Session;
use crate::store::{access_key, account, member, project, session};

pub(crate) use entered::Access;
pub(crate) use uses::Uses;

/// The cookie of a signed-in browser.
pub(crate) const COOKIE_NAME: &str = "longshore_session";
/// Where a browser repeats its CSRF token when it changes something.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";

/// A session ends so long after its last use.
pub(crate) const SESSION_MICROS: i64 = 12 * 3_600 * 1_000_000;
/// Uses are noted this often, so that reading does not write.
const NOTE_MICROS: i64 = 60 * 1_000_000;

/// Somebody who has proven who they are.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) account: Account,
    /// The account that made this one, if it is a sub-account.
    pub(crate) parent: Option<Account>,
    pub(crate) by: By,
    pub(crate) address: IpAddr,
    /// For the times that the audit log notes.
    pub(crate) clock: Clock,
    /// The project that this request has entered; what was found out about it holds until the request ends.
    pub(crate) entered: OnceLock<(Project, Rights)>,
}

/// What they have proven it with.
#[derive(Debug)]
pub(crate) enum By {
    Session(Session),
    Key(AccessKey),
}

/// Where a request comes from, signed in or not.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) address: IpAddr,
    pub(crate) agent: String,
}

impl Caller {
    /// Whether the caller uses a key that is bound to a project or a role.
    pub(crate) fn is_bound(&self) -> bool {
        matches!(&self.by, By::Key(key) if key.project_id.is_some() || key.role.is_some())
    }

    /// Refuses keys that are bound to a project: what concerns the account as a whole is not in it.
    pub(crate) fn need_whole_account(&self) -> ApiResult<()> {
        match self.is_bound() {
            false => Ok(()),
            true => Err(ApiError::forbidden(
                "an access key that is bound to a project may not do this",
            )
            .hint("sign in, or use a key that is not bound to a project")),
        }
    }

    /// Whether the caller administers the instance; keys that are bound to a project never do.
    pub(crate) fn is_admin(&self) -> bool {
        self.account.is_admin() && !self.is_bound()
    }

    pub(crate) fn need_admin(&self) -> ApiResult<()> {
        if self.is_admin() {
            return Ok(());
        }
        Err(
            ApiError::forbidden("only an administrator of this instance may do this")
                .hint("ask one; an access key that is bound to a project does not count"),
        )
    }

    /// Enters a project with a right. Who is no member is told that it does not exist.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        app: &App,
        project_id: &str,
        right: Right,
    ) -> ApiResult<Access> {
        let known = self
            .entered
            .get()
            .filter(|(known, _)| known.id == project_id);
        let (project, rights) = match known {
            Some(known) => known.clone(),
            None => {
                let found = self.rights_in(app, project_id).await?;
                self.entered.set(found.clone()).ok();
                found
            }
        };
        let access = Access {
            caller: self.clone(),
            project,
            rights,
        };
        access.need(right)?;
        Ok(access)
    }

    async fn rights_in(&self, app: &App, project_id: &str) -> ApiResult<(Project, Rights)> {
        let missing = || ApiError::not_found("project", project_id);
        let mut c = app.store.read().await?;
        let project = project::find(&mut c, project_id)
            .await?
            .ok_or_else(missing)?;
        let mut roles = vec![role_of(&mut c, project_id, &self.account.id).await?];
        if let Some(parent) = &self.parent {
            roles.push(role_of(&mut c, project_id, &parent.id).await?);
        }
        if let By::Key(key) = &self.by {
            if key.project_id.as_deref().is_some_and(|id| id != project_id) {
                return Err(missing());
            }
            if let Some(role) = &key.role {
                roles.push(Some(read_role(role)?));
            }
        }
        let rights = capped(&roles);
        if !rights.contains(Right::ProjectView) {
            return Err(missing());
        }
        let settings = app.project_settings(&project)?;
        refuse_address(&settings.allow_list, self.address)?;
        Ok((project, rights))
    }
}

async fn role_of(
    c: &mut crate::store::Connection,
    project_id: &str,
    account_id: &str,
) -> ApiResult<Option<Role>> {
    member::role(c, project_id, account_id)
        .await?
        .map(|role| read_role(&role))
        .transpose()
}

/// A role as the store has it.
pub(crate) fn read_role(text: &str) -> ApiResult<Role> {
    text.parse()
        .map_err(|error: sdk::Error| ApiError::internal("reading a role from the store", error))
}

fn refuse_address(list: &[String], address: IpAddr) -> ApiResult<()> {
    let networks = Networks::parse(list)
        .map_err(|_| ApiError::internal("reading an allow-list", "an entry is no network"))?;
    if networks.admit(address) {
        return Ok(());
    }
    Err(
        ApiError::forbidden(format!("requests from {address} are not admitted")).hint(
            "an administrator can add the address to the allow-list of the instance or project",
        ),
    )
}

/// Authenticates a request: the caller, if there is one, becomes part of it.
pub(crate) async fn authenticate(State(app): State<App>, request: Request, next: Next) -> Response {
    match identify(&app, request).await {
        Ok(request) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn identify(app: &App, mut request: Request) -> ApiResult<Request> {
    let origin = origin(app, &request)?;
    if HEALTH.contains(&request.uri().path()) {
        // Whoever watches over the server learns that it has no store from the answer, not from waiting for one.
        if let Ok(Ok(settings)) = timeout(LONGEST_LOOK, app.instance_settings()).await {
            refuse_address(&settings.allow_list, origin.address)?;
        }
        request.extensions_mut().insert(origin);
        return Ok(request);
    }
    let settings = app.instance_settings().await?;
    refuse_address(&settings.allow_list, origin.address)?;
    let caller = if let Some(text) = header(request.headers(), AUTHORIZATION.as_str()) {
        let authorization = Authorization::parse(text)?;
        let (read, caller) = by_key(app, request, authorization, &origin).await?;
        request = read;
        Some(caller)
    } else if let Some(token) = cookie(request.headers(), COOKIE_NAME) {
        let is_safe = matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        );
        let given = header(request.headers(), CSRF_HEADER).map(str::to_string);
        let proof = Proof {
            token,
            given,
            is_safe,
        };
        by_session(app, proof, &origin).await?
    } else {
        None
    };
    if let Some(caller) = caller {
        tracing::Span::current().record("account.id", caller.account.id.as_str());
        request.extensions_mut().insert(Arc::new(caller));
    }
    request.extensions_mut().insert(origin);
    Ok(request)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_string())
}

fn origin(app: &App, request: &Request) -> ApiResult<Origin> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.ok_or_else(|| {
        ApiError::internal("a request", "nobody knows which address it came from")
    })?;
    let forwarded: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let agent = header(request.headers(), USER_AGENT.as_str()).unwrap_or_default();
    let address =
        client_address(peer.0.ip(), &forwarded, &app.trusted_proxies).ok_or_else(|| {
            ApiError::bad_request(
                "a proxy passed on something in `X-Forwarded-For` that is no address",
            )
        })?;
    Ok(Origin {
        address,
        agent: agent.chars().take(200).collect(),
    })
}

pub(crate) fn expired() -> ApiError {
    ApiError::new(Code::Unauthenticated, "you are not signed in, or no longer")
        .hint("sign in again; nothing that you typed is lost")
}

fn refused_key() -> ApiError {
    ApiError::new(
        Code::Unauthenticated,
        "the access key or its signature is not accepted",
    )
    .hint("check that the key exists, has not expired or been revoked, and that the clock is right")
}

/// What a browser sends to prove its session.
struct Proof {
    /// From the cookie.
    token: String,
    /// The CSRF token, if it sends one.
    given: Option<String>,
    /// Whether the request changes nothing.
    is_safe: bool,
}

async fn by_session(app: &App, proof: Proof, origin: &Origin) -> ApiResult<Option<Caller>> {
    let now = app.clock.micros();
    let hash = token::hash(&proof.token);
    let mut c = app.store.read().await?;
    // An old cookie is no reason to refuse a request that needs nobody to be signed in.
    let Some(found) = session::find(&mut c, &hash, now).await? else {
        return Ok(None);
    };
    if !proof.is_safe {
        let given = proof.given.unwrap_or_default();
        if !token::same(&given, &found.csrf_token) {
            return Err(ApiError::forbidden(format!(
                "the request lacks the session's token in `{CSRF_HEADER}`"
            ))
            .hint("read it from `GET /api/v1/session` and send it with every change"));
        }
    }
    let (account, parent) = active_account(&mut c, &found.account_id).await?;
    drop(c);
    if now - found.last_seen_at > NOTE_MICROS
        && let Some(_noting) = app.uses.note(&hash)
    {
        let mut t = app.store.begin().await?;
        session::touch(&mut t, &hash, now, now + SESSION_MICROS).await?;
        t.commit().await.map_err(crate::store::StoreError::from)?;
    }
    Ok(Some(Caller {
        account,
        parent,
        by: By::Session(found),
        address: origin.address,
        clock: app.clock.clone(),
        entered: OnceLock::new(),
    }))
}

async fn by_key(
    app: &App,
    request: Request,
    authorization: Authorization,
    origin: &Origin,
) -> ApiResult<(Request, Caller)> {
    let now = app.clock.micros();
    let id = match &authorization {
        Authorization::Signed(signed) => signed.key_id.clone(),
        Authorization::Bearer { key_id, .. } => key_id.clone(),
    };
    let mut c = app.store.read().await?;
    let key = access_key::find(&mut c, &id)
        .await?
        .filter(|key| key.is_valid(now))
        .ok_or_else(refused_key)?;
    // The body may come slowly, and what others need to reach the store is not held meanwhile.
    drop(c);
    let secret = app
        .keys
        .open(&sealed_as(&key.id), &key.secret_sealed)
        .map_err(|error| ApiError::internal("opening the secret of an access key", error))?;
    let request = match authorization {
        Authorization::Bearer { secret: given, .. } => {
            if !token::same(given.expose(), secret.expose()) {
                return Err(refused_key());
            }
            request
        }
        Authorization::Signed(signed) => {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, app.config.longest_body).await.map_err(|_| {
                ApiError::new(Code::TooLarge, "the body is longer than the server accepts")
            })?;
            verify(app, &parts, &body, &signed, &secret)?;
            Request::from_parts(parts, Body::from(body))
        }
    };
    let mut c = app.store.read().await?;
    let (account, parent) = active_account(&mut c, &key.account_id)
        .await
        .map_err(|_| refused_key())?;
    drop(c);
    if key.last_used_at.is_none_or(|last| now - last > NOTE_MICROS)
        && let Some(_noting) = app.uses.note(&key.id)
    {
        let mut t = app.store.begin().await?;
        access_key::note_use(&mut t, &key.id, now).await?;
        t.commit().await.map_err(crate::store::StoreError::from)?;
    }
    let caller = Caller {
        account,
        parent,
        by: By::Key(key),
        address: origin.address,
        clock: app.clock.clone(),
        entered: OnceLock::new(),
    };
    Ok((request, caller))
}

/// What the secret of an access key is bound to when it is sealed.
pub(crate) fn sealed_as(key_id: &str) -> String {
    format!("accessKey/{key_id}")
}

fn verify(
    app: &App,
    parts: &Parts,
    body: &[u8],
    signed: &crate::access::signature::Signed,
    secret: &Secret,
) -> ApiResult<()> {
    let mut headers: Vec<(&str, &str)> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    // HTTP/2 carries the host in the address.
    if let Some(authority) = parts.uri.authority()
        && !parts.headers.contains_key(HOST)
    {
        headers.push(("host", authority.as_str()));
    }
    let request = SignedRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body,
    };
    let now = DateTime::from_timestamp_micros(app.clock.micros()).unwrap_or_default();
    Ok(signed.verify(&request, secret, now)?)
}

/// An account that may act, with the one that made it.
async fn active_account(
    c: &mut crate::store::Connection,
    id: &str,
) -> ApiResult<(Account, Option<Account>)> {
    let account = account::find(c, id)
        .await?
        .filter(Account::is_active)
        .ok_or_else(expired)?;
    let parent = match &account.parent_id {
        None => None,
        Some(parent) => {
            let parent = account::find(c, parent).await?;
            Some(parent.filter(Account::is_active).ok_or_else(expired)?)
        }
    };
    Ok((account, parent))
}

/// Extracts the caller; nobody gets further without one.
pub(crate) struct SignedIn(pub(crate) Arc<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Arc<Caller>>()
            .cloned()
            .map(SignedIn)
            .ok_or_else(expired)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Origin>()
            .cloned()
            .ok_or_else(|| ApiError::internal("a request", "it was not authenticated first"))
    }
}
