//! PostgreSQL as the suite sees it: a schema of its own on a real server.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::atomic::{AtomicU32, Ordering};

use arrow_schema::{DataType, TimeUnit};
use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use testkit::conformance::{
    Cut, Datasource, Misfit, Mode, ModeOutcome, Network, Store, Subject, Table,
};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, NoTls};

use super::{datasource, definitions, extremes, names};

/// A schema of its own, and a connection that looks into it.
pub(super) struct Schema {
    name: String,
    pub(super) client: Client,
}

struct Server {
    address: SocketAddr,
    user: String,
    password: String,
    database: String,
}

impl Server {
    fn from_environment() -> Server {
        let url = std::env::var("LONGSHORE_TEST_POSTGRESQL").unwrap_or_else(|_| {
            panic!("LONGSHORE_TEST_POSTGRESQL is not set: run `cargo xtask test`")
        });
        let config: tokio_postgres::Config = url.parse().unwrap();
        let Host::Tcp(host) = &config.get_hosts()[0] else {
            panic!("the server is not behind TCP");
        };
        let port = config.get_ports().first().copied().unwrap_or(5432);
        Server {
            address: (host.as_str(), port)
                .to_socket_addrs()
                .unwrap()
                .next()
                .unwrap(),
            user: config.get_user().unwrap().to_string(),
            password: String::from_utf8(config.get_password().unwrap_or_default().to_vec())
                .unwrap(),
            database: config.get_dbname().unwrap_or("postgres").to_string(),
        }
    }

    fn datasource(&self, schema: &str, address: SocketAddr, password: &str) -> Datasource {
        let url = format!(
            "jdbc:postgresql://{address}/{}?currentSchema={schema}",
            self.database
        );
        datasource(
            "postgresql",
            json!({ "jdbcUrl": url, "username": self.user, "password": password }),
        )
    }

    async fn connect(&self) -> Client {
        let mut config = tokio_postgres::Config::new();
        config
            .host(self.address.ip().to_string())
            .port(self.address.port())
            .user(&self.user)
            .password(&self.password)
            .dbname(&self.database);
        let (client, connection) = config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

impl Schema {
    async fn new(server: &Server) -> Schema {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("conformance{}_{number}", std::process::id());
        let client = server.connect().await;
        let schema = Schema { name, client };
        schema
            .sql(&format!(
                "CREATE SCHEMA {0}; SET search_path = {0}; SET TimeZone = 'UTC'",
                schema.name
            ))
            .await;
        schema
    }

    async fn sql(&self, sql: &str) {
        if let Err(error) = self.client.batch_execute(sql).await {
            panic!("{sql}: {error:?}");
        }
    }
}

impl Store for Schema {
    fn create<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, ()> {
        async move {
            self.sql(&format!(
                "CREATE TABLE {} ({}, PRIMARY KEY (id))",
                table.name,
                definitions(table, '"')
            ))
            .await;
        }
        .boxed()
    }

    fn ids<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, Vec<i64>> {
        async move {
            let query = format!("SELECT id FROM {} ORDER BY id", table.name);
            let rows = self.client.query(&query, &[]).await.unwrap();
            rows.iter().map(|row| row.get(0)).collect()
        }
        .boxed()
    }

    fn leftovers<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, Vec<String>> {
        async move {
            // Tables beside the tests' own, and transactions that were forgotten.
            let query = "SELECT relname::text FROM pg_class WHERE relnamespace = $1::text::regnamespace \
                         AND relkind = 'r' AND relname !~ '^t[0-9_]+$' \
                         UNION ALL SELECT gid FROM pg_prepared_xacts WHERE gid LIKE '%' || $2 || '%'";
            let rows = self.client.query(query, &[&self.name, &table.name]).await;
            rows.unwrap().iter().map(|row| row.get(0)).collect()
        }
        .boxed()
    }

    fn reader(&self, table: &Table, cut: Cut) -> Value {
        let mut parameter = json!({ "table": table.name, "column": names(table) });
        if cut == Cut::Fine {
            parameter["splitPk"] = json!("id");
        }
        parameter
    }

    fn writer(&self, table: &Table) -> Value {
        json!({ "table": table.name, "column": names(table) })
    }

    fn native(&self, data_type: &DataType) -> String {
        match data_type {
            DataType::Boolean => "boolean".into(),
            DataType::Int16 => "smallint".into(),
            DataType::Int32 => "integer".into(),
            DataType::Int64 => "bigint".into(),
            DataType::Float64 => "double precision".into(),
            DataType::Decimal128(precision, scale) => format!("numeric({precision},{scale})"),
            DataType::Utf8 => "text".into(),
            DataType::Binary => "bytea".into(),
            DataType::Date32 => "date".into(),
            DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp".into(),
            other => panic!("no table of the suite has {other}"),
        }
    }
}

pub(super) async fn subject() -> Subject {
    let server = Server::from_environment();
    let schema = Schema::new(&server).await;
    subject_of(server, schema)
}

/// The subject, and a second connection to its schema for asking the server.
pub(super) async fn subject_and_client() -> (Subject, Client) {
    let server = Server::from_environment();
    let schema = Schema::new(&server).await;
    let client = server.connect().await;
    client
        .batch_execute(&format!("SET search_path = {}", schema.name))
        .await
        .unwrap();
    (subject_of(server, schema), client)
}

fn subject_of(server: Server, schema: Schema) -> Subject {
    let mode = |name: &'static str, outcome| Mode {
        name,
        parameter: json!({ "writeMode": name }),
        outcome,
    };
    Subject {
        name: "postgresql",
        registry: connectors::registry(),
        datasource: server.datasource(&schema.name, server.address, &server.password),
        types: extremes::postgresql(),
        modes: vec![
            mode("insert", ModeOutcome::KnownKeysDirty),
            mode("copy", ModeOutcome::Refused),
            mode("update", ModeOutcome::KnownKeysUpdated),
            mode("ignore", ModeOutcome::KnownKeysKept),
        ],
        misfit: Some(Misfit {
            native: "varchar(5)".to_string(),
            value: "six letters".to_string(),
            parameter: json!({}),
        }),
        most_columns: 1_600,
        locked_out: Some(server.datasource(&schema.name, server.address, "wrong-password")),
        network: Some(Network {
            server: server.address,
            through: {
                let name = schema.name.clone();
                Box::new(move |address| server.datasource(&name, address, &server.password))
            },
        }),
        store: Box::new(schema),
    }
}
