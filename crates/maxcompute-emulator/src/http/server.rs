//! Connections, and the steps that every request takes: locate, count, authorise, fault, handle.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, spawn_blocking};

use super::auth::authorize;
use super::body::{BodyWriter, CHANNEL_PIECES, RequestBody, ResponseBody};
use super::fault::{Action, Fault};
use super::reply::{Content, Failure, Reply, Service};
use super::route::{Operation, Resource, Target, locate, no_such_schema, operation, without_base};
use super::{App, Call, handle};
use crate::names::new_id;
use maxcompute::sign::parameters;

/// How long running requests may take to end when the server stops.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
const CONTROL_BODY_BYTES: usize = 1024 * 1024;

/// The connection is closed instead of answered.
#[derive(Debug)]
struct Hangup;

impl fmt::Display for Hangup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("injected: the connection was closed")
    }
}

impl std::error::Error for Hangup {}

/// Accepts connections until `stop` changes, then lets the running requests end.
pub(crate) async fn run(listener: TcpListener, app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, app.clone(), stop.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    // Out of file descriptors, most likely; others close meanwhile.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stop.changed() => break,
        }
    }
    drop(listener);
    let ended = tokio::time::timeout(STOP_PATIENCE, async {
        while connections.join_next().await.is_some() {}
    });
    if ended.await.is_err() {
        connections.shutdown().await;
    }
}

async fn connection(stream: TcpStream, app: Arc<App>, mut stop: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot turn off delayed sending");
    }
    let service = service_fn(|request| answer(app.clone(), request));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    app: Arc<App>,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Hangup> {
    let (parts, mut body) = request.into_parts();
    let path_and_query = parts
        .uri
        .path_and_query()
        .map_or("/", |text| text.as_str())
        .to_owned();
    let (path, query) = path_and_query
        .split_once('?')
        .unwrap_or((&path_and_query, ""));
    if let Some(control) = path.strip_prefix("/emulator/") {
        let reply = answer_control(&app, &parts.method, control, body).await;
        return Ok(respond(reply, None));
    }
    let parameters = parameters(query);
    let target = locate(without_base(path));
    let operation = match &target {
        Ok(target) => operation(&parts.method, &target.resource, &parameters),
        Err(_) => Some(Operation::Other),
    };
    app.stats
        .count_operation(operation.unwrap_or(Operation::Other));
    let service = operation.map_or(Service::Rest, Operation::service);
    let authorized = authorize(
        &app.access,
        parts.method.as_str(),
        &path_and_query,
        &parts.headers,
        service,
    );
    let refused = match authorized {
        Ok(version) => {
            app.stats.count_signature(service, version);
            refuse_target(&app, target, operation, &parameters)
        }
        Err(failure) => {
            app.stats.note_refusal(&parts.method, path, &failure);
            Err(failure)
        }
    };
    let Found {
        operation,
        resource,
        schema,
    } = match refused {
        Ok(found) => found,
        Err(failure) => {
            drain(&mut body).await;
            return Ok(respond(failure.into_reply(service), None));
        }
    };
    let fault = app.faults.strike(operation);
    if let Some(fault) = &fault {
        app.stats.count_fault();
        if let Some(failure) = strike(fault, operation, &mut body).await? {
            return Ok(respond(failure.into_reply(service), None));
        }
    }
    let (sender, receiver) = mpsc::channel(CHANNEL_PIECES);
    let call = Call {
        operation,
        resource,
        schema,
        parameters,
        headers: parts.headers,
        body: RequestBody::new(receiver),
        fault: fault.clone(),
    };
    let work = spawn_blocking(move || handle(&app, call));
    forward(&mut body, sender).await;
    let outcome = work.await.unwrap_or_else(|error| {
        tracing::error!(%error, operation = operation.name(), "a request failed inside");
        Err(Failure::internal("the request failed inside the server"))
    });
    let reply = match outcome {
        Ok(reply) => reply,
        Err(failure) => failure.into_reply(service),
    };
    let cut_after = match &fault {
        Some(fault) if fault.action == Action::LoseAnswer => return Err(Hangup),
        Some(fault) if fault.action == Action::Cut => Some(fault.after_bytes),
        _ => None,
    };
    Ok(respond(reply, cut_after))
}

/// What a request is for.
struct Found {
    operation: Operation,
    resource: Resource,
    schema: Option<String>,
}

