//! The executable: its first line, its arguments, its end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_maxcompute-emulator");

#[test]
fn it_says_where_it_listens_and_stops_on_a_signal() {
    let folder = tempfile::TempDir::new().expect("a folder");
    for signal in ["TERM", "INT"] {
        let mut child = Command::new(PROGRAM)
            .args([
                "--listen",
                "127.0.0.1:0",
                "--no-auth",
                "--project",
                "p",
                "--data",
            ])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        let address = line
            .trim_end()
            .strip_prefix("listening on http://127.0.0.1:")
            .and_then(|rest| rest.strip_suffix("/api"));
        assert!(
            address.is_some_and(|port| port.parse::<u16>().is_ok()),
            "{line:?}"
        );
        let sent = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(child.id().to_string())
            .status();
        assert!(sent.expect("kill runs").success());
        assert!(child.wait().expect("ends").success(), "{signal}");
        let mut rest = String::new();
        output.read_to_string(&mut rest).expect("readable");
        assert_eq!(rest, "");
    }
}

#[test]
fn wrong_arguments_and_folders_are_explained() {
    let run = |arguments: &[&str]| {
        let output = Command::new(PROGRAM)
            .args(arguments)
            .output()
            .expect("runs");
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (success, text) = run(&["--data", "/dev/null/x", "--no-auth"]);
    assert!(
        !success && text.starts_with("maxcompute-emulator: "),
        "{text}"
    );
    let folder = tempfile::TempDir::new().expect("a folder");
    let folder = folder.path().to_string_lossy().into_owned();
    let (success, text) = run(&["--data", &folder, "--project", "a/b"]);
    assert!(!success && text.contains("a/b"), "{text}");
    let (success, text) = run(&["--data", &folder, "--no-auth", "--require-v4", "x"]);
    assert!(!success && text.contains("--no-auth"), "{text}");
}
