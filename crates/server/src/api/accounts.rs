//! Accounts of people, and the sub-accounts they make.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use sdk::Secret;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::audit::{Change, Object};
use super::body::Body;
use super::caller::{By, Caller, SignedIn};
use super::error::{ApiError, ApiResult, ErrorBody, Problem};
use super::etag::{Revised, Seen};
use super::page::{Listed, PageQuery, QueryOf};
use super::session;
use super::time::{Time, new_id};
use crate::access::password;
use crate::state::App;
use crate::store::{self, Alone, StoreError, account};

pub(crate) const LONGEST_NAME: usize = 60;
/// Display names and e-mail addresses.
const LONGEST_TEXT: usize = 254;
/// They are read with every session.
const MOST_PREFERENCES: usize = 65_536;

/// Somebody who can sign in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) email: Option<String>,
    /// Whether the account administers the instance.
    pub(crate) is_admin: bool,
    /// The account that made this one and whose rights bound its own.
    pub(crate) parent_id: Option<String>,
    pub(crate) is_active: bool,
    /// Language, time zone, theme and the like, as the console keeps them.
    #[schema(value_type = Object)]
    pub(crate) preferences: Map<String, Value>,
    pub(crate) created_at: Time,
    pub(crate) updated_at: Time,
}

impl From<account::Account> for Account {
    fn from(row: account::Account) -> Self {
        Account {
            is_admin: row.is_admin(),
            is_active: row.is_active(),
            preferences: serde_json::from_str(&row.preferences).unwrap_or_default(),
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            email: row.email,
            parent_id: row.parent_id,
            created_at: Time(row.created_at),
            updated_at: Time(row.updated_at),
        }
    }
}

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewAccount {
    /// Letters, digits, `_`, `-`, `.` and `@`; begins with a letter; case does not count.
    #[schema(max_length = 60, pattern = "^[A-Za-z][A-Za-z0-9_.@-]*$")]
    name: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 1024)]
    password: Secret,
    /// Only an administrator makes administrators; everybody else makes sub-accounts of their own.
    #[serde(default)]
    is_admin: bool,
}

/// What can be changed of an account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AccountChange {
    display_name: Option<String>,
    email: Option<String>,
    /// For administrators of the instance.
    is_admin: Option<bool>,
    /// For administrators of the instance, and for the parent of a sub-account.
    is_active: Option<bool>,
    #[schema(value_type = Option<Object>)]
    preferences: Option<Map<String, Value>>,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The old one; needed to change one's own.
    #[schema(value_type = Option<String>, format = Password)]
    old: Option<Secret>,
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 1024)]
    new: Secret,
}

/// Checks the name of an account.
pub(crate) fn check_name(name: &str, problems: &mut Vec<Problem>) {
    let fits = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.len() <= LONGEST_NAME
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || "_-.@".contains(letter));
    if !fits {
        problems.push(
            Problem::at("/name", format!("`{name}` cannot be the name of an account")).hint(format!(
                "use letters, digits, `_`, `-`, `.` and `@`, begin with a letter, at most {LONGEST_NAME}"
            )),
        );
    }
}

/// What is shown in every list has its limit.
fn check_text(pointer: &str, text: Option<&str>, problems: &mut Vec<Problem>) {
    if text.is_some_and(|text| text.len() > LONGEST_TEXT) {
        let message = format!("this is longer than {LONGEST_TEXT} bytes");
        problems.push(Problem::at(pointer, message));
    }
}

/// Whether the caller may change an account: their own, a sub-account of theirs, or any as administrator.
fn may_manage(caller: &Caller, account: &account::Account) -> bool {
    let is_theirs = account.parent_id.as_deref() == Some(&caller.account.id);
    caller.is_admin() || (is_theirs && !caller.is_bound())
}

async fn visible(app: &App, caller: &Caller, id: &str) -> ApiResult<account::Account> {
    let mut c = app.store.read().await?;
    let found = account::find(&mut c, id).await?;
    found
        .filter(|account| account.id == caller.account.id || may_manage(caller, account))
        .ok_or_else(|| ApiError::not_found("account", id))
}

