//! Rows in and out: what is refused, what is kept, and that nothing moves under a reader.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Int8Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use maxcompute::compression::Compression;
use maxcompute::record::{Decoder, Encoder};
use maxcompute::types::Type;

use crate::support::{BASIC, BASIC_ARROW, BASIC_COLUMNS, BASIC_LONG, block, data, hex, open, path};

#[tokio::test]
async fn a_body_comes_back_byte_for_byte() {
    let place = open().await;
    for (table, body) in [("short", BASIC), ("long", BASIC_LONG)] {
        place
            .sql(&format!("create table {table} ({BASIC_COLUMNS})"))
            .await;
        place.append(table, &hex(body)).await;
        assert_eq!(place.download(table).await, hex(BASIC), "{table}");
    }
    place
        .sql(&format!("create table arrow ({BASIC_COLUMNS})"))
        .await;
    let id = place.create_upload("arrow", "uploads").await;
    let put = place
        .call(
            "PUT",
            &format!("{}&arrow", block("arrow", &id, 0)),
            &hex(BASIC_ARROW),
        )
        .await;
    assert_eq!(put.status, 200, "{}", put.text());
    place
        .call("POST", &format!("{}?uploadid={id}", path("arrow")), b"")
        .await;
    assert_eq!(place.download("arrow").await, hex(BASIC));
    let (id, count) = place.create_download("arrow").await;
    let arrow = place
        .get(&format!("{}&arrow", data("arrow", &id, 0, count)))
        .await;
    assert_eq!(arrow.body[..4], hex("00010000"));
    assert_eq!(arrow.body.len(), hex(BASIC_ARROW).len());
}

#[tokio::test]
async fn a_chunked_body_is_taken() {
    let place = open().await;
    place
        .sql(&format!("create table chunked ({BASIC_COLUMNS})"))
        .await;
    let id = place.create_upload("chunked", "uploads").await;
    let mut request = format!(
        "PUT {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        block("chunked", &id, 3)
    )
    .into_bytes();
    for piece in hex(BASIC).chunks(7) {
        request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        request.extend_from_slice(piece);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    assert!(place.raw(&request).await.starts_with(b"HTTP/1.1 200"));
    let loaded = place
        .get(&format!("{}?uploadid={id}", path("chunked")))
        .await
        .json();
    assert_eq!(loaded["UploadedBlockList"][0]["BlockID"], 3);
    assert_eq!(loaded["UploadedBlockList"][0]["RecordCount"], 3);
}

/// A block that is refused must leave no block, and an earlier one of the same id as it was.
#[tokio::test]
async fn damaged_bodies_are_refused() {
    let place = open().await;
    place
        .sql("create table damaged (a tinyint not null, b varchar(2), c timestamp)")
        .await;
    let id = place.create_upload("damaged", "uploads").await;
    let target = block("damaged", &id, 0);
    let footer = "f0ffff7f00f8ffff7f00";
    assert_eq!(place.call("PUT", &target, &hex(footer)).await.status, 200);
    let good = tiny(&[1, 2]);
    let mut bodies = vec![
        ("no footer", good[..good.len() - 10].to_vec()),
        ("a cut record", good[..3].to_vec()),
        ("nothing", Vec::new()),
        ("bytes behind the footer", [good.as_slice(), b"x"].concat()),
        ("a wrong column number", hex("2802")),
        ("a wrong wire type", hex("0901")),
        ("an endless varint", vec![0xff; 40]),
        ("a tinyint of 200", hex("089003")),
        ("a long text", hex("0802 1203616263")),
        ("a huge length", hex("0802 12ffffffffffffffff7f")),
        ("nanoseconds of a whole second", hex("0802 1a00 80a8d6b907")),
        ("a missing value", hex(&format!("80c0ff7f00 {footer}"))),
        ("columns out of order", hex("120161 0802")),
    ];
    for place_of_flip in 0..good.len() {
        let mut flipped = good.clone();
        // Not a high bit: the fifth byte of a checksum has some that nobody reads.
        flipped[place_of_flip] ^= 0x01;
        bodies.push(("a flipped bit", flipped));
    }
    for (what, body) in bodies {
        let answer = place.call("PUT", &target, &body).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text());
        assert!(
            matches!(
                answer.code().as_str(),
                "MalformedDataStream" | "IncompleteBody"
            ),
            "{what}"
        );
    }
    let odd = place
        .call_with("PUT", &target, &[("Content-Encoding", "gzip")], &good)
        .await;
    assert_eq!(odd.expect("an answer").status, 400);
    let broken = place
        .call_with("PUT", &target, &[("Content-Encoding", "deflate")], &good)
        .await;
    assert_eq!(broken.expect("an answer").status, 400);
    let arrow = place.call("PUT", &format!("{target}&arrow"), &good).await;
    assert_eq!(arrow.status, 400);
    let loaded = place
        .get(&format!("{}?uploadid={id}", path("damaged")))
        .await
        .json();
    assert_eq!(loaded["UploadedBlockList"][0]["RecordCount"], 0);
}

