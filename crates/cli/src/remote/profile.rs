//! Where servers are and the access keys for them: one file, one table for each profile, for its owner only.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use reqwest::Url;
use sdk::Secret;
use serde::Deserialize;

use super::arguments::{ProfileArguments, ServerArguments};
use super::client::{AccessKey, Client};
use crate::exit::{Exit, Stop};
use crate::secrets;

/// A sign-in that is kept.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Profile {
    pub(super) server: String,
    /// The name of the project that commands are about.
    pub(super) project: Option<String>,
    pub(super) access_key_id: String,
    pub(super) access_key_secret: Secret,
    /// Certificates to trust.
    pub(super) ca: Option<PathBuf>,
}

/// The file of profiles.
pub(super) struct Profiles {
    pub(super) path: PathBuf,
    all: BTreeMap<String, Profile>,
}

impl Profiles {
    /// Reads the file; there need not be one.
    pub(super) fn load(arguments: &ProfileArguments) -> Result<Profiles, Stop> {
        let home = || {
            let home = std::env::var_os("HOME")?;
            Some(PathBuf::from(home).join(".config/longshore/profiles.toml"))
        };
        let path = arguments.config.clone().or_else(home).ok_or_else(|| {
            Stop::usage("there is no home folder to keep profiles in")
                .hint("name a file with --config or LONGSHORE_CONFIG")
        })?;
        if !path.exists() {
            return Ok(Profiles {
                path,
                all: BTreeMap::new(),
            });
        }
        secrets::refuse_if_readable_by_all(&path).map_err(Stop::usage)?;
        let text = fs::read_to_string(&path).map_err(|error| {
            Stop::usage(format!(
                "cannot read the profiles {}: {error}",
                path.display()
            ))
        })?;
        let all = toml::from_str(&text).map_err(|error| {
            // What TOML quotes may be a secret.
            let line = error
                .span()
                .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            Stop::usage(format!(
                "{} line {line}: {}",
                path.display(),
                error.message()
            ))
            .hint("sign in anew with `longshore login`, with another --config")
        })?;
        Ok(Profiles { path, all })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Profile> {
        self.all.get(name)
    }

    pub(super) fn put(&mut self, name: &str, profile: Profile) -> Result<(), Stop> {
        self.all.insert(name.to_string(), profile);
        self.save()
    }

    pub(super) fn remove(&mut self, name: &str) -> Result<(), Stop> {
        self.all.remove(name);
        self.save()
    }

    /// Writes the file as a whole, so that it is never half there.
    fn save(&self) -> Result<(), Stop> {
        let mut table = toml::Table::new();
        for (name, profile) in &self.all {
            let mut fields = toml::Table::new();
            let mut set = |key: &str, value: Option<String>| {
                if let Some(value) = value {
                    fields.insert(key.to_string(), value.into());
                }
            };
            set("server", Some(profile.server.clone()));
            set("project", profile.project.clone());
            set("accessKeyId", Some(profile.access_key_id.clone()));
            let secret = profile.access_key_secret.expose().to_string();
            set("accessKeySecret", Some(secret));
            let ca = profile.ca.as_ref();
            set("ca", ca.map(|path| path.display().to_string()));
            table.insert(name.clone(), fields.into());
        }
        write(&self.path, &table.to_string()).map_err(|error| {
            Stop::usage(format!(
                "cannot write the profiles {}: {error}",
                self.path.display()
            ))
            .hint("name another file with --config or LONGSHORE_CONFIG")
        })
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        fs::remove_file(&beside).ok();
    }
    written
}

/// The server that a command is about, and the name of the project if one is chosen.
pub(super) fn connect(arguments: &ServerArguments) -> Result<(Client, Option<String>), Stop> {
    let name = arguments.profile.name();
    let profiles = Profiles::load(&arguments.profile);
    let environment = key_of_environment()?;
    // Who brings everything along needs no file, not even a readable one.
    let enough = arguments.server.is_some() && environment.is_some();
    let profile = match profiles {
        Ok(profiles) => profiles.get(name).cloned(),
        Err(_) if enough => None,
        Err(stop) => return Err(stop),
    };
    if profile.is_none() && arguments.profile.profile.is_some() {
        return Err(
            Stop::usage(format!("there is no profile `{name}`")).hint(format!(
                "sign in with `longshore login URL --profile {name}`"
            )),
        );
    }
    let server = match (&arguments.server, &profile) {
        (Some(text), _) => address(text)?,
        (None, Some(profile)) => address(&profile.server)?,
        (None, None) => {
            return Err(Stop::usage("no server is named")
                .hint("sign in with `longshore login URL`, or set LONGSHORE_SERVER"));
        }
    };
    // What belongs to another server says nothing about this one.
    let profile =
        profile.filter(|profile| address(&profile.server).is_ok_and(|known| known == server));
    let kept = profile.as_ref().map(|profile| AccessKey {
        id: profile.access_key_id.clone(),
        secret: profile.access_key_secret.clone(),
    });
    let key = environment.or(kept).ok_or_else(|| {
        Stop::new(
            Exit::Unreachable,
            format!("there is no access key for {server}"),
        )
        .hint(format!(
            "sign in with `longshore login {server}`, or set LONGSHORE_ACCESS_KEY_ID and \
             LONGSHORE_ACCESS_KEY_SECRET"
        ))
    })?;
    let ca = profile.as_ref().and_then(|profile| profile.ca.clone());
    let ca = arguments.ca.clone().or(ca);
    let project = profile.and_then(|profile| profile.project);
    let project = arguments.project.clone().or(project);
    Ok((Client::new(server, ca.as_deref(), Some(key))?, project))
}

fn key_of_environment() -> Result<Option<AccessKey>, Stop> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let id = variable("LONGSHORE_ACCESS_KEY_ID");
    match (id, variable("LONGSHORE_ACCESS_KEY_SECRET")) {
        (None, _) => Ok(None),
        (Some(id), Some(secret)) => Ok(Some(AccessKey {
            id,
            secret: Secret::new(secret),
        })),
        (Some(_), None) => Err(Stop::usage(
            "LONGSHORE_ACCESS_KEY_ID is set and LONGSHORE_ACCESS_KEY_SECRET is not",
        )
        .hint("set both or none")),
    }
}

