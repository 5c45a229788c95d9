//! Whose account somebody gets, and who gets none.

use serde_json::{Value, json};
use server::{OidcConfig, Passwords};

use super::{account, sign_on, signed_in};
use crate::client::Client;
use crate::harness::{ADMIN, Kept, PASSWORD, Running};
use crate::provider::Provider;

async fn with(kept: Kept, change: impl FnOnce(&mut OidcConfig)) -> (Provider, Running, Client) {
    let provider = Provider::start().await;
    let mut config = provider.config();
    change(&mut config);
    let (server, admin) = Running::start_with(kept, |it| it.oidc = Some(config)).await;
    (provider, server, admin)
}

fn ada() -> Value {
    json!({"preferred_username": "Ada", "name": "Ada Lovelace", "email": "ada@example.org", "email_verified": true})
}

/// Creates an account with an e-mail address; returns its path.
async fn create(admin: &Client, name: &str, email: &str) -> String {
    let body = json!({"name": name, "password": PASSWORD, "email": email});
    let made = admin.post("/api/v1/accounts", body).await.ok();
    format!("/api/v1/accounts/{}", made["id"].as_str().unwrap())
}

async fn change(client: &Client, path: &str, change: Value) -> crate::client::Answer {
    let etag = client.get(path).await.etag();
    client.edit("PATCH", path, &etag, Some(change)).await
}

