//! Passwords: how they are hashed and checked, and how long somebody has to wait who guesses.
//!
//! Hashing takes 19 MiB and tens of milliseconds on purpose. The caller runs it on a thread for blocking
//! work and limits how many run at the same time.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use chrono::{DateTime, TimeDelta, Utc};
use sdk::{Error, Kind, Result, Secret};

use super::token;

/// In characters.
const SHORTEST: usize = 12;
/// In bytes; nobody types more, and hashing more is work for nothing.
const LONGEST: usize = 1024;

/// The least that OWASP's Password Storage Cheat Sheet asks of Argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The hash of no password, with the parameters above; what is checked when there is no account.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8gc3VjaCBhY2NvdW50$\
                      bm8gcGFzc3dvcmQgaGFzaGVzIHRvIHRoaXMgdGV4dCE";

/// What came of checking a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the one, and its hash is up to date.
    Right,
    /// It is the one; hash it again and store that, since the parameters have changed.
    RightButOld,
    /// It is not, or there is no such account.
    Wrong,
}

/// Whether a text may become somebody's password.
pub(crate) fn check(password: &Secret) -> Result<()> {
    let length = password.expose().chars().count();
    if length < SHORTEST {
        return Err(Error::new(
            Kind::Config,
            format!("the password has {length} characters, {SHORTEST} are the least"),
        )
        .hint("several words are easy to remember and hard to guess"));
    }
    if password.expose().len() > LONGEST {
        return Err(Error::new(
            Kind::Config,
            format!("the password is longer than {LONGEST} bytes"),
        )
        .hint("choose a shorter one"));
    }
    Ok(())
}

/// The hash to store, as a PHC string.
pub(crate) fn hash(password: &Secret) -> Result<String> {
    check(password)?;
    let salt = token::random::<16>()?;
    let hashed = argon2()?.hash_password_with_salt(password.expose().as_bytes(), &salt);
    match hashed {
        Ok(hash) => Ok(hash.to_string()),
        Err(error) => Err(Error::internal(format!(
            "a password could not be hashed: {error}"
        ))),
    }
}

/// Compares a password with the stored hash. Without one, the same work is done for nothing, so that the time
/// does not tell whether the account exists.
pub(crate) fn verify(password: &Secret, stored: Option<&str>) -> Result<Verdict> {
    let hash = PasswordHash::new(stored.unwrap_or(NOBODY)).map_err(|error| {
        Error::internal(format!("a stored password hash cannot be read: {error}"))
    })?;
    // What is too long for a password is none; it is cut, so that it costs no more than one.
    let bytes = password.expose().as_bytes();
    let fits = bytes.len() <= LONGEST;
    let bytes = if fits { bytes } else { &bytes[..LONGEST] };
    let matches = argon2()?.verify_password(bytes, &hash).is_ok();
    Ok(
        match (matches && fits && stored.is_some(), is_current(&hash)) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::Right,
            (true, false) => Verdict::RightButOld,
        },
    )
}

fn argon2() -> Result<Argon2<'static>> {
    match Params::new(MEMORY_KIB, PASSES, LANES, None) {
        Ok(params) => Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params)),
        Err(error) => Err(Error::internal(format!(
            "the parameters of Argon2 are wrong: {error}"
        ))),
    }
}

fn is_current(hash: &PasswordHash) -> bool {
    let params = Params::try_from(hash).is_ok_and(|params| {
        (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES)
    });
    params
        && hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
}

/// Failures before the first wait.
const FREE_FAILURES: u32 = 5;
const FIRST_WAIT_SECONDS: i64 = 30;
const LONGEST_WAIT_SECONDS: i64 = 15 * 60;

/// Whether somebody may try a password now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attempt {
    Allowed,
    WaitUntil(DateTime<Utc>),
}

/// The rule against guessing: `failures` in a row, the last one at a time. A password that is given while one has
/// to wait is not looked at, and does not count. A success sets the count to zero.
pub(crate) fn attempt(
    failures: u32,
    last_failure: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Attempt {
    match last_failure.map(|last| last + wait_after(failures)) {
        Some(until) if now < until => Attempt::WaitUntil(until),
        _ => Attempt::Allowed,
    }
}

/// How long to wait after so many failures: not at all before the fifth, and 30 seconds after it; each further one
/// doubles the wait, up to 15 minutes.
pub(crate) fn wait_after(failures: u32) -> TimeDelta {
    let Some(beyond) = failures.checked_sub(FREE_FAILURES) else {
        return TimeDelta::zero();
    };
    // Doubled six times it is beyond the longest.
    let doubled = FIRST_WAIT_SECONDS << beyond.min(6);
    TimeDelta::seconds(doubled.min(LONGEST_WAIT_SECONDS))
}

#[cfg(test)]
mod tests;