/// All accounts for administrators, one's own sub-accounts for others.
#[utoipa::path(get, path = "/accounts", tag = "accounts", params(PageQuery),
    responses((status = 200, body = Listed<Account>), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn list(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    QueryOf(query): QueryOf<PageQuery>,
) -> ApiResult<Json<Listed<Account>>> {
    caller.need_whole_account()?;
    let page = query.page()?;
    let parent = (!caller.is_admin()).then_some(caller.account.id.as_str());
    let mut c = app.store.read().await?;
    let rows = account::list(&mut c, parent, &page).await?;
    let listed = Listed::new(rows, &page, |row| row.name.clone(), Account::from);
    Ok(Json(listed))
}

/// Creates an account; one's own sub-account, unless an administrator creates it.
#[utoipa::path(post, path = "/accounts", tag = "accounts", request_body = NewAccount,
    responses((status = 201, body = Account), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn create(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Body(body): Body<NewAccount>,
) -> ApiResult<(StatusCode, Revised<Account>)> {
    let by_admin = caller.is_admin();
    if caller.parent.is_some() || (!by_admin && matches!(caller.by, By::Key(_))) {
        return Err(
            ApiError::forbidden("a sub-account or an access key creates no accounts")
                .hint("sign in with the main account"),
        );
    }
    if body.is_admin {
        caller.need_admin()?;
    }
    let mut problems = Vec::new();
    check_name(&body.name, &mut problems);
    if let Err(error) = password::check(&body.password) {
        problems.push(Problem::of("/password", &error));
    }
    check_text("/displayName", body.display_name.as_deref(), &mut problems);
    check_text("/email", body.email.as_deref(), &mut problems);
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    let now = app.clock.micros();
    let row = account::Account {
        id: new_id(),
        name: body.name.to_lowercase(),
        display_name: body.display_name.unwrap_or_else(|| body.name.clone()),
        email: body.email,
        password_hash: Some(session::hash(&app, body.password).await?),
        is_admin: i64::from(body.is_admin),
        parent_id: (!by_admin).then(|| caller.account.id.clone()),
        state: "active".to_string(),
        failed_sign_ins: 0,
        failed_at: None,
        preferences: "{}".to_string(),
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    let mut t = app.store.begin().await?;
    account::insert(&mut t, &row)
        .await
        .map_err(|error| match error {
            StoreError::Exists => {
                ApiError::conflict(format!("there is an account `{}` already", row.name))
                    .hint("choose another name")
            }
            other => other.into(),
        })?;
    let view = Account::from(row);
    let change = Change::of(None::<&()>, Some(&view));
    note(&caller, &mut t, "account.create", &view, change).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok((StatusCode::CREATED, Revised(1, view)))
}

async fn note(
    caller: &Caller,
    c: &mut store::Connection,
    action: &str,
    account: &Account,
    change: Change,
) -> ApiResult<()> {
    let object = Object {
        kind: "account",
        id: &account.id,
        name: &account.name,
    };
    caller.note(c, action, object, change).await
}

/// One account.
#[utoipa::path(get, path = "/accounts/{account}", tag = "accounts", params(("account" = String, Path)),
    responses((status = 200, body = Account), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn show(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
) -> ApiResult<Revised<Account>> {
    let row = visible(&app, &caller, &id).await?;
    Ok(Revised(row.revision, Account::from(row)))
}

/// Changes an account.
#[utoipa::path(patch, path = "/accounts/{account}", tag = "accounts", request_body = AccountChange,
    params(("account" = String, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = Account), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn change(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    Seen(revision): Seen,
    Body(body): Body<AccountChange>,
) -> ApiResult<Revised<Account>> {
    caller.need_whole_account()?;
    let before = visible(&app, &caller, &id).await?;
    if before.revision != revision {
        return Err(StoreError::Changed.into());
    }
    let mut problems = Vec::new();
    check_text("/displayName", body.display_name.as_deref(), &mut problems);
    check_text("/email", body.email.as_deref(), &mut problems);
    let mut row = before.clone();
    row.updated_at = app.clock.micros();
    if let Some(name) = body.display_name {
        row.display_name = name;
    }
    if let Some(email) = body.email {
        let sign_on = app.sign_on.as_ref();
        if sign_on.is_some_and(|it| it.config().link_by_email) && !caller.is_admin() {
            // Who has the address gets the account, so nobody gives themselves an address.
            return Err(
                ApiError::forbidden("e-mail addresses decide here who gets which account")
                    .hint("ask an administrator of the instance to change it"),
            );
        }
        row.email = Some(email).filter(|email| !email.is_empty());
    }
    if let Some(preferences) = body.preferences {
        row.preferences = Value::Object(preferences).to_string();
        if row.preferences.len() > MOST_PREFERENCES {
            let message = format!("preferences are kept up to {MOST_PREFERENCES} bytes");
            problems.push(Problem::at("/preferences", message));
        }
    }
    if !problems.is_empty() {
        return Err(ApiError::invalid(problems));
    }
    if let Some(is_admin) = body
        .is_admin
        .filter(|is_admin| *is_admin != before.is_admin())
    {
        caller.need_admin()?;
        if row.parent_id.is_some() {
            return Err(ApiError::conflict(
                "a sub-account cannot administer the instance",
            ));
        }
        row.is_admin = i64::from(is_admin);
    }
    if let Some(is_active) = body
        .is_active
        .filter(|active| *active != before.is_active())
    {
        if !may_manage(&caller, &before) {
            return Err(ApiError::forbidden(
                "you cannot close or open your own account",
            ));
        }
        row.state = if is_active { "active" } else { "disabled" }.to_string();
    }
    // Two administrators who unmake each other do so one after the other.
    let mut t = app.store.begin_alone(Alone::Administrators).await?;
    account::update(&mut t, &row).await?;
    if !row.is_active() {
        store::session::delete_others(&mut t, &row.id, "").await?;
    }
    if before.is_admin() && account::other_admins(&mut t, "").await? == 0 {
        return Err(
            ApiError::conflict("this is the last administrator of the instance")
                .hint("make another account administrator first"),
        );
    }
    row.revision += 1;
    let (before, after) = (Account::from(before), Account::from(row));
    let change = Change::of(Some(&before), Some(&after));
    note(&caller, &mut t, "account.update", &after, change).await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(Revised(revision + 1, after))
}

/// Sets a password; one's own needs the old one, and ends all other sessions.
#[utoipa::path(put, path = "/accounts/{account}/password", tag = "accounts", request_body = NewPassword,
    params(("account" = String, Path)),
    responses((status = 204), (status = "default", body = ErrorBody)),
    extensions(("x-right" = json!("signedIn"))))]
pub(crate) async fn set_password(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    Path(id): Path<String>,
    Body(body): Body<NewPassword>,
) -> ApiResult<StatusCode> {
    let By::Session(current) = &caller.by else {
        return Err(ApiError::forbidden("an access key sets no passwords")
            .hint("sign in with name and password"));
    };
    let row = visible(&app, &caller, &id).await?;
    // First, so that a new password that is not good enough costs no try of the old one.
    if let Err(error) = password::check(&body.new) {
        return Err(ApiError::invalid(vec![Problem::of("/new", &error)]));
    }
    if row.id == caller.account.id {
        session::check_own(&app, &row, body.old).await?;
    }
    let hash = session::hash(&app, body.new).await?;
    let mut t = app.store.begin().await?;
    account::set_password(&mut t, &row.id, &hash, app.clock.micros()).await?;
    store::session::delete_others(&mut t, &row.id, &current.token_hash).await?;
    let view = Account::from(row);
    note(
        &caller,
        &mut t,
        "account.password",
        &view,
        Change::default(),
    )
    .await?;
    t.commit().await.map_err(StoreError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
