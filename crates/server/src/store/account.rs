//! Accounts: people and the sub-accounts they make.

use sqlx::FromRow;

use super::{Connection, Page, StoreResult, changed};

/// A row of `account`.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Account {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) email: Option<String>,
    pub(crate) password_hash: Option<String>,
    pub(crate) is_admin: i64,
    pub(crate) parent_id: Option<String>,
    /// `active` or `disabled`.
    pub(crate) state: String,
    pub(crate) failed_sign_ins: i64,
    pub(crate) failed_at: Option<i64>,
    pub(crate) preferences: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) revision: i64,
}

impl Account {
    pub(crate) fn is_active(&self) -> bool {
        self.state == "active"
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.is_admin != 0
    }
}

pub(crate) async fn insert(c: &mut Connection, account: &Account) -> StoreResult<()> {
    sqlx::query(
        "INSERT INTO account (id, name, display_name, email, password_hash, is_admin, parent_id, state,
            failed_sign_ins, failed_at, preferences, created_at, updated_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(&account.id)
    .bind(&account.name)
    .bind(&account.display_name)
    .bind(&account.email)
    .bind(&account.password_hash)
    .bind(account.is_admin)
    .bind(&account.parent_id)
    .bind(&account.state)
    .bind(account.failed_sign_ins)
    .bind(account.failed_at)
    .bind(&account.preferences)
    .bind(account.created_at)
    .bind(account.updated_at)
    .bind(account.revision)
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(c: &mut Connection, id: &str) -> StoreResult<Option<Account>> {
    let query = sqlx::query_as("SELECT * FROM account WHERE id = $1");
    Ok(query.bind(id).fetch_optional(c).await?)
}

pub(crate) async fn find_by_name(c: &mut Connection, name: &str) -> StoreResult<Option<Account>> {
    let query = sqlx::query_as("SELECT * FROM account WHERE name = $1");
    Ok(query.bind(name.to_lowercase()).fetch_optional(c).await?)
}

/// Accounts with an e-mail address, in any case, that are nobody's sub-accounts; ten at most.
pub(crate) async fn find_by_email(c: &mut Connection, email: &str) -> StoreResult<Vec<Account>> {
    let query = sqlx::query_as(
        "SELECT * FROM account WHERE lower(email) = $1 AND parent_id IS NULL ORDER BY id LIMIT 10",
    );
    Ok(query.bind(email.to_ascii_lowercase()).fetch_all(c).await?)
}

/// All accounts, or the sub-accounts of one, by name.
pub(crate) async fn list(
    c: &mut Connection,
    parent: Option<&str>,
    page: &Page,
) -> StoreResult<Vec<Account>> {
    let query = sqlx::query_as(
        "SELECT * FROM account WHERE name > $1 AND ($2 = '' OR parent_id = $2) ORDER BY name LIMIT $3",
    );
    let after = page.after.as_deref().unwrap_or("");
    let query = query.bind(after).bind(parent.unwrap_or(""));
    Ok(query.bind(page.limit).fetch_all(c).await?)
}

pub(crate) async fn count(c: &mut Connection) -> StoreResult<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM account")
        .fetch_one(c)
        .await?)
}

/// Administrators who can sign in, besides `but`.
pub(crate) async fn other_admins(c: &mut Connection, but: &str) -> StoreResult<i64> {
    let query = sqlx::query_scalar(
        "SELECT count(*) FROM account WHERE is_admin = 1 AND state = 'active' AND id <> $1",
    );
    Ok(query.bind(but).fetch_one(c).await?)
}

/// Writes what people may change, if the revision is still the one they saw.
pub(crate) async fn update(c: &mut Connection, account: &Account) -> StoreResult<()> {
    let result = sqlx::query(
        "UPDATE account SET display_name = $1, email = $2, is_admin = $3, state = $4, preferences = $5,
            updated_at = $6, revision = revision + 1 WHERE id = $7 AND revision = $8",
    )
    .bind(&account.display_name)
    .bind(&account.email)
    .bind(account.is_admin)
    .bind(&account.state)
    .bind(&account.preferences)
    .bind(account.updated_at)
    .bind(&account.id)
    .bind(account.revision)
    .execute(c)
    .await?;
    changed(&result)
}

pub(crate) async fn set_password(
    c: &mut Connection,
    id: &str,
    hash: &str,
    now: i64,
) -> StoreResult<()> {
    sqlx::query(
        "UPDATE account SET password_hash = $1, failed_sign_ins = 0, failed_at = NULL, updated_at = $2,
            revision = revision + 1 WHERE id = $3",
    )
    .bind(hash)
    .bind(now)
    .bind(id)
    .execute(c)
    .await?;
    Ok(())
}

/// Counts a failed sign-in, unless somebody else has counted one since the account was read. Tells whether it did.
pub(crate) async fn note_failure(
    c: &mut Connection,
    account: &Account,
    now: i64,
) -> StoreResult<bool> {
    let query = sqlx::query(
        "UPDATE account SET failed_sign_ins = failed_sign_ins + 1, failed_at = $1
         WHERE id = $2 AND failed_sign_ins = $3",
    );
    let query = query.bind(now).bind(&account.id);
    let done = query.bind(account.failed_sign_ins).execute(c).await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn forget_failures(c: &mut Connection, id: &str) -> StoreResult<()> {
    let query =
        sqlx::query("UPDATE account SET failed_sign_ins = 0, failed_at = NULL WHERE id = $1");
    query.bind(id).execute(c).await?;
    Ok(())
}
