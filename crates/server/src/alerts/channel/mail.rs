//! Mail by SMTP.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use schemars::JsonSchema;
use sdk::{Error, FieldProblem, Kind, Result, Secret};
use serde::{Deserialize, Serialize};

use super::{LONGEST, Parcel};
use crate::access::outbound::Host;
use crate::datasources::policy::Policy;
use crate::state::App;

const MOST_RECIPIENTS: usize = 50;

/// Sends mail by SMTP.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Mail {
    /// The mail server.
    host: String,
    /// Its port; if empty 587, or 465 with `tls`, or 25 with `none`.
    #[serde(default)]
    port: Option<u16>,
    /// How the connection is encrypted.
    #[serde(default)]
    security: Security,
    /// Whom to log in as, if the server asks for that.
    #[serde(default)]
    username: Option<String>,
    /// The password of the login.
    #[serde(default)]
    password: Secret,
    /// Who the mail is from, `alerts@example.org` or `Alerts <alerts@example.org>`.
    from: String,
    /// Who gets it, at most 50.
    to: Vec<String>,
    /// The authority that vouches for the server as PEM text, if it is not one that the system trusts.
    #[serde(default)]
    root_certificate: Option<String>,
}

/// How the connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Security {
    /// Not at all; then there can be no login.
    None,
    /// From the command `STARTTLS` on; without it nothing is sent.
    #[default]
    StartTls,
    /// From the first byte on.
    Tls,
}

/// Settings that were understood.
#[derive(Debug)]
pub(crate) struct Ready {
    host: Host,
    port: u16,
    tls: Tls,
    login: Option<(String, Secret)>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// Understands the settings, or names everything that is wrong with them.
pub(super) fn ready(mail: Mail) -> std::result::Result<Ready, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let mut refuse = |place: &str, message: &str, hint: &str| {
        problems.push(FieldProblem::new(place, message).hint(hint));
    };
    let host = Host::parse(mail.host.trim()).map_err(|_| {
        refuse(
            "/host",
            "`host` is no host",
            "write its name or address, without port",
        );
    });
    let mailbox = |text: &str| text.parse::<Mailbox>().ok();
    let from = mailbox(&mail.from);
    if from.is_none() {
        refuse(
            "/from",
            "`from` is no mail address",
            "write it as `alerts@example.org`",
        );
    }
    let mut to = Vec::new();
    for (index, text) in mail.to.iter().enumerate() {
        match mailbox(text) {
            Some(mailbox) => to.push(mailbox),
            None => {
                let place = format!("/to/{index}");
                refuse(
                    &place,
                    "this is no mail address",
                    "write it as `team@example.org`",
                );
            }
        }
    }
    if mail.to.is_empty() {
        refuse("/to", "nobody gets the mail", "name at least one address");
    }
    if mail.to.len() > MOST_RECIPIENTS {
        refuse(
            "/to",
            "too many addresses are named",
            "let the mail server have a list of them",
        );
    }
    let username = mail.username.filter(|name| !name.is_empty());
    if username.is_some() == mail.password.is_empty() {
        let place = if username.is_some() {
            "/password"
        } else {
            "/username"
        };
        refuse(
            place,
            "a login has a user name and a password",
            "give both or none",
        );
    }
    if username.is_some() && mail.security == Security::None {
        let hint = "choose `startTls` or `tls`, or leave the login out";
        refuse(
            "/security",
            "the password would be sent without encryption",
            hint,
        );
    }
    let name = host.as_ref().map(ToString::to_string).unwrap_or_default();
    let tls = tls(&name, mail.security, mail.root_certificate.as_deref());
    if tls.is_none() {
        let hint = "paste the text from `-----BEGIN CERTIFICATE-----` on";
        refuse(
            "/rootCertificate",
            "this is no certificate in PEM form",
            hint,
        );
    }
    let usual_port = match mail.security {
        Security::None => 25,
        Security::StartTls => 587,
        Security::Tls => 465,
    };
    match (host, from, tls) {
        (Ok(host), Some(from), Some(tls)) if problems.is_empty() => Ok(Ready {
            host,
            port: mail.port.unwrap_or(usual_port),
            tls,
            login: username.map(|name| (name, mail.password)),
            from,
            to,
        }),
        _ => Err(problems),
    }
}

fn tls(name: &str, security: Security, root: Option<&str>) -> Option<Tls> {
    if security == Security::None {
        return Some(Tls::None);
    }
    let mut parameters = TlsParameters::builder(name.to_string());
    if let Some(pem) = root.filter(|pem| !pem.trim().is_empty()) {
        // Without this line the text is read as no certificate at all.
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return None;
        }
        parameters = parameters.add_root_certificate(Certificate::from_pem(pem.as_bytes()).ok()?);
    }
    let parameters = parameters.build().ok()?;
    Some(match security {
        Security::Tls => Tls::Wrapper(parameters),
        Security::StartTls | Security::None => Tls::Required(parameters),
    })
}

/// Sends a message; every recipient gets the same mail.
pub(super) async fn send(
    app: &App,
    policy: &Policy,
    ready: &Ready,
    parcel: &Parcel<'_>,
) -> Result<()> {
    let addresses = policy.addresses(&ready.host).await?;
    let mut mail = lettre::Message::builder()
        .from(ready.from.clone())
        .subject(parcel.message.subject())
        .date(app.clock.now().into())
        // The same for each attempt, so that a mail that came twice is known again.
        .message_id(Some(format!("<{}@longshore>", parcel.id)))
        .header(ContentType::TEXT_PLAIN);
    for mailbox in &ready.to {
        mail = mail.to(mailbox.clone());
    }
    let mail = mail
        .body(parcel.message.text())
        .map_err(|error| Error::internal(format!("a mail cannot be written: {error}")))?;
    let mut last = None;
    for address in addresses {
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.to_string())
                .port(ready.port)
                .tls(ready.tls.clone())
                .timeout(Some(LONGEST));
        if let Some((username, password)) = &ready.login {
            let password = password.expose().to_string();
            transport = transport.credentials(Credentials::new(username.clone(), password));
        }
        match transport.build().send(mail.clone()).await {
            Ok(_) => return Ok(()),
            // Another address of the host helps only if this one cannot be reached.
            Err(error) if error.status().is_some() || error.is_tls() => {
                return Err(failed(ready, &error));
            }
            Err(error) => last = Some(failed(ready, &error)),
        }
    }
    Err(last.unwrap_or_else(|| Error::internal("a mail server has no address")))
}

fn failed(ready: &Ready, error: &lettre::transport::smtp::Error) -> Error {
    let place = format!("{}:{}", ready.host, ready.port);
    let message = format!("cannot send mail by {place}: {error}");
    let (kind, hint) = match error.status() {
        Some(_) => (
            Kind::Denied,
            "read what the mail server answered; check login, sender and recipients",
        ),
        None if error.is_tls() => (
            Kind::Unreachable,
            "check `security`, the host's name, and the authority of its certificate",
        ),
        None => (Kind::Unreachable, "check host, port and `security`"),
    };
    Error::new(kind, message).hint(hint)
}
