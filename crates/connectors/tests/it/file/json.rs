//! Reading JSON lines.

use arrow_schema::DataType;
use serde_json::json;

use super::Folder;
use crate::drive::{read, read_all, reader};

#[tokio::test]
async fn names_and_types_come_from_the_first_rows() {
    let text = concat!(
        "{\"id\": 1, \"name\": \"a\\n\\u00e9\", \"price\": 1.5, \"ok\": true}\n",
        "\n",
        "{\"price\": 2, \"id\": 9223372036854775807, \"tags\": [1, {\"x\": null}]}\n",
        "{\"id\": null, \"name\": \"\", \"late\": \"12\"}\n",
    );
    let folder = Folder::with(&[("a.jsonl", text.as_bytes())]);
    let rows = read("file", &folder.config(), &json!({"path": "a.jsonl"}))
        .await
        .unwrap();
    let types: Vec<(&str, &DataType)> = rows
        .columns
        .iter()
        .map(|column| (column.name.as_str(), &column.data_type))
        .collect();
    assert_eq!(
        types,
        [
            ("id", &DataType::Int64),
            ("name", &DataType::Utf8),
            ("price", &DataType::Float64),
            ("ok", &DataType::Boolean),
            ("tags", &DataType::Utf8),
            ("late", &DataType::Utf8),
        ]
    );
    assert_eq!(
        rows.json(),
        [
            json!({"id": 1, "name": "a\né", "price": "1.5", "ok": true, "tags": null, "late": null}),
            json!({"id": "9223372036854775807", "name": null, "price": "2.0", "ok": null,
                   "tags": "[1, {\"x\": null}]", "late": null}),
            json!({"id": null, "name": "", "price": null, "ok": null, "tags": null, "late": "12"}),
        ]
    );
}

#[tokio::test]
async fn given_columns_keep_every_digit() {
    let text = b"{\"a\": 12345678901234567.89, \"b\": \"1.50\", \"c\": 1}\n";
    let folder = Folder::with(&[("a", text)]);
    let parameters = json!({"path": "a", "fileFormat": "json", "column": [
        {"name": "b", "type": "decimal(5,2)"}, {"name": "a", "type": "decimal(38,2)"}, "missing",
    ]});
    let rows = read("file", &folder.config(), &parameters).await.unwrap();
    assert_eq!(
        rows.json(),
        [json!({"b": "1.50", "a": "12345678901234567.89", "missing": null})]
    );
}

#[tokio::test]
async fn keys_that_no_row_has_are_noticed() {
    let folder = Folder::with(&[("a.jsonl", b"{\"Id\": 1, \"b\": 2}\n")]);
    let parameters = json!({"path": "a.jsonl", "column": ["id", "b", "far away"]});
    let reader = reader("file", &folder.config(), &parameters).await.unwrap();
    let notices = reader.splits(1).await.unwrap().notices;
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(
        notices[0]
            .ends_with("has the key \"id\", and the column is NULL without it; did you mean `Id`?"),
        "{notices:?}"
    );
    assert!(notices[1].ends_with("without it"), "{notices:?}");
}

#[tokio::test]
async fn documents_stay_as_they_are_written() {
    let text = concat!(
        "{\"a\": \"12\", \"b\": \"12\"}\n",
        "{\"a\": \"x\\n\", \"b\": \"x\\n\"}\n",
        "{\"a\": {\"c\": 1.50}, \"b\": {\"c\": 1.50}}\n",
        "{\"a\": null, \"b\": null}\n",
    );
    let folder = Folder::with(&[("a.jsonl", text.as_bytes())]);
    let columns = json!([{"name": "a", "type": "json"}, {"name": "b", "type": "string"}]);
    let parameters = json!({"path": "a.jsonl", "column": columns});
    let rows = read("file", &folder.config(), &parameters).await.unwrap();
    assert_eq!(
        rows.json(),
        [
            json!({"a": "\"12\"", "b": "12"}),
            json!({"a": "\"x\\n\"", "b": "x\n"}),
            json!({"a": "{\"c\": 1.50}", "b": "{\"c\": 1.50}"}),
            json!({"a": null, "b": null}),
        ]
    );
}

