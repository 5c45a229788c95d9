//! Random values of random types: the server makes them, we move them, and the server compares.
//!
//! Rounds go on for a few seconds, or for as many as LONGSHORE_TEST_SECONDS says. Each tells its seed, and
//! LONGSHORE_TEST_SEED repeats that round alone.

use std::env;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;

use super::{Schema, copy};

const SECONDS: u64 = 3;
const ROWS: usize = 40;
const MICROSECONDS_OF_A_DAY: u64 = 86_400_000_000;

/// Which values there are, and so how they can be moved.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reach {
    /// All that the server has: only the wire form carries them.
    Wire,
    /// What Arrow has, too.
    Arrow,
    /// What everybody writes alike as text.
    Text,
}

/// Numbers that follow from a seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // SplitMix64, whose neighbouring seeds give numbers that have nothing in common.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }

    /// A number of so many bits at most, short ones as often as long ones, or an extreme.
    fn integer(&mut self, bits: u32) -> i64 {
        let shift = 64 - bits + self.below(u64::from(bits)) as u32;
        let number = (self.next() as i64) >> shift;
        match self.below(10) {
            0 => i64::MAX >> (64 - bits),
            1 => i64::MIN >> (64 - bits),
            _ => number,
        }
    }

    fn digits(&mut self, count: u64) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }

    /// A number with at most so many digits before and after the point.
    fn decimal(&mut self, whole: u64, fraction: u64) -> String {
        let sign = self.pick(&["", "-"]);
        let before = self.below(whole + 1);
        let after = self.below(fraction + 1);
        format!("{sign}0{}.{}0", self.digits(before), self.digits(after))
    }

    fn text(&mut self, most: u64) -> String {
        let pool = [
            "a", "Z", " ", "0", "''", "\"", "\\", "\t", "\n", ",", "é", "漢", "🦀", "\\N", "{",
        ];
        let mut text = String::new();
        let mut count = self.below(most + 1);
        while count > 0 {
            let part = self.pick(&pool);
            // What is escaped or of two characters takes no more room than it has.
            count = count.saturating_sub(part.chars().count() as u64);
            text += part;
        }
        match text.replace("''", "'").chars().count() as u64 > most {
            true => String::new(),
            false => text,
        }
    }

    fn hex(&mut self, bytes: u64) -> String {
        (0..bytes)
            .map(|_| format!("{:02x}", self.below(256)))
            .collect()
    }

    /// A day as an expression.
    fn day(&mut self, reach: Reach) -> String {
        // Counted from 2000: the first day of the server's calendar or of year 1; the last day that an Arrow
        // timestamp reaches, or that of year 9999.
        let (low, high) = match reach {
            Reach::Text => (-730_119, 2_921_938),
            Reach::Arrow | Reach::Wire => (-2_451_545, 106_700_000),
        };
        if reach == Reach::Wire && self.one_in(10) {
            return "date 'infinity'".to_string();
        }
        let near = self.between(-20_000, 20_000);
        let days = match self.one_in(2) {
            true => near,
            false => self.between(low, high),
        };
        format!("date '2000-01-01' + ({days})")
    }

    fn moment(&mut self, type_name: &str, reach: Reach) -> String {
        let day = self.day(reach);
        let time = self.below(MICROSECONDS_OF_A_DAY);
        let time = match self.one_in(4) {
            true => time - time % 1_000_000,
            false => time,
        };
        format!("({day})::{type_name} + interval '{time} microseconds'")
    }
}

/// Makes expressions of one type.
type Values = Box<dyn Fn(&mut Random, Reach) -> String>;

fn quoted(values: impl Fn(&mut Random) -> String + 'static) -> Values {
    Box::new(move |random, _| format!("'{}'", values(random)))
}

/// A double as few digits tell it apart, or what is no number.
fn double(random: &mut Random) -> String {
    let value = f64::from_bits(random.next());
    match value.is_finite() {
        true => format!("{value:e}"),
        false => random.pick(&["NaN", "Infinity", "-Infinity"]).to_string(),
    }
}

fn single(random: &mut Random) -> String {
    let value = f32::from_bits(random.next() as u32);
    match value.is_finite() {
        true => format!("{value:e}"),
        false => random.pick(&["NaN", "Infinity", "-0"]).to_string(),
    }
}

fn clock(random: &mut Random) -> String {
    let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
    let fraction = random.digits(6);
    format!("{hour:02}:{minute:02}:{second:02}.{fraction}")
}

