//! Reading delimited files.

use std::io::Write;

use sdk::Listing;
use serde_json::{Value, json};

use super::Folder;
use crate::drive::{Rows, browser, read, read_all, reader, write};

async fn csv(bytes: &[u8], mut parameters: Value) -> Rows {
    let folder = Folder::with(&[("a.csv", bytes)]);
    parameters["path"] = json!("a.csv");
    read("file", &folder.config(), &parameters).await.unwrap()
}

#[tokio::test]
async fn null_and_the_empty_string_stay_apart() {
    let text = b"a,b\n,\"\"\n\\N,\"\\N\"\n";
    let rows = csv(text, json!({"header": true})).await;
    assert_eq!(
        rows.json(),
        [json!({"a": null, "b": ""}), json!({"a": null, "b": "\\N"})]
    );
    let rows = csv(text, json!({"header": true, "nullFormat": "\\N"})).await;
    assert_eq!(rows.json()[0], json!({"a": "", "b": ""}));
    let rows = csv(text, json!({"header": true, "nullFormat": ""})).await;
    assert_eq!(rows.json()[1], json!({"a": "\\N", "b": "\\N"}));
    let rows = csv(b"NULL,\"NULL\",\n", json!({"nullFormat": "NULL"})).await;
    assert_eq!(
        rows.json(),
        [json!({"column1": null, "column2": "NULL", "column3": ""})]
    );
    let hive = b"\\N\x01\x01x\"y\n";
    let rows = csv(hive, json!({"fieldDelimiter": "\\u0001", "quote": "none"})).await;
    assert_eq!(
        rows.json(),
        [json!({"column1": null, "column2": "", "column3": "x\"y"})]
    );
}

#[tokio::test]
async fn columns_are_found_by_name_and_by_index_and_typed() {
    let text = "id,amount,at,ok,raw\r\n1,12.30,2024-02-29 23:59:59.123456,true,\\x00ff\r\n";
    let rows = csv(
        text.as_bytes(),
        json!({"header": true, "column": [
            {"name": "amount", "type": "decimal(15,2)"},
            {"index": 0, "name": "key", "type": "long"},
            {"name": "AT", "type": "timestamp"},
            {"name": "ok", "type": "boolean"},
            {"name": "raw", "type": "bytes"},
            {"value": "here", "name": "place"},
            {"name": "at", "type": "date", "format": "yyyy-MM-dd HH:mm:ss.SSSSSS"},
        ]}),
    )
    .await;
    assert_eq!(
        rows.json(),
        [json!({
            "amount": "12.30", "key": 1, "AT": "2024-02-29T23:59:59.123456", "ok": true,
            "raw": {"hex": "00ff"}, "place": "here", "at": "2024-02-29T23:59:59.123456"
        })]
    );
}

#[tokio::test]
async fn a_constant_may_be_empty() {
    let column = json!([{"name": "a"}, {"name": "none", "value": ""}, {"name": "b"}]);
    let rows = csv(b"1,2\n", json!({"column": column, "header": false})).await;
    assert_eq!(rows.json(), [json!({"a": "1", "none": "", "b": "2"})]);
}

#[tokio::test]
async fn names_alone_stand_for_a_header_or_for_positions() {
    let rows = csv(b"id,name\n1,x\n", json!({"column": ["name"]})).await;
    assert_eq!(rows.json(), [json!({"name": "x"})]);
    let parameters = json!({"column": ["k", "v"], "header": false});
    let rows = csv(b"id,name\n1,x\n", parameters).await;
    assert_eq!(rows.json()[1], json!({"k": "1", "v": "x"}));
}

#[tokio::test]
async fn broken_rows_are_set_apart_with_their_line() {
    let text = b"1,a\n2\n\"3\n\",c\n4,\xFFd\nx,e\n\"6\"x,f\n7,\"g\n";
    let rows = csv(
        text,
        json!({"column": [{"index": 0, "type": "long"}, {"index": 1}]}),
    )
    .await;
    assert_eq!(
        rows.json(),
        [
            json!({"column1": 1, "column2": "a"}),
            json!({"column1": 3, "column2": "c"})
        ]
    );
    let reasons: Vec<String> = rows
        .reasons()
        .iter()
        .map(|reason| reason.split_once("a.csv ").unwrap().1.to_string())
        .collect();
    assert_eq!(
        reasons,
        [
            "line 2 has 1 field instead of 2",
            "line 7 has text behind a closing quote",
            "line 8 has a quoted field that is not closed",
            "line 5: \"column2\" holds bytes that are not valid in the file's encoding",
            "line 6: \"column1\" is not a bigint in range",
        ]
    );
    // Under the names of columns, a replay would take parts of a broken row for values.
    let broken = rows.unreadable[..3].iter();
    assert_eq!(
        broken.map(|row| json!(row.row)).collect::<Vec<_>>(),
        [
            json!({"line": "2"}),
            json!({"line": "\"6\"x,f"}),
            json!({"line": "7,\"g"})
        ]
    );
    assert_eq!(rows.unreadable[4].column.as_deref(), Some("column1"));
    assert_eq!(rows.unreadable[4].row["column2"], json!("e"));
}

