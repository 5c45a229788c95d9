//! `longshore login` and `logout`: a sign-in becomes an access key of this machine, which can be revoked alone.

use std::path::PathBuf;

use chrono::{Days, SecondsFormat, Utc};
use clap::Args;
use reqwest::Url;
use sdk::Secret;
use serde_json::json;

use super::arguments::ProfileArguments;
use super::client::{AccessKey, Answer, Call, Client};
use super::profile::{Profile, Profiles, address};
use super::{form, show};
use crate::exit::{Exit, Stop};
use crate::print;

#[derive(Args)]
pub(crate) struct LoginArguments {
    /// The address of the server, for example https://longshore.example.org
    #[arg(env = "LONGSHORE_SERVER")]
    pub(crate) url: String,
    /// Your name there; asked for without it
    #[arg(long, conflicts_with = "access_key_id")]
    pub(crate) name: Option<String>,
    /// Keep this access key instead of making one; its secret is taken from LONGSHORE_ACCESS_KEY_SECRET, or asked for
    #[arg(long, value_name = "ID")]
    pub(crate) access_key_id: Option<String>,
    /// Create the first administrator; the server's one-time token is asked for, then a new password
    #[arg(long, conflicts_with = "access_key_id")]
    pub(crate) setup: bool,
    /// The access key that is made expires after so many days
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u64).range(1..=3650))]
    pub(crate) days: u64,
    /// The project that commands are about; can be changed with `longshore project use`
    #[arg(long, value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// Certificates of authorities to trust besides the system's, as a PEM file
    #[arg(long, env = "LONGSHORE_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) profile: ProfileArguments,
}

#[derive(Args)]
pub(crate) struct LogoutArguments {
    /// Forget the access key here without revoking it at the server
    #[arg(long)]
    pub(crate) keep_key: bool,
    #[command(flatten)]
    pub(crate) profile: ProfileArguments,
}

/// `longshore login`.
pub(crate) async fn login(arguments: LoginArguments) -> Result<Exit, Stop> {
    let mut profiles = Profiles::load(&arguments.profile)?;
    let url = address(&arguments.url)?;
    let ca = arguments.ca.as_deref().map(std::path::absolute);
    let ca = ca
        .transpose()
        .map_err(|error| Stop::usage(format!("--ca: {error}")))?;
    let visitor = Client::new(url.clone(), ca.as_deref(), None)?;
    let welcome = visitor.send(Call::get("welcome")).await?.body;
    match (welcome["needsSetup"].as_bool(), arguments.setup) {
        (Some(true), false) => {
            return Err(Stop::usage("this server has no administrator yet").hint(format!(
                "create one with `longshore login {url} --setup` and the token that the server printed"
            )));
        }
        (None, _) => {
            return Err(
                Stop::usage(format!("{url} is not a Longshore server")).hint("check the address")
            );
        }
        _ => {}
    }
    warn_if_in_clear(&url);
    let key = match &arguments.access_key_id {
        Some(id) => AccessKey {
            id: id.clone(),
            secret: given_secret()?,
        },
        None => made_key(&visitor, &arguments).await?,
    };
    let client = Client::new(url.clone(), ca.as_deref(), Some(key.clone()))?;
    let session = client.send(Call::get("session")).await?.body;
    let project = match arguments.project {
        Some(name) => Some(name),
        None => only_project(&client).await?,
    };
    let profile = Profile {
        server: url.to_string(),
        project: project.clone(),
        access_key_id: key.id.clone(),
        access_key_secret: key.secret,
        ca,
    };
    profiles.put(arguments.profile.name(), profile)?;
    let name = show::cell(&session, "/account/name");
    print::out(format_args!(
        "signed in to {url} as {name}; access key {} is kept in {}\n",
        key.id,
        profiles.path.display()
    ))?;
    match project {
        Some(project) => print::out(format_args!("using project {project}\n"))?,
        None => print::err("notice: choose a project with `longshore project use NAME`"),
    }
    Ok(Exit::Success)
}