fn document(random: &mut Random) -> String {
    let (number, fraction) = (random.integer(60), random.digits(5));
    let text = random.hex(4);
    format!(r#"{{"n": {number}.{fraction}, "b": [null, true, "{text}"], "{text}": {{}}}}"#)
}

/// Expressions of a type that has no parts.
fn scalar(random: &mut Random) -> (String, Values) {
    let length = 1 + random.below(12);
    let precision = 1 + random.below(80);
    let scale = random.below(precision + 1);
    let places = random.below(7);
    let plain = |name: &str, values: Values| (name.to_string(), values);
    match random.below(25) {
        0 => plain("bool", quoted(|r| r.pick(&["true", "false"]).to_string())),
        1 => plain("int2", quoted(|r| r.integer(16).to_string())),
        2 => plain("int4", quoted(|r| r.integer(32).to_string())),
        3 => plain("int8", quoted(|r| r.integer(64).to_string())),
        4 => plain("float4", quoted(single)),
        5 => plain("float8", quoted(double)),
        6 => (
            format!("numeric({precision},{scale})"),
            Box::new(move |random, reach| {
                if reach == Reach::Wire && random.one_in(10) {
                    return "'NaN'".to_string();
                }
                let whole = random.below(precision - scale + 1);
                let sign = random.pick(&["", "-"]);
                let (whole, fraction) = (random.digits(whole), random.digits(scale));
                format!("'{sign}0{whole}.{fraction}0'")
            }),
        ),
        7 => plain(
            "numeric",
            Box::new(|random, reach| match random.below(10) {
                0 if reach != Reach::Text => {
                    let special = random.pick(&["NaN", "Infinity", "-Infinity"]);
                    format!("'{special}'")
                }
                1 => format!("{}e{}", random.decimal(3, 3), random.between(-60, 60)),
                _ => random.decimal(60, 40),
            }),
        ),
        8 => plain("text", quoted(|r| r.text(60))),
        9 => (
            format!("varchar({length})"),
            quoted(move |r| r.text(length)),
        ),
        10 => (format!("char({length})"), quoted(move |r| r.text(length))),
        11 => plain("\"char\"", quoted(|r| r.pick(&["a", "Z", "0"]).to_string())),
        12 => plain("date", Box::new(Random::day)),
        13 => (format!("time({places})"), quoted(clock)),
        14 => plain(
            "timetz",
            quoted(|r| {
                let zone = r.between(-12, 12);
                format!("{}{zone:+03}:{:02}", clock(r), r.below(60))
            }),
        ),
        15 => (
            format!("timestamp({places})"),
            Box::new(|random, reach| random.moment("timestamp", reach)),
        ),
        16 => plain(
            "timestamptz",
            Box::new(|random, reach| random.moment("timestamptz", reach)),
        ),
        17 => plain(
            "interval",
            quoted(|r| {
                let (months, days) = (r.between(-5_000, 5_000), r.between(-5_000, 5_000));
                format!("{months} mons {days} days {} us", r.integer(40))
            }),
        ),
        18 => plain("uuid", quoted(|r| r.hex(16))),
        19 => plain("json", quoted(document)),
        20 => plain("jsonb", quoted(document)),
        21 => plain(
            "varbit",
            quoted(|r| {
                let length = r.below(40);
                (0..length).map(|_| r.pick(&["0", "1"])).collect()
            }),
        ),
        22 => plain(
            "inet",
            quoted(|r| {
                let parts: Vec<String> = (0..4).map(|_| r.below(256).to_string()).collect();
                format!("{}/{}", parts.join("."), r.below(33))
            }),
        ),
        23 => plain("macaddr", quoted(|r| r.hex(6))),
        _ => plain("mood", quoted(|r| r.pick(&["happy", "so so"]).to_string())),
    }
}

/// Expressions of any type.
fn column(random: &mut Random, reach: Reach) -> (String, Values) {
    let (name, values) = scalar(random);
    match random.below(6) {
        // Whether text is bytes or spells them is for the two sides to agree on.
        0 if reach != Reach::Text => (
            "bytea".to_string(),
            quoted(|random| {
                let length = random.below(40);
                format!("\\x{}", random.hex(length))
            }),
        ),
        1 if reach != Reach::Text => (
            format!("{name}[]"),
            Box::new(move |random, reach| {
                let items: Vec<String> = (0..random.below(4))
                    .map(|_| match random.one_in(5) {
                        true => "NULL".to_string(),
                        false => format!("({})::{name}", values(random, reach)),
                    })
                    .collect();
                format!("ARRAY[{}]::{name}[]", items.join(", "))
            }),
        ),
        _ => (name, values),
    }
}

/// A table `a` of random columns and rows, and the types of its columns.
async fn fill(schema: &Schema, random: &mut Random, reach: Reach) -> Vec<String> {
    let columns: Vec<(String, Values)> = (0..=random.below(11))
        .map(|_| column(random, reach))
        .collect();
    let declared: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, (name, _))| format!("c{place} {name}"))
        .collect();
    schema
        .run(&format!(
            "CREATE TYPE mood AS ENUM ('happy', 'so so'); \
             CREATE TABLE a (row int PRIMARY KEY, {})",
            declared.join(", ")
        ))
        .await;
    let rows: Vec<String> = (0..ROWS)
        .map(|row| {
            let cells: Vec<String> = columns
                .iter()
                .map(|(name, values)| match random.one_in(8) {
                    true => "NULL".to_string(),
                    false => format!("({})::{name}", values(random, reach)),
                })
                .collect();
            format!("({row}, {})", cells.join(", "))
        })
        .collect();
    schema
        .run(&format!("INSERT INTO a VALUES {}", rows.join(", ")))
        .await;
    columns.into_iter().map(|(name, _)| name).collect()
}

