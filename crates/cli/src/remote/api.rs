//! `longshore api`: any request of the API, for what has no noun here.

use clap::Args;
use reqwest::Method;
use serde_json::Value;

use super::arguments::ServerArguments;
use super::client::Call;
use super::{form, profile};
use crate::exit::{Exit, Stop};
use crate::print;

#[derive(Args)]
pub(crate) struct ApiArguments {
    #[command(flatten)]
    server: ServerArguments,
    /// GET, POST, PUT, PATCH or DELETE
    method: String,
    /// The path behind /api/v1/, for example settings or 'accounts?limit=10'; `longshore openapi` has them all
    path: String,
    /// The body: JSON, or @FILE, or @- for standard input
    #[arg(short, long, value_name = "JSON")]
    data: Option<String>,
    /// The revision that an edit is about [default: the one that is there now]
    #[arg(long, value_name = "ETAG")]
    if_match: Option<String>,
    #[arg(long, value_name = "KEY")]
    /// Sent again with the same key, the request does nothing a second time and gives the first answer
    idempotency_key: Option<String>,
}

/// `longshore api`.
pub(crate) async fn run(arguments: ApiArguments) -> Result<Exit, Stop> {
    let (client, _) = profile::connect(&arguments.server)?;
    let method = match arguments.method.to_uppercase().as_str() {
        "GET" => Method::GET,
        "POST" => Method::POST,
        "PUT" => Method::PUT,
        "PATCH" => Method::PATCH,
        "DELETE" => Method::DELETE,
        _ => {
            return Err(
                Stop::usage(format!("there is no method `{}`", arguments.method))
                    .hint("use GET, POST, PUT, PATCH or DELETE"),
            );
        }
    };
    let path = arguments.path.trim_start_matches('/');
    let path = path.strip_prefix("api/v1/").unwrap_or(path);
    let mut call = Call::any(method.clone(), path, body(arguments.data.as_deref())?);
    if let Some(tag) = arguments.if_match {
        call = call.header("if-match", tag);
    } else if method != Method::GET && method != Method::POST {
        let known = client.find(Call::any(Method::GET, path, None)).await?;
        call = known.iter().fold(call, |call, known| call.seen(known));
    }
    if let Some(key) = arguments.idempotency_key {
        call = call.once(Some(key));
    }
    let answer = client.send(call).await?;
    if !answer.text.is_empty() {
        print::out(format_args!("{}\n", answer.text.trim_end()))?;
    }
    Ok(Exit::Success)
}

fn body(data: Option<&str>) -> Result<Option<Value>, Stop> {
    let Some(data) = data else {
        return Ok(None);
    };
    let text = match data.strip_prefix('@') {
        Some(path) => form::text(path.as_ref())?,
        None => data.to_string(),
    };
    // What stands there may be a secret, and the error would quote none of it.
    let body = serde_json::from_str(&text)
        .map_err(|error| Stop::usage(format!("--data is not JSON: {error}")))?;
    Ok(Some(body))
}
