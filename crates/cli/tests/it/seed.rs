//! The seed's two jobs, byte for byte as they are, in both directions.

use maxcompute::client::{Client, Endpoint};
use maxcompute::sign::Credentials;

use crate::setup::{KEY, Place, example};

const PERSON: &str = "CREATE TABLE public.person (id bigint PRIMARY KEY, name text, year int, birthdate timestamptz, \
     ismarried bool, interest text, salary numeric(15,2))";
const CHECKSUM: &str = "SELECT count(*) || ' ' || coalesce(sum(hashtextextended(person::text, 0)::numeric), 0) FROM public.person";

#[tokio::test(flavor = "multi_thread")]
async fn export_then_import_gives_every_row_back() {
    let place = Place::new().await;
    place.sql(PERSON).await;
    place
        .sql("INSERT INTO public.person SELECT i, CASE WHEN i % 7 = 0 THEN NULL ELSE 'person ' || i END, 1950 + i % 50, \
              CASE WHEN i % 11 = 0 THEN NULL ELSE timestamptz '1950-01-01 00:00:00.123+00' + i * interval '1 hour' END, i % 2 = 0, \
              CASE WHEN i % 3 = 0 THEN '' ELSE '读书, reading' END, i * 1.01 FROM generate_series(1, 20000) i")
        .await;
    place.hpg().await;
    let before = place.value(CHECKSUM).await;
    place
        .run(&[
            "run",
            example("export.json").to_str().unwrap(),
            "--bizdate",
            "20240101",
        ])
        .ok();
    place.sql("TRUNCATE public.person").await;
    let ran = place
        .run(&[
            "run",
            example("import.json").to_str().unwrap(),
            "--bizdate",
            "20240101",
            "--report",
            "report.json",
        ])
        .ok();
    assert!(ran.output.contains("20,000"), "{}", ran.output);
    assert_eq!(place.value(CHECKSUM).await, before);
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("report.json")).unwrap()).unwrap();
    assert_eq!(
        (
            report["outcome"].as_str(),
            report["rowsWritten"].as_u64(),
            report["rowsDirty"].as_u64()
        ),
        (Some("succeeded"), Some(20000), Some(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_import_finds_every_key_taken_and_keeps_the_rows_as_dirty() {
    let place = Place::new().await;
    place.sql(PERSON).await;
    place.sql("INSERT INTO public.person SELECT i, 'p' || i, 2000, NULL, true, '', 1 FROM generate_series(1, 500) i").await;
    place.hpg().await;
    place
        .run(&[
            "run",
            example("export.json").to_str().unwrap(),
            "--bizdate",
            "20240101",
        ])
        .ok();
    place.sql("DELETE FROM public.person WHERE id > 400").await;
    let ran = place
        .run(&[
            "run",
            example("import.json").to_str().unwrap(),
            "--bizdate",
            "20240101",
            "--report",
            "report.json",
        ])
        .ok();
    assert_eq!(
        place.value("SELECT count(*) FROM public.person").await,
        "500"
    );
    let report: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("report.json")).unwrap()).unwrap();
    assert_eq!(
        (report["rowsWritten"].as_u64(), report["rowsDirty"].as_u64()),
        (Some(100), Some(400)),
        "{}",
        ran.messages
    );
    let dirty = std::fs::read_to_string(report["dirtyFile"].as_str().unwrap()).unwrap();
    let first: serde_json::Value = serde_json::from_str(dirty.lines().next().unwrap()).unwrap();
    assert!(
        first["reason"].as_str().unwrap().contains("person_pkey"),
        "{first}"
    );
    assert!(first["row"]["id"].is_number(), "{first}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_is_not_there_is_named_with_those_that_are() {
    let place = Place::new().await;
    place.sql(PERSON).await;
    place.hpg().await;
    place
        .run(&[
            "run",
            example("export.json").to_str().unwrap(),
            "--bizdate",
            "20240101",
        ])
        .ok();
    place
        .run(&[
            "run",
            example("import.json").to_str().unwrap(),
            "--bizdate",
            "20250101",
        ])
        .fails(2, &["20250101", "20240101"]);
}

impl Place {
    /// The MaxCompute table of the seed.
    pub(crate) async fn hpg(&self) {
        self.maxcompute_sql("CREATE TABLE hpg (id BIGINT, name STRING, year BIGINT, birthdate DATETIME, ismarried BOOLEAN, interest STRING, salary DECIMAL(15,2)) PARTITIONED BY (pt STRING)").await;
    }

    pub(crate) async fn maxcompute_sql(&self, statement: &str) {
        self.maxcompute_client()
            .run_sql(statement, &[("odps.sql.type.system.odps2", "true")])
            .await
            .unwrap();
    }

    /// A client of the emulator, for looking behind the connector's back.
    pub(crate) fn maxcompute_client(&self) -> Client {
        let endpoint = Endpoint::new(self.emulator.endpoint().parse().unwrap(), "demo");
        let credentials = Credentials {
            access_id: "id".to_string(),
            access_key: KEY.to_string(),
            security_token: None,
            region: None,
        };
        Client::new(endpoint, credentials).unwrap()
    }
}