#[tokio::test]
async fn half_a_character_is_no_null() {
    let folder = Folder::with(&[(
        "a.jsonl",
        b"{\"a\": \"\\ud83d\"}\n{\"a\": \"\\ud83d\\ude00\"}\n",
    )]);
    let rows = read("file", &folder.config(), &json!({"path": "a.jsonl"}))
        .await
        .unwrap();
    assert_eq!(rows.json(), [json!({"a": "😀"})]);
    let reason = rows.reasons()[0].split_once("a.jsonl ").unwrap().1;
    assert_eq!(
        reason,
        "line 1 has an escape under the key \"a\" that stands for no character"
    );
}

#[tokio::test]
async fn a_value_over_many_lines_is_no_table() {
    let folder = Folder::with(&[("a.json", b"[\n  {\"id\": 1\n  }\n]\n")]);
    let error = read("file", &folder.config(), &json!({"path": "a.json"}))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), sdk::Kind::Data);
    assert!(
        error.message().ends_with("a.json is a JSON object"),
        "{error}"
    );
}

#[tokio::test]
async fn an_object_of_very_many_keys_is_looked_at_in_time() {
    let keys: Vec<String> = (0..200_000).map(|key| format!("\"{key}\":1")).collect();
    let text = format!("{{{}}}\n", keys.join(","));
    let folder = Folder::with(&[("a.jsonl", text.as_bytes())]);
    let parameters = json!({"path": "a.jsonl"});
    let reader = reader("file", &folder.config(), &parameters).await.unwrap();
    let columns = tokio::time::timeout(std::time::Duration::from_secs(20), reader.schema());
    let columns = columns.await.expect("it does not compare all with all");
    assert_eq!(columns.unwrap().len(), 200_000);
}

#[tokio::test]
async fn broken_lines_are_set_apart() {
    let mut text = "{\"a\": 1}\n".repeat(10_000);
    text.push_str("{\"a\": 2, \"b\": 3}\n{\"a\": 4\n[5]\n{\"a\": 0.1}\n{\"a\": 6}\n");
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(b"{\"a\": \"\xFF\"}\n");
    let folder = Folder::with(&[("a.json", &bytes)]);
    let rows = read("file", &folder.config(), &json!({"path": "a.json"}))
        .await
        .unwrap();
    assert_eq!(rows.batch.num_rows(), 10_001);
    let mut reasons: Vec<&str> = rows
        .reasons()
        .iter()
        .map(|reason| reason.split_once("a.json ").unwrap().1)
        .collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        [
            "line 10001 has the key \"b\", which the first rows of the data lack; list the columns in the job",
            "line 10002 is not a JSON object: EOF while parsing an object at column 7",
            "line 10003 is not a JSON object: invalid type: sequence, expected a JSON object at column 0",
            "line 10004: \"a\" is not a bigint in range",
            "line 10006 holds bytes that are not valid in the file's encoding",
        ]
    );
}

#[tokio::test]
async fn byte_ranges_cover_every_line_once() {
    let text: String = (0..3000)
        .map(|row| format!("{{\"id\": {row}, \"text\": \"x\\ny\"}}\n"))
        .collect();
    let folder = Folder::with(&[("a.jsonl", text.as_bytes())]);
    let parameters = json!({"path": "a.jsonl", "minSplitBytes": 1});
    let reader = reader("file", &folder.config(), &parameters).await.unwrap();
    let whole = read_all(reader.as_ref(), 1).await.unwrap();
    let parts = read_all(reader.as_ref(), 9).await.unwrap();
    assert_eq!((whole.batch.num_rows(), parts.splits.len()), (3000, 9));
    assert_eq!(whole.batch, parts.batch);
}
