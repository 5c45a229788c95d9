//! Hosts that are down, refuse, or go away in the middle of a transfer.

use super::proxy::{Counted, Proxy};
use super::{STRICT, job, postgresql, to_file};
use crate::setup::Place;

const CHECKSUM: &str = "count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric)";
const ONE_RETRY: &str =
    r#"{"errorLimit": {"record": 0}, "speed": {"concurrent": 2}, "retries": 1}"#;
const ALWAYS: u32 = u32::MAX;
/// Less than one split holds, more than a login and the catalog need.
const CUT_AFTER: usize = 200_000;

impl Place {
    /// The address of the PostgreSQL server.
    fn server(&self) -> String {
        let text = std::fs::read_to_string(self.path("datasources.toml")).unwrap();
        let rest = text.split("jdbc:postgresql://").nth(1).unwrap();
        rest.split('/').next().unwrap().to_string()
    }

    /// Adds the data source `far`: the same database at another address.
    fn add_far(&self, address: &str) {
        let text = std::fs::read_to_string(self.path("datasources.toml")).unwrap();
        let near = text.split("\n\n").next().unwrap();
        let far = near
            .replace("[l_PostGreSql]", "[far]")
            .replace(&self.server(), address);
        self.write("datasources.toml", &format!("{text}\n{far}\n"));
    }

    /// A table of 60,000 rows, a target like it, and the checksum that the target must reach.
    async fn source(&self) -> String {
        self.sql(
            "CREATE TABLE source (id bigint PRIMARY KEY, name text, amount numeric(15,2));
             INSERT INTO source SELECT i, CASE WHEN i % 9 = 0 THEN NULL ELSE 'name ' || md5(i::text) END, i * 0.37 FROM generate_series(1, 60000) i;
             CREATE TABLE target (LIKE source INCLUDING ALL)",
        )
        .await;
        self.checksum("source").await
    }

    async fn checksum(&self, table: &str) -> String {
        self.value(&format!("SELECT {CHECKSUM} FROM {table} t"))
            .await
    }
}

