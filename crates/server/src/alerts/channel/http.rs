//! Messages over HTTP: webhooks with a signature, and the forms that the robots of chat services take.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use reqwest::redirect::Policy as Redirects;
use sdk::{Error, FieldProblem, Kind, Result, Secret};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{LONGEST, Parcel};
use crate::access::outbound::Host;
use crate::access::token::hex;
use crate::alerts::message::Message;
use crate::datasources::policy::Policy;
use crate::serve::use_tls;
use crate::state::App;

const CONNECT_TIME: Duration = Duration::from_secs(10);
/// A shorter secret can be guessed from one message.
const SHORTEST_SECRET: usize = 16;
/// Shorter parts of a path are words.
const SHORTEST_TOKEN: usize = 8;
/// More of an answer is not read.
const LONGEST_ANSWER: usize = 64 << 10;
/// More of an answer is not shown.
const SHOWN_ANSWER: usize = 200;

/// What the receiver takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    DingTalk,
    WeCom,
    Feishu,
    Slack,
}

/// Settings that were understood.
#[derive(Debug)]
pub(crate) struct Target {
    form: Form,
    /// With what it holds of secrets.
    url: Secret,
    host: Host,
    secret: Secret,
}

/// Understands an address and a secret, or names what is wrong with them.
pub(super) fn target(
    form: Form,
    url: &Secret,
    secret: Secret,
) -> std::result::Result<Target, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let parsed = Url::parse(url.expose().trim()).ok();
    let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
    let host = parsed
        .as_ref()
        .and_then(|url| Host::parse(url.host_str()?).ok());
    if host.is_none() {
        // The text is not repeated, since it may hold a token.
        let hint = "write `https://host/path`";
        problems.push(FieldProblem::new("/url", "`url` is no address of the web").hint(hint));
    }
    if form == Form::Json && secret.expose().len() < SHORTEST_SECRET {
        let message = format!("`secret` must have at least {SHORTEST_SECRET} characters");
        let hint = "make one with `openssl rand -hex 32`";
        problems.push(FieldProblem::new("/secret", message).hint(hint));
    }
    match host {
        Some(host) if problems.is_empty() => Ok(Target {
            form,
            url: Secret::new(url.expose().trim()),
            host,
            secret,
        }),
        _ => Err(problems),
    }
}

/// What is posted.
struct Post {
    url: Url,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// The body of a webhook.
#[derive(Serialize)]
struct Body<'a> {
    /// The same for each attempt.
    id: &'a str,
    #[serde(flatten)]
    message: &'a Message,
}

