//! Signing in and out, keys from the environment, projects, TLS, and what is said when it does not work.

use super::{ADMIN, PASSWORD, Remote};

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_leaves_an_access_key_for_its_owner_only_and_a_sign_out_revokes_it() {
    let remote = Remote::new(&[]).await;
    let url = remote.url.clone();
    let early = remote.asked(&["login", &url, "--name", ADMIN], "x\n");
    early.fails(2, &["no administrator yet", "--setup"]);
    let setup = ["login", &url, "--setup", "--name", ADMIN];
    remote
        .asked(&setup, &format!("wrong\n{PASSWORD}\n"))
        .fails(4, &["one-time token is not accepted"]);
    let input = format!("{}\n{PASSWORD}\n", remote.token);
    let ran = remote.asked(&setup, &input).ok();
    assert!(ran.output.contains("signed in to "), "{}", ran.output);
    assert!(
        ran.messages.contains("choose a project"),
        "{}",
        ran.messages
    );
    assert_eq!(
        (
            remote.mode("profiles/profiles.toml"),
            remote.mode("profiles")
        ),
        (0o600, 0o700)
    );
    let first = remote.profiles().unwrap();
    assert!(!first.to_string().contains(PASSWORD));

    let wrong = remote.asked(&["login", &url, "--name", ADMIN], "not this\n");
    wrong.fails(4, &["name or password is not right"]);
    assert_eq!(remote.profiles().unwrap(), first);
    remote.ask(&["project", "list"]).ok();
    let keys = remote.json(&["api", "get", "access-keys"]);
    let key = &keys["items"][0];
    assert!(
        key["description"]
            .as_str()
            .unwrap()
            .starts_with("longshore login on "),
        "{key}"
    );
    assert!(!key["expiresAt"].is_null(), "{key}");

    let (id, secret) = (
        key["id"].as_str().unwrap().to_string(),
        remote.secret().unwrap(),
    );
    let mut bare = remote.command(&["project", "list"]);
    bare.env("LONGSHORE_SERVER", &url)
        .env("LONGSHORE_ACCESS_KEY_ID", &id)
        .env("LONGSHORE_ACCESS_KEY_SECRET", &secret)
        .env("LONGSHORE_CONFIG", remote.place.path("nowhere.toml"));
    remote.done(bare, "").ok();

    let other = ["login", &url, "--access-key-id", &id, "--profile", "other"];
    remote.asked(&other, &format!("{secret}\n")).ok();
    remote.ask(&["project", "list", "--profile", "other"]).ok();
    remote.ask(&["logout"]).ok();
    assert!(remote.profiles().unwrap().get("default").is_none());
    remote
        .ask(&["project", "list"])
        .fails(2, &["no server is named", "longshore login"]);
    let revoked = remote.ask(&["project", "list", "--profile", "other"]);
    revoked.fails(4, &["not accepted", "revoked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_work_is_said_with_a_way_out() {
    let remote = Remote::signed_in().await;
    let nowhere = ["--server", "http://127.0.0.1:1"];
    let key = [
        ("LONGSHORE_ACCESS_KEY_ID", "LSAKAAAAAAAAAAAAAAAAAAAA"),
        ("LONGSHORE_ACCESS_KEY_SECRET", "x"),
    ];
    let mut command = remote.command(&[&["project", "list"][..], &nowhere].concat());
    command.envs(key);
    remote.done(command, "").fails(
        4,
        &[
            "cannot reach the server http://127.0.0.1:1/",
            "refused",
            "hint: ",
        ],
    );
    // The key of one server is not tried on another one.
    let other = remote.ask(&[&["project", "list"][..], &nowhere].concat());
    other.fails(4, &["there is no access key for http://127.0.0.1:1/"]);
    let mut command = remote.command(&["project", "list"]);
    command.envs(key);
    remote
        .done(command, "")
        .fails(4, &["access key or its signature is not accepted"]);
    let mut command = remote.command(&["project", "list"]);
    command.env("LONGSHORE_ACCESS_KEY_ID", "LSAKAAAAAAAAAAAAAAAAAAAA");
    remote
        .done(command, "")
        .fails(2, &["LONGSHORE_ACCESS_KEY_SECRET is not"]);

    remote
        .ask(&["job", "list", "--project", "sale"])
        .fails(2, &["no project `sale`", "did you mean `sales`?"]);
    remote
        .ask(&["project", "use", "nothing_like_it"])
        .fails(2, &["no project", "longshore project list"]);
    remote
        .ask(&["job", "list", "--profile", "nobody"])
        .fails(2, &["no profile `nobody`"]);
    remote
        .ask(&["login", "ftp://example.org"])
        .fails(2, &["neither https:// nor http://"]);
    remote
        .ask(&["run", "list"])
        .fails(2, &["longshore runs list"]);
    remote
        .ask(&["job", "run", "nothing"])
        .fails(2, &["there is no job `nothing`", "longshore job list"]);
    remote
        .ask(&["runs", "show", "7"])
        .fails(2, &["there is no run 7"]);
    remote.ask(&["runs", "stop", "../../accounts"]).fails(
        2,
        &["is not an id", "a number or an id of `longshore runs list`"],
    );
    remote
        .ask(&["project", "create", "7 up"])
        .fails(2, &["`7 up` cannot be the name", "/name"]);
    remote
        .ask(&["project", "create", "sales"])
        .fails(1, &["exists already"]);
    remote
        .ask(&["api", "post", "projects", "--data", r#"{"nmae": 5}"#])
        .fails(
            2,
            &[
                "2 fields are not right",
                "/nmae: there is no field `nmae` here (did you mean `name`?)",
                "/name: `name` is missing",
            ],
        );

    remote
        .ask(&[
            "project",
            "create",
            "other",
            "--standard",
            "--title",
            "Other",
        ])
        .ok();
    let shown = remote.ask(&["project", "show", "OTHER"]).ok();
    assert!(
        shown.output.contains("standard") && shown.output.contains("jobsEdit"),
        "{}",
        shown.output
    );
    let listed = remote.json(&["project", "list"]);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let page = remote.ask(&["project", "list", "--limit", "1"]).ok();
    assert!(page.messages.contains("more follow"), "{}", page.messages);
    let all = remote.ask(&["project", "list", "--all"]).ok();
    assert!(
        all.output.contains("sales") && all.output.contains("other"),
        "{}",
        all.output
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_certificate_of_its_own_is_trusted_when_it_is_named() {
    let folder = std::env::var("LONGSHORE_TEST_POSTGRESQL_CERTIFICATES")
        .expect("LONGSHORE_TEST_POSTGRESQL_CERTIFICATES is set with the address of the PostgreSQL");
    let file = |name: &str| format!("{folder}/{name}");
    let (ca, other_ca) = (file("ca.crt"), file("other-ca.crt"));
    let options = [
        "--tls-certificate",
        &file("server.crt"),
        "--tls-key",
        &file("server.key"),
    ];
    let mut remote = Remote::new(&options).await;
    remote.url = remote.url.replace("127.0.0.1", "localhost");
    let url = remote.url.clone();
    assert!(url.starts_with("https://"), "{url}");
    let login = ["login", &url, "--setup", "--name", ADMIN];
    let input = format!("{}\n{PASSWORD}\n", remote.token);
    remote
        .asked(&login, &input)
        .fails(4, &["cannot reach", "certificate", "--ca"]);
    let other = [&login[..], &["--ca", &other_ca]].concat();
    remote.asked(&other, &input).fails(4, &["cannot reach"]);
    let right = [&login[..], &["--ca", &ca]].concat();
    remote.asked(&right, &input).ok();
    // The profile remembers it.
    remote.ask(&["project", "create", "sales"]).ok();
    remote
        .ask(&["project", "list", "--ca", "nowhere.crt"])
        .fails(2, &["cannot read certificates"]);
}