/// A stream for a table whose first column is a TINYINT.
fn tiny(values: &[i8]) -> Vec<u8> {
    let schema = Schema::new(vec![Field::new("a", DataType::Int8, true)]);
    let array = Int8Array::from(values.to_vec());
    let batch = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(array)]).expect("a batch");
    encode(&[Type::TinyInt], &batch)
}

fn encode(types: &[Type], batch: &RecordBatch) -> Vec<u8> {
    let mut encoder = Encoder::new(types);
    let mut out = Vec::new();
    encoder.encode(batch, &mut out).expect("encodes");
    encoder.finish(&mut out);
    out
}

/// Values that Arrow cannot hold are kept all the same: the record format does not need it.
#[tokio::test]
async fn values_beyond_arrow_survive() {
    let place = open().await;
    place
        .sql("create table beyond (t timestamp, s string)")
        .await;
    let mut body = Vec::new();
    let mut checksums = Vec::new();
    for (seconds, text) in [
        (-62_135_596_800_i64, b"\xff\xfe".as_slice()),
        (253_402_300_799, b"ok"),
    ] {
        let mut fed = Vec::new();
        body.push(0x0a);
        varint(&mut body, ((seconds << 1) ^ (seconds >> 63)) as u64);
        varint(&mut body, 999_999_999 << 1);
        fed.extend_from_slice(&1_i32.to_le_bytes());
        fed.extend_from_slice(&seconds.to_le_bytes());
        fed.extend_from_slice(&999_999_999_i32.to_le_bytes());
        body.push(0x12);
        varint(&mut body, text.len() as u64);
        body.extend_from_slice(text);
        fed.extend_from_slice(&2_i32.to_le_bytes());
        fed.extend_from_slice(text);
        let checksum = crc32c::crc32c(&fed);
        body.extend_from_slice(&hex("80c0ff7f"));
        varint(&mut body, checksum.into());
        checksums.extend_from_slice(&checksum.to_le_bytes());
    }
    body.extend_from_slice(&hex("f0ffff7f04f8ffff7f"));
    varint(&mut body, crc32c::crc32c(&checksums).into());
    place.append("beyond", &body).await;
    assert_eq!(place.download("beyond").await, body);
    let (status, text) = place.try_sql("select t from beyond").await;
    assert_eq!(status, "Failed");
    assert!(text.starts_with("ODPS-0010000"), "{text}");
    assert_eq!(
        place.try_sql("select count(*) as n from beyond").await.1,
        "n\n2\n"
    );
    let (id, count) = place.create_download("beyond").await;
    let arrow = format!("{}&arrow", data("beyond", &id, 0, count));
    assert!(
        place.call_with("GET", &arrow, &[], b"").await.is_none(),
        "an Arrow body cannot be whole"
    );
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn numbered(from: i64, count: i64) -> Vec<u8> {
    let schema = Schema::new(vec![
        Field::new("a", DataType::Int64, true),
        Field::new("b", DataType::Utf8, true),
        Field::new("c", DataType::Int64, true),
    ]);
    let numbers: Vec<i64> = (from..from + count).collect();
    let texts: Vec<Option<String>> = numbers
        .iter()
        .map(|number| (number % 3 != 0).then(|| format!("text {number}")))
        .collect();
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(Int64Array::from(numbers.clone())),
            Arc::new(StringArray::from(texts)),
            Arc::new(Int64Array::from_iter(
                numbers
                    .iter()
                    .map(|number| (number % 2 == 0).then_some(-number)),
            )),
        ],
    )
    .expect("a batch");
    encode(&[Type::BigInt, Type::String, Type::BigInt], &batch)
}

