//! Every reader with every writer: one table of all types that all stores have goes through the pair
//! and back into PostgreSQL, whose own text says whether it is still the same.

use arrow_schema::{DataType, TimeUnit};
use testkit::conformance::{Pairing, Subject, Table, pair};
use tokio_postgres::Client;

use super::{file, odps, postgresql};

/// Rows of the start: NULL everywhere, then extremes, then plain values.
const ROWS: &str = r#"
INSERT INTO start VALUES
  (1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (2, -9223372036854775807, -2147483648, -32768, '-1.7976931348623157e308', -9999999999999.99, false, '',
      '0001-01-01', '1900-01-01 00:00:00.000001', ''),
  (3, 9223372036854775807, 2147483647, 32767, '1.7976931348623157e308', 9999999999999.99, true, E'a,b\n"c"\\N\ttab',
      '9999-12-31', '2262-04-11 23:47:16.854775', '\x00ff5c78'),
  (4, 0, 0, 0, '-0', 0.00, true, '\N', '1969-12-31', '1969-12-31 23:59:59.999999', '\x5c7830'),
  (5, 9007199254740993, 1, 1, 'NaN', 0.01, false, 'NULL', '2000-02-29', '2000-02-29 12:34:56.789012', '\x0a'),
  (6, 1, 1, 1, 'Infinity', -0.01, false, 'Zoë 東京 🚢 ', '2024-02-29', '2024-03-31 02:30:00', '\x22'),
  (7, 1, 1, 1, '5e-324', 1234567.89, false, '  blanks  ', '1582-10-10', '1999-12-31 23:59:59.5', '\x2c');
INSERT INTO start
  SELECT id, id * 1000003, id, id % 100, id / 7.0, id / 100.0, id % 2 = 0, 'row ' || id,
    date '2000-01-01' + id, timestamp '2000-01-01' + id * interval '1.000001 s', decode(lpad(to_hex(id), 8, '0'), 'hex')
  FROM generate_series(8, 2000) id"#;

fn table(subject: &Subject, name: &str) -> Table {
    let columns = [
        ("id", DataType::Int64),
        ("long", DataType::Int64),
        ("number", DataType::Int32),
        ("short", DataType::Int16),
        ("ratio", DataType::Float64),
        ("amount", DataType::Decimal128(15, 2)),
        ("flag", DataType::Boolean),
        ("word", DataType::Utf8),
        ("day", DataType::Date32),
        ("moment", DataType::Timestamp(TimeUnit::Microsecond, None)),
        ("bytes", DataType::Binary),
    ];
    let native =
        |(name, data_type): (&str, DataType)| (name.to_string(), subject.store.native(&data_type));
    Table {
        name: name.to_string(),
        columns: columns.map(native).to_vec(),
    }
}

async fn lines(client: &Client, table: &str) -> Vec<String> {
    let query = format!("SELECT t::text FROM {table} t ORDER BY id");
    let rows = client.query(&query, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_survive_every_reader_with_every_writer() {
    let (home, client) = postgresql::subject_and_client().await;
    let start = table(&home, "start");
    home.store.create(&start).await;
    client.batch_execute(ROWS).await.unwrap();
    let expected = lines(&client, "start").await;
    assert_eq!(expected.len(), 2_000);

    let subjects = [
        postgresql::subject().await,
        odps::subject().await,
        file::csv(),
        file::json_lines(),
        file::parquet(),
    ];
    let mut failures = Vec::new();
    for (from_index, from) in subjects.iter().enumerate() {
        let source = table(from, "source");
        from.store.create(&source).await;
        let filling = Pairing {
            from: (&home, &start),
            into: (from, &source),
        };
        if let Err(problem) = pair(&filling).await {
            failures.push(problem);
            continue;
        }
        for (into_index, into) in subjects.iter().enumerate() {
            let target = table(into, &format!("from_{from_index}"));
            into.store.create(&target).await;
            let back = table(&home, &format!("back_{from_index}_{into_index}"));
            home.store.create(&back).await;
            let steps = [
                Pairing {
                    from: (from, &source),
                    into: (into, &target),
                },
                Pairing {
                    from: (into, &target),
                    into: (&home, &back),
                },
            ];
            let name = format!("{} through {}", from.name, into.name);
            let mut failed = false;
            for step in &steps {
                if let Err(problem) = pair(step).await {
                    failures.push(format!("{name}: {problem}"));
                    failed = true;
                    break;
                }
            }
            if failed {
                continue;
            }
            let seen = lines(&client, &back.name).await;
            let differs = expected.iter().zip(&seen).find(|(want, have)| want != have);
            if seen != expected {
                failures.push(format!("{name}: {} rows, {differs:?}", seen.len()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
