//! Servers that die at random moments while they write into tables: when all is over, each table holds the rows of
//! the source, every one once.

use std::time::Duration;

use serde_json::{Value, json};

use super::crash::{moments, move_on};
use crate::api::datasources::{Database, Place};
use crate::harness::{Kept, Running};
use crate::workshop::Workshop;

const ROWS: u32 = 24_000;
/// Each has a target of its own; one writes over what is there, the others add to an empty table.
const MODES: [&str; 3] = ["insert", "insert", "update"];

/// Jobs that copy the source for some seconds each, in eight or more splits.
struct Copies {
    database: Database,
    schema: String,
    shop: Workshop,
    runs: Vec<String>,
}

impl Copies {
    async fn start(place: &Place) -> Copies {
        let database = Database::new();
        let targets: Vec<String> = (0..MODES.len())
            .map(|number| format!("CREATE TABLE target{number} (LIKE source INCLUDING ALL)"))
            .collect();
        let schema = database
            .schema(&format!(
                "CREATE TABLE source (id bigint PRIMARY KEY, name text, amount numeric(15,2), at timestamptz, flag bool);
                 INSERT INTO source SELECT i, CASE WHEN i % 9 = 0 THEN NULL ELSE 'name ' || i END, i * 0.37,
                    timestamptz '2024-01-01 00:00:00+00' + i * interval '1.000001 s', i % 2 = 0
                 FROM generate_series(1, {ROWS}) i; {}",
                targets.join("; ")
            ))
            .await;
        place.settings(json!({"outboundLoopback": true})).await;
        place.add("here", "postgresql", database.config()).await;
        let shop = Workshop {
            owner: place.admin.clone(),
            path: place.project.clone(),
        };
        let mut runs = Vec::new();
        for (number, mode) in MODES.into_iter().enumerate() {
            let document = document(&schema, number, mode);
            let job = shop.job(&format!("copy{number}"), &document).await;
            runs.push(shop.run(&job, json!({})).await);
        }
        Copies {
            database,
            schema,
            shop,
            runs,
        }
    }

    /// Asks another server from now on.
    fn at(&mut self, server: &Running) {
        self.shop = self.shop.at(&server.address);
    }

    /// Waits for the end of all runs, and compares what they counted and what is there with the source.
    async fn check(&self) {
        for run in &self.runs {
            let ended = self.shop.ended(run).await;
            assert_eq!(ended["state"], "succeeded", "{ended}");
            assert_eq!(ended["rowsWritten"], ROWS, "{ended}");
            assert_eq!(ended["rowsDirty"], 0, "{ended}");
        }
        let sum = async |table: String| {
            let schema = &self.schema;
            let query = format!(
                "SELECT count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) FROM {schema}.{table} t"
            );
            self.database.value(&query).await
        };
        let expected = sum("source".to_string()).await;
        for number in 0..MODES.len() {
            assert_eq!(
                sum(format!("target{number}")).await,
                expected,
                "target {number}"
            );
        }
    }
}

fn document(schema: &str, number: usize, mode: &str) -> String {
    let side = |more: Value| {
        let mut parameter = json!({"datasource": "here", "column": ["*"]});
        let fields = parameter.as_object_mut().unwrap();
        fields.extend(more.as_object().unwrap().clone());
        json!({"plugin": "postgresql", "parameter": parameter})
    };
    json!({"type": "job", "version": "1.0", "configuration": {
        "reader": side(json!({"table": format!("{schema}.source"), "splitPk": "id"})),
        "writer": side(json!({"table": format!("{schema}.target{number}"), "writeMode": mode})),
        "setting": {"speed": {"concurrent": 2, "record": 6_000}, "errorLimit": {"record": 0}},
    }})
    .to_string()
}

#[tokio::test]
async fn every_row_is_there_once_after_all_deaths() {
    for kept in Kept::BOTH {
        let mut place = Place::new(kept).await;
        let mut copies = Copies::start(&place).await;
        for moment in moments() {
            tokio::time::sleep(Duration::from_millis(moment)).await;
            place.server = place.server.die_and_restart().await;
            copies.at(&place.server);
            move_on(&place.server);
        }
        copies.check().await;
    }
}

/// The clock that moves ends the leases of the living, too: their runs are taken from them, and what they still do
/// counts no more.
#[tokio::test]
async fn every_row_is_there_once_after_deaths_and_takeovers_of_two_servers() {
    let mut place = Place::new(Kept::PostgreSql).await;
    let mut other = place.server.again().await;
    let mut copies = Copies::start(&place).await;
    for (number, moment) in moments().into_iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(moment)).await;
        if number % 2 == 0 {
            other = other.die_and_restart().await;
            copies.at(&other);
        } else {
            place.server = place.server.die_and_restart().await;
            copies.at(&place.server);
        }
        move_on(&place.server);
    }
    copies.check().await;
}