/// What the request is for, or why it is for nothing.
fn refuse_target(
    app: &App,
    target: Result<Target, Failure>,
    operation: Option<Operation>,
    parameters: &BTreeMap<String, String>,
) -> Result<Found, Failure> {
    let target = target?;
    if !target.project.is_empty() && target.project != app.store.project() {
        return Err(Failure::not_found(
            "NoSuchProject",
            format!("ODPS-0420111: Project not found - '{}'.", target.project),
        ));
    }
    let current = parameters
        .get("curr_schema")
        .map(|name| name.to_lowercase());
    let schema = target
        .schema
        .or(current)
        .filter(|name| !matches!(name.as_str(), "" | "default"));
    if let Some(name) = schema
        .as_ref()
        .filter(|name| !app.store.schemas().contains(*name))
    {
        return Err(no_such_schema(name));
    }
    let operation = match target.resource {
        Resource::Unknown => Some(Operation::Other),
        _ => operation,
    };
    Ok(Found {
        operation: operation.ok_or_else(Failure::method_not_allowed)?,
        resource: target.resource.within(schema.as_deref()),
        schema,
    })
}

/// The part of a fault that comes before the request is handled.
async fn strike(
    fault: &Fault,
    operation: Operation,
    body: &mut Incoming,
) -> Result<Option<Failure>, Hangup> {
    match fault.action {
        Action::Delay => tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await,
        Action::Cut if operation.is_row_upload() => {
            let mut received = 0;
            while received < fault.after_bytes
                && let Some(Ok(frame)) = body.frame().await
            {
                received += frame.data_ref().map_or(0, |piece| piece.len() as u64);
            }
            return Err(Hangup);
        }
        _ => {}
    }
    let refusal = fault.refusal();
    if refusal.is_some() {
        drain(body).await;
    }
    Ok(refusal)
}

/// Reads a body to its end: a client that is still sending does not look for an answer.
async fn drain(body: &mut Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// Hands the body to the handler piece by piece, and what the handler does not want to nobody.
async fn forward(body: &mut Incoming, sender: mpsc::Sender<io::Result<Bytes>>) {
    while let Some(frame) = body.frame().await {
        let piece = match frame {
            Ok(frame) => match frame.into_data() {
                Ok(piece) => Ok(piece),
                Err(_) => continue,
            },
            Err(error) => Err(io::Error::other(error)),
        };
        let failed = piece.is_err();
        if sender.send(piece).await.is_err() || failed {
            drop(sender);
            drain(body).await;
            return;
        }
    }
}

fn respond(reply: Reply, cut_after: Option<u64>) -> Response<ResponseBody> {
    let mut has_request_id = false;
    let body = match reply.content {
        Content::Text(text) => ResponseBody::whole(text, cut_after),
        Content::Stream(producer) => {
            let (sender, receiver) = mpsc::channel(CHANNEL_PIECES);
            spawn_blocking(move || {
                let mut writer = BodyWriter::new(sender);
                let produced = producer(&mut writer);
                match produced.and_then(|()| io::Write::flush(&mut writer)) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                    Err(error) => {
                        tracing::warn!(%error, "an answer was cut short");
                        writer.fail(error);
                    }
                }
            });
            ResponseBody::pieces(receiver, cut_after)
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    for (name, value) in reply.headers {
        has_request_id |= name == "x-odps-request-id";
        // Only names with control characters make no header value, and none of ours has them.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    if !has_request_id && let Ok(id) = HeaderValue::from_str(&new_id()) {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-odps-request-id"), id);
    }
    response
}

/// The control URL: faults and statistics, without credentials.
async fn answer_control(app: &App, method: &Method, path: &str, body: Incoming) -> Reply {
    match (method, path) {
        (&Method::GET, "stats") => Reply::json(&app.stats.to_json()),
        (&Method::GET, "faults") => Reply::json(&json!(app.faults.left())),
        (&Method::POST, "faults") => {
            let limited = http_body_util::Limited::new(body, CONTROL_BODY_BYTES);
            let replaced = match limited.collect().await {
                Ok(collected) => app.faults.replace(&collected.to_bytes()),
                Err(error) => Err(error.to_string()),
            };
            match replaced {
                Ok(()) => Reply::json(&json!(app.faults.left())),
                Err(reason) => {
                    Failure::bad_request("InvalidArgument", reason).into_reply(Service::Tunnel)
                }
            }
        }
        _ => Failure::new(
            StatusCode::NOT_FOUND,
            "NoSuchObject",
            "the control URL has stats and faults",
        )
        .into_reply(Service::Tunnel),
    }
}
