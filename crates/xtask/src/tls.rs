//! Certificates for test servers: an authority, a server for `localhost`, a client, and a stranger.
//!
//! Owns how they are made with `openssl`; which server uses them is left to the callers.
//! The server's certificate names `localhost` and not `127.0.0.1`, so that a client which checks
//! the name can be told from one which checks the authority only.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::process;

/// Fills a new folder with `ca.crt`, `server.crt` and `.key`, `client.crt` and `.key`, and
/// `other-ca.crt`, which signed none of them. The client's certificate is for `client_name`.
pub(crate) fn create(folder: &Path, client_name: &str) -> Result<()> {
    fs::create_dir(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    authority(folder, "ca")?;
    authority(folder, "other-ca")?;
    signed(
        folder,
        "server",
        "localhost",
        "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n",
    )?;
    signed(
        folder,
        "client",
        client_name,
        "subjectAltName=DNS:client.invalid\nextendedKeyUsage=clientAuth\n",
    )
}

fn authority(folder: &Path, file: &str) -> Result<()> {
    let mut command = request(folder, file, &format!("Longshore test {file}"));
    command
        .args(["-x509", "-days", "30", "-out"])
        .arg(folder.join(format!("{file}.crt")))
        .args(["-addext", "keyUsage=critical,keyCertSign"]);
    process::run(&mut command)
}

fn signed(folder: &Path, file: &str, common_name: &str, extensions: &str) -> Result<()> {
    let path = |suffix: &str| folder.join(format!("{file}.{suffix}"));
    process::run(
        request(folder, file, common_name)
            .arg("-out")
            .arg(path("csr")),
    )?;
    fs::write(
        path("ext"),
        format!("basicConstraints=CA:FALSE\n{extensions}"),
    )?;
    let mut command = Command::new("openssl");
    command
        .args(["x509", "-req", "-days", "30", "-CAcreateserial", "-in"])
        .arg(path("csr"))
        .arg("-CA")
        .arg(folder.join("ca.crt"))
        .arg("-CAkey")
        .arg(folder.join("ca.key"))
        .arg("-extfile")
        .arg(path("ext"))
        .arg("-out")
        .arg(path("crt"))
        .stderr(Stdio::null());
    process::run(&mut command)?;
    fs::remove_file(path("csr"))?;
    fs::remove_file(path("ext"))?;
    Ok(())
}

/// A new key and a request for a certificate.
fn request(folder: &Path, file: &str, common_name: &str) -> Command {
    let mut command = Command::new("openssl");
    command
        .args([
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-subj", &format!("/CN={common_name}"), "-keyout"])
        .arg(folder.join(format!("{file}.key")))
        .stderr(Stdio::null());
    command
}
