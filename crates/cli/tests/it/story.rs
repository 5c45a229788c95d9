//! The seed's story from the first project to the alert, by the API of a server alone: a real PostgreSQL is
//! copied to the MaxCompute emulator, and the server keeps its metadata in either store.

pub(crate) mod api;

use std::time::Duration;

use serde_json::{Value, json};
use server::{Clock, Equipment, KeyRing, Observe, Server, ServerConfig, Shutdown};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::api::Api;
use crate::setup::{KEY, Place, example};

/// People who were born on some day, as many of them as that day's number in its month.
const PERSON: &str = "CREATE TABLE public.person (id bigint PRIMARY KEY, name text, year int, birthdate timestamptz, \
     ismarried bool, interest text, salary numeric(15,2));
     INSERT INTO public.person SELECT to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD')::bigint * 100 + i, 'person ' || i, \
         1950 + i, day + i * interval '1 minute', i % 2 = 0, '读书', i * 1.01
     FROM generate_series(timestamptz '2026-02-20 00:00:00+00', '2026-03-10 00:00:00+00', '1 day') day,
          generate_series(1, extract(day FROM day AT TIME ZONE 'UTC')::int) i";
/// The wizard's data filter: only those of the business date.
const FILTER: &str = "to_char(birthdate at time zone 'UTC', 'YYYYMMDD') = '${bdp.system.bizdate}'";

/// A server under a clock that the story moves, and a project in it.
struct Story {
    place: Place,
    clock: Clock,
    api: Api,
    /// `/api/v1/projects/<id>`
    project: String,
    stop: CancellationToken,
    server: JoinHandle<()>,
}