#[tokio::test]
async fn numbers_beyond_their_type_are_not_infinite() {
    let rows = csv(
        b"1e400,1\n1,-1e39\n-Infinity,inf\n",
        json!({"column": [{"index": 0, "type": "double"}, {"index": 1, "type": "real"}]}),
    )
    .await;
    let row = json!({"column1": "-inf", "column2": "inf"});
    assert_eq!(rows.json(), [row]);
    let reasons: Vec<&str> = rows
        .reasons()
        .iter()
        .map(|reason| reason.split_once("a.csv ").unwrap().1)
        .collect();
    assert_eq!(
        reasons,
        [
            "line 1: \"column1\" is not a double in range",
            "line 2: \"column2\" is not a real in range",
        ]
    );
}

#[tokio::test]
async fn a_date_format_and_its_column_agree_on_the_zone() {
    let text = b"2024-02-29 08:00:00 +0800\n";
    let zoned = "yyyy-MM-dd HH:mm:ss Z";
    let column = json!([{"index": 0, "type": "date", "format": zoned}]);
    let rows = csv(text, json!({"column": column})).await;
    assert_eq!(rows.json(), [json!({"column1": "2024-02-29T00:00:00Z"})]);
    let folder = Folder::with(&[("a.csv", text)]);
    for (name, format, message) in [
        ("timestamp", zoned, "names a time zone"),
        ("timestamptz", "yyyy-MM-dd HH:mm:ss", "names no time zone"),
    ] {
        let column = json!([{"index": 0, "type": name, "format": format}]);
        let parameters = json!({"path": "a.csv", "column": column});
        let error = read("file", &folder.config(), &parameters)
            .await
            .unwrap_err();
        assert!(error.message().contains(message), "{error}");
    }
}

#[tokio::test]
async fn backslashes_trimming_and_other_line_ends() {
    let config = json!({"csvReaderConfig": {"escapeMode": 2, "trimWhitespace": true}});
    let rows = csv(b" a ,\"b\\\"c\"\n", config).await;
    assert_eq!(rows.json(), [json!({"column1": "a", "column2": "b\"c"})]);
    let rows = csv(b"a,b\rc,d\r", json!({"lineDelimiter": "\r"})).await;
    assert_eq!(rows.batch.num_rows(), 2);
    let rows = csv(b"a,b\n\n\nc,d\n\n", json!({})).await;
    assert_eq!(rows.batch.num_rows(), 2);
    let rows = csv(b"a\n\nc\n", json!({})).await;
    assert_eq!(rows.json()[1], json!({"column1": null}));
}

#[tokio::test]
async fn empty_files_and_headers_alone_have_no_rows() {
    let rows = csv(b"", json!({"header": true})).await;
    assert_eq!((rows.columns.len(), rows.splits.len()), (0, 0));
    for text in ["id,name\n", "id,name", "\u{feff}id,name\r\n"] {
        let rows = csv(text.as_bytes(), json!({"header": true})).await;
        let names: Vec<&str> = rows.columns.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["id", "name"], "{text:?}");
        assert_eq!((rows.batch.num_rows(), rows.unreadable.len()), (0, 0));
    }
}

#[tokio::test]
async fn sixteen_hundred_columns() {
    let header: Vec<String> = (0..1600).map(|column| format!("c{column}")).collect();
    let row: Vec<String> = (0..1600).map(|column| column.to_string()).collect();
    let text = format!("{}\n{}\n", header.join(","), row.join(","));
    let rows = csv(text.as_bytes(), json!({"header": true})).await;
    assert_eq!(rows.columns.len(), 1600);
    assert_eq!(rows.json()[0]["c1599"], json!("1599"));
}

#[tokio::test]
async fn encodings_and_compression() {
    let (gbk, _, _) = encoding_rs::GBK.encode("编号,名字\n1,张|三\n");
    let rows = csv(&gbk, json!({"header": true, "encoding": "GBK"})).await;
    assert_eq!(rows.json(), [json!({"编号": "1", "名字": "张|三"})]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b"1,a\n").unwrap();
    let mut gzip = gzip.finish().unwrap();
    // Members of a gzip file follow each other, as `cat a.gz b.gz` leaves them.
    gzip.extend(gzip.clone());
    let zstd = zstd::encode_all(&b"1,a\n1,a\n"[..], 3).unwrap();
    let folder = Folder::with(&[("a.csv.gz", &gzip), ("b.csv.zst", &zstd), ("c", &zstd)]);
    for (path, compress) in [("a.csv.gz", ""), ("b.csv.zst", ""), ("c", "zstd")] {
        let parameters = json!({"path": path, "compress": compress});
        let rows = read("file", &folder.config(), &parameters).await.unwrap();
        assert_eq!(rows.batch.num_rows(), 2, "{path}");
    }
}