/// The first column of a stream, which the decoder has verified as a whole.
fn first_column(types: &[Type], body: &[u8]) -> Vec<i64> {
    let mut decoder = Decoder::new(types);
    decoder.push(body);
    let mut values = Vec::new();
    while let Some(decoded) = decoder.next_batch(1000).expect("valid") {
        values.extend(decoded.batch.column(0).as_primitive::<Int64Type>().values());
    }
    assert_eq!(decoder.finish().expect("whole"), values.len() as u64);
    values
}

/// Three segments of several chunks each; ranges cross chunks and segments.
#[tokio::test]
async fn every_range_and_projection_is_a_whole_stream() {
    let place = open().await;
    place
        .sql("create table ranges (a bigint, b string, c bigint)")
        .await;
    const PART: i64 = 30_000;
    for part in 0..3 {
        place.append("ranges", &numbered(part * PART, PART)).await;
    }
    let (id, count) = place.create_download("ranges").await;
    assert_eq!(count, 90_000);
    place.sql("truncate table ranges").await;
    let all = [Type::BigInt, Type::String, Type::BigInt];
    for (start, wanted) in [
        (0, 90_000),
        (0, 0),
        (90_000, 0),
        (1, 1),
        (29_999, 2),
        (12_345, 50_000),
        (89_999, 10),
    ] {
        let answer = place.get(&data("ranges", &id, start, wanted)).await;
        let end = (start + wanted).min(90_000);
        let expected: Vec<i64> = (start as i64..end as i64).collect();
        assert!(
            first_column(&all, &answer.body) == expected,
            "({start},{wanted})"
        );
        let chosen = place
            .get(&format!(
                "{}&columns=a,c",
                data("ranges", &id, start, wanted)
            ))
            .await;
        assert!(
            first_column(&[Type::BigInt, Type::BigInt], &chosen.body) == expected,
            "a,c ({start},{wanted})"
        );
    }
    let reordered = place
        .get(&format!("{}&columns=c,b,a", data("ranges", &id, 7, 3)))
        .await;
    let mut decoder = Decoder::new(&[Type::BigInt, Type::String, Type::BigInt]);
    decoder.push(&reordered.body);
    let batch = decoder.next_batch(10).expect("valid").expect("rows").batch;
    assert_eq!(
        batch
            .column(0)
            .as_primitive::<Int64Type>()
            .iter()
            .collect::<Vec<_>>(),
        [None, Some(-8), None]
    );
    assert_eq!(
        batch
            .column(1)
            .as_string::<i32>()
            .iter()
            .collect::<Vec<_>>(),
        [Some("text 7"), Some("text 8"), None]
    );
    assert_eq!(
        batch.column(2).as_primitive::<Int64Type>().values(),
        &[7, 8, 9]
    );
    assert_eq!(place.create_download("ranges").await.1, 0);
}