#[tokio::test]
async fn somebody_new_gets_one_account_without_rights() {
    for kept in Kept::BOTH {
        let (provider, server, admin) = with(kept, |_| ()).await;
        let answer = sign_on(&server, &provider, "1", ada()).await;
        let client = signed_in(&server, &answer).await;
        let me = account(&client).await;
        assert_eq!(
            (
                &me["name"],
                &me["displayName"],
                &me["email"],
                &me["isAdmin"]
            ),
            (
                &json!("ada"),
                &json!("Ada Lovelace"),
                &json!("ada@example.org"),
                &json!(false)
            )
        );
        let project = admin
            .post("/api/v1/projects", json!({"name": "sales"}))
            .await
            .ok();
        let path = format!("/api/v1/projects/{}", project["id"].as_str().unwrap());
        assert_eq!(client.get(&path).await.status, 404);

        // Names and addresses change hands at a provider; its id of somebody does not.
        let renamed = json!({"preferred_username": "countess", "email": "c@example.org", "email_verified": true});
        let again = sign_on(&server, &provider, "1", renamed).await;
        let again = account(&signed_in(&server, &again).await).await;
        assert_eq!((&again["id"], &again["name"]), (&me["id"], &json!("ada")));
        let other = sign_on(&server, &provider, "2", ada()).await;
        let other = account(&signed_in(&server, &other).await).await;
        assert_ne!(other["id"], me["id"]);
        let name = other["name"].as_str().unwrap();
        assert!(name.starts_with("ada-") && name.len() == 12, "{name}");

        let audit = admin.get("/api/v1/audit").await.ok();
        let of_ada: Vec<&str> = audit["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["accountName"] == "ada")
            .map(|entry| entry["action"].as_str().unwrap())
            .collect();
        let signed = "session.singleSignOn";
        assert_eq!(of_ada, [signed, signed, "account.create"]);
        let created = audit["items"].to_string();
        assert!(created.contains(&provider.issuer), "{created}");

        // Nobody knows a password of theirs.
        let body = json!({"name": "ada", "password": ""});
        let guess = server.client().post("/api/v1/session", body).await;
        assert_eq!(guess.refused(401), "unauthenticated");
    }
}

#[tokio::test]
async fn names_that_no_account_may_have_are_replaced() {
    let (provider, server, _) = with(Kept::Sqlite, |_| ()).await;
    for (subject, claims, start) in [
        ("1", json!({"preferred_username": ADMIN}), "root-"),
        (
            "2",
            json!({"preferred_username": "../x", "email": "x@example.org", "email_verified": true}),
            "x@example.org",
        ),
        (
            "3",
            json!({"preferred_username": "读书", "email": "y@example.org"}),
            "user-",
        ),
        (
            "4",
            json!({"name": "A\u{0}\nB", "preferred_username": "b".repeat(61)}),
            "user-",
        ),
        ("5", json!({"preferred_username": "c".repeat(60)}), "ccc"),
        ("6", json!({"preferred_username": "c".repeat(60)}), "ccc"),
    ] {
        let answer = sign_on(&server, &provider, subject, claims).await;
        let me = account(&signed_in(&server, &answer).await).await;
        let name = me["name"].as_str().unwrap();
        assert!(name.starts_with(start) && name.len() <= 60, "{me}");
        assert_eq!(me["isAdmin"], false);
    }
}

#[tokio::test]
async fn an_address_gives_an_account_where_the_administrator_allows_it() {
    for kept in Kept::BOTH {
        let (provider, server, admin) = with(kept, |config| {
            config.create_accounts = false;
            config.link_by_email = true;
        })
        .await;
        let path = create(&admin, "ada", "Ada@Example.org").await;
        let mut unverified = ada();
        unverified["email_verified"] = json!(false);
        let refused = sign_on(&server, &provider, "1", unverified).await;
        assert_eq!(refused.refused(403), "forbidden");
        let linked = sign_on(&server, &provider, "1", ada()).await;
        let linked = account(&signed_in(&server, &linked).await).await;
        assert_eq!(linked["name"], "ada");
        // From now on it is the provider's id that counts.
        let later = sign_on(&server, &provider, "1", json!({})).await;
        let later = signed_in(&server, &later).await;
        assert_eq!(account(&later).await["id"], linked["id"]);

        // Whoever could choose an address would choose whose account others get.
        let local = server.sign_in("ada").await;
        let own = change(&local, &path, json!({"email": "boss@example.org"})).await;
        assert_eq!(own.refused(403), "forbidden");
        assert_eq!(
            change(&local, &path, json!({"displayName": "A"}))
                .await
                .status,
            200
        );

        create(&admin, "twin", "two@example.org").await;
        create(&admin, "other", "two@example.org").await;
        let two = json!({"email": "two@example.org", "email_verified": true});
        let unclear = sign_on(&server, &provider, "2", two).await;
        assert_eq!(unclear.refused(409), "conflict");

        let me = account(&admin).await;
        let own = format!("/api/v1/accounts/{}", me["id"].as_str().unwrap());
        change(&admin, &own, json!({"email": "root@example.org"}))
            .await
            .ok();
        let root = json!({"email": "root@example.org", "email_verified": true});
        let refused = sign_on(&server, &provider, "3", root).await;
        assert_eq!(refused.refused(403), "forbidden");
    }
}

#[tokio::test]
async fn closed_accounts_stay_out() {
    for kept in Kept::BOTH {
        let (provider, server, admin) = with(kept, |_| ()).await;
        let known = signed_in(&server, &sign_on(&server, &provider, "1", ada()).await).await;
        let id = account(&known).await["id"].clone();
        let path = format!("/api/v1/accounts/{}", id.as_str().unwrap());
        change(&admin, &path, json!({"isActive": false})).await.ok();
        assert_eq!(known.get("/api/v1/session").await.status, 401);
        let refused = sign_on(&server, &provider, "1", ada()).await;
        assert_eq!(refused.refused(403), "forbidden");
        let message = "your account on this server is closed";
        assert_eq!(refused.body["error"]["message"], message);
        // Not even as somebody new with the same address.
        let refused = sign_on(&server, &provider, "2", ada()).await;
        assert_eq!(refused.body["error"]["message"], message);
        let audit = admin.get("/api/v1/audit").await.ok();
        let closed = &audit["items"][1];
        assert_eq!(
            (&closed["action"], &closed["accountId"]),
            (&json!("session.refused"), &id)
        );
        assert_eq!(closed["after"]["reason"], message);

        change(&admin, &path, json!({"isActive": true})).await.ok();
        signed_in(&server, &sign_on(&server, &provider, "1", ada()).await).await;
    }
}

#[tokio::test]
async fn only_the_domains_and_groups_that_are_admitted_come_in() {
    let (provider, server, admin) = with(Kept::Sqlite, |config| {
        config.domains = vec!["Example.org".to_string()];
        config.group_claim = "roles".to_string();
        config.groups = vec!["data".to_string(), "ops".to_string()];
    })
    .await;
    let person = |email: &str, verified: bool, groups: Value| json!({"email": email, "email_verified": verified, "roles": groups});
    for (claims, message) in [
        (person("a@example.org", false, json!(["data"])), "vouch"),
        (person("a@example.com", true, json!(["data"])), "domain"),
        (person("a@sub.example.org", true, json!(["data"])), "domain"),
        (person("example.org", true, json!(["data"])), "domain"),
        (
            person("a@example.org", true, json!(["databases"])),
            "groups",
        ),
        (person("a@example.org", true, json!({"data": 1})), "groups"),
        (
            json!({"email": "a@example.org", "email_verified": true, "groups": ["data"]}),
            "groups",
        ),
    ] {
        let refused = sign_on(&server, &provider, "1", claims.clone()).await;
        assert_eq!(refused.refused(403), "forbidden");
        let said = refused.body["error"]["message"].as_str().unwrap();
        assert!(said.contains(message), "{claims}: {said}");
    }
    let admitted = person("a@example.org", true, json!(["x", "ops"]));
    signed_in(&server, &sign_on(&server, &provider, "1", admitted).await).await;
    let admitted = person("b@EXAMPLE.ORG", true, json!("data"));
    signed_in(&server, &sign_on(&server, &provider, "2", admitted).await).await;
    // Who leaves the group is out at the next sign-in.
    let left = person("a@example.org", true, json!(["x"]));
    assert_eq!(sign_on(&server, &provider, "1", left).await.status, 403);
    let accounts = admin.get("/api/v1/accounts").await.ok();
    assert_eq!(accounts["items"].as_array().unwrap().len(), 3, "{accounts}");
}

#[tokio::test]
async fn without_passwords_administrators_still_have_theirs() {
    let (provider, server, admin) = with(Kept::Sqlite, |config| {
        config.passwords = Passwords::Administrators;
    })
    .await;
    create(&admin, "user", "user@example.org").await;
    let body = json!({"name": "user", "password": PASSWORD});
    let refused = server.client().post("/api/v1/session", body).await;
    assert_eq!(refused.refused(401), "unauthenticated");
    let hint = refused.body["error"]["hint"].as_str().unwrap();
    assert!(hint.contains("single sign-on"), "{hint}");
    server.sign_in(ADMIN).await;
    signed_in(&server, &sign_on(&server, &provider, "1", ada()).await).await;
    let welcome = server.client().get("/api/v1/welcome").await.ok();
    assert_eq!(welcome["passwords"], "administrators");
}

#[tokio::test]
async fn nobody_comes_before_the_administrator() {
    for kept in Kept::BOTH {
        let (provider, server, _) = with(kept, |_| ()).await;
        server.execute("DELETE FROM session").await.unwrap();
        server.execute("DELETE FROM account").await.unwrap();
        let refused = sign_on(&server, &provider, "1", ada()).await;
        assert_eq!(refused.refused(409), "conflict");
        let welcome = server.client().get("/api/v1/welcome").await.ok();
        assert_eq!(welcome["needsSetup"], true);
    }
}
