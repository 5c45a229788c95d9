//! Making tables in a real database: drafts, confirmed statements, and statements that try to be more.

use serde_json::{Value, json};

use super::{Database, Place, pointers};
use crate::client::Client;
use crate::harness::Kept;

const SOURCE: &str = "CREATE TABLE person (id bigint PRIMARY KEY, name varchar(40) NOT NULL, \
    pay numeric(15,2) DEFAULT 0, tags text[])";

/// A place with a data source whose tables are in a schema of its own; gives the path and the schema.
async fn prepared(kept: Kept, mode: &str) -> (Place, String, String) {
    let database = Database::new();
    let schema = database.schema(SOURCE).await;
    let place = Place::with_mode(kept, mode).await;
    place.settings(json!({"outboundLoopback": true})).await;
    let path = place.add("here", "postgresql", database.config()).await;
    (place, path, schema)
}

async fn columns(client: &Client, path: &str, table: &str) -> Vec<Value> {
    let answer = client.get(&format!("{path}/columns?table={table}")).await;
    answer.ok()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_table_is_drafted_confirmed_and_made() {
    for kept in Kept::BOTH {
        let (place, path, schema) = prepared(kept, "basic").await;
        let id = path.rsplit('/').next().unwrap();
        let source = json!({"datasource": id, "table": format!("{schema}.person")});
        let wish = json!({"table": format!("{schema}.copy"), "source": source});
        let draft = format!("{path}/tables/draft");
        let drafted = place.admin.post(&draft, wish).await.ok();
        assert_eq!(
            drafted["statement"],
            format!(
                "CREATE TABLE \"{schema}\".\"copy\" (\n    \"id\" bigint NOT NULL,\n    \"name\" character varying(40) NOT NULL,\n    \
                 \"pay\" numeric(15,2),\n    \"tags\" text[],\n    PRIMARY KEY (\"id\")\n);\n"
            )
        );
        assert_eq!(drafted["remarks"], json!([]));
        let tables = format!("{path}/tables");
        let statement = json!({"statement": drafted["statement"]});
        let made = place.admin.post(&tables, statement.clone()).await;
        assert_eq!(made.status, 204, "{made:?}");
        let copy = columns(&place.admin, &path, &format!("{schema}.copy")).await;
        let mut source = columns(&place.admin, &path, &format!("{schema}.person")).await;
        assert_eq!(source[2]["hasDefault"], true);
        source[2]["hasDefault"] = json!(false);
        assert_eq!(copy, source);

        let again = place.admin.post(&tables, statement).await;
        assert_eq!(again.refused(409), "conflict");
        let log = place
            .admin
            .get(&format!("{}/audit", place.project))
            .await
            .ok();
        let entry = &log["items"][1];
        assert_eq!(entry["action"], "datasource.createTable");
        assert_eq!(entry["objectName"], "here");
        assert_eq!(entry["after"]["statement"], drafted["statement"]);

        // Some columns of the source, in another order.
        let source = json!({"datasource": id, "table": format!("{schema}.person"), "columns": ["tags", "id"]});
        let wish = json!({"table": "small", "source": source});
        let drafted = place.admin.post(&draft, wish).await.ok();
        assert_eq!(
            drafted["statement"],
            "CREATE TABLE \"small\" (\n    \"tags\" text[],\n    \"id\" bigint NOT NULL,\n    PRIMARY KEY (\"id\")\n);\n"
        );
    }
}

#[tokio::test]
async fn columns_can_be_described_by_hand_for_any_dialect() {
    let (place, path, _) = prepared(Kept::Sqlite, "basic").await;
    let config = json!({
        "endpoint": "http://127.0.0.1:1/api", "project": "p", "accessId": "a", "accessKey": "not-a-key"
    });
    let maxcompute = place.add("cloud", "odps", config).await;
    let columns = json!([
        {"name": "id", "arrowType": "Int64", "nullable": false},
        {"name": "pay", "arrowType": "Decimal128(15, 2)"},
        {"name": "at", "arrowType": "Timestamp(µs, \"UTC\")"}
    ]);
    let wish = json!({"table": "hpg", "columns": columns, "partitions": ["pt"]});
    let draft = format!("{maxcompute}/tables/draft");
    let drafted = place.admin.post(&draft, wish).await.ok();
    assert_eq!(
        drafted["statement"],
        "CREATE TABLE `hpg` (\n    `id` bigint NOT NULL,\n    `pay` decimal(15,2),\n    `at` timestamp\n)\n\
         PARTITIONED BY (`pt` string);\n"
    );

    let draft = format!("{path}/tables/draft");
    let deep = format!("{}Int8{}", "List(".repeat(200_000), ")".repeat(200_000));
    for (wish, pointer) in [
        (json!({"table": "", "columns": []}), "/table"),
        (json!({"table": "t"}), ""),
        (
            json!({"table": "t", "columns": [{"name": "a", "arrowType": "Whole"}]}),
            "/columns/0/arrowType",
        ),
        (
            json!({"table": "t", "columns": [{"name": "a", "arrowType": deep}]}),
            "/columns/0/arrowType",
        ),
        (
            json!({"table": "t", "columns": [], "partitions": ["a", "a"]}),
            "/partitions/1",
        ),
    ] {
        let refused = place.admin.post(&draft, wish).await;
        assert_eq!(pointers(&refused), [pointer]);
    }
    let source = json!({"datasource": path.rsplit('/').next().unwrap(), "table": "pg_class", "columns": ["oid", "no"]});
    let refused = place
        .admin
        .post(&draft, json!({"table": "t", "source": source}))
        .await;
    assert_eq!(pointers(&refused), ["/source/columns/1"]);
}

#[tokio::test]
async fn a_statement_is_a_table_and_nothing_else() {
    let (place, path, schema) = prepared(Kept::Sqlite, "basic").await;
    let tables = format!("{path}/tables");
    for statement in [
        String::new(),
        format!("DROP TABLE {schema}.person"),
        format!("CREATE TABLE {schema}.t (a int); DROP TABLE {schema}.person"),
        format!("CREATE TABLE {schema}.t AS SELECT pg_read_file('/etc/passwd')"),
        format!("CREATE TABLE {schema}.t (a no_such_type)"),
    ] {
        let refused = place
            .admin
            .post(&tables, json!({"statement": statement}))
            .await;
        assert_eq!(pointers(&refused), ["/statement"], "{statement}");
    }
    assert_eq!(
        columns(&place.admin, &path, &format!("{schema}.person"))
            .await
            .len(),
        4
    );
    let gone = place
        .admin
        .get(&format!("{path}/columns?table={schema}.t"))
        .await;
    assert_eq!(gone.refused(404), "notFound");
}

#[tokio::test]
async fn production_is_changed_by_who_runs_it() {
    let (place, path, schema) = prepared(Kept::Sqlite, "standard").await;
    let body = json!({
        "name": "here", "connector": "postgresql", "environment": "dev", "config": Database::new().config()
    });
    let made = place.admin.post(&place.sources(), body).await.ok();
    let dev = format!("{}/{}", place.sources(), made["id"].as_str().unwrap());
    let statement =
        |table: &str| json!({"statement": format!("CREATE TABLE {schema}.{table} (a int)")});
    let developer = place.member("developer").await;
    let refused = developer
        .post(&format!("{path}/tables"), statement("a"))
        .await;
    assert_eq!(refused.refused(403), "forbidden");
    let made = developer
        .post(&format!("{dev}/tables"), statement("a"))
        .await;
    assert_eq!(made.status, 204, "{made:?}");
    let made = place
        .admin
        .post(&format!("{path}/tables"), statement("b"))
        .await;
    assert_eq!(made.status, 204, "{made:?}");
    let operator = place.member("operator").await;
    let refused = operator
        .post(&format!("{path}/tables"), statement("c"))
        .await;
    assert_eq!(refused.refused(403), "forbidden");

    // A data source of another project is as good as none.
    let elsewhere = place
        .admin
        .post("/api/v1/projects", json!({"name": "other"}))
        .await
        .ok();
    let other = elsewhere["id"].as_str().unwrap();
    let id = path.rsplit('/').next().unwrap();
    let foreign = format!("/api/v1/projects/{other}/datasources/{id}/tables");
    let refused = place.admin.post(&foreign, statement("d")).await;
    assert_eq!(refused.refused(404), "notFound");
}
