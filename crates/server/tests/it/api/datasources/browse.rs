//! Looking into a real database, at tables whose names try to be more than names.

use serde_json::{Value, json};

use super::{Database, Place};
use crate::harness::Kept;

/// A schema with a few tables, one of which has a name and columns that would do harm unquoted.
async fn schema(database: &Database) -> String {
    database
        .schema(
            r#"CREATE TABLE person (id bigint PRIMARY KEY, name varchar(40) NOT NULL, note text, big bigint, raw bytea);
            INSERT INTO person SELECT n, 'p' || n, CASE n WHEN 1 THEN '' WHEN 2 THEN NULL ELSE repeat('é', 5000) END,
                9007199254740993, '\x00ff' FROM generate_series(1, 30) n;
            CREATE TABLE "we""ird; drop table person" ("a""b; --" int, "ORDER" text);
            INSERT INTO "we""ird; drop table person" VALUES (1, 'x');
            CREATE VIEW v AS SELECT 1 AS one"#,
        )
        .await
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

fn names(listed: &Value) -> Vec<String> {
    let items = listed["items"].as_array().unwrap();
    let name = |item: &Value| item["name"].as_str().unwrap().to_string();
    items.iter().map(name).collect()
}

#[tokio::test]
async fn tables_are_listed_and_looked_at() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let schema = schema(&database).await;
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        let path = place.add("here", "postgresql", database.config()).await;
        let get = async |rest: &str| place.admin.get(&format!("{path}/{rest}")).await;

        let odd = format!(r#"{schema}."we""ird; drop table person""#);
        let listed = get(&format!("tables?search={schema}.&limit=2")).await.ok();
        assert_eq!(
            names(&listed),
            [format!("{schema}.person"), format!("{schema}.v")]
        );
        assert_eq!(listed["items"][1]["kind"], "view");
        let next = listed["nextCursor"].as_str().unwrap();
        let rest = get(&format!("tables?search={schema}.&limit=2&cursor={next}"))
            .await
            .ok();
        assert_eq!(names(&rest), std::slice::from_ref(&odd));
        assert!(rest.get("nextCursor").is_none(), "{rest}");
        let nothing = get(&format!("tables?search={}", encoded("'; drop table x --")))
            .await
            .ok();
        assert_eq!(nothing["items"], json!([]));
        assert_eq!(
            get("tables?cursor=OTk5OTk5").await.refused(400),
            "badRequest"
        );

        let columns = get(&format!("columns?table={schema}.person")).await.ok();
        assert_eq!(
            columns["items"][1],
            json!({"name": "name", "type": "character varying(40)", "arrowType": "Utf8", "nullable": false, "key": false,
                "partition": false, "hasDefault": false, "splitKey": "limited",
                "splitKeyReason": "character varying(40) is cut only with `splitMode` `auto`"})
        );
        assert_eq!(columns["items"][0]["key"], true);
        let columns = get(&format!("columns?table={}", encoded(&odd))).await.ok();
        assert_eq!(names(&columns), ["a\"b; --", "ORDER"]);

        let preview = get(&format!("preview?table={schema}.person&rows=3"))
            .await
            .ok();
        assert_eq!(preview["rows"].as_array().unwrap().len(), 3);
        assert_eq!(preview["columns"][0]["name"], "id");
        assert_eq!(preview["rows"][0]["note"], "");
        assert_eq!(preview["rows"][1]["note"], Value::Null);
        let cut = preview["rows"][2]["note"].as_str().unwrap();
        assert!(cut.len() < 2_100 && cut.ends_with("é…"), "{cut}");
        assert_eq!(preview["rows"][0]["big"], "9007199254740993");
        assert_eq!(preview["rows"][0]["raw"], json!({"hex": "00ff"}));
        let all = get(&format!("preview?table={schema}.person")).await.ok();
        assert_eq!(all["rows"].as_array().unwrap().len(), 20);
        for rows in [0, 21] {
            let refused = get(&format!("preview?table={schema}.person&rows={rows}")).await;
            assert_eq!(refused.refused(422), "invalid");
        }
        let preview = get(&format!("preview?table={}", encoded(&odd))).await.ok();
        assert_eq!(preview["rows"], json!([{"a\"b; --": 1, "ORDER": "x"}]));
    }
}

#[tokio::test]
async fn definitions_make_the_same_table() {
    let database = Database::new();
    let schema = schema(&database).await;
    let place = Place::new(Kept::Sqlite).await;
    place.settings(json!({"outboundLoopback": true})).await;
    let path = place.add("here", "postgresql", database.config()).await;
    let ddl = async |table: &str| {
        let answer = place
            .admin
            .get(&format!("{path}/ddl?table={}", encoded(table)))
            .await;
        answer.ok()["ddl"].as_str().unwrap().to_string()
    };
    let person = ddl(&format!("{schema}.person")).await;
    assert_eq!(
        person,
        format!(
            "CREATE TABLE \"{schema}\".\"person\" (\n    \"id\" bigint NOT NULL,\n    \"name\" character varying(40) NOT NULL,\n    \
             \"note\" text,\n    \"big\" bigint,\n    \"raw\" bytea,\n    PRIMARY KEY (\"id\")\n);\n"
        )
    );
    let odd = format!(r#"{schema}."we""ird; drop table person""#);
    let text = ddl(&odd).await;
    // The statement is right if the database takes it and gives the same again.
    database
        .execute(&format!(
            r#"ALTER TABLE {odd} RENAME TO before; {text} SELECT "a""b; --", "ORDER" FROM {odd}"#
        ))
        .await;
    assert_eq!(ddl(&odd).await, text);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_told() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        let path = place.add("here", "postgresql", database.config()).await;
        let get = async |rest: &str| place.admin.get(&format!("{path}/{rest}")).await;
        assert_eq!(
            get("columns?table=no_such_table").await.refused(404),
            "notFound"
        );
        assert_eq!(get("columns?table=%22open").await.refused(422), "invalid");
        assert_eq!(get("columns?table=").await.refused(422), "invalid");
        assert_eq!(get("columns").await.refused(400), "badRequest");
        let injected = encoded("pg_class; drop table x --");
        assert_eq!(
            get(&format!("preview?table={injected}")).await.refused(404),
            "notFound"
        );

        let mut config = database.config();
        config["password"] = json!("hunter2-wrong");
        let wrong = place.add("wrong", "postgresql", config).await;
        let refused = place.admin.get(&format!("{wrong}/tables")).await;
        // Not "unauthenticated": the caller is signed in.
        assert_eq!(refused.refused(502), "upstream");
        assert!(refused.body["error"]["hint"].is_string());
        assert!(!refused.body.to_string().contains("hunter2"));
    }
}

