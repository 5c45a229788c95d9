//! A private PostgreSQL server: a fresh cluster in a scratch folder on a free loopback port.
//!
//! The settings, the access rules and the roles live in `fixtures/postgresql/`; this module makes
//! the cluster, the certificates and the password, starts the server, and stops it when dropped.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::{self, Account, Service};
use crate::setup;
use crate::tls;

const SUPERUSER: &str = "longshore";
const SETTINGS: &str = include_str!("../../../fixtures/postgresql/postgresql.conf");
const ACCESS_RULES: &str = include_str!("../../../fixtures/postgresql/pg_hba.conf");
const ROLES: &str = include_str!("../../../fixtures/postgresql/roles.sql");

/// A running server; dropping the value stops it.
pub(crate) struct PostgreSql {
    programs: PathBuf,
    port: u16,
    password: String,
    certificates: PathBuf,
    _service: Service,
}

impl PostgreSql {
    /// Makes a cluster in a new folder below `scratch` and starts it.
    pub(crate) fn start(scratch: &Path) -> Result<PostgreSql> {
        let programs = setup::postgresql_programs()?;
        let account = server_account()?;
        let folder = scratch.join("postgresql");
        let certificates = scratch.join("certificates");
        fs::create_dir(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        hand_over(&folder, account, 0o700)?;
        require_access(account, &folder)?;

        let password = random_hex()?;
        let data = folder.join("data");
        initialise(&programs, account, &folder, &password)?;
        tls::create(&certificates, "certificate_only")?;
        for name in ["ca.crt", "server.crt", "server.key"] {
            let copy = data.join(name);
            fs::copy(certificates.join(name), &copy)?;
            hand_over(&copy, account, 0o600)?;
        }
        let settings = data.join("postgresql.conf");
        let defaults = fs::read_to_string(&settings)?;
        fs::write(&settings, format!("{defaults}\n{SETTINGS}"))?;
        fs::write(data.join("pg_hba.conf"), ACCESS_RULES)?;

        let (port, service) = serve(&programs, account, scratch, &data)?;
        let server = PostgreSql {
            programs,
            port,
            password,
            certificates,
            _service: service,
        };
        let roles = scratch.join("roles.sql");
        fs::write(&roles, ROLES)?;
        process::run(
            server
                .psql("postgres")
                .arg(format!("--set=password={}", server.password))
                .arg("--file")
                .arg(&roles),
        )?;
        Ok(server)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn user(&self) -> &str {
        SUPERUSER
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// What tests need to know, as environment variables.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let PostgreSql { port, password, .. } = self;
        vec![
            (
                "LONGSHORE_TEST_POSTGRESQL",
                format!("postgresql://{SUPERUSER}:{password}@127.0.0.1:{port}/postgres"),
            ),
            (
                "LONGSHORE_TEST_POSTGRESQL_CERTIFICATES",
                self.certificates.display().to_string(),
            ),
        ]
    }

    /// How libpq and the programs built on it reach the server, as environment variables.
    pub(crate) fn connection(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PGHOST", "127.0.0.1".to_owned()),
            ("PGPORT", self.port.to_string()),
            ("PGUSER", SUPERUSER.to_owned()),
            ("PGPASSWORD", self.password.clone()),
            ("PGDATABASE", "postgres".to_owned()),
        ]
    }

    /// The server's own client, connected as superuser, stopping at the first error.
    pub(crate) fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command
            .args([
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--dbname",
                database,
            ])
            .envs(self.connection());
        command
    }

    /// The bare text of a query's answer.
    pub(crate) fn query(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = self.psql(database);
        psql.args(["--tuples-only", "--no-align", "--command", sql]);
        let answer = process::output(&mut psql).with_context(|| format!("cannot run {sql}"))?;
        Ok(answer.trim_end().to_owned())
    }
}

/// PostgreSQL refuses to run as root, so root starts it as the user made for it, or as nobody.
fn server_account() -> Result<Option<Account>> {
    if !setup::is_root() {
        return Ok(None);
    }
    for user in ["postgres", "nobody"] {
        if let (Some(uid), Some(gid)) = (id("-u", user), id("-g", user)) {
            return Ok(Some(Account { uid, gid }));
        }
    }
    bail!("PostgreSQL cannot run as root, and there is neither a user postgres nor nobody")
}

