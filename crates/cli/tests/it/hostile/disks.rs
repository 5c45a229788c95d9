//! A target whose disk is full: a file system of a few megabytes, which root or password-less sudo must
//! mount; without either the tests fail and say so. The server that all tests share must not run out of
//! room, so for PostgreSQL a server of the test's own lies on the small disk.

use std::fs::{File, set_permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use tokio_postgres::{Client, NoTls};

use super::{STRICT, job, postgresql};
use crate::setup::Place;

/// A mounted file system, until dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(path: &Path, size: &str) -> Self {
        std::fs::create_dir_all(path).unwrap();
        let owner = std::fs::metadata(path).unwrap();
        let options = format!(
            "size={size},mode=0700,uid={},gid={}",
            owner.uid(),
            owner.gid()
        );
        let refusals = privileged("mount", |command| {
            command
                .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
                .arg(path)
        });
        if let Err(refusals) = refusals {
            panic!(
                "this test needs a small disk, and it cannot be mounted: run the tests as root or with password-less \
                 sudo, where the programs of the package `mount` are installed and containers have CAP_SYS_ADMIN\n{refusals}"
            );
        }
        SmallDisk(path.to_path_buf())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = privileged("umount", |command| command.arg("--lazy").arg(&self.0));
    }
}

/// Runs a program as whom we are, then as root by sudo if that fails. What both said is the error.
fn privileged(
    program: &str,
    arguments: impl Fn(&mut Command) -> &mut Command,
) -> Result<(), String> {
    let mut by_sudo = Command::new("sudo");
    by_sudo.args(["-n", program]);
    let mut refusals = String::new();
    for mut command in [Command::new(program), by_sudo] {
        refusals += &match arguments(&mut command).output() {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => format!("{command:?}: {error}\n"),
        };
    }
    Err(refusals)
}

const SOURCE: &str = "CREATE TABLE source AS SELECT i AS id, md5(i::text) || md5(i::text) AS note FROM generate_series(1, 100000) i";