#[tokio::test]
async fn schemas_partitions_and_columns_are_listed_and_searched() {
    let database = Database::new();
    for kept in Kept::BOTH {
        let schema = database
            .schema(
                r#"CREATE TABLE days (id int, at date, "Note" text) PARTITION BY RANGE (at);
                CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-03-01') TO ('2026-03-02');
                CREATE TABLE "Days 2" PARTITION OF days FOR VALUES FROM ('2026-03-02') TO ('2026-03-03');
                CREATE TABLE days_3 PARTITION OF days DEFAULT;
                CREATE TABLE plain (id int)"#,
            )
            .await;
        let place = Place::new(kept).await;
        place.settings(json!({"outboundLoopback": true})).await;
        let path = place.add("here", "postgresql", database.config()).await;
        let get = async |rest: &str| place.admin.get(&format!("{path}/{rest}")).await;

        let found = get(&format!("schemas?search={}", schema.to_uppercase())).await;
        assert_eq!(names(&found.ok()), std::slice::from_ref(&schema));
        let all = names(&get("schemas?limit=500").await.ok());
        assert!(all.contains(&"public".to_string()), "{all:?}");
        assert!(!all.iter().any(|name| name.starts_with("pg_")), "{all:?}");
        let injected = encoded("'; drop schema x --");
        let nothing = get(&format!("schemas?search={injected}")).await.ok();
        assert_eq!(nothing["items"], json!([]));

        let parts = format!("partitions?table={schema}.days");
        let odd = format!(r#"{schema}."Days 2""#);
        let expected = [
            odd.clone(),
            format!("{schema}.days_1"),
            format!("{schema}.days_3"),
        ];
        let first = get(&format!("{parts}&limit=2")).await.ok();
        let next = first["nextCursor"].as_str().unwrap();
        let second = get(&format!("{parts}&limit=2&cursor={next}")).await.ok();
        let pages = [names(&first), names(&second)].concat();
        assert_eq!(pages, expected);
        assert!(second.get("nextCursor").is_none(), "{second}");
        let found = get(&format!("{parts}&search=DAYS%202")).await.ok();
        assert_eq!(names(&found), std::slice::from_ref(&odd));
        // As a job would name it.
        let columns = get(&format!("columns?table={}", encoded(&odd))).await.ok();
        assert_eq!(names(&columns), ["id", "at", "Note"]);
        let plain = get(&format!("partitions?table={schema}.plain")).await.ok();
        assert_eq!(plain["items"], json!([]));
        let none = get("partitions?table=no_such_table").await;
        assert_eq!(none.refused(404), "notFound");

        let columns = format!("columns?table={schema}.days");
        assert_eq!(
            names(&get(&format!("{columns}&search=NOT")).await.ok()),
            ["Note"]
        );
        assert_eq!(names(&get(&columns).await.ok()).len(), 3);

        let stream = place.add("stream", "stream", json!({})).await;
        let stream = place.admin.get(&format!("{stream}/schemas")).await;
        assert_eq!(stream.refused(409), "conflict");
        let visitor = place.member("visitor").await;
        for rest in ["schemas", &parts] {
            let refused = visitor.get(&format!("{path}/{rest}")).await;
            assert_eq!(refused.refused(403), "forbidden");
        }
    }
}

#[tokio::test]
async fn a_source_that_says_nothing_is_given_up_and_holds_nobody_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            open.push(stream);
        }
    });
    let place = Place::new(Kept::Sqlite).await;
    place.settings(json!({"outboundLoopback": true})).await;
    let config = json!({"jdbcUrl": [format!("jdbc:postgresql://127.0.0.1:{port}/sales")],
        "username": "etl", "password": "hunter2-silent"});
    let path = place.add("silent", "postgresql", config).await;
    let looks = [
        "tables",
        "schemas",
        "columns?table=a",
        "preview?table=a",
        "ddl?table=a",
    ];
    // More at once than the store has connections, and others go on meanwhile.
    let looks = looks.iter().cycle().take(30).map(|rest| {
        let (admin, path) = (place.admin.clone(), format!("{path}/{rest}"));
        tokio::spawn(async move { admin.get(&path).await })
    });
    let looks: Vec<_> = looks.collect();
    for _ in 0..20 {
        assert_eq!(place.admin.get(&place.sources()).await.status, 200);
    }
    assert!(looks.iter().all(|look| !look.is_finished()));
    for look in looks {
        let refused = look.await.unwrap();
        assert_eq!(refused.refused(502), "upstream");
        assert!(!refused.body.to_string().contains("hunter2"));
    }
}