#[tokio::test]
async fn names_tell_delimiters_and_formats() {
    let lines = zstd::encode_all(&b"{\"a\": \"x,y\"}\n"[..], 3).unwrap();
    let folder = Folder::with(&[("a.tsv", b"a\tx,y\n"), ("a.jsonl.zstd", &lines)]);
    for (path, row) in [
        ("a.tsv", json!({"column1": "a", "column2": "x,y"})),
        ("a.jsonl.zstd", json!({"a": "x,y"})),
    ] {
        let rows = read("file", &folder.config(), &json!({"path": path})).await;
        assert_eq!(rows.unwrap().json(), [row], "{path}");
    }
    let rows = read("file", &folder.config(), &json!({"path": "a.tsv"}))
        .await
        .unwrap();
    let parameters = json!({"path": "out", "fileName": "b.tsv"});
    write("file", &folder.config(), &parameters, &rows.batch)
        .await
        .unwrap();
    assert_eq!(folder.text("out/b.tsv"), "a\tx,y\n");
    let parameters = json!({"path": "out", "fileName": "c", "suffix": ".jsonl"});
    write("file", &folder.config(), &parameters, &rows.batch)
        .await
        .unwrap();
    let line = "{\"column1\":\"a\",\"column2\":\"x,y\"}\n";
    assert_eq!(folder.text("out/c.jsonl"), line);
}

#[tokio::test]
async fn folders_globs_and_headers_in_another_order() {
    let folder = Folder::with(&[
        ("in/2024-01/a.csv", b"id,name\n1,x\n"),
        ("[x]*/in/a.csv", b"id,name\n1,x\n"),
        ("in/2024-02/b.csv", b"name,id\ny,2\n"),
        ("in/2024-02/.hidden.csv", b"id,name\n8,h\n"),
        ("in/2024-02/_SUCCESS", b"id,name\n9,s\n"),
    ]);
    for path in [
        json!("in"),
        json!("in/*/?.csv"),
        json!(["in/**/*.csv", "in"]),
    ] {
        let parameters = json!({"path": path, "column": ["id", "name"]});
        let rows = read("file", &folder.config(), &parameters).await.unwrap();
        let mut json = rows.json();
        json.sort_by_key(|row| row["id"].to_string());
        let expected = [
            json!({"id": "1", "name": "x"}),
            json!({"id": "2", "name": "y"}),
        ];
        assert_eq!(json, expected, "{path}");
    }
    let odd = json!({"root": folder.path("[x]*")});
    let rows = read("file", &odd, &json!({"path": "./in/*.csv"}))
        .await
        .unwrap();
    assert_eq!(rows.splits.len(), 1);
}

#[tokio::test]
async fn a_root_may_be_relative() {
    let folder = tempfile::tempdir_in(".").unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("in/a.csv"), "1\n").unwrap();
    let name = folder.path().file_name().unwrap().to_string_lossy();
    let here = std::env::current_dir().unwrap();
    let here = here.file_name().unwrap().to_string_lossy();
    for root in [
        name.to_string(),
        format!("./{name}"),
        format!("../{here}/{name}"),
    ] {
        let config = json!({"root": root});
        for path in ["in", "in/a.csv", "*/a.csv", "./in/*"] {
            let rows = read("file", &config, &json!({"path": path})).await.unwrap();
            assert_eq!(rows.batch.num_rows(), 1, "{path} in {root}");
        }
        let browser = browser("file", &config).await;
        let tables = browser.list(Listing::Tables, "", 10).await.unwrap();
        assert_eq!(tables[0].name, "in/a.csv", "{root}");
    }
}

#[tokio::test]
async fn a_file_with_several_names_is_read_once() {
    let folder = Folder::with(&[("in/2024-01.csv", b"1\n")]);
    std::os::unix::fs::symlink("2024-01.csv", folder.path("in/latest.csv")).unwrap();
    let all = folder.path("in").to_string_lossy().into_owned();
    for path in [json!("in"), json!(["in/*.csv", "./in/latest.csv", all])] {
        let rows = read("file", &folder.config(), &json!({"path": path})).await;
        assert_eq!(rows.unwrap().batch.num_rows(), 1, "{path}");
    }
}

