//! Bodies that are not what a route takes: every problem at its field, on whatever route.

use serde_json::{Value, json};

use crate::harness::{Kept, Running};
use crate::workshop::Workshop;

#[tokio::test]
async fn wrong_types_and_unknown_fields_are_told_at_once_and_at_their_fields() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let body =
            json!({"name": 5, "mdoe": "script", "document": ["hunter2"], "variables": {"day": 1}});
        let answer = admin.post(&format!("{}/jobs", shop.path), body).await;
        assert_eq!(answer.refused(422), "invalid");
        let error = &answer.body["error"];
        assert_eq!(error["message"], "5 fields are not right");
        let mut problems: Vec<&Value> = error["problems"].as_array().unwrap().iter().collect();
        problems.sort_by_key(|problem| problem["pointer"].to_string());
        let told: Vec<_> = problems
            .iter()
            .map(|problem| {
                (
                    problem["pointer"].as_str().unwrap(),
                    problem["message"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("/document", "`document` must be a text, and is a list"),
                ("/mdoe", "there is no field `mdoe` here"),
                ("/mode", "`mode` is missing"),
                ("/name", "`name` must be a text, and is a number"),
                ("/variables/day", "`day` must be a text, and is a number"),
            ]
        );
        assert_eq!(problems[1]["hint"], "did you mean `mode`?");
        assert!(
            !answer.body.to_string().contains("hunter2"),
            "{}",
            answer.body
        );
    }
}
