//! Encryption and login as libpq defines them, and the connectivity test.

use sdk::{Kind, Retry};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{open_browser, open_reader, schema_error, server};

fn certificates() -> String {
    std::env::var("LONGSHORE_TEST_POSTGRESQL_CERTIFICATES").unwrap_or_else(|_| {
        panic!(
            "LONGSHORE_TEST_POSTGRESQL_CERTIFICATES is not set: run `cargo xtask test`, or start a \
             server with `cargo xtask services postgresql` and set what it prints"
        )
    })
}

/// The server's address with another host, and no user in it.
fn config(host: &str, more: Value) -> Value {
    let server = server();
    let (login, rest) = server
        .strip_prefix("postgresql://")
        .unwrap()
        .split_once('@')
        .unwrap();
    let (user, password) = login.split_once(':').unwrap();
    let (_, rest) = rest.split_once(':').unwrap();
    let mut config = json!({
        "jdbcUrl": format!("jdbc:postgresql://{host}:{rest}"),
        "username": user,
        "password": password,
    });
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

/// The stages that passed, and the error of the one that did not.
async fn ping(config: &Value) -> (Vec<&'static str>, Option<sdk::Error>) {
    let mut passed = Vec::new();
    for stage in open_browser(config).await.ping().await {
        match stage.outcome {
            Ok(_) => passed.push(stage.name),
            Err(error) => return (passed, Some(error)),
        }
    }
    (passed, None)
}

const ALL: [&str; 5] = ["resolve", "connect", "tls", "login", "tables"];

#[tokio::test]
async fn each_mode_checks_as_much_as_it_says() {
    let file = |name: &str| format!("{}/{name}", certificates());
    let (ca, other) = (file("ca.crt"), file("other-ca.crt"));
    let cases = [
        ("127.0.0.1", json!({ "sslMode": "disable" }), true),
        ("127.0.0.1", json!({}), true),
        ("127.0.0.1", json!({ "sslMode": "require" }), true),
        (
            "127.0.0.1",
            json!({ "sslMode": "require", "sslRootCert": other }),
            false,
        ),
        (
            "127.0.0.1",
            json!({ "sslMode": "verify-ca", "sslRootCert": ca }),
            true,
        ),
        (
            "127.0.0.1",
            json!({ "sslMode": "verify-ca", "sslRootCert": other }),
            false,
        ),
        (
            "localhost",
            json!({ "sslMode": "verify-full", "sslRootCert": ca }),
            true,
        ),
        (
            "127.0.0.1",
            json!({ "sslMode": "verify-full", "sslRootCert": ca }),
            false,
        ),
        ("localhost", json!({ "sslMode": "verify-full" }), false),
        (
            "127.0.0.1",
            json!({ "username": "tls_only", "sslMode": "require" }),
            true,
        ),
        (
            "127.0.0.1",
            json!({ "username": "certificate_only", "password": "", "sslMode": "verify-ca",
                    "sslRootCert": ca, "sslCert": file("client.crt"), "sslKey": file("client.key") }),
            true,
        ),
    ];
    for (host, more, passes) in cases {
        let (passed, error) = ping(&config(host, more.clone())).await;
        if passes {
            assert_eq!(
                (passed.as_slice(), error.is_none()),
                (&ALL[..], true),
                "{more}: {error:?}"
            );
        } else {
            assert_eq!(passed, ["resolve", "connect"], "{more}");
            let error = error.unwrap();
            assert_eq!(error.kind(), Kind::Config, "{error}");
            assert!(error.hint_text().is_some());
        }
    }
    let unencrypted = json!({ "username": "tls_only", "sslMode": "disable" });
    let (passed, error) = ping(&config("127.0.0.1", unencrypted)).await;
    assert_eq!(passed, ["resolve", "connect", "tls"]);
    assert_eq!(error.unwrap().kind(), Kind::Auth);
}

#[tokio::test]
async fn failed_logins_and_dead_hosts_say_what_to_do_and_never_the_password() {
    let cases = [
        (
            config("127.0.0.1", json!({ "password": "hunter2" })),
            "login",
            Kind::Auth,
        ),
        (
            config("127.0.0.1", json!({ "password": "" })),
            "login",
            Kind::Auth,
        ),
        (
            config("no-such-host.invalid", json!({})),
            "resolve",
            Kind::Unreachable,
        ),
        (
            json!({ "jdbcUrl": "jdbc:postgresql://127.0.0.1:1/d", "username": "u", "password": "hunter2" }),
            "connect",
            Kind::Unreachable,
        ),
        (
            json!({ "jdbcUrl": "jdbc:mysql://h/d", "username": "u" }),
            "resolve",
            Kind::Config,
        ),
    ];
    for (config, stage, kind) in cases {
        let stages = open_browser(&config).await.ping().await;
        let last = stages.last().unwrap();
        let error = last.outcome.as_ref().unwrap_err();
        assert_eq!((last.name, error.kind()), (stage, kind), "{error}");
        assert!(error.hint_text().is_some(), "{error}");
        assert!(!format!("{error:?} {error}").contains("hunter2"));
    }
    let wrong = config("127.0.0.1", json!({}));
    let url = wrong["jdbcUrl"]
        .as_str()
        .unwrap()
        .replace("/postgres", "/no_such_database");
    let mut wrong = wrong.clone();
    wrong["jdbcUrl"] = json!(url);
    let error = ping(&wrong).await.1.unwrap();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.message().contains("no_such_database"), "{error}");
}

#[tokio::test]
async fn a_handshake_that_breaks_off_may_be_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = json!({
        "jdbcUrl": format!("jdbc:postgresql://127.0.0.1:{port}/d"),
        "username": "u",
        "sslMode": "require",
    });
    // As a load balancer does whose server has just gone: it takes the wish for TLS and hangs up.
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut [0; 8]).await.unwrap();
        stream.write_all(b"S").await.unwrap();
        stream.read_exact(&mut [0; 5]).await.unwrap();
    };
    let (error, ()) = tokio::join!(
        schema_error(&config, json!({ "querySql": "SELECT 1" })),
        server
    );
    assert_eq!(
        (error.kind(), error.retryable()),
        (Kind::Unreachable, Retry::Now),
        "{error}"
    );
    assert!(
        error
            .message()
            .starts_with("cannot set up TLS with 127.0.0.1:"),
        "{error}"
    );
}

#[tokio::test]
async fn of_several_addresses_the_first_that_answers_is_used() {
    let good = config("127.0.0.1", json!({}));
    let mut several = good.clone();
    several["jdbcUrl"] = json!(["jdbc:postgresql://127.0.0.1:1/postgres", good["jdbcUrl"]]);
    let reader = open_reader(&several, &json!({ "querySql": "SELECT 1" }))
        .await
        .unwrap();
    assert_eq!(reader.schema().await.unwrap().len(), 1);
    assert_eq!(ping(&several).await.0, ALL);
}

#[tokio::test]
async fn a_server_of_the_wrong_role_is_passed_over() {
    let good = config("127.0.0.1", json!({}));
    let url = good["jdbcUrl"].as_str().unwrap();
    for (wanted, reached) in [("primary", true), ("any", true), ("secondary", false)] {
        let mut source = good.clone();
        source["jdbcUrl"] = json!(format!("{url}?targetServerType={wanted}"));
        let (passed, error) = ping(&source).await;
        assert_eq!(passed == ALL, reached, "{wanted}: {error:?}");
        if let Some(error) = error {
            assert_eq!(error.kind(), Kind::Unreachable);
            assert!(error.message().contains("is the primary"), "{error}");
        }
    }
}