fn far_reader() -> String {
    postgresql("source")
        .replace("l_PostGreSql", "far")
        .replace(r#""column""#, r#""splitPk": "id", "column""#)
}

fn near_reader() -> String {
    far_reader().replace("far", "l_PostGreSql")
}

fn far_writer() -> String {
    postgresql("target").replace("l_PostGreSql", "far")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_is_down_is_named_on_both_sides() {
    let place = Place::new().await;
    place.sql("CREATE TABLE t (id int)").await;
    place.add_far("127.0.0.1:1");
    let far = postgresql("t").replace("l_PostGreSql", "far");
    let refused = ["datasource `far`", "127.0.0.1:1", "refused", "hint:"];
    place.refuses(&job(&far, &to_file("t.csv"), STRICT), 4, &refused);
    place.refuses(&job(&postgresql("t"), &far, STRICT), 4, &refused);
    let text = std::fs::read_to_string(place.path("datasources.toml")).unwrap();
    place.write(
        "datasources.toml",
        &text.replace("127.0.0.1:1/", "no-such-host.invalid:5432/"),
    );
    place.refuses(
        &job(&far, &to_file("t.csv"), STRICT),
        4,
        &["no-such-host.invalid", "hint:"],
    );
}

/// A MaxCompute that never answered is not waited for, neither by a run nor by a test of the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_maxcompute_that_is_down_is_named_on_both_sides() {
    let place = Place::new().await;
    place.sql("CREATE TABLE t (id bigint)").await;
    for statement in ["CREATE TABLE t (id BIGINT)", "INSERT INTO t VALUES (1)"] {
        place.maxcompute_sql(statement).await;
    }
    let maxcompute = |more: &str| {
        format!(
            r#"{{"plugin": "odps", "parameter": {{"datasource": "odps_first", "table": "t", "column": ["*"]{more}}}}}"#
        )
    };
    let text = std::fs::read_to_string(place.path("datasources.toml")).unwrap();
    let endpoint = format!("endpoint = \"{}\"", place.emulator.endpoint());
    // Without `endpoint` nothing begins; Tunnel is asked when the run has begun.
    for (named, datasource) in [
        (
            "datasource `odps_first`",
            "endpoint = \"http://127.0.0.1:1/api\"".to_string(),
        ),
        (
            "table `t`",
            format!("{endpoint}\ntunnelEndpoint = \"http://127.0.0.1:1\""),
        ),
    ] {
        let changed = text.replace(&endpoint, &datasource);
        assert_ne!(changed, text);
        place.write("datasources.toml", &changed);
        for document in [
            job(&maxcompute(""), &to_file("t.csv"), STRICT),
            job(
                &postgresql("t"),
                &maxcompute(r#", "truncate": false"#),
                STRICT,
            ),
        ] {
            place.refuses(
                &document,
                4,
                &[
                    named,
                    "the service cannot be reached",
                    "127.0.0.1:1",
                    "hint: check `endpoint` and `tunnelEndpoint`",
                ],
            );
        }
        let ran = place.run(&["ping", "odps_first"]);
        assert_eq!(ran.code, Some(4), "{named}: {ran:?}");
        assert!(
            ran.output.contains("failed")
                && format!("{}{}", ran.output, ran.messages).contains("127.0.0.1:1"),
            "{ran:?}"
        );
    }
    assert!(!place.path("out").join("t.csv").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_said_without_showing_it() {
    let place = Place::new().await;
    place.sql("CREATE TABLE t (id int)").await;
    std::fs::write(place.path("pg.secret"), "wr0ng-passw0rd").unwrap();
    std::fs::write(place.path("mc.secret"), "wr0ng-passw0rd").unwrap();
    let maxcompute = r#"{"plugin": "odps", "parameter": {"datasource": "odps_first", "table": "t", "column": ["*"]}}"#;
    for (reader, parts) in [
        (
            postgresql("t"),
            [
                "password authentication failed",
                "check username and password",
            ],
        ),
        (maxcompute.to_string(), ["signature", "accessKey"]),
    ] {
        let ran = place.refuses(&job(&reader, &to_file("t.csv"), STRICT), 4, &parts);
        assert!(!ran.messages.contains("wr0ng"), "{}", ran.messages);
    }
    assert_eq!(place.latest_run(), None, "nothing was started");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_cut_off_once_is_read_again() {
    let place = Place::new().await;
    let expected = place.source().await;
    let proxy = Proxy::new(place.server(), Counted::FromServer, CUT_AFTER, 1).await;
    place.add_far(&proxy.address.to_string());
    let document = job(&far_reader(), &postgresql("target"), ONE_RETRY);
    let (ran, report) = place.run_job(&document);
    let messages = ran.ok().messages;
    assert!(
        messages.contains("trying the task again") && !messages.contains('\u{1b}'),
        "{messages:?}"
    );
    assert_eq!(proxy.cuts_made(), 1);
    assert_eq!(place.checksum("target").await, expected);
    assert_eq!(report["rowsWritten"], 60_000);
    assert!(report["timing"]["retries"].as_u64() >= Some(1), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_cut_off_once_is_written_again() {
    for mode in ["insert", "update"] {
        let place = Place::new().await;
        let expected = place.source().await;
        let proxy = Proxy::new(place.server(), Counted::FromClient, CUT_AFTER, 1).await;
        place.add_far(&proxy.address.to_string());
        let writer = far_writer().replace(
            r#""column""#,
            &format!(r#""writeMode": "{mode}", "column""#),
        );
        let (ran, report) = place.run_job(&job(&near_reader(), &writer, ONE_RETRY));
        ran.ok();
        assert_eq!(proxy.cuts_made(), 1, "{mode}");
        assert_eq!(place.checksum("target").await, expected, "{mode}");
        assert_eq!(report["rowsWritten"], 60_000, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_always_breaks_fails_and_resumes_once_it_holds() {
    for (counted, reader, writer) in [
        (Counted::FromServer, far_reader(), postgresql("target")),
        (Counted::FromClient, near_reader(), far_writer()),
        (Counted::FromServer, far_reader(), to_file("target.csv")),
    ] {
        let place = Place::new().await;
        let expected = place.source().await;
        let proxy = Proxy::new(place.server(), counted, CUT_AFTER, ALWAYS).await;
        place.add_far(&proxy.address.to_string());
        let document = job(&reader, &writer, ONE_RETRY);
        let ran = place.refuses(
            &document,
            4,
            &[
                "the connection to PostgreSQL broke",
                "hint:",
                "continue with: longshore run --resume",
            ],
        );
        assert!(proxy.cuts_made() >= 2, "{counted:?}: {}", ran.messages);
        assert!(ran.output.contains("failed"), "{}", ran.output);
        proxy.heal();
        place
            .run(&["run", "--resume", &place.latest_run().unwrap(), "--quiet"])
            .ok();
        if writer.contains("file") {
            let back = super::from_file("out", r#"["*"]"#);
            place
                .run_job(&job(&back, &postgresql("target"), STRICT))
                .0
                .ok();
        }
        assert_eq!(place.checksum("target").await, expected, "{counted:?}");
    }
}
