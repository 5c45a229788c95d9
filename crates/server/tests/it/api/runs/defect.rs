//! Defects of a connector end the run, and nothing but the run.

use arrow_schema::DataType;
use serde_json::json;
use testkit::{Action, Fault, MemoryStore, Step, id_column};

use crate::harness::{Kept, Running};
use crate::workshop::Workshop;

#[tokio::test]
async fn a_run_that_panics_fails_and_the_server_goes_on() {
    for kept in Kept::BOTH {
        for step in [Step::Prepare, Step::Commit] {
            let (_server, admin) = Running::start_with_connectors(kept, testkit::registry()).await;
            let shop = Workshop::new(&admin, "sales").await;
            let name = format!("panic {kept:?} {step:?}");
            let (from, to) = (format!("{name} from"), format!("{name} to"));
            let columns = vec![id_column(), sdk::Column::new("name", DataType::Utf8)];
            MemoryStore::named(&from).offer(columns, Vec::new());
            MemoryStore::named(&to).script(&[Fault {
                step,
                nth: 1,
                action: Action::Panic,
            }]);
            let document = json!({
                "type": "job", "version": "1.0",
                "configuration": {
                    "reader": {"plugin": "memory", "parameter": {"datasource": {"store": from}, "column": ["*"]}},
                    "writer": {"plugin": "memory", "parameter": {"datasource": {"store": to}}},
                }
            });
            let job = shop.job("moody", &document.to_string()).await;
            let run = shop.run(&job, json!({})).await;
            let ended = shop.ended(&run).await;
            assert_eq!(ended["state"], "failed", "{ended}");
            let message = ended["error"]["message"].as_str().unwrap();
            assert!(message.contains("a defect of Longshore"), "{message}");
            // What it had noted is there, so it goes on from there.
            let resumed = admin.post(&format!("{run}/resume"), json!({})).await;
            assert_eq!(resumed.status, 202, "{resumed:?}");
            let ended = shop.until(&run, |seen| seen["state"] == "succeeded").await;
            assert_eq!(ended["attempt"], 2);
        }
    }
}
