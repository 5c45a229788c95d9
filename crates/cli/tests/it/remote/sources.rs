//! Data sources of a server: registered without showing a secret, tested against a real PostgreSQL, looked into.

use super::Remote;

#[tokio::test(flavor = "multi_thread")]
async fn a_data_source_is_registered_tested_and_looked_into() {
    let remote = Remote::signed_in().await;
    let place = &remote.place;
    place
        .sql("CREATE TABLE orders (id bigint PRIMARY KEY, note text); INSERT INTO orders VALUES (1, E'a\\x1bb'), (2, NULL)")
        .await;
    let made = remote
        .ask(&[
            "source",
            "create",
            "shop",
            "--local",
            "l_PostGreSql",
            "--test",
            "--description",
            "the shop",
        ])
        .ok();
    assert_eq!(made.output, "created data source shop\n");
    let test = remote.ask(&["source", "test", "shop"]).ok();
    for stage in ["connect", "login"] {
        assert!(test.output.contains(stage), "{}", test.output);
    }
    let list = remote.ask(&["source", "list"]).ok();
    assert!(
        list.output.contains("shop") && list.output.contains("passed"),
        "{}",
        list.output
    );
    let shown = remote.ask(&["source", "show", "SHOP"]).ok();
    assert!(
        shown.output.contains("jdbc:postgresql://"),
        "{}",
        shown.output
    );
    let tables = remote.ask(&["source", "tables", "shop", "ord"]).ok();
    assert!(tables.output.contains("orders"), "{}", tables.output);
    let columns = remote
        .ask(&["source", "columns", "shop", "public.orders"])
        .ok();
    assert!(columns.output.contains("bigint"), "{}", columns.output);
    let rows = remote
        .ask(&["source", "preview", "shop", "public.orders"])
        .ok();
    assert!(
        rows.output.contains("a\\u{1b}b") && rows.output.contains("NULL"),
        "{}",
        rows.output
    );
    let rows = remote.json(&["source", "preview", "shop", "public.orders", "--rows", "1"]);
    assert_eq!(rows["rows"].as_array().unwrap().len(), 1);
    let ddl = remote.ask(&["source", "ddl", "shop", "public.orders"]).ok();
    assert!(ddl.output.contains("PRIMARY KEY"), "{}", ddl.output);
    remote.ask(&["source", "users", "shop"]).ok();

    // What is not named stays, the password too.
    remote
        .ask(&[
            "source",
            "update",
            "shop",
            "--description",
            "orders",
            "--set",
            "username=nobody_there",
        ])
        .ok();
    remote.ask(&["source", "test", "shop"]).fails(4, &[]);
    let user = remote.json(&["source", "show", "shop"]);
    assert_eq!(user["description"], "orders");
    place.write("wrong.secret", "not this password");
    remote
        .ask(&[
            "source",
            "update",
            "shop",
            "--set",
            "password=${file:wrong.secret}",
        ])
        .fails(2, &["every user may read it"]);
    remote
        .asked(
            &["source", "update", "shop", "--ask", "password"],
            "wrong again\n",
        )
        .ok();
    let failed = remote.ask(&["source", "test", "shop", "--json"]);
    assert_eq!(failed.code, Some(4));
    let report: serde_json::Value = serde_json::from_str(&failed.output).unwrap();
    assert_eq!(report["passed"], false);

    remote
        .ask(&["source", "delete", "shop"])
        .fails(2, &["--yes"]);
    remote.ask(&["source", "delete", "shop", "--yes"]).ok();
    remote
        .ask(&["source", "show", "shop"])
        .fails(2, &["there is no source `shop`"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_on_the_command_line_is_refused_and_two_of_a_name_are_told_apart() {
    let remote = Remote::signed_in().await;
    let create = [
        "source",
        "create",
        "shop",
        "--connector",
        "postgresql",
        "--set",
        "jdbcUrl=jdbc:postgresql://127.0.0.1:1/shop",
    ];
    remote
        .ask(&[&create[..], &["--set", "password=hunter2"]].concat())
        .fails(2, &["--set password", "--ask password", "${env:NAME}"]);
    remote
        .ask(&[&create[..], &["--set", "password"]].concat())
        .fails(2, &["key=value"]);
    remote
        .ask(&[&create[..], &["--set", "usrename=x"]].concat())
        .fails(2, &["/config/usrename", "username"]);
    remote
        .asked(
            &[
                &create[..],
                &["--set", "username=x", "--ask", "password", "--test"],
            ]
            .concat(),
            "hunter2\n",
        )
        .fails(4, &[]);
    assert_eq!(
        remote.json(&["source", "list"])["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    remote
        .ask(&["source", "create", "shop", "--local", "nothing"])
        .fails(2, &["no data source `nothing`"]);

    remote
        .ask(&["project", "create", "twofold", "--standard"])
        .ok();
    for side in ["prod", "dev"] {
        remote
            .asked(
                &[
                    &create[..],
                    &[
                        "--set",
                        "username=x",
                        "--ask",
                        "password",
                        "--environment",
                        side,
                        "--project",
                        "twofold",
                    ],
                ]
                .concat(),
                "hunter2\n",
            )
            .ok();
    }
    let both = ["source", "show", "shop", "--project", "twofold"];
    remote.ask(&both).fails(
        2,
        &[
            "several sources are called `shop`",
            "dev",
            "prod",
            "--environment",
        ],
    );
    let one = remote.json(&[&both[..], &["--environment", "dev"]].concat());
    assert_eq!(one["environment"], "dev");
}
