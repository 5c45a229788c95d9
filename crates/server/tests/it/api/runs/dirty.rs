//! Dirty rows by column and by reason.

use serde_json::{Value, json};

use crate::harness::{Kept, Running};
use crate::workshop::{Workshop, counting};

#[tokio::test]
async fn dirty_rows_are_found_by_column_and_reason_and_counted_by_both() {
    for kept in Kept::BOTH {
        let (_server, admin) = Running::start(kept).await;
        let shop = Workshop::new(&admin, "sales").await;
        let plain = r#"{"name":"id","type":"long","incr":"1,1"}"#;
        // Each row has one column at fault: one of nine in ten has a word in `left`, the others one in `right`.
        let bad = |name: &str, is_bad: &str| {
            json!({"name": name,
                "expression": format!("cast(case when {is_bad} then concat('{name}', id) else '0' end as bigint)")})
        };
        let columns = [bad("left", "id % 10 <> 0"), bad("right", "id % 10 = 0")];
        let columns = format!("{plain},{},{}", columns[0], columns[1]);
        let document = counting(40, &json!({})).replace(plain, &columns);
        let run = shop
            .run(&shop.job("dirty", &document).await, json!({}))
            .await;
        let ended = shop.ended(&run).await;
        assert_eq!(ended["rowsDirty"], 40, "{ended}");
        let page = async |query: &str| admin.get(&format!("{run}/dirty-rows?{query}")).await.ok();
        let rows = |page: &Value| page["rows"].as_array().unwrap().clone();

        let all = page("limit=500").await;
        assert_eq!((rows(&all).len(), &all["hasMore"]), (40, &json!(false)));
        let counted = all["reasons"].as_array().unwrap();
        let of = |column: &str| -> u64 {
            let reasons = counted.iter().filter(|one| one["column"] == column);
            reasons.map(|one| one["rowCount"].as_u64().unwrap()).sum()
        };
        assert_eq!((of("left"), of("right")), (36, 4), "{counted:?}");

        for (column, count) in [("left", 36), ("right", 4), ("none", 0)] {
            let found = rows(&page(&format!("column={column}&limit=500")).await);
            assert_eq!(found.len(), count, "{column}");
            assert!(found.iter().all(|row| row["column"] == column));
        }
        // Reasons in any case, and with the column.
        let right = rows(&page("column=right").await);
        let reason = right[0]["reason"].as_str().unwrap().to_uppercase();
        let query = reqwest::Url::parse_with_params("http://a", [("reason", &reason)]).unwrap();
        let query = query.query().unwrap();
        let found = rows(&page(&format!("{query}&limit=500")).await);
        assert!(!found.is_empty());
        let has = |row: &Value| {
            row["reason"]
                .as_str()
                .unwrap()
                .to_uppercase()
                .contains(&reason)
        };
        assert!(found.iter().all(has));
        assert_eq!(
            rows(&all).iter().filter(|row| has(row)).count(),
            found.len()
        );
        let both = rows(&page(&format!("{query}&column=right&limit=500")).await);
        assert_eq!(
            both,
            found
                .into_iter()
                .filter(|row| row["column"] == "right")
                .collect::<Vec<_>>()
        );
        assert_eq!(rows(&page("reason=nowhere").await), Vec::<Value>::new());

        // Wanted rows are passed over, not rows.
        let first = page("column=left&limit=20").await;
        assert_eq!(first["hasMore"], true);
        let second = page("column=left&limit=20&skip=20").await;
        assert_eq!(second["hasMore"], false);
        let mut pieces = rows(&first);
        pieces.extend(rows(&second));
        assert_eq!(pieces, rows(&page("column=left&limit=500").await));
        assert_eq!(
            rows(&page("column=right&skip=4").await),
            Vec::<Value>::new()
        );
    }
}