#[tokio::test]
async fn byte_ranges_cover_every_row_once_whatever_is_quoted() {
    let mut quoted = String::from("id,text\n");
    let mut stray = String::from("id,text\n");
    let mut plain = String::from("id,text\n");
    for row in 0..2000 {
        quoted.push_str(&format!("{row},\"line\n{row},\"\"x\"\"\n{row}\"\n"));
        stray.push_str(&format!("{row},5\" disk {row}\n"));
        plain.push_str(&format!("{row},text {row}\r\n"));
    }
    for text in [&quoted, &stray, &plain] {
        let folder = Folder::with(&[("a.csv", text.as_bytes())]);
        let parameters = json!({"path": "a.csv", "header": true, "minSplitBytes": 100});
        let reader = reader("file", &folder.config(), &parameters).await.unwrap();
        let whole = read_all(reader.as_ref(), 1).await.unwrap();
        assert_eq!((whole.batch.num_rows(), whole.splits.len()), (2000, 1));
        for wanted in [2, 7, 300] {
            let parts = read_all(reader.as_ref(), wanted).await.unwrap();
            assert!(parts.splits.len() > wanted / 2, "{}", parts.splits.len());
            assert_eq!(parts.batch, whole.batch);
        }
    }
}

#[tokio::test]
async fn a_quote_that_swallows_lines_stops_the_job_and_is_named() {
    let good = "1,\"x\"\n".repeat(1000);
    let parameters = json!({"path": "a.csv", "minSplitBytes": 1000, "maxRowBytes": 2000});
    for (rest, message) in [
        ("2,\"b\n3,c\n".to_string(), "line 1001 is not closed"),
        (
            format!("2,\"b\nc\",\"d\n{}", "5,e\n".repeat(1000)),
            "line 1001 is longer than 2000 bytes, and the quote that is opened at",
        ),
    ] {
        let text = format!("{good}{rest}");
        let folder = Folder::with(&[("a.csv", text.as_bytes())]);
        let reader = reader("file", &folder.config(), &parameters).await.unwrap();
        for wanted in [1, 4] {
            let error = read_all(reader.as_ref(), wanted).await.unwrap_err();
            assert_eq!(error.kind(), sdk::Kind::Data);
            assert!(error.message().contains(message), "{error}");
        }
    }
}

#[tokio::test]
async fn a_row_of_millions_of_fields_is_one_broken_row() {
    let text = format!("1,2\n{}\n3,4\n", ",".repeat(3_000_000));
    let rows = csv(text.as_bytes(), json!({})).await;
    assert_eq!((rows.batch.num_rows(), rows.unreadable.len()), (2, 1));
    let line = rows.unreadable[0].row["line"].as_str().unwrap();
    assert!(line.len() <= 4096);
}

#[tokio::test]
async fn empty_lines_at_the_beginning_do_not_count() {
    let rows = csv(b"\n\r\na,b\n1,2\n", json!({"header": true})).await;
    assert_eq!(rows.json(), [json!({"a": "1", "b": "2"})]);
    let rows = csv(b"\r\n1,2\n3\n", json!({})).await;
    assert_eq!(rows.json(), [json!({"column1": "1", "column2": "2"})]);
    assert!(rows.reasons()[0].ends_with("line 3 has 1 field instead of 2"));
    // Unless the rows have a single field, which may be NULL.
    for (text, count) in [(&b"\n\nx\n"[..], 3), (b"\n\n", 2)] {
        let rows = csv(text, json!({})).await;
        assert_eq!((rows.batch.num_rows(), rows.columns.len()), (count, 1));
    }
}

#[tokio::test]
async fn lines_are_counted_across_byte_ranges() {
    let mut text = "1,2\n".repeat(1000);
    text.push_str("3\n");
    let folder = Folder::with(&[("a.csv", text.as_bytes())]);
    let parameters = json!({"path": "a.csv", "minSplitBytes": 1000});
    let reader = reader("file", &folder.config(), &parameters).await.unwrap();
    let rows = read_all(reader.as_ref(), 4).await.unwrap();
    assert_eq!(rows.splits.len(), 4);
    assert!(rows.reasons()[0].ends_with("line 1001 has 1 field instead of 2"));
}

#[tokio::test]
async fn cells_of_every_length_up_to_the_end_of_the_file() {
    let cells: Vec<String> = (1..40).map(|length| "x".repeat(length)).collect();
    for end in ["", "\n"] {
        let mut reversed = cells.clone();
        reversed.reverse();
        let text = format!("{}\n{}{end}", cells.join(","), reversed.join(","));
        let rows = csv(text.as_bytes(), json!({})).await;
        for (row, expected) in rows.json().iter().zip([&cells, &reversed]) {
            let row = row.as_object().unwrap();
            assert!(row.values().eq(expected.iter().map(String::as_str)));
        }
        assert_eq!(rows.batch.num_rows(), 2);
    }
}
