//! A private OpenID provider for the tests of single sign-on: Canaille, with one person and one client.
//!
//! Its settings live in `fixtures/canaille/`; this module installs it, makes its key, and starts and stops it.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::process::{self, Service};
use crate::python::Python;

const PACKAGES: [&str; 1] = ["canaille[server,oidc,sqlite]==0.3.6"];
const SETTINGS: &str = include_str!("../../../fixtures/canaille/canaille.toml");

const PERSON: [&str; 15] = [
    "create",
    "user",
    "--user-name",
    "ada",
    "--password",
    "correct-horse-battery",
    "--emails",
    "ada@example.org",
    "--given-name",
    "Ada",
    "--family-name=Lovelace",
    "--formatted-name",
    "Ada Lovelace",
    "--display-name",
    "ada",
];
const CLIENT: [&str; 14] = [
    "create",
    "client",
    "--client-id=longshore",
    "--client-secret=client-secret-of-the-tests",
    "--client-name=Longshore",
    "--client-uri=http://127.0.0.1",
    "--redirect-uris=http://127.0.0.1/api/v1/session/oidc/callback",
    "--scope=openid",
    "--scope=profile",
    "--scope=email",
    "--scope=groups",
    "--grant-types=authorization_code",
    "--response-types=code",
    "--token-endpoint-auth-method=client_secret_basic",
];

/// Its tokens are for nobody otherwise.
const AUDIENCE: [&str; 4] = ["set", "client", "longshore", "--audience=longshore"];

/// A running provider; dropping the value stops it.
pub(crate) struct Canaille {
    port: u16,
    _service: Service,
}

impl Canaille {
    /// Installs it if need be, and starts it in a new folder below `scratch`.
    pub(crate) fn start(scratch: &Path) -> Result<Canaille> {
        let python = Python::prepare("canaille", &PACKAGES, &[])?;
        let folder = scratch.join("canaille");
        fs::create_dir(&folder)?;
        let mut openssl = Command::new("openssl");
        openssl.args(["genpkey", "-quiet", "-algorithm", "RSA"]);
        let key = process::output(&mut openssl)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let bind = format!("127.0.0.1:{port}");
        let settings =
            format!("SERVER_NAME = \"{bind}\"\n{SETTINGS}ACTIVE_JWKS = ['''\n{key}''']\n");
        // It reads the settings of the folder that it is started in.
        fs::write(folder.join("canaille.toml"), settings)?;
        let commands: [&[&str]; 4] = [&["install"], &PERSON, &CLIENT, &AUDIENCE];
        // It warns of much that tests do not use, which is shown only if it fails.
        let messages = folder.join("messages");
        for arguments in commands {
            let mut command = python.program("canaille");
            command.args(arguments).current_dir(&folder);
            process::output(command.stderr(File::create(&messages)?))
                .with_context(|| fs::read_to_string(&messages).unwrap_or_default())?;
        }
        let mut command = python.program("canaille");
        command.args(["run", "--bind", &bind]).current_dir(&folder);
        let log = scratch.join("canaille.log");
        let mut service = Service::start("Canaille", "TERM", None, &log, &command)?;
        service.wait_until(Duration::from_secs(60), |_| TcpStream::connect(&bind).ok())?;
        Ok(Canaille {
            port,
            _service: service,
        })
    }

    /// What tests need to know, as environment variables.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let issuer = format!("http://127.0.0.1:{}", self.port);
        vec![("LONGSHORE_TEST_OIDC", issuer)]
    }
}