fn id(which: &str, user: &str) -> Option<u32> {
    let output = Command::new("id").args([which, user]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Gives a file or folder to the account that the server runs as.
fn hand_over(path: &Path, account: Option<Account>, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    if let Some(Account { uid, gid }) = account {
        chown(path, Some(uid), Some(gid))?;
    }
    Ok(())
}

fn require_access(account: Option<Account>, folder: &Path) -> Result<()> {
    let mut test = Account::command(account, Path::new("test"));
    if !process::status(test.arg("-x").arg(folder))?.success() {
        bail!(
            "the user that runs PostgreSQL cannot enter {}; point TMPDIR to a folder that every user may enter",
            folder.display()
        );
    }
    Ok(())
}

fn initialise(
    programs: &Path,
    account: Option<Account>,
    folder: &Path,
    password: &str,
) -> Result<()> {
    let password_file = folder.join("password");
    fs::write(&password_file, password)?;
    hand_over(&password_file, account, 0o600)?;
    let mut command = Account::command(account, &programs.join("initdb"));
    command
        .args(["--no-locale", "--encoding=UTF8", "--no-sync"])
        .args(["--auth=scram-sha-256", "--username", SUPERUSER])
        .arg("--pwfile")
        .arg(&password_file)
        .arg("--pgdata")
        .arg(folder.join("data"))
        .current_dir(folder);
    // Its steps interest nobody unless one fails, and then it says so on standard error.
    process::output(&mut command)?;
    fs::remove_file(&password_file)?;
    Ok(())
}

/// Starts the server on a free port; another program may take the port first, so it tries again.
fn serve(
    programs: &Path,
    account: Option<Account>,
    scratch: &Path,
    data: &Path,
) -> Result<(u16, Service)> {
    let log = scratch.join("postgresql.log");
    let state = data.join("postmaster.pid");
    let mut attempts = 0;
    loop {
        attempts += 1;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new(programs.join("postgres"));
        command
            .arg("-D")
            .arg(data)
            .arg("-p")
            .arg(port.to_string())
            .current_dir(data);
        // The interrupt signal asks for the fast shutdown, which does not wait for clients.
        let mut service = Service::start("PostgreSQL", "INT", account, &log, &command)?;
        match service.wait_until(Duration::from_secs(60), |_| is_ready(&state)) {
            Ok(()) => return Ok((port, service)),
            Err(error) if attempts == 3 => return Err(error),
            Err(error) if format!("{error}").contains("Address already in use") => {}
            Err(error) => return Err(error),
        }
    }
}

/// The server writes its status to the eighth line of this file.
fn is_ready(state: &Path) -> Option<()> {
    let text = fs::read_to_string(state).ok()?;
    (text.lines().nth(7)?.trim() == "ready").then_some(())
}

/// A password that has to be guessed: 128 bits, in letters that no URL or file must escape.
pub(crate) fn random_hex() -> Result<String> {
    use std::io::Read;
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_server_starts_asks_for_the_password_speaks_tls_and_stops() {
        setup::prepare(&[setup::Need::PostgreSql, setup::Need::OpenSsl]).unwrap();
        let scratch = Scratch::temporary().unwrap();
        let server = PostgreSql::start(scratch.path()).unwrap();
        assert_eq!(server.query("postgres", "select 40 + 2").unwrap(), "42");

        let mut wrong = server.psql("postgres");
        wrong
            .args(["--command", "select 1"])
            .env("PGPASSWORD", "wrong");
        assert!(!process::status(&mut wrong).unwrap().success());

        let certificates = server.variables().remove(1).1;
        let identity = format!(
            "host=localhost port={} dbname=postgres user=certificate_only sslmode=verify-full \
             sslrootcert={certificates}/ca.crt sslcert={certificates}/client.crt sslkey={certificates}/client.key",
            server.port(),
        );
        let mut by_certificate = Command::new(server.programs.join("psql"));
        by_certificate.args([&identity, "-XAtc", "select current_user"]);
        let user = process::output(&mut by_certificate).unwrap();
        assert_eq!(user, "certificate_only\n");

        let port = server.port();
        drop(server);
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    }

    #[test]
    fn passwords_differ() {
        let (first, second) = (random_hex().unwrap(), random_hex().unwrap());
        assert_eq!(first.len(), 32);
        assert_ne!(first, second);
    }
}
