//! `longshore serve`: a server's set-up from the command line, the environment and its folder.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sdk::Secret;
use server::{Clock, Console, Equipment, KeyRing, Server, ServerConfig, Shutdown, Tls};

use crate::arguments::ServeArguments;
use crate::exit::{Exit, Stop};
use crate::{print, run, secrets};

/// How long a run belongs to a server that does not answer any more.
const LEASE: Duration = Duration::from_secs(30);
/// Documents are small; files never travel through the API.
const LONGEST_BODY: usize = 8 << 20;

/// `longshore serve`.
pub(crate) async fn serve(arguments: ServeArguments) -> Result<Exit, Stop> {
    let folder = &arguments.folder;
    private_folder(folder)?;
    let keys = keys(arguments.keys.as_deref(), folder)?;
    let store = match &arguments.store {
        None => format!("sqlite://{}?mode=rwc", folder.join("store.db").display()),
        Some(text) => secrets::resolve(text, Path::new("."))
            .map_err(|reason| Stop::usage(format!("--store: {reason}")))?,
    };
    let tls = arguments.tls_certificate.zip(arguments.tls_key);
    let tls = tls.map(|(certificate, key)| Tls { certificate, key });
    let scheme = if tls.is_some() { "https" } else { "http" };
    let address = arguments.address.clone();
    let config = ServerConfig {
        listen: arguments.listen,
        store,
        folder: folder.join("runs"),
        address: address.unwrap_or_else(|| format!("{scheme}://{}", arguments.listen)),
        trusted_proxies: arguments.trusted_proxies,
        longest_body: LONGEST_BODY,
        slots: arguments.slots,
        lease: LEASE,
        shutdown: match arguments.finish_seconds {
            0 => Shutdown::HandOver,
            seconds => Shutdown::Finish(Duration::from_secs(seconds)),
        },
        tls,
        observe: arguments.observe.observe()?,
        oidc: arguments.oidc.config()?,
    };
    let equipment = Equipment {
        registry: connectors::registry(),
        keys,
        clock: Clock::system(),
        console: arguments.console.map_or(Console::Embedded, Console::Folder),
    };
    let server = Server::open(config, equipment).await?;
    print::err(format_args!("listening on {scheme}://{}", server.address()));
    if let Some(token) = server.setup_token() {
        print::err(format_args!(
            "nobody can sign in yet; create the administrator with this one-time token: {}",
            token.expose()
        ));
    }
    server.run(run::stop_on_signal()?).await?;
    Ok(Exit::Success)
}

/// `longshore openapi`.
pub(crate) fn openapi() -> Result<Exit, Stop> {
    let text = serde_json::to_string_pretty(&server::openapi())
        .map_err(|error| Stop::usage(error.to_string()))?;
    print::out(format_args!("{text}\n"))?;
    Ok(Exit::Success)
}

fn private_folder(folder: &Path) -> Result<(), Stop> {
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder);
    made.map_err(|error| {
        Stop::usage(format!(
            "cannot create the folder {}: {error}",
            folder.display()
        ))
        .hint("choose another one with --folder")
    })
}

/// The keys of a file or a variable; the file in the server's folder is made if it is missing.
fn keys(place: Option<&str>, folder: &Path) -> Result<KeyRing, Stop> {
    let own = folder.join("secret.keys");
    let path: PathBuf = match place {
        Some(text) if secrets::is_reference(text) => {
            let text = secrets::resolve(text, Path::new("."))
                .map_err(|reason| Stop::usage(format!("--keys: {reason}")))?;
            return Ok(KeyRing::parse(&Secret::new(text))?);
        }
        Some(path) => PathBuf::from(path),
        None => {
            if !own.exists() {
                let key = KeyRing::generate("key1")?;
                let made = fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&own)
                    .and_then(|mut file| writeln!(file, "{}", key.expose()));
                made.map_err(|error| {
                    Stop::usage(format!("cannot write the key {}: {error}", own.display()))
                })?;
                print::err(format_args!(
                    "made a key for the secrets of data sources: {}; keep a copy of it elsewhere",
                    own.display()
                ));
            }
            own
        }
    };
    secrets::refuse_if_readable_by_all(&path).map_err(Stop::usage)?;
    let text = fs::read_to_string(&path).map_err(|error| {
        Stop::usage(format!("cannot read the keys {}: {error}", path.display()))
    })?;
    Ok(KeyRing::parse(&Secret::new(text))?)
}
