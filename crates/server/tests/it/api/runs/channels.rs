//! What the splits of a run do, while it is under way and afterwards.

use arrow_schema::DataType;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Action, Fault, MemoryStore, Step, id_column};

use crate::client::Client;
use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

fn splits(run: &Value) -> &Vec<Value> {
    run["progress"]["splits"].as_array().expect("splits")
}

fn states(run: &Value) -> Vec<&str> {
    let states = splits(run).iter().map(|split| split["state"].as_str());
    states.map(Option::unwrap).collect()
}

/// A job over the store in memory, of three splits with no rows in batches, and what goes wrong at its target.
async fn moody(admin: &Client, name: &str, fault: Fault) -> (Workshop, String) {
    let shop = Workshop::new(admin, "sales").await;
    let (from, to) = (format!("{name} from"), format!("{name} to"));
    let columns = vec![id_column(), sdk::Column::new("name", DataType::Utf8)];
    MemoryStore::named(&from).offer(columns, vec![Vec::new(); 3]);
    MemoryStore::named(&to).script(&[fault]);
    let document = json!({
        "type": "job", "version": "1.0",
        "configuration": {
            "reader": {"plugin": "memory", "parameter": {"datasource": {"store": from}, "column": ["*"]}},
            "writer": {"plugin": "memory", "parameter": {"datasource": {"store": to}}},
            "setting": {"speed": {"concurrent": 1}},
        }
    });
    let job = shop.job("moody", &document.to_string()).await;
    let run = shop.run(&job, json!({})).await;
    (shop, run)
}

#[tokio::test]
async fn splits_are_told_while_a_run_is_under_way() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start_with_connectors(kept, testkit::registry()).await;
        let hang = Fault {
            step: Step::Seal,
            nth: 3,
            action: Action::Hang,
        };
        let (shop, run) = moody(&admin, &format!("live {kept:?}"), hang).await;
        let seen = shop
            .until(&run, |seen| {
                seen["progress"]["splits"].as_array().map(Vec::len) == Some(3)
            })
            .await;
        assert_eq!(states(&seen), ["done", "done", "running"], "{seen}");
        assert_eq!(seen["progress"]["splitsLeftOut"], 0);
        let last = &splits(&seen)[2];
        assert_eq!(
            (&last["task"], &last["split"], &last["attempts"]),
            (&json!(2), &json!("part 2"), &json!(1))
        );
        assert_eq!(last["server"], seen["server"]);
        // Lists do not carry them.
        let listed = admin.get(&format!("{}/runs", shop.path)).await.ok();
        assert_eq!(listed["items"][0]["progress"]["splitsDone"], 2);
        assert_eq!(listed["items"][0]["progress"]["splits"], Value::Null);

        let stopped = admin.post(&format!("{run}/stop"), json!({})).await;
        assert_eq!(stopped.status, 202, "{stopped:?}");
        let ended = shop.ended(&run).await;
        assert_eq!(ended["state"], "stopped", "{ended}");
        assert_eq!(states(&ended), ["done", "done"], "the third waits again");
        assert_eq!(ended["server"], seen["server"], "who did it stays known");
        let events = admin.get(&format!("{run}/events")).await.ok();
        let events = events.as_str().unwrap();
        assert!(events.contains(r#""splits":[{"#), "{events}");
    }
}

#[tokio::test]
async fn the_report_tells_splits_in_the_same_way() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let setting = json!({"speed": {"concurrent": 3}});
        let job = shop.job("count", &counting(300, &setting)).await;
        let run = shop.run(&job, json!({})).await;
        let ended = shop.ended(&run).await;
        assert_eq!(states(&ended), ["done", "done", "done"], "{ended}");
        assert_eq!(&ended["report"]["splits"], &ended["progress"]["splits"]);
        let read = splits(&ended)
            .iter()
            .map(|it| it["rowsRead"].as_u64().unwrap());
        assert_eq!(read.sum::<u64>(), 300);
        assert_eq!(ended["progress"]["splitsDone"], 3);
        assert!(ended["server"].is_string());
    }
}

#[tokio::test]
async fn a_split_that_ended_the_run_is_told_as_failed() {
    let (_server, admin) = Running::start_with_connectors(Kept::Sqlite, testkit::registry()).await;
    let fault = Fault {
        step: Step::Seal,
        nth: 2,
        action: Action::Break,
    };
    let (shop, run) = moody(&admin, "told as failed", fault).await;
    let ended = shop.ended(&run).await;
    assert_eq!(ended["state"], "failed", "{ended}");
    assert_eq!(states(&ended), ["done", "failed"], "{ended}");
    assert_eq!(&ended["report"]["splits"], &ended["progress"]["splits"]);
}

#[tokio::test]
async fn who_did_a_split_is_known_after_another_server_has_gone_on() {
    for kept in Kept::BOTH {
        let (server, admin) = Running::start_with_connectors(kept, testkit::registry()).await;
        let hang = Fault {
            step: Step::Seal,
            nth: 2,
            action: Action::Hang,
        };
        let (shop, run) = moody(&admin, &format!("gone on {kept:?}"), hang).await;
        let seen = shop
            .until(&run, |seen| {
                seen["progress"]["splits"].as_array().map(Vec::len) == Some(2)
            })
            .await;
        let server = server.restart().await;
        let shop = shop.at(&server.address);
        server.clock.advance(Duration::from_secs(60));
        let ended = shop.ended(&run).await;
        assert_eq!(states(&ended), ["done", "done", "done"], "{ended}");
        let (first, last) = (&splits(&ended)[0], &splits(&ended)[2]);
        assert_eq!(
            (&first["attempts"], &first["server"]),
            (&json!(0), &seen["server"])
        );
        assert_eq!(last["server"], ended["server"]);
        assert_ne!(first["server"], last["server"]);
    }
}

#[tokio::test]
async fn a_chart_shows_which_side_is_waited_for() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start_with_connectors(kept, testkit::registry()).await;
        let hang = Fault {
            step: Step::Seal,
            nth: 1,
            action: Action::Hang,
        };
        let (shop, run) = moody(&admin, &format!("waits {kept:?}"), hang).await;
        shop.until(&run, |seen| {
            seen["progress"]["waitWriterSeconds"].as_f64() > Some(1.0)
        })
        .await;
        admin.post(&format!("{run}/stop"), json!({})).await;
        shop.ended(&run).await;
        let series = admin.get(&format!("{run}/series")).await.ok();
        let last = series.as_array().unwrap().last().unwrap();
        let (reader, writer) = (last["waitReader"].as_f64(), last["waitWriter"].as_f64());
        assert!(writer > Some(0.5) && writer <= Some(1.0), "{series}");
        assert!(reader < Some(0.5), "{series}");
    }
}
