//! MaxCompute as the suite sees it: an emulator of its own.

use std::net::{Ipv4Addr, SocketAddr};

use arrow_schema::{DataType, TimeUnit};
use futures::FutureExt;
use futures::future::BoxFuture;
use maxcompute::client::{Client, Endpoint};
use maxcompute::sign::Credentials;
use maxcompute_emulator::{Access, KeyPair, Options, Server, serve};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::conformance::{
    Cut, Datasource, Misfit, Mode, ModeOutcome, Network, Store, Subject, Table,
};

use super::{datasource, definitions, extremes, names};

const PROJECT: &str = "conformance";
const ACCESS_ID: &str = "tester";
const ACCESS_KEY: &str = "not-a-real-key";

/// A running emulator, and a client for what connectors do not do.
struct Project {
    client: Client,
    _server: Server,
    _folder: TempDir,
}

impl Project {
    async fn sql(&self, statement: &str) -> String {
        let settings = [("odps.sql.type.system.odps2", "true")];
        match self.client.query(statement, &settings).await {
            Ok(csv) => csv,
            Err(error) => panic!("{statement}: {error}"),
        }
    }
}

impl Store for Project {
    fn create<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, ()> {
        async move {
            let columns = definitions(table, '`');
            self.sql(&format!("create table {} ({columns})", table.name))
                .await;
        }
        .boxed()
    }

    fn ids<'a>(&'a self, table: &'a Table) -> BoxFuture<'a, Vec<i64>> {
        async move {
            let csv = self.sql(&format!("select id from {}", table.name)).await;
            let mut ids: Vec<i64> = csv
                .lines()
                .skip(1)
                .map(|line| line.trim_matches('"').parse().unwrap())
                .collect();
            ids.sort_unstable();
            ids
        }
        .boxed()
    }

    /// Uploads that were not committed expire by themselves and cannot be listed.
    fn leftovers<'a>(&'a self, _table: &'a Table) -> BoxFuture<'a, Vec<String>> {
        async { Vec::new() }.boxed()
    }

    /// Ranges of rows are always cut finer than the channels.
    fn reader(&self, table: &Table, _cut: Cut) -> Value {
        json!({ "table": table.name, "column": names(table) })
    }

    fn writer(&self, table: &Table) -> Value {
        json!({ "table": table.name, "column": names(table) })
    }

    fn native(&self, data_type: &DataType) -> String {
        match data_type {
            DataType::Boolean => "boolean".into(),
            DataType::Int16 => "smallint".into(),
            DataType::Int32 => "int".into(),
            DataType::Int64 => "bigint".into(),
            DataType::Float64 => "double".into(),
            DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
            DataType::Utf8 => "string".into(),
            DataType::Binary => "binary".into(),
            DataType::Date32 => "date".into(),
            DataType::Timestamp(TimeUnit::Microsecond, None) => "timestamp_ntz".into(),
            other => panic!("no table of the suite has {other}"),
        }
    }
}

fn project(address: SocketAddr, path: &str, access_key: &str) -> Datasource {
    datasource(
        "odps",
        json!({
            "endpoint": format!("http://{address}{path}"), "tunnelEndpoint": format!("http://{address}"),
            "project": PROJECT, "accessId": ACCESS_ID, "accessKey": access_key
        }),
    )
}

pub(super) async fn subject() -> Subject {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(Options {
        data: folder.path().to_path_buf(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        project: PROJECT.to_string(),
        access: Access::Keys(KeyPair::new(ACCESS_ID, ACCESS_KEY)),
    })
    .await
    .unwrap();
    let address = server.address();
    let endpoint = server.endpoint();
    let host = format!("http://{address}");
    let path = endpoint.strip_prefix(&host).unwrap().to_string();
    let client = Client::new(
        Endpoint::new(endpoint.parse().unwrap(), PROJECT),
        Credentials {
            access_id: ACCESS_ID.into(),
            access_key: ACCESS_KEY.into(),
            security_token: None,
            region: None,
        },
    )
    .unwrap();
    let mode = |name, truncate: bool, outcome| Mode {
        name,
        parameter: json!({ "truncate": truncate }),
        outcome,
    };
    Subject {
        name: "odps",
        registry: connectors::registry(),
        datasource: project(address, &path, ACCESS_KEY),
        types: extremes::odps(),
        modes: vec![
            mode("append", false, ModeOutcome::Appended),
            mode("truncate", true, ModeOutcome::Replaced),
        ],
        misfit: Some(Misfit {
            native: "varchar(5)".to_string(),
            value: "six letters".to_string(),
            parameter: json!({}),
        }),
        most_columns: 1_200,
        locked_out: Some(project(address, &path, "wrong-password")),
        network: Some(Network {
            server: address,
            through: {
                let path = path.clone();
                Box::new(move |address| project(address, &path, ACCESS_KEY))
            },
        }),
        store: Box::new(Project {
            client,
            _server: server,
            _folder: folder,
        }),
    }
}