/// Sends a message.
pub(super) async fn send(
    app: &App,
    policy: &Policy,
    target: &Target,
    parcel: &Parcel<'_>,
) -> Result<()> {
    let post = post(target, parcel, app.clock.micros())?;
    let client = client(policy, target, &post.url).await?;
    let mut request = client
        .post(post.url)
        .header("content-type", "application/json; charset=utf-8")
        .body(post.body);
    for (name, value) in post.headers {
        request = request.header(name, value);
    }
    let cannot = |error: reqwest::Error| {
        let reason = reason(error);
        Error::new(
            Kind::Unreachable,
            format!("cannot post to {}: {reason}", target.host),
        )
        .hint("check the address, and that the server can reach it")
    };
    let mut response = request.send().await.map_err(cannot)?;
    let status = response.status();
    let mut answer = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(cannot)? {
        answer.extend_from_slice(&piece);
        if answer.len() > LONGEST_ANSWER {
            break;
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    if !status.is_success() {
        let hint = match status.is_redirection() {
            true => "redirections are not followed; write the address that they lead to",
            false => "read what the receiver answered, and check address and secret",
        };
        let message = format!(
            "{} answered {status}: {}",
            target.host,
            shown(&answer, target)
        );
        return Err(Error::new(Kind::Denied, message).hint(hint));
    }
    accepted(target, &answer)
}

/// A client that connects to the addresses that the policy has seen, and to nothing else.
async fn client(policy: &Policy, target: &Target, url: &Url) -> Result<reqwest::Client> {
    use_tls();
    let addresses = policy.addresses(&target.host).await?;
    let mut client = reqwest::Client::builder()
        .no_proxy()
        .redirect(Redirects::none())
        .connect_timeout(CONNECT_TIME)
        .timeout(LONGEST);
    if let Some(name) = url.domain() {
        // The port of the address is taken.
        let sockets: Vec<SocketAddr> = addresses
            .into_iter()
            .map(|address| SocketAddr::new(address, 0))
            .collect();
        client = client.resolve_to_addrs(name, &sockets);
    }
    client.build().map_err(|error| {
        Error::internal("an HTTP client cannot be made").source(error.without_url())
    })
}

/// What is posted at a time, microseconds since 1970.
fn post(target: &Target, parcel: &Parcel<'_>, now: i64) -> Result<Post> {
    let mut url = Url::parse(target.url.expose())
        .map_err(|_| Error::internal("the address of a channel cannot be read again"))?;
    let text = parcel.message.short_text();
    let seconds = (now / 1_000_000).to_string();
    let mut headers = Vec::new();
    let body = match target.form {
        Form::Json => {
            let body = Body {
                id: parcel.id,
                message: parcel.message,
            };
            let body = serde_json::to_string(&body).map_err(|error| {
                Error::internal(format!("a message cannot be written: {error}"))
            })?;
            let signature = mac(target.secret.expose(), &format!("{seconds}.{body}"))?;
            headers.push(("x-longshore-id", parcel.id.to_string()));
            headers.push(("x-longshore-timestamp", seconds));
            headers.push((
                "x-longshore-signature",
                format!("sha256={}", hex(&signature)),
            ));
            body
        }
        Form::DingTalk => {
            if !target.secret.is_empty() {
                let millis = (now / 1_000).to_string();
                let secret = target.secret.expose();
                let sign = STANDARD.encode(mac(secret, &format!("{millis}\n{secret}"))?);
                url.query_pairs_mut()
                    .append_pair("timestamp", &millis)
                    .append_pair("sign", &sign);
            }
            json!({"msgtype": "text", "text": {"content": text}}).to_string()
        }
        Form::WeCom => json!({"msgtype": "text", "text": {"content": text}}).to_string(),
        Form::Feishu => {
            let mut body = json!({"msg_type": "text", "content": {"text": text}});
            if !target.secret.is_empty() {
                // Here the text is the key, and nothing is signed with it.
                let key = format!("{seconds}\n{}", target.secret.expose());
                body["sign"] = STANDARD.encode(mac(&key, "")?).into();
                body["timestamp"] = seconds.into();
            }
            body.to_string()
        }
        Form::Slack => json!({"text": text}).to_string(),
    };
    Ok(Post { url, headers, body })
}

fn mac(key: &str, text: &str) -> Result<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes())
        .map_err(|_| Error::internal("HMAC refused a key"))?;
    mac.update(text.as_bytes());
    Ok(mac.finalize().into_bytes().to_vec())
}

/// Robots answer 200 in any case and say in the body whether they took the text.
fn accepted(target: &Target, answer: &str) -> Result<()> {
    let fields = match target.form {
        Form::Json | Form::Slack => return Ok(()),
        Form::DingTalk | Form::WeCom => &["errcode"][..],
        Form::Feishu => &["code", "StatusCode"],
    };
    let read: Value = serde_json::from_str(answer).unwrap_or_default();
    let code = fields.iter().find_map(|field| read.get(field)?.as_i64());
    if code == Some(0) {
        return Ok(());
    }
    let message = format!(
        "the robot at {} did not take the text: {}",
        target.host,
        shown(answer, target)
    );
    Err(Error::new(Kind::Denied, message).hint("check the robot's address, secret and key words"))
}

/// The beginning of an answer, unless it repeats a secret.
fn shown(answer: &str, target: &Target) -> String {
    let url = Url::parse(target.url.expose()).ok();
    let mut secrets = vec![target.secret.expose().to_string()];
    // Services put the token of a robot into the path or behind the question mark.
    if let Some(url) = url.filter(|_| target.form != Form::Json) {
        secrets.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        let parts = url.path_segments().into_iter().flatten();
        secrets.extend(
            parts
                .filter(|part| part.len() >= SHORTEST_TOKEN)
                .map(str::to_string),
        );
    }
    let is_told = |secret: &String| !secret.is_empty() && answer.contains(secret);
    if secrets.iter().any(is_told) {
        return "the answer repeats a secret and is not shown".to_string();
    }
    let line: String = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(SHOWN_ANSWER).collect()
}

/// Why a request failed, without its address.
fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