#[tokio::test(flavor = "multi_thread")]
async fn with_metadata_in_sqlite() {
    let place = Place::new().await;
    let store = format!("sqlite://{}?mode=rwc", place.path("store.db").display());
    tell(place, store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_metadata_in_postgresql() {
    let place = Place::new().await;
    place.sql("CREATE SCHEMA metadata").await;
    let store = format!("{}?options[search_path]=metadata", place.url());
    tell(place, store).await;
}

async fn tell(place: Place, store: String) {
    let mut story = Story::begin(place, store).await;
    story.add_datasources().await;
    let job = story.write_the_job().await;
    story.try_it(&job).await;
    story.submit(&job).await;
    story.next_day(&job).await;
    story.backfill(&job).await;
    story.alert(&job).await;
    story.stop.cancel();
    story.server.await.unwrap();
}

impl Story {
    /// Starts the server, creates its administrator and a project.
    async fn begin(place: Place, store: String) -> Story {
        place.sql(PERSON).await;
        place.hpg().await;
        // A Wednesday.
        let clock = Clock::manual("2026-03-04T10:00:00Z".parse().unwrap());
        let config = ServerConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            store,
            folder: place.path("runs"),
            address: "http://127.0.0.1".to_string(),
            trusted_proxies: Vec::new(),
            longest_body: 8 << 20,
            slots: 4,
            lease: Duration::from_secs(20),
            shutdown: Shutdown::HandOver,
            tls: None,
            observe: Observe::default(),
            oidc: None,
        };
        let equipment = Equipment {
            registry: connectors::registry(),
            keys: KeyRing::parse(&KeyRing::generate("test").unwrap()).unwrap(),
            clock: clock.clone(),
            console: server::Console::Embedded,
        };
        let server = Server::open(config, equipment).await.unwrap();
        let address = format!("http://{}", server.address());
        let token = server.setup_token().unwrap().expose().to_string();
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let server = tokio::spawn(async move { server.run(stopped).await.unwrap() });

        let api = Api::set_up(&address, &token).await;
        // Both databases of the story are on this machine.
        let etag = api.get("/api/v1/settings").await.etag();
        let settings = json!({"outboundLoopback": true});
        api.edit("PUT", "/api/v1/settings", &etag, settings)
            .await
            .ok();
        let body = json!({"name": "sales"});
        let made = api.post("/api/v1/projects", body).await.ok();
        Story {
            project: format!("/api/v1/projects/{}", text(&made["id"])),
            place,
            clock,
            api,
            stop,
            server,
        }
    }

    /// A path in the project.
    fn path(&self, rest: &str) -> String {
        format!("{}/{rest}", self.project)
    }

    /// Moves the clock. The session ends meanwhile, so the administrator signs in again.
    async fn at(&mut self, time: &str) {
        self.clock.set(time.parse().unwrap());
        self.api.sign_in().await;
    }

    /// Both sides of the seed: the form is tested, then saved, then tested as it was saved.
    async fn add_datasources(&self) {
        for (name, connector, config) in [
            ("l_PostGreSql", "postgresql", self.place.postgresql()),
            ("odps_first", "odps", self.place.maxcompute()),
        ] {
            let form = json!({"connector": connector, "config": config});
            let test = self.path("datasources/test");
            let report = self.api.post(&test, form).await.ok();
            assert_eq!(report["passed"], true, "{report}");
            let body = json!({"name": name, "connector": connector, "config": config,
                "description": "a side of the seed's job"});
            let made = self.api.post(&self.path("datasources"), body).await.ok();
            let id = text(&made["id"]);
            let test = self.path(&format!("datasources/{id}/test"));
            let report = self.api.post(&test, json!(null)).await.ok();
            assert_eq!(report["passed"], true, "{report}");
            let shown = self.api.get(&self.path(&format!("datasources/{id}"))).await;
            let shown = shown.ok();
            assert_eq!(shown["name"], name);
            assert!(!shown.to_string().contains(KEY), "{shown}");
        }
    }

    /// The seed's export as the wizard writes it, with a filter; a mistake in it is found before it is saved.
    async fn write_the_job(&self) -> String {
        let document = std::fs::read_to_string(example("export.json")).unwrap();
        let document = document.replace(r#""where": """#, &format!(r#""where": "{FILTER}""#));
        assert!(document.contains(FILTER));
        let validate = self.path("jobs/validate");
        let wrong = document.replace(r#""table": "hpg""#, r#""tabel": "hpg""#);
        let report = self.api.post(&validate, json!({"document": wrong})).await;
        let report = report.ok();
        assert_eq!(report["isValid"], false, "{report}");
        let problems = report["problems"].to_string();
        assert!(
            problems.contains("/configuration/writer/parameter/tabel"),
            "{report}"
        );
        let body = json!({"document": document, "bizdate": "2026-03-03"});
        let report = self.api.post(&validate, body).await.ok();
        assert_eq!(report["isValid"], true, "{report}");
        assert_eq!(
            report["datasources"],
            json!(["l_PostGreSql", "odps_first"]),
            "{report}"
        );
        let body = json!({"name": "person out", "mode": "wizard", "document": document});
        let made = self.api.post(&self.path("jobs"), body).await.ok();
        assert_eq!(made["mode"], "wizard", "{made}");
        text(&made["id"]).to_string()
    }

    /// `Run Job`: the draft, for yesterday.
    async fn try_it(&self, job: &str) {
        let path = self.path(&format!("jobs/{job}/runs"));
        let started = self.api.post(&path, json!({"kind": "trial"})).await;
        assert_eq!(started.status, 202, "{started:?}");
        let run = self.path(&format!("runs/{}", text(&started.body["id"])));
        let ended = self.api.until(&run, |run| run["endedAt"].is_string()).await;
        assert_eq!(
            (&ended["state"], &ended["bizdate"], &ended["rowsWritten"]),
            (&json!("succeeded"), &json!("2026-03-03"), &json!(3)),
            "{ended}"
        );
        self.expect(&[("20260303", 3)]).await;
    }

    /// `Submit`: published, and scheduled for every night.
    async fn submit(&self, job: &str) {
        let job = self.path(&format!("jobs/{job}"));
        let etag = self.api.get(&job).await.etag();
        let publish = format!("{job}/publish");
        self.api.edit("POST", &publish, &etag, json!({})).await.ok();
        let schedule = format!("{job}/schedule");
        let rule = json!({"cycle": {"kind": "day", "at": "02:30"}, "zone": "UTC"});
        let put = self.api.put(&schedule, rule).await;
        let submit = format!("{schedule}/submit");
        let submitted = self
            .api
            .edit("POST", &submit, &put.etag(), json!(null))
            .await;
        assert_eq!(submitted.status, 200, "{submitted:?}");
    }

    /// The scheduler runs the job from the next day on: the instance is made in the evening and runs at night.
    async fn next_day(&mut self, job: &str) {
        let instances = self.path(&format!("instances?job={job}"));
        let none = self.api.get(&instances).await.ok();
        assert_eq!(none["items"], json!([]));
        self.at("2026-03-04T23:45:00Z").await;
        let state =
            |wanted: &'static str| move |list: &Value| list["items"][0]["state"] == json!(wanted);
        let made = self.api.until(&instances, state("waiting")).await;
        let made = &made["items"][0];
        assert_eq!(
            (&made["bizdate"], &made["dueAt"]),
            (&json!("2026-03-04"), &json!("2026-03-05T02:30:00Z")),
            "{made}"
        );
        self.expect(&[("20260303", 3)]).await;
        self.at("2026-03-05T02:30:00Z").await;
        let done = self.api.until(&instances, state("succeeded")).await;
        assert_eq!(done["items"].as_array().unwrap().len(), 1, "{done}");
        let run = self.path(&format!("runs/{}", text(&done["items"][0]["runId"])));
        let run = self.api.get(&run).await.ok();
        assert_eq!(
            (&run["kind"], &run["rowsWritten"]),
            (&json!("scheduled"), &json!(4)),
            "{run}"
        );
        self.expect(&[("20260303", 3), ("20260304", 4)]).await;
    }

    /// Three days that were missed, over the end of a month.
    async fn backfill(&self, job: &str) {
        let body = json!({"jobs": [job], "from": "2026-02-27", "to": "2026-03-01"});
        let made = self.api.post(&self.path("backfills"), body).await.ok();
        let path = self.path(&format!("backfills/{}", text(&made["id"])));
        let done = self
            .api
            .until(&path, |backfill| backfill["state"] == "succeeded")
            .await;
        assert_eq!(done["states"], json!({"succeeded": 3}), "{done}");
        self.expect(&[
            ("20260227", 27),
            ("20260228", 28),
            ("20260301", 1),
            ("20260303", 3),
            ("20260304", 4),
        ])
        .await;
    }

    /// A run that fails is told to a webhook.
    async fn alert(&self, job: &str) {
        let desk = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", desk.local_addr().unwrap());
        let body = json!({"name": "hook", "kind": "webhook",
            "config": {"url": url, "secret": "hunter2-0123456789"}});
        let channel = self.api.post(&self.path("alert-channels"), body).await.ok();
        let body = json!({"name": "night", "object": {"kind": "project"},
            "triggers": [{"kind": "failed"}], "channels": [channel["id"]]});
        self.api.post(&self.path("alert-rules"), body).await.ok();
        self.place
            .sql("ALTER TABLE public.person RENAME TO gone")
            .await;
        let path = self.path(&format!("jobs/{job}/runs"));
        let started = self.api.post(&path, json!({})).await.ok();
        let run = self.path(&format!("runs/{}", text(&started["id"])));
        let (head, message) = posted(&desk).await;
        assert!(
            head.contains("\r\nx-longshore-signature: sha256="),
            "{head}"
        );
        let told = message.to_string();
        assert!(
            told.contains("person out") && told.contains(text(&started["id"])),
            "{told}"
        );
        let ended = self.api.until(&run, |run| run["endedAt"].is_string()).await;
        assert_eq!(ended["state"], "failed", "{ended}");
        let alerts = self.path("alerts?state=sent");
        let sent = |list: &Value| list["items"].as_array().is_some_and(|it| it.len() == 1);
        self.api.until(&alerts, sent).await;
    }

    /// The target has these partitions, each with so many people of its day, and no others.
    async fn expect(&self, partitions: &[(&str, usize)]) {
        let client = self.place.maxcompute_client();
        let mut there = Vec::new();
        for partition in client.partitions("hpg").await.unwrap() {
            there.push(partition.to_string());
        }
        there.sort();
        let wanted: Vec<String> = partitions
            .iter()
            .map(|(day, _)| format!("pt={day}"))
            .collect();
        assert_eq!(there, wanted);
        for (day, count) in partitions {
            let query = format!("SELECT id, name FROM hpg WHERE pt = '{day}'");
            let csv = client.query(&query, &[]).await.unwrap();
            let mut rows: Vec<&str> = csv.lines().skip(1).collect();
            rows.sort_unstable();
            let mut wanted: Vec<String> = (1..=*count)
                .map(|i| format!("{day}{i:02},person {i}"))
                .collect();
            wanted.sort_unstable();
            let plain: Vec<String> = rows.iter().map(|row| row.replace('"', "")).collect();
            assert_eq!(plain, wanted, "partition {day}");
        }
    }
}

/// The next request that comes in, as its head and its JSON; it is answered with success.
async fn posted(desk: &TcpListener) -> (String, Value) {
    let (mut socket, _) = tokio::time::timeout(Duration::from_secs(60), desk.accept())
        .await
        .expect("nothing was posted")
        .unwrap();
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = socket.read(&mut piece).await.unwrap();
        bytes.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && let Ok(message) = serde_json::from_str(body)
        {
            let head = head.to_lowercase();
            socket
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                .await
                .unwrap();
            return (head, message);
        }
        assert!(length > 0, "{text}");
    }
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no text"))
}