#[tokio::test(flavor = "multi_thread")]
async fn files_appear_whole_or_not_at_all() {
    let place = Place::new().await;
    let folder = place.path("out");
    let disk = SmallDisk::mount(&folder, "2m");
    place.sql(SOURCE).await;
    for name in ["a.csv", "a.parquet", "a.jsonl"] {
        let document = job(&postgresql("source"), &super::to_file(name), STRICT);
        place.refuses(
            &document,
            1,
            &[
                "cannot write",
                "no space is left",
                "free space on the disk",
                "--resume",
            ],
        );
        let left: Vec<_> = std::fs::read_dir(&folder).unwrap().flatten().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    let run = place.latest_run().unwrap();
    drop(disk);
    place.run(&["run", "--resume", &run, "--quiet"]).ok();
    let lines = std::fs::read_to_string(folder.join("a.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 100_000);
}

/// A server whose tables lie on a small disk. Its log of changes does not: without room for that, a
/// server does not refuse a row but ends.
struct SmallServer {
    server: Child,
    client: Client,
    disk: SmallDisk,
}

impl SmallServer {
    /// Starts a server with the programs and as the user of the one that all tests share, and makes it
    /// the data source `small`.
    async fn start(place: &Place) -> Self {
        let disk = SmallDisk::mount(&place.path("disk"), "64m");
        let shared = place
            .value("SELECT current_setting('data_directory')")
            .await;
        let shared = std::fs::metadata(shared).unwrap();
        let programs = "SELECT setting FROM pg_config() WHERE name = 'BINDIR'";
        let programs = PathBuf::from(place.value(programs).await);
        let program = |name: &str| {
            let mut command = Command::new(programs.join(name));
            let log = File::options()
                .create(true)
                .append(true)
                .open(place.path("small.log"))
                .unwrap();
            command.stdout(log.try_clone().unwrap()).stderr(log);
            command
                .current_dir(&disk.0)
                .uid(shared.uid())
                .gid(shared.gid());
            command
        };
        set_permissions(place.folder.path(), PermissionsExt::from_mode(0o711)).unwrap();
        let (changes, password) = (place.path("changes"), disk.0.join("password"));
        std::fs::create_dir(&changes).unwrap();
        std::fs::copy(place.path("pg.secret"), &password).unwrap();
        for path in [&disk.0, &changes, &password] {
            chown(path, Some(shared.uid()), Some(shared.gid())).unwrap();
        }
        let data = disk.0.join("data");
        let made = program("initdb")
            .args([
                "--no-sync",
                "--no-locale",
                "--encoding=UTF8",
                "--wal-segsize=1",
            ])
            .args(["--auth=scram-sha-256", "--username=longshore", "--pwfile"])
            .arg(&password)
            .arg("--waldir")
            .arg(&changes)
            .arg(&data)
            .status()
            .unwrap();
        assert!(made.success(), "{}", log(place));
        loop {
            let port = free_port();
            let mut server = program("postgres")
                .arg("-D")
                .arg(&data)
                .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"])
                .args(["-c", "unix_socket_directories=", "-c", "fsync=off"])
                .args(["-c", "shared_buffers=8MB", "-c", "autovacuum=off"])
                .spawn()
                .unwrap();
            let secret = std::fs::read_to_string(place.path("pg.secret")).unwrap();
            let mut config = tokio_postgres::Config::new();
            config.host("127.0.0.1").port(port).dbname("postgres");
            config.user("longshore").password(secret);
            while server.try_wait().unwrap().is_none() {
                let Ok((client, connection)) = config.connect(NoTls).await else {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                tokio::spawn(connection);
                let sources = std::fs::read_to_string(place.path("datasources.toml")).unwrap();
                let small = format!(
                    "[small]\ntype = \"postgresql\"\njdbcUrl = \"jdbc:postgresql://127.0.0.1:{port}/postgres\"\nusername = \"longshore\"\npassword = \"${{file:pg.secret}}\"\n"
                );
                place.write("datasources.toml", &format!("{sources}\n{small}"));
                return SmallServer {
                    server,
                    client,
                    disk,
                };
            }
            // Somebody else may have taken the port; anything else is a failure.
            assert!(
                log(place).contains("Address already in use"),
                "{}",
                log(place)
            );
        }
    }

    /// Fills the disk up to about four megabytes.
    fn fill(&self) {
        let piece = vec![0; 1 << 20];
        let mut count = 0;
        while std::fs::write(self.ballast(count), &piece).is_ok() {
            count += 1;
        }
        for number in count - 4..=count {
            std::fs::remove_file(self.ballast(number)).unwrap();
        }
    }

    fn make_room(&self) {
        for number in 0.. {
            if std::fs::remove_file(self.ballast(number)).is_err() {
                return;
            }
        }
    }

    fn ballast(&self, number: u32) -> PathBuf {
        self.disk.0.join(format!("ballast{number}"))
    }

    async fn value(&self, query: &str) -> String {
        let query = format!("SELECT ({query})::text");
        self.client.query_one(&query, &[]).await.unwrap().get(0)
    }
}

impl Drop for SmallServer {
    fn drop(&mut self) {
        // The quit signal asks for an end without tidying up.
        let pid = self.server.id().to_string();
        let _ = Command::new("kill").args(["-QUIT", &pid]).status();
        let _ = self.server.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn log(place: &Place) -> String {
    std::fs::read_to_string(place.path("small.log")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_room_keeps_what_it_had() {
    let place = Place::new().await;
    let small = SmallServer::start(&place).await;
    place.sql(SOURCE).await;
    for mode in ["insert", "update"] {
        small
            .client
            .batch_execute(
                "DROP TABLE IF EXISTS target; CREATE TABLE target (id int PRIMARY KEY, note text);
                 INSERT INTO target VALUES (0, 'was here')",
            )
            .await
            .unwrap();
        small.fill();
        let writer = postgresql("target")
            .replace("l_PostGreSql", "small")
            .replace(
                r#""column""#,
                &format!(r#""writeMode": "{mode}", "column""#),
            );
        let setting = r#"{"errorLimit": {"record": 0}, "retries": 0}"#;
        let (ran, report) = place.run_job(&job(&postgresql("source"), &writer, setting));
        let ran = ran.fails(
            1,
            &[
                "cannot write to public.target: the server's disk is full",
                "make room there",
                "continue with: longshore run --resume",
            ],
        );
        // Which file it was, perhaps of a temporary table, is in the server's log for who cares.
        assert!(!ran.messages.contains("base/"), "{}", ran.messages);
        assert_eq!(report["rowsWritten"], 0);
        let rows = "SELECT count(*) || ' ' || min(note) FROM target";
        assert_eq!(small.value(rows).await, "1 was here");
        small.make_room();
        let run = place.latest_run().unwrap();
        place.run(&["run", "--resume", &run, "--quiet"]).ok();
        let rows = "SELECT count(*) || ' ' || count(DISTINCT id) FROM target";
        assert_eq!(small.value(rows).await, "100001 100001", "{mode}");
    }
}
