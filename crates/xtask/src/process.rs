//! Child processes: starts them, waits for them, and makes sure that none outlives this program.
//!
//! Every child leads a process group of its own, so that what it started can be ended with it.
//! A *foreground* child is waited for; a signal to this program is passed on to it.
//! A [`Service`] runs beside us and is stopped when its value is dropped.
//! What is run, and why, is left to the callers.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The children that a signal to this program must reach.
struct Foreground {
    interrupted: bool,
    groups: Vec<u32>,
}

static FOREGROUND: Mutex<Foreground> = Mutex::new(Foreground {
    interrupted: false,
    groups: Vec::new(),
});
static INTERRUPTION: Condvar = Condvar::new();

fn foreground() -> MutexGuard<'static, Foreground> {
    // The guarded value is valid at every moment, so a panic elsewhere does not spoil it.
    FOREGROUND.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes interrupting signals on to the foreground children instead of dying of them,
/// so that the normal way out runs and stops every service.
/// The second signal ends the children without asking.
pub(crate) fn watch_signals() -> Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot watch for signals")?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let mut state = foreground();
            let name = match signal {
                _ if state.interrupted => "KILL",
                SIGINT => "INT",
                _ => "TERM",
            };
            state.interrupted = true;
            for group in &state.groups {
                signal_group(*group, name);
            }
            INTERRUPTION.notify_all();
        }
    });
    Ok(())
}

/// Returns when a signal asked this program to end.
pub(crate) fn wait_for_interruption() {
    let mut state = foreground();
    while !state.interrupted {
        state = INTERRUPTION
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner);
    }
}

/// Runs a command to its end and fails unless it succeeded.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("{} failed: {status}", program(command));
    }
    Ok(())
}

/// Runs a command to its end.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    wait(start(command)?, command)
}

/// Runs a command to its end and hands over each line of its standard output as it comes.
pub(crate) fn lines(
    command: &mut Command,
    mut each: impl FnMut(&str) + Send,
) -> Result<ExitStatus> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    let stdout = child.stdout.take();
    // A process that the command leaves behind holds the pipe open until `wait` ends it,
    // so reading and waiting go on at the same time.
    thread::scope(|scope| {
        scope.spawn(move || {
            let Some(mut stdout) = stdout.map(BufReader::new) else {
                return;
            };
            let mut line = Vec::new();
            // A read error ends the loop as the end of the output does; the exit status tells the rest.
            while matches!(stdout.read_until(b'\n', &mut line), Ok(length) if length > 0) {
                each(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']));
                line.clear();
            }
        });
        wait(child, command)
    })
}

/// Runs a command to its end and returns its standard output; fails unless it succeeded.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let mut text = String::new();
    let status = lines(command, |line| {
        text.push_str(line);
        text.push('\n');
    })?;
    if !status.success() {
        bail!("{} failed: {status}", program(command));
    }
    Ok(text)
}

/// Runs a command to its end with a text on its standard input, and fails unless it succeeded.
pub(crate) fn feed(command: &mut Command, input: &str) -> Result<()> {
    let mut child = start_with(command, Stdio::piped())?;
    // A command that does not read all of it says itself what is wrong.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input.as_bytes());
    }
    let status = wait(child, command)?;
    if !status.success() {
        bail!("{} failed: {status}", program(command));
    }
    Ok(())
}

fn start(command: &mut Command) -> Result<Child> {
    start_with(command, Stdio::null())
}

fn start_with(command: &mut Command, stdin: Stdio) -> Result<Child> {
    // The lock is held over the start, so that no signal falls between it and the registration.
    let mut state = foreground();
    if state.interrupted {
        bail!("interrupted");
    }
    let child = command
        .stdin(stdin)
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {}", program(command)))?;
    state.groups.push(child.id());
    Ok(child)
}

fn wait(mut child: Child, command: &Command) -> Result<ExitStatus> {
    let group = child.id();
    let status = child.wait();
    let is_gone = is_gone_soon(group);
    let mut state = foreground();
    state.groups.retain(|other| *other != group);
    if !is_gone && signal_group(group, "KILL") && !state.interrupted {
        bail!(
            "{} ended but left processes running; they were ended too",
            program(command)
        );
    }
    if state.interrupted {
        bail!("interrupted");
    }
    status.with_context(|| format!("cannot wait for {}", program(command)))
}

