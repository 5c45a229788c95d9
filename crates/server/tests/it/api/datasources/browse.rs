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
