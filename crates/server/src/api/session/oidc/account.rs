//! Whose account an identity is: the one it has, one with its e-mail address, or a new one, as the administrator
//! allows.

use crate::access::token;
use crate::api::accounts::{Account, LONGEST_NAME, check_name};
use crate::api::audit::Change;
use crate::api::caller::Origin;
use crate::api::error::{ApiError, ApiResult};
use crate::api::session::entry;
use crate::api::time::new_id;
use crate::sign_on::Identity;
use crate::state::App;
use crate::store::{Connection, StoreError, StoreResult, account, audit, identity};

/// Longer names of people are cut.
const LONGEST_DISPLAY_NAME: usize = 200;
/// So many digits tell two people of one name apart.
const SUFFIX: usize = 8;

/// The account that belongs to an identity, active or not.
pub(super) async fn known(
    c: &mut Connection,
    identity: &Identity,
) -> StoreResult<Option<account::Account>> {
    match identity::account_of(c, &identity.issuer, &identity.subject).await? {
        Some(id) => account::find(c, &id).await,
        None => Ok(None),
    }
}

/// The account that an identity may use.
pub(super) async fn of(
    app: &App,
    c: &mut Connection,
    identity: &Identity,
    origin: &Origin,
) -> ApiResult<account::Account> {
    let now = app.clock.micros();
    let key = (identity.issuer.as_str(), identity.subject.as_str());
    if let Some(account) = known(c, identity).await? {
        if !account.is_active() {
            return Err(closed());
        }
        identity::note_use(c, key, now).await?;
        return Ok(account);
    }
    if account::count(c).await? == 0 {
        return Err(ApiError::conflict("this server has no administrator yet")
            .hint("create one with the one-time token that the server printed, and begin again"));
    }
    let (account, action) = match same_email(app, c, identity).await? {
        Some(account) => (account, "account.link"),
        None => (create(app, c, identity).await?, "account.create"),
    };
    let linked = identity::insert(c, key, &account.id, now).await;
    linked.map_err(|error| match error {
        StoreError::Exists => again(),
        other => other.into(),
    })?;
    let mut note = entry(app, Some(&account), origin, action);
    let view = Account::from(account.clone());
    let after = Change::of(None::<&()>, Some(&view)).after;
    note.value_after =
        Some(serde_json::json!({"account": after, "issuer": key.0, "subject": key.1}).to_string());
    audit::insert(c, &note).await?;
    Ok(account)
}

/// The account to link, if the administrator allows that and it is clear which one is meant.
async fn same_email(
    app: &App,
    c: &mut Connection,
    identity: &Identity,
) -> ApiResult<Option<account::Account>> {
    let Some(email) = &identity.email else {
        return Ok(None);
    };
    let found = account::find_by_email(c, email).await?;
    if found.iter().any(|account| !account.is_active()) {
        return Err(closed());
    }
    let links = app
        .sign_on
        .as_ref()
        .is_some_and(|provider| provider.config().link_by_email);
    if !links || !identity.email_is_verified {
        return Ok(None);
    }
    // Whoever runs the provider would otherwise administer this server too.
    let mut found = found.into_iter().filter(|account| !account.is_admin());
    match (found.next(), found.next()) {
        (Some(account), None) => Ok(Some(account)),
        (None, _) => Ok(None),
        (Some(_), Some(_)) => Err(
            ApiError::conflict("several accounts have your e-mail address")
                .hint("ask an administrator to take it away from all but yours, and begin again"),
        ),
    }
}

/// A new account without any rights.
async fn create(app: &App, c: &mut Connection, identity: &Identity) -> ApiResult<account::Account> {
    let creates = app
        .sign_on
        .as_ref()
        .is_some_and(|provider| provider.config().create_accounts);
    if !creates {
        return Err(ApiError::forbidden("you have no account on this server")
            .hint("ask an administrator of the instance for one"));
    }
    let mut name = wanted_name(identity);
    if account::find_by_name(c, &name).await?.is_some() {
        name.truncate(LONGEST_NAME - SUFFIX - 1);
        name = format!("{name}-{}", &digest(identity)[..SUFFIX]);
    }
    let display = identity.display_name.as_deref().unwrap_or(&name);
    let display = display.chars().filter(|letter| !letter.is_control());
    let now = app.clock.micros();
    let row = account::Account {
        id: new_id(),
        display_name: display.take(LONGEST_DISPLAY_NAME).collect(),
        name,
        // An address that nobody verified would be taken for theirs later.
        email: identity
            .email
            .clone()
            .filter(|_| identity.email_is_verified),
        password_hash: None,
        is_admin: 0,
        parent_id: None,
        state: "active".to_string(),
        failed_sign_ins: 0,
        failed_at: None,
        preferences: "{}".to_string(),
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    account::insert(c, &row)
        .await
        .map_err(|error| match error {
            StoreError::Exists => again(),
            other => other.into(),
        })?;
    Ok(row)
}

/// What the provider calls them, or their address, or else a name that says nothing.
fn wanted_name(identity: &Identity) -> String {
    let email = identity.email.as_ref();
    let names = [
        identity.name.as_ref(),
        email.filter(|_| identity.email_is_verified),
    ];
    for name in names.into_iter().flatten() {
        let mut problems = Vec::new();
        check_name(name, &mut problems);
        if problems.is_empty() {
            return name.to_lowercase();
        }
    }
    format!("user-{}", &digest(identity)[..SUFFIX])
}

fn digest(identity: &Identity) -> String {
    token::hash(format!("{} {}", identity.issuer, identity.subject))
}

fn closed() -> ApiError {
    ApiError::forbidden("your account on this server is closed")
        .hint("ask an administrator of the instance to open it again")
}

fn again() -> ApiError {
    ApiError::conflict("the same person signed in for the first time at the same moment")
        .hint("begin again at the sign-in page")
}