/// The secret of a key that somebody has already.
fn given_secret() -> Result<Secret, Stop> {
    match std::env::var("LONGSHORE_ACCESS_KEY_SECRET") {
        Ok(secret) if !secret.is_empty() => Ok(Secret::new(secret)),
        _ => form::secret("secret of the access key"),
    }
}

/// Signs in with name and password for as long as it takes to make an access key.
async fn made_key(visitor: &Client, arguments: &LoginArguments) -> Result<AccessKey, Stop> {
    let name = match &arguments.name {
        Some(name) => name.clone(),
        None => {
            print::err("name:");
            form::line()?
        }
    };
    let call = if arguments.setup {
        let token = form::secret("one-time token")?;
        let password = form::secret("new password")?;
        let body = json!({"token": token.expose(), "name": name, "password": password.expose()});
        Call::post("setup", body)
    } else {
        let password = form::secret("password")?;
        Call::post(
            "session",
            json!({"name": name, "password": password.expose()}),
        )
    };
    let session = visitor.send(call).await?;
    let expires = Utc::now().checked_add_days(Days::new(arguments.days));
    let body = json!({
        "description": format!("longshore login on {}", machine()),
        "expiresAt": expires.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)),
    });
    let made = visitor
        .send(as_session(Call::post("access-keys", body), &session))
        .await;
    // Whatever came of it, the session has served its turn.
    let ended = visitor
        .send(as_session(Call::delete("session"), &session))
        .await;
    let made = made?.body;
    ended?;
    let text = |field: &str| made[field].as_str().unwrap_or_default().to_string();
    Ok(AccessKey {
        id: text("id"),
        secret: Secret::new(text("secret")),
    })
}

fn as_session(call: Call, session: &Answer) -> Call {
    let cookie = session.cookie.as_deref().unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default();
    let token = session.body["csrfToken"].as_str().unwrap_or_default();
    call.header("cookie", cookie).header("x-csrf-token", token)
}

/// The name of the project, if there is but one.
async fn only_project(client: &Client) -> Result<Option<String>, Stop> {
    let page = client
        .send(Call::get("projects").with("limit", Some(2)))
        .await?;
    Ok(match show::items(&page.body) {
        [one] => one["name"].as_str().map(str::to_string),
        _ => None,
    })
}

/// What the list of access keys calls this machine.
fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "a terminal".to_string(),
        name => name.to_string(),
    }
}

fn warn_if_in_clear(url: &Url) {
    let is_here = match url.host_str().unwrap_or_default() {
        "localhost" | "[::1]" => true,
        host => host.starts_with("127."),
    };
    if url.scheme() == "http" && !is_here {
        print::err(
            "notice: the connection is not encrypted, so whoever listens learns the password",
        );
    }
}

/// `longshore logout`.
pub(crate) async fn logout(arguments: LogoutArguments) -> Result<Exit, Stop> {
    let mut profiles = Profiles::load(&arguments.profile)?;
    let name = arguments.profile.name();
    let Some(profile) = profiles.get(name).cloned() else {
        return Err(Stop::usage(format!("there is no profile `{name}`")));
    };
    if !arguments.keep_key {
        revoke(&profile).await?;
    }
    profiles.remove(name)?;
    print::out(format_args!("signed out of {}\n", profile.server))?;
    Ok(Exit::Success)
}

async fn revoke(profile: &Profile) -> Result<(), Stop> {
    let key = AccessKey {
        id: profile.access_key_id.clone(),
        secret: profile.access_key_secret.clone(),
    };
    let path = format!("access-keys/{}", key.id);
    let client = Client::new(address(&profile.server)?, profile.ca.as_deref(), Some(key))?;
    match client.send(Call::delete(path)).await {
        Ok(_) => Ok(()),
        Err(stop) => Err(stop.hint(
            "`longshore logout --keep-key` forgets the key here alone; revoke it at the server if it still works",
        )),
    }
}
