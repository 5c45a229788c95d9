//! A small HTTP server that keeps what is posted to it and answers as a test says.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use serde_json::Value;

/// What was posted.
#[derive(Clone, Debug)]
pub(crate) struct Post {
    /// Path and query.
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Post {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// How it answers.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Status(u16, String),
    Redirect(String),
    /// Not at all.
    Silence,
}

#[derive(Clone)]
struct Desk {
    posts: Arc<Mutex<Vec<Post>>>,
    reply: Arc<Mutex<Reply>>,
}

pub(crate) struct Listener {
    address: SocketAddr,
    desk: Desk,
}

impl Listener {
    pub(crate) async fn start() -> Listener {
        let desk = Desk {
            posts: Arc::default(),
            reply: Arc::new(Mutex::new(Reply::Status(200, "ok".to_string()))),
        };
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let service = Router::new().fallback(take).with_state(desk.clone());
        tokio::spawn(async move { axum::serve(socket, service).await });
        Listener { address, desk }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    pub(crate) fn answer(&self, reply: Reply) {
        *self.desk.reply.lock().unwrap() = reply;
    }

    pub(crate) fn posts(&self) -> Vec<Post> {
        self.desk.posts.lock().unwrap().clone()
    }

    /// Waits until so many posts have come.
    #[track_caller]
    pub(crate) fn until(&self, count: usize) -> impl Future<Output = Vec<Post>> + '_ {
        let place = std::panic::Location::caller();
        async move {
            for _ in 0..1_200 {
                let posts = self.posts();
                if posts.len() >= count {
                    return posts;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            panic!("{place}: {} of {count} posts have come", self.posts().len());
        }
    }
}

async fn take(
    State(desk): State<Desk>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> impl IntoResponse {
    desk.posts.lock().unwrap().push(Post { uri, headers, body });
    let reply = desk.reply.lock().unwrap().clone();
    match reply {
        Reply::Status(status, text) => {
            (StatusCode::from_u16(status).unwrap(), text).into_response()
        }
        Reply::Redirect(to) => (StatusCode::TEMPORARY_REDIRECT, [("location", to)]).into_response(),
        Reply::Silence => std::future::pending().await,
    }
}
