//! A service that is not there, told within seconds.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use sdk::{Kind, Listing, Retry};
use serde_json::json;

use super::harness::{Service, error_of};
use crate::drive;

/// An address where nobody listens.
fn nowhere() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_job_fails_within_seconds_when_either_service_is_down() {
    let service = Service::start().await;
    service
        .sql("create table t (id bigint, name string);\n")
        .await;
    let start = Instant::now();
    let rest = service.config_with(&json!({"endpoint": format!("{}/api", nowhere())}));
    let tunnel = service.config_with(&json!({"tunnelEndpoint": nowhere()}));
    let read = json!({"table": "t", "column": ["*"]});
    let write = json!({"table": "t", "column": ["*"], "truncate": true});
    let reader = drive::reader("odps", &tunnel, &read).await.unwrap();
    let writer = drive::writer("odps", &tunnel, &write).await.unwrap();
    let plan = super::harness::plan(writer.schema(&[]).await.unwrap(), 1, None);
    for error in [
        error_of(drive::reader("odps", &rest, &read).await),
        error_of(drive::writer("odps", &rest, &write).await),
        error_of(
            drive::browser("odps", &rest)
                .await
                .list(Listing::Tables, "", 1)
                .await,
        ),
        error_of(reader.splits(1).await),
        error_of(writer.prepare(&plan).await),
    ] {
        assert_eq!(
            (error.kind(), error.retryable()),
            (Kind::Unreachable, Retry::Never)
        );
        assert!(error.to_string().contains("cannot be reached"), "{error}");
        assert_eq!(
            error.hint_text(),
            Some(
                "check `endpoint` and `tunnelEndpoint` of the datasource, and that this host may reach them"
            )
        );
    }
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}
