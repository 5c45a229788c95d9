//! Values that the target cannot hold: they become dirty rows with a reason, and no good row suffers.

use serde_json::Value;

use super::{STRICT, TOLERANT, from_file, job, postgresql, to_file};
use crate::setup::Place;

const TWO_COLUMNS: &str = r#"[{"index": 0, "type": "long"}, {"index": 1, "type": "string"}]"#;

#[track_caller]
fn reasons(dirty: &[Value], expected: &[(&str, &str)]) {
    assert_eq!(dirty.len(), expected.len(), "{dirty:?}");
    for (row, (column, reason)) in dirty.iter().zip(expected) {
        assert!(
            row["column"] == *column && row["reason"].as_str().unwrap().contains(reason),
            "{row} is not about {column} and `{reason}`"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_too_long() {
    let place = Place::new().await;
    place
        .sql("CREATE TABLE s AS SELECT i AS id, repeat('é', i) AS note FROM generate_series(1, 5) i; CREATE TABLE target (id int, note varchar(3))")
        .await;
    let document = job(&postgresql("s"), &postgresql("target"), STRICT);
    place.refuses(&document, 3, &["2 of 5 rows are dirty", "errorLimit"]);
    assert_eq!(place.value("SELECT count(*) FROM target").await, "0");
    let dirty = place.moves(&document.replace(STRICT, TOLERANT), 3, 2);
    reasons(
        &dirty,
        &[
            ("note", "takes 3 characters"),
            ("note", "takes 3 characters"),
        ],
    );
    assert_eq!(dirty[1]["row"]["note"], "ééééé", "the value is kept whole");
    assert_eq!(
        place
            .value("SELECT string_agg(note, ' ' ORDER BY id) FROM target")
            .await,
        "é éé ééé"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_not_text() {
    let place = Place::new().await;
    place.sql("CREATE TABLE target (id int, note text)").await;
    std::fs::write(
        place.path("bad.csv"),
        b"1,good\n2,b\xffd\n3,nul \0 byte\n4,\xed\xa0\x80\n5,\n6,\"\"\n7,end\n",
    )
    .unwrap();
    let document = job(
        &from_file("bad.csv", TWO_COLUMNS),
        &postgresql("target"),
        TOLERANT,
    );
    let dirty = place.moves(&document, 4, 3);
    let count = |reason: &str| {
        let reasons = dirty.iter().map(|row| row["reason"].as_str().unwrap());
        reasons.filter(|found| found.contains(reason)).count()
    };
    assert_eq!(count("not valid in the file's encoding"), 2, "{dirty:?}");
    assert_eq!(count("cannot hold a NUL byte"), 1, "{dirty:?}");
    assert_eq!(
        place
            .value("SELECT string_agg(id || coalesce(note, '-'), ' ' ORDER BY id) FROM target")
            .await,
        "1good 5- 6 7end"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_a_database_without_an_encoding() {
    let place = Place::new().await;
    let tables = "(id int PRIMARY KEY, note text, code varchar(20), tags text[])";
    place.sql(&format!("CREATE TABLE target {tables}")).await;
    let name = format!("hostile_ascii_{}", std::process::id());
    place
        .sql(&format!("CREATE DATABASE {name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"))
        .await;
    let ascii = place.client_of(&name).await;
    // 5 and 6 are the two halves of one character; 8 has bytes in two columns.
    ascii
        .batch_execute(&format!(
            r"CREATE TABLE source {tables}; CREATE TABLE back {tables};
              INSERT INTO source VALUES (1, 'fine', 'a', '{{x,y}}'), (2, E'bad \xff', 'b', NULL),
                (3, E'gr\xc3\xbcn', E'\xe6\x9d\xb1', ARRAY[E'\xc3\xbc', NULL]), (4, 'fine', E'\xfe\xfe', '{{}}'),
                (5, E'\xc3', 'c', NULL), (6, E'\xbc', 'd', NULL), (7, 'fine', NULL, ARRAY['x', E'\xff', 'y']),
                (8, E'\x80', 'e', ARRAY[E'\x80']), (9, NULL, NULL, NULL)"
        ))
        .await
        .unwrap();
    let text = std::fs::read_to_string(place.path("datasources.toml")).unwrap();
    let own = place.value("SELECT current_database()").await;
    let section = text.split("\n\n").next().unwrap();
    let other = section
        .replace("[l_PostGreSql]", "[ascii]")
        .replace(&format!("/{own}\""), &format!("/{name}\""));
    place.write("datasources.toml", &format!("{text}\n{other}\n"));
    let from = postgresql("source").replace("l_PostGreSql", "ascii");

    place.refuses(
        &job(&from, &postgresql("target"), STRICT),
        3,
        &["are dirty"],
    );
    assert_eq!(place.value("SELECT count(*) FROM target").await, "0");
    // An array goes from server to server as it is, so it is the target that refuses its bytes.
    let not_text = "the text is not valid UTF-8";
    for (into, reason_of_7) in [
        (postgresql("target"), "invalid byte sequence"),
        (to_file("ascii.jsonl"), not_text),
    ] {
        let mut dirty = place.moves(&job(&from, &into, TOLERANT), 3, 6);
        dirty.sort_by_key(|row| row["row"]["id"].as_i64());
        reasons(
            &dirty,
            &[
                ("note", not_text),
                ("code", not_text),
                ("note", not_text),
                ("note", not_text),
                ("tags", reason_of_7),
                ("note", not_text),
            ],
        );
        let ids: Vec<_> = dirty
            .iter()
            .map(|row| row["row"]["id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, [2, 4, 5, 6, 7, 8]);
        assert_eq!(dirty[0]["row"]["note"], "bad \u{fffd}");
    }
    assert_eq!(
        place
            .value("SELECT string_agg(t::text, ' ' ORDER BY id) FROM target t")
            .await,
        "(1,fine,a,\"{x,y}\") (3,grün,東,\"{ü,NULL}\") (9,,,)"
    );
    let back = postgresql("back").replace("l_PostGreSql", "ascii");
    place.moves(&job(&postgresql("target"), &back, STRICT), 3, 0);
    let same = "SELECT count(*) FROM (TABLE source INTERSECT TABLE back) t";
    let same: i64 = ascii.query_one(same, &[]).await.unwrap().get(0);
    assert_eq!(same, 3, "the bytes of good rows are what they were");
}

#[tokio::test(flavor = "multi_thread")]
async fn dates_beyond_every_calendar() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE d (id int PRIMARY KEY, at timestamp, day date, zoned timestamptz);
             INSERT INTO d VALUES (1, 'infinity', '2024-01-01', '2024-01-01+00'), (2, '2024-01-01', '-infinity', '2024-01-01+00'),
               (3, '294276-12-31', '2024-01-01', '2024-01-01+00'), (4, '2024-01-01', '5874897-12-31', '2024-01-01+00'),
               (5, '2024-01-01', '2024-02-29', '294276-12-30+00'), (6, '0001-01-01', '0001-01-01', '0001-01-01+00'),
               (7, '9999-12-31 23:59:59.999999', '9999-12-31', '9999-12-31+00'), (8, NULL, NULL, NULL),
               (9, '2024-02-29 12:34:56.123456', '2024-02-29', '2024-02-29+00');
             CREATE TABLE copy (LIKE d)",
        )
        .await;
    // Between two PostgreSQL databases every value survives, also beside a column that is computed with.
    let whole = job(&postgresql("d"), &postgresql("copy"), STRICT);
    let filtered = whole.replacen("\"setting\"", "\"filter\": \"id > 0\",\n\"setting\"", 1);
    assert_ne!(whole, filtered);
    for document in [whole, filtered] {
        place.moves(&document, 9, 0);
        assert_eq!(
            place
                .value("SELECT count(*) FROM (TABLE d EXCEPT TABLE copy) t")
                .await,
            "0"
        );
        place.sql("TRUNCATE copy").await;
    }
    place.refuses(
        &job(&postgresql("d"), &to_file("d.parquet"), STRICT),
        3,
        &["rows are dirty"],
    );
    let dirty = place.moves(
        &job(&postgresql("d"), &to_file("d.parquet"), TOLERANT),
        5,
        4,
    );
    reasons(
        &dirty,
        &[
            ("at", "infinite"),
            ("day", "infinite"),
            ("at", "out of range"),
            ("zoned", "out of range"),
        ],
    );
    assert_eq!(dirty[0]["row"]["at"], "infinity");
    assert_eq!(dirty[2]["row"]["at"], "294276-12-31 00:00:00");
    place
        .maxcompute_sql("CREATE TABLE d (id BIGINT, at TIMESTAMP, day DATE, zoned TIMESTAMP)")
        .await;
    let to_maxcompute = r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "d", "column": ["*"], "truncate": true}}"#;
    // TIMESTAMP counts nanoseconds here, which reach from 1677 to 2262.
    let dirty = place.moves(&job(&postgresql("d"), to_maxcompute, TOLERANT), 2, 7);
    assert!(
        dirty.iter().all(|row| !row.to_string().contains("ERROR")),
        "{dirty:?}"
    );
    assert_eq!(
        dirty.iter().find(|row| row["row"]["id"] == 4).unwrap()["row"]["day"],
        "+5874897-12-31"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_no_date() {
    let place = Place::new().await;
    place
        .sql(
            "CREATE TABLE s (id int, day text);
             INSERT INTO s VALUES (1, '0000-00-00'), (2, '2023-02-29'), (3, '2024-02-29'), (4, ''), (5, 'infinity'), (6, 'yesterday'),
               (7, '99999999-01-01'), (8, NULL), (9, '2024-13-01'), (10, '0000-01-01');
             CREATE TABLE target (id int, day date)",
        )
        .await;
    let dirty = place.moves(
        &job(&postgresql("s"), &postgresql("target"), TOLERANT),
        2,
        8,
    );
    reasons(
        &dirty,
        &[
            ("day", "\"0000-00-00\" does not fit date"),
            ("day", "the calendar has no such day"),
            ("day", "it is empty"),
            ("day", "it is not a date like 2024-02-29"),
            ("day", "it is not a date like 2024-02-29"),
            ("day", "99999999-01-01"),
            ("day", "2024-13-01"),
            ("day", "the calendar has no year 0"),
        ],
    );
    // The same text in a file, which says itself that it is a date.
    place.write("days.csv", "1,0000-01-01\n2,2024-02-29\n");
    let columns = r#"[{"index": 0, "type": "long"}, {"index": 1, "type": "date"}]"#;
    let dirty = place.moves(
        &job(
            &from_file("days.csv", columns),
            &postgresql("target"),
            TOLERANT,
        ),
        1,
        1,
    );
    assert!(dirty[0].to_string().contains("0000-01-01"), "{dirty:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_file_with_wrong_field_counts_and_types() {
    let place = Place::new().await;
    place.sql("CREATE TABLE target (id int, note text)").await;
    place.write(
        "bad.csv",
        "1,good\n2\n3,one,more\nx,y\n99999999999,big\n6,end\n",
    );
    let dirty = place.moves(
        &job(
            &from_file("bad.csv", TWO_COLUMNS),
            &postgresql("target"),
            TOLERANT,
        ),
        2,
        4,
    );
    let all: Vec<String> = dirty.iter().map(Value::to_string).collect();
    for (row, part) in [
        (0, "bad.csv line 2 has 1 field instead of 2"),
        (1, "bad.csv line 3 has 3 fields instead of 2"),
        (2, "bad.csv line 4"),
        (3, "integer"),
    ] {
        assert!(all[row].contains(part), "{} lacks {part}", all[row]);
    }
}