/// The rows of `a` must stand in another table, whose columns may be text.
async fn assert_same(schema: &Schema, types: &[String], other: &str, what: &str) {
    let count = schema.value(&format!("SELECT count(*) FROM {other}")).await;
    assert_eq!(count, ROWS.to_string(), "{what}: rows");
    for (place, name) in types.iter().enumerate() {
        let (ours, theirs) = (format!("{other}.c{place}"), format!("a.c{place}"));
        let differing = schema
            .rows(&format!(
                "SELECT row, {theirs}::text, {ours}::text FROM a JOIN {other} USING (row) \
                 WHERE {theirs}::text IS DISTINCT FROM ({ours}::{name})::text LIMIT 3"
            ))
            .await;
        assert!(differing.is_empty(), "{what}: {name}: {differing:?}");
    }
}

async fn round(seed: u64) {
    let reach = [Reach::Wire, Reach::Arrow, Reach::Text][(seed % 3) as usize];
    let mut random = Random(seed);
    let schema = Schema::new("random").await;
    let types = fill(&schema, &mut random, reach).await;
    if reach != Reach::Text {
        schema.run("CREATE TABLE b (LIKE a)").await;
        let outcome = copy(&schema, "a", json!({ "table": "b" }), reach == Reach::Wire).await;
        assert!(outcome.refused.is_empty(), "{:?}", outcome.refused);
        assert_same(&schema, &types, "b", "copied").await;
        return;
    }
    // Into columns of text, where the server itself reads what we write, and from the server's own text.
    let texts: Vec<String> = (0..types.len())
        .map(|place| format!("c{place} text"))
        .collect();
    let texts = texts.join(", ");
    schema
        .run(&format!(
            "CREATE TABLE t (row int, {texts}); CREATE TABLE s (row int, {texts}); \
             INSERT INTO s SELECT * FROM a; CREATE TABLE b (LIKE a)"
        ))
        .await;
    for (from, to, what) in [("a", "t", "as text"), ("s", "b", "from text")] {
        let counts = schema
            .run_job(
                &json!({ "table": from, "column": ["*"] }),
                &json!({ "table": to, "column": ["*"] }),
            )
            .await;
        assert_eq!(counts, (ROWS as u64, 0), "{what}: {types:?}");
        assert_same(&schema, &types, to, what).await;
    }
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number: {text:?}")),
    )
}

#[tokio::test]
async fn random_values_are_the_same_after_every_kind_of_copy() {
    if let Some(seed) = number("LONGSHORE_TEST_SEED") {
        return round(seed).await;
    }
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let first = now.unwrap().as_nanos() as u64;
    let budget = Duration::from_secs(number("LONGSHORE_TEST_SECONDS").unwrap_or(SECONDS));
    let start = Instant::now();
    // Three seeds in a row have one of each reach.
    for seed in (first..).step_by(3) {
        for seed in seed..seed + 3 {
            println!("LONGSHORE_TEST_SEED={seed}");
            round(seed).await;
        }
        if start.elapsed() >= budget {
            break;
        }
    }
}
