//! What changes while a password is looked at, which takes its time.

use std::net::IpAddr;

use super::*;
use crate::clock::Clock;
use crate::scheduler::tests::{app, at, stores};

const PASSWORD: &str = "correct horse hunter2";

pub(crate) fn somebody(password_hash: String) -> account::Account {
    account::Account {
        id: new_id(),
        name: "somebody".to_string(),
        display_name: String::new(),
        email: None,
        password_hash: Some(password_hash),
        is_admin: 1,
        parent_id: None,
        state: "active".to_string(),
        failed_sign_ins: 0,
        failed_at: None,
        preferences: "{}".to_string(),
        created_at: 0,
        updated_at: 0,
        revision: 1,
    }
}

#[tokio::test]
async fn what_was_right_before_signs_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    for store in stores(&folder).await {
        let app = app(&store, &folder, Clock::manual(at("2026-03-04T10:00:00Z"))).await;
        let hashed = hash(&app, Secret::new(PASSWORD)).await.unwrap();
        let row = somebody(hashed.clone());
        let mut t = app.store.begin().await.unwrap();
        account::insert(&mut t, &row).await.unwrap();
        t.commit().await.unwrap();
        let other = hash(&app, Secret::new("another horse hunter2"))
            .await
            .unwrap();
        for (state, password_hash, signs_in) in [
            ("active", &hashed, true),
            ("disabled", &hashed, false),
            ("active", &other, false),
        ] {
            restore(&app, &row, ("active", &hashed)).await;
            // Nothing is hashed until these places are given back.
            let places = u32::try_from(app.hashing.available_permits()).unwrap();
            let places = app.hashing.acquire_many(places).await.unwrap();
            let form = SignIn {
                name: row.name.clone(),
                password: Secret::new(PASSWORD),
            };
            let origin = Origin {
                address: IpAddr::from([127, 0, 0, 1]),
                agent: String::new(),
            };
            let trying = tokio::spawn(sign_in(State(app.clone()), origin, Body(form)));
            while found(&app, &row.id).await.failed_sign_ins == 0 {
                tokio::task::yield_now().await;
            }
            restore(&app, &row, (state, password_hash)).await;
            drop(places);
            let answer = trying.await.unwrap();
            assert_eq!(answer.is_ok(), signs_in, "{state}: {answer:?}");
        }
    }
}

async fn found(app: &App, id: &str) -> account::Account {
    let mut c = app.store.read().await.unwrap();
    account::find(&mut c, id).await.unwrap().unwrap()
}

/// Gives an account a state and a password, as an administrator does.
async fn restore(app: &App, row: &account::Account, (state, password_hash): (&str, &str)) {
    let mut now = found(app, &row.id).await;
    let mut t = app.store.begin().await.unwrap();
    account::set_password(&mut t, &row.id, password_hash, 0)
        .await
        .unwrap();
    now.revision += 1;
    now.state = state.to_string();
    account::update(&mut t, &now).await.unwrap();
    t.commit().await.unwrap();
}
