//! What requests of one session do to one another.

use std::time::Duration;

use futures::poll;

use super::*;
use crate::api::session::tests::somebody;
use crate::scheduler::tests::{app, at, stores};

const TOKEN: &str = "token";

#[tokio::test]
async fn one_request_notes_the_use_and_no_other_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = stores(&folder).await.remove(0);
    let app = app(&store, &folder, Clock::manual(at("2026-03-04T10:00:00Z"))).await;
    let hash = token::hash(TOKEN);
    sign_in(&app, &hash).await;
    app.clock.advance(Duration::from_secs(90));

    // The one writer is taken, so whoever would note the use waits.
    let other = app.store.begin().await.unwrap();
    let mut first = Box::pin(look(&app));
    while !app.uses.is_being_noted(&hash) {
        assert!(poll!(&mut first).is_pending());
        tokio::task::yield_now().await;
    }
    assert!(look(&app).await.unwrap().is_some());
    other.rollback().await.unwrap();
    assert!(first.await.unwrap().is_some());

    let mut c = app.store.read().await.unwrap();
    let now = app.clock.micros();
    let noted = session::find(&mut c, &hash, now).await;
    assert_eq!(noted.unwrap().unwrap().last_seen_at, now);
    assert!(!app.uses.is_being_noted(&hash));
}

/// What a request of the session does first.
async fn look(app: &App) -> ApiResult<Option<Caller>> {
    let proof = Proof {
        token: TOKEN.to_string(),
        given: None,
        is_safe: true,
    };
    let origin = Origin {
        address: IpAddr::from([127, 0, 0, 1]),
        agent: String::new(),
    };
    by_session(app, proof, &origin).await
}

async fn sign_in(app: &App, token_hash: &str) {
    let now = app.clock.micros();
    let account = somebody("no hash".to_string());
    let session = Session {
        token_hash: token_hash.to_string(),
        account_id: account.id.clone(),
        csrf_token: String::new(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + SESSION_MICROS,
        address: String::new(),
        agent: String::new(),
    };
    let mut t = app.store.begin().await.unwrap();
    account::insert(&mut t, &account).await.unwrap();
    session::insert(&mut t, &session).await.unwrap();
    t.commit().await.unwrap();
}
