//! The stream connector keeps nothing: as a source it is compared with itself, and as a target by the
//! counts of the runs.

use serde_json::{Value, json};
use testkit::conformance::{Sink, Source, keeps_sink_promises, keeps_source_promises};

use super::datasource;

/// Three columns; the first one counts, so that a missing or doubled row shows.
fn rows(row_count: u64) -> Value {
    json!({
        "rowCount": row_count,
        "column": [
            { "name": "id", "type": "long", "incr": "0,1" },
            { "name": "word", "type": "string", "random": "0,20", "nullRatio": 0.3 },
            { "name": "amount", "type": "decimal(15,2)" }
        ]
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_keep_the_promises_of_a_source() {
    for row_count in [0, 1, 3_000] {
        let source = Source {
            name: "stream",
            registry: connectors::registry(),
            datasource: datasource("stream", json!({})),
            parameter: rows(row_count),
            row_count: row_count as usize,
        };
        keeps_source_promises(&source).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_keep_the_promises_of_a_target_that_keeps_nothing() {
    keeps_sink_promises(&Sink {
        name: "stream",
        registry: connectors::registry(),
        datasource: datasource("stream", json!({})),
        parameter: json!({}),
    })
    .await;
}