/// The address of a server; with a slash at its end, so that the same one is written one way.
pub(super) fn address(text: &str) -> Result<Url, Stop> {
    let wrong = |reason: &str| {
        Stop::usage(format!(
            "`{text}` cannot be the address of a server: {reason}"
        ))
        .hint("write it as https://longshore.example.org or http://127.0.0.1:8642")
    };
    let mut url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("it begins with neither https:// nor http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Stop::usage("the address of a server holds no password")
            .hint("sign in with `longshore login`"));
    }
    url.set_query(None);
    url.set_fragment(None);
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_one_way() {
        for (text, url) in [
            ("http://127.0.0.1:8642", "http://127.0.0.1:8642/"),
            (
                "https://Longshore.example:443/",
                "https://longshore.example/",
            ),
            ("https://a.example/ship?x=1", "https://a.example/ship/"),
        ] {
            assert_eq!(address(text).unwrap().as_str(), url);
        }
        for wrong in [
            "127.0.0.1:8642",
            "localhost",
            "ftp://a.example",
            "https://u:p@a.example",
            "",
        ] {
            let said = format!("{:?}", address(wrong).unwrap_err());
            assert!(said.contains("address"), "{said}");
        }
    }

    #[test]
    fn a_file_is_written_for_its_owner_and_read_back() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let arguments = ProfileArguments {
            profile: None,
            config: Some(folder.path().join("new/profiles.toml")),
        };
        let mut profiles = Profiles::load(&arguments).unwrap();
        let profile = Profile {
            server: "http://127.0.0.1:1/".to_string(),
            project: Some("a \"b\" c".to_string()),
            access_key_id: "LSAK".to_string(),
            access_key_secret: Secret::new("hunter2"),
            ca: None,
        };
        profiles.put("default", profile.clone()).unwrap();
        profiles.put("other", profile).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&profiles.path), 0o600);
        assert_eq!(mode(&folder.path().join("new")), 0o700);
        let mut again = Profiles::load(&arguments).unwrap();
        let read = again.get("default").unwrap();
        assert_eq!(read.project.as_deref(), Some("a \"b\" c"));
        assert_eq!(read.access_key_secret.expose(), "hunter2");
        again.remove("default").unwrap();
        let again = Profiles::load(&arguments).unwrap();
        assert!(again.get("default").is_none() && again.get("other").is_some());
        assert_eq!(fs::read_dir(folder.path().join("new")).unwrap().count(), 1);
        fs::set_permissions(&again.path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(Profiles::load(&arguments).is_err());
    }
}