#[tokio::test]
async fn answers_are_compressed_as_asked() {
    let place = open().await;
    place
        .sql("create table packed (a bigint, b string, c bigint)")
        .await;
    let body = numbered(0, 20_000);
    place.append("packed", &body).await;
    let (id, count) = place.create_download("packed").await;
    for compression in Compression::ALL {
        let name = compression.content_encoding().unwrap_or("identity");
        let target = data("packed", &id, 0, count);
        let answer = place
            .call_with("GET", &target, &[("Accept-Encoding", name)], b"")
            .await;
        let answer = answer.expect("a whole answer");
        assert_eq!(
            answer.headers.get("content-encoding").map(String::as_str),
            compression.content_encoding()
        );
        let unpacked = compression
            .decode(&answer.body, 100_000_000)
            .expect("unpacks");
        assert!(unpacked == body, "{name}");

        let upload = place.create_upload("packed", "uploads").await;
        let packed = compression.encode(&body).expect("packs");
        let put = place
            .call_with(
                "PUT",
                &block("packed", &upload, 0),
                &[("Content-Encoding", name)],
                &packed,
            )
            .await;
        assert_eq!(put.expect("an answer").status, 200, "{name}");
        if compression != Compression::Raw {
            let cut = &packed[..packed.len() - 20];
            let put = place
                .call_with(
                    "PUT",
                    &block("packed", &upload, 1),
                    &[("Content-Encoding", name)],
                    cut,
                )
                .await;
            assert_eq!(put.expect("an answer").status, 400, "{name} cut short");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_commits_lose_nothing() {
    let place = Arc::new(open().await);
    place
        .sql("create table busy (a bigint, b string, c bigint)")
        .await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..20 {
        let place = place.clone();
        tasks.spawn(async move { place.append("busy", &numbered(number * 10, 10)).await });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("appends");
    }
    let all = [Type::BigInt, Type::String, Type::BigInt];
    let mut values = first_column(&all, &place.download("busy").await);
    values.sort_unstable();
    assert_eq!(values, (0..200).collect::<Vec<i64>>());
}

#[tokio::test]
async fn an_overwrite_without_blocks_empties_the_table() {
    let place = open().await;
    place
        .sql(&format!("create table emptied ({BASIC_COLUMNS})"))
        .await;
    place.append("emptied", &hex(BASIC)).await;
    let id = place
        .create_upload("emptied", "uploads&overwrite=true")
        .await;
    assert_eq!(place.create_download("emptied").await.1, 3);
    let commit = format!("{}?uploadid={id}", path("emptied"));
    assert_eq!(
        place.call("POST", &commit, b"").await.json()["Status"],
        "CLOSED"
    );
    assert_eq!(place.create_download("emptied").await.1, 0);
    place.append("emptied", &hex(BASIC)).await;
    assert_eq!(
        place.call("POST", &commit, b"").await.json()["Status"],
        "CLOSED"
    );
    assert_eq!(
        place.create_download("emptied").await.1,
        3,
        "a repeated commit changes nothing"
    );
    let late = place
        .call("PUT", &block("emptied", &id, 0), &hex(BASIC))
        .await;
    assert_eq!((late.status, late.code().as_str()), (409, "StatusConflict"));
}

#[tokio::test]
async fn a_reader_outlives_its_table() {
    let place = open().await;
    place
        .sql(&format!("create table dropped ({BASIC_COLUMNS})"))
        .await;
    place.append("dropped", &hex(BASIC)).await;
    let id = place.create_upload("dropped", "uploads").await;
    place.sql("drop table dropped").await;
    place
        .sql(&format!("create table dropped ({BASIC_COLUMNS})"))
        .await;
    assert_eq!(
        place
            .call("PUT", &block("dropped", &id, 0), &hex(BASIC))
            .await
            .status,
        404
    );
    let commit = place
        .call("POST", &format!("{}?uploadid={id}", path("dropped")), b"")
        .await;
    assert_eq!(commit.status, 404, "{}", commit.text());
    assert_eq!(place.create_download("dropped").await.1, 0);
}