/// Whether a process group has no process left, after a moment for those that see their parent end and follow it.
fn is_gone_soon(group: u32) -> bool {
    let end = Instant::now() + Duration::from_secs(1);
    while is_running(group) {
        if Instant::now() > end {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

/// Whether a process of a group runs; one that has ended and waits for somebody to take note of it does not.
fn is_running(group: u32) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = processes.filter_map(|it| fs::read_to_string(it.path().join("stat")).ok());
    stats.into_iter().any(|stat| {
        // Behind the name, which may hold anything: state, parent, group.
        let mut fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
        let state = fields.next();
        state != Some("Z") && fields.nth(1) == Some(group.to_string().as_str())
    })
}

/// Sends a signal to a process group; false when the group has no process left.
fn signal_group(group: u32, signal: &str) -> bool {
    // The shell's own `kill` is on every machine, and std has no call for this.
    Command::new("sh")
        .args([
            "-c",
            "kill -s \"$0\" -- \"-$1\"",
            signal,
            &group.to_string(),
        ])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn program(command: &Command) -> String {
    Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned()
}

/// A user and group that a server runs as, when we are root and it must not be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Account {
    pub uid: u32,
    pub gid: u32,
}

impl Account {
    /// A command that runs a program as this account, or as ourselves.
    pub(crate) fn command(account: Option<Account>, program: &Path) -> Command {
        let Some(account) = account else {
            return Command::new(program);
        };
        let mut command = Command::new("setpriv");
        command.args(account.arguments()).arg("--").arg(program);
        command
    }

    fn arguments(self) -> [String; 3] {
        [
            format!("--reuid={}", self.uid),
            format!("--regid={}", self.gid),
            "--clear-groups".to_owned(),
        ]
    }
}

/// A server that runs beside us; dropping the value stops it.
pub(crate) struct Service {
    name: &'static str,
    child: Child,
    stop_signal: &'static str,
    log: PathBuf,
}

impl Service {
    /// Starts a server whose output goes to the file `log`.
    /// The kernel sends it the stop signal even if we are killed.
    pub(crate) fn start(
        name: &'static str,
        stop_signal: &'static str,
        account: Option<Account>,
        log: &Path,
        command: &Command,
    ) -> Result<Service> {
        let mut guarded = Command::new("setpriv");
        guarded.arg("--pdeathsig").arg(stop_signal);
        if let Some(account) = account {
            guarded.args(account.arguments());
        }
        guarded.arg("--").arg(command.get_program());
        guarded.args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            guarded.current_dir(folder);
        }
        let output =
            File::create(log).with_context(|| format!("cannot write the log of {name}"))?;
        let child = guarded
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Service {
            name,
            child,
            stop_signal,
            log: log.to_owned(),
        })
    }

    /// Waits until `ready` gives a value; fails when the server ends first or time is up.
    pub(crate) fn wait_until<T>(
        &mut self,
        limit: Duration,
        mut ready: impl FnMut(&Service) -> Option<T>,
    ) -> Result<T> {
        let end = Instant::now() + limit;
        loop {
            if let Some(value) = ready(self) {
                return Ok(value);
            }
            if foreground().interrupted {
                bail!("interrupted");
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended while it was starting: {status}\n{}",
                    self.name,
                    self.last_words()
                );
            }
            if Instant::now() > end {
                let seconds = limit.as_secs();
                bail!(
                    "{} was not ready within {seconds} s\n{}",
                    self.name,
                    self.last_words()
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The rest of the first line in the server's log that starts with `prefix`, once it is whole.
    pub(crate) fn announced(&self, prefix: &str) -> Option<String> {
        let text = fs::read_to_string(&self.log).ok()?;
        text.split_inclusive('\n')
            .filter_map(|line| line.strip_suffix('\n'))
            .find_map(|line| line.strip_prefix(prefix))
            .map(str::to_owned)
    }

    /// The end of the server's log.
    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let group = self.child.id();
        signal_group(group, self.stop_signal);
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            match self.child.try_wait() {
                Ok(None) => thread::sleep(Duration::from_millis(20)),
                Ok(Some(_)) | Err(_) => break,
            }
        }
        // What ignored the signal, and what the server itself had started, ends here.
        signal_group(group, "KILL");
        // There is nobody left to tell about a failure.
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    const LIMIT: Duration = Duration::from_secs(20);

    #[test]
    fn a_command_that_leaves_a_process_behind_fails_and_the_process_is_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "tail -f /dev/null & echo $!"]);
        let mut pid = String::new();
        let error = lines(&mut command, |line| pid = line.to_owned()).unwrap_err();
        assert!(
            error.to_string().contains("left processes running"),
            "{error}"
        );
        let end = Instant::now() + LIMIT;
        while !ended(&pid) {
            assert!(Instant::now() < end, "process {pid} is still there");
            thread::yield_now();
        }
    }

    #[test]
    fn a_process_that_follows_its_parent_is_no_failure() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 0.3 & exit 0"]);
        assert!(lines(&mut command, |_| ()).unwrap().success());
    }

    #[test]
    fn a_dropped_service_is_gone() {
        let scratch = Scratch::temporary().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo listening on 7; exec tail -f /dev/null"]);
        let log = scratch.path().join("log");
        let mut service = Service::start("tail", "TERM", None, &log, &command).unwrap();
        let pid = service.child.id().to_string();
        let port = service.wait_until(LIMIT, |service| service.announced("listening on "));
        assert_eq!(port.unwrap(), "7");
        drop(service);
        assert!(ended(&pid));
    }

    #[test]
    fn a_service_that_ends_at_once_is_reported_with_its_last_words() {
        let scratch = Scratch::temporary().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such port >&2; exit 3"]);
        let log = scratch.path().join("log");
        let mut service = Service::start("shell", "TERM", None, &log, &command).unwrap();
        let error = service
            .wait_until(LIMIT, |_| None::<()>)
            .unwrap_err()
            .to_string();
        assert!(error.contains("exit status: 3\nno such port"), "{error}");
    }

    #[test]
    fn failures_name_the_program() {
        let error = run(&mut Command::new("false")).unwrap_err().to_string();
        assert_eq!(error, "false failed: exit status: 1");
        let error = run(&mut Command::new("/no/such/program")).unwrap_err();
        assert_eq!(error.to_string(), "cannot start program");
    }

    /// True when the process is gone or only its exit status is left.
    fn ended(pid: &str) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .map_or(true, |stat| stat.contains(") Z "))
    }
}
