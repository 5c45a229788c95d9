//! The subcommand `bench`: the speed that is promised, measured against the stores' own tools.
//!
//! `server` and `scheduler` measure the server alone, see [`figures`]; the rest is about copies.
//! In reading order: [`cases`] (what is copied, against whom, how fast), [`measurement`] (what a run
//! cost), and here the rounds and the table. Each round runs everybody once, one after the other, so
//! that a slow moment of the machine hits all alike; ratios are taken inside a round. What our first
//! run of a case left is compared with the source: a fast copy that is wrong is worth nothing.

mod cases;
mod figures;
mod measurement;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::Misuse;
use crate::phases::Phases;
use crate::process;
use crate::python::{self, MAXCOMPUTE_CLIENT, Python};
use crate::scratch::Scratch;
use crate::servers::{self, Servers};
use crate::setup::{self, Need};
use cases::{Case, Limit, Target};
use measurement::{Measurement, largest, median, ratio};

const PEERS: [&str; 7] = [
    MAXCOMPUTE_CLIENT,
    // The MaxCompute client hands timestamps over as this package's.
    "pandas==3.1.1",
    "duckdb==1.5.5",
    "duckdb-extension-postgres-scanner==1.5.5",
    "connectorx==0.4.6",
    "adbc-driver-manager==1.13.0",
    "adbc-driver-postgresql==1.13.0",
];
/// What any of our runs may take at its peak.
const MEMORY_LIMIT_MIB: f64 = 200.0;

pub(crate) fn main(arguments: &[String]) -> Result<()> {
    let mut phases = Phases::default();
    let result = match arguments.split_first() {
        Some((name, rest)) if name == "server" => figures::server(rest, &mut phases),
        Some((name, rest)) if name == "scheduler" => figures::scheduler(rest, &mut phases),
        _ => run(&Options::parse(arguments)?, &mut phases),
    };
    phases.print();
    result
}

#[derive(Debug, PartialEq)]
struct Options {
    names: Vec<String>,
    rows: u64,
    rounds: usize,
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Options> {
        let mut options = Options {
            names: Vec::new(),
            rows: 2_000_000,
            rounds: 5,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut number = || -> Result<u64> {
                let number = arguments.next().and_then(|text| text.parse().ok());
                number
                    .filter(|number| *number > 0)
                    .ok_or_else(|| Misuse::value(argument))
            };
            match argument.as_str() {
                "--rows" => options.rows = number()?,
                "--rounds" => options.rounds = usize::try_from(number()?)?,
                flag if flag.starts_with('-') => return Err(Misuse::unknown(flag)),
                name => options.names.push(name.to_owned()),
            }
        }
        Ok(options)
    }
}

/// The servers, the peers and the folder that all run in.
struct Track {
    servers: Servers,
    python: Python,
}

fn run(options: &Options, phases: &mut Phases) -> Result<()> {
    let scratch = Scratch::temporary()?;
    let mut cases = cases::all(options.rows, scratch.path());
    let known: Vec<&str> = cases.iter().map(|case| case.name).collect();
    for name in &options.names {
        ensure!(
            known.contains(&name.as_str()),
            "no benchmark {name:?}; there are {}",
            known.join(", ")
        );
    }
    cases.retain(|case| {
        options.names.is_empty() || options.names.iter().any(|name| name == case.name)
    });

    let python = phases.run("set-up", || {
        setup::prepare(&[Need::PostgreSql, Need::OpenSsl, Need::Python])?;
        Python::prepare("bench", &PEERS, &[])
    })?;
    phases.run("build", servers::build)?;
    let track = phases.run("tables", || {
        let servers = Servers::start(scratch.path())?;
        let track = Track { servers, python };
        track.create_tables(options.rows)?;
        Ok(track)
    })?;
    let mut table = String::from(
        "| copy | by | median s | rows/s | CPU s | peak MiB | ours ÷ theirs | limit |\n\
         | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let mut broken = Vec::new();
    for case in &cases {
        let outcome = phases.run(case.name, || track.race(case, options))?;
        let rows = outcome.rows(case, options.rows);
        // A long run that breaks off has shown what it measured.
        eprint!("{rows}");
        table += &rows;
        broken.extend(outcome.broken_limits(case));
    }
    println!("{}\n{table}", machine());
    ensure!(
        broken.is_empty(),
        "limits were not kept:\n  {}",
        broken.join("\n  ")
    );
    Ok(())
}

impl Track {
    fn create_tables(&self, rows: u64) -> Result<()> {
        let mut psql = self.servers.postgresql.psql("postgres");
        psql.arg(format!("--set=rows={rows}"));
        process::run(psql.arg("--file").arg(python::script("bench/tables.sql")))?;
        let export = "psql -Xqc '\\copy source_heap to source.csv (format csv, header)'";
        for line in [
            export,
            "$PYTHON $PEERS duckdb_out source_heap source.parquet",
            "$PYTHON $PEERS pyodps_create bench_source",
            "$PYTHON $PEERS pyodps_create bench_target",
        ] {
            process::run(&mut self.shell(line))
                .with_context(|| format!("cannot prepare: {line}"))?;
        }
        // The official client fills the source, so that we read what we did not write.
        let fill = "$PYTHON $PEERS pyodps_out source_heap bench_source";
        process::run(&mut self.shell(fill)).context("cannot fill the MaxCompute table")
    }

    /// A shell line in the folder, with both servers and the peers at hand.
    fn shell(&self, line: &str) -> Command {
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(self.servers.folder())
            .env("PYTHON", self.python.interpreter().get_program())
            .env("PEERS", python::script("bench/peers.py"))
            .envs(self.servers.variables());
        command
    }

    /// Runs everybody in turn, as often as there are rounds.
    fn race(&self, case: &Case, options: &Options) -> Result<Outcome> {
        let document = self.servers.folder().join(format!("{}.json", case.name));
        fs::write(&document, cases::document(case).to_string())?;
        let mut ours = self.servers.job(&document);
        ours.arg("--quiet");
        let mut outcome = Outcome {
            ours: Vec::new(),
            peers: case
                .peers
                .iter()
                .map(|(name, _)| (*name, Vec::new()))
                .collect(),
        };
        for round in 0..options.rounds {
            outcome.ours.push(self.run_once(case, options.rows, &ours)?);
            if round == 0 {
                self.compare(case).with_context(|| case.name)?;
            }
            for ((_, line), (name, measurements)) in case.peers.iter().zip(&mut outcome.peers) {
                let cost = self.run_once(case, options.rows, &self.shell(line));
                measurements.push(cost.with_context(|| format!("{name} failed"))?);
            }
        }
        Ok(outcome)
    }

    fn run_once(&self, case: &Case, rows: u64, command: &Command) -> Result<Measurement> {
        match case.target {
            Target::Table(table) => {
                self.servers.query(&format!("truncate {table}"))?;
            }
            Target::Files(path) => remove(&self.servers.folder().join(path))?,
            Target::Overwritten(_) => {}
        }
        // What is left to be written after the last run is not the next one's cost.
        self.servers.query("checkpoint")?;
        let cost = Measurement::take(&self.python, command)?;
        if let Target::Table(table) = case.target {
            let expected = case.rows.count(rows).to_string();
            let found = self
                .servers
                .query(&format!("select count(*) from {table}"))?;
            ensure!(
                found == expected,
                "{}: {found} rows arrived of {expected}",
                case.name
            );
        }
        Ok(cost)
    }

    /// Compares every value that our run wrote with the source.
    fn compare(&self, case: &Case) -> Result<()> {
        let source = case.rows.table();
        let copied = match case.target {
            Target::Table(table) => table,
            // DuckDB reads both sides, so that we do not read what we wrote.
            Target::Files(path) => {
                let line = format!("$PYTHON $PEERS duckdb_check {source} '{path}/*.parquet'");
                return process::run(&mut self.shell(&line));
            }
            Target::Overwritten(table) => {
                let fetch = cases::fetch(table);
                let document = self.servers.folder().join("fetch.json");
                fs::write(&document, cases::document(&fetch).to_string())?;
                self.servers.query("truncate target_heap")?;
                process::run(self.servers.job(&document).arg("--quiet"))?;
                "target_heap"
            }
        };
        let [expected, found] = [source, copied].map(|table| self.servers.query(&checksum(table)));
        let (expected, found) = (expected?, found?);
        ensure!(
            found == expected,
            "the rows are not those of the source: {found} instead of {expected}"
        );
        Ok(())
    }
}

/// The number of rows and the sum of their hashes.
fn checksum(table: &str) -> String {
    format!("select count(*) || ' ' || sum(hashtextextended(t::text, 0)::numeric) from {table} t")
}

/// Removes a file or a folder, if there is one.
fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else if path.exists() {
        fs::remove_file(path)
    } else {
        Ok(())
    };
    removed.with_context(|| format!("cannot remove {}", path.display()))
}

/// The measurements of one case.
struct Outcome {
    ours: Vec<Measurement>,
    peers: Vec<(&'static str, Vec<Measurement>)>,
}

impl Outcome {
    fn rows(&self, case: &Case, rows: u64) -> String {
        let rows = case.rows.count(rows);
        let limit = match case.limit {
            Limit::Ratio(limit) => format!("{limit:.2} ×"),
            Limit::Seconds(limit) => format!("{limit:.2} s"),
        };
        let mut text = row(case.title, "Longshore", &self.ours, rows, ["", &limit]);
        for (name, runs) in &self.peers {
            let ratio = format!("{:.2} ×", ratio(&self.ours, runs));
            text += &row("", name, runs, rows, [&ratio, ""]);
        }
        text
    }

    fn broken_limits(&self, case: &Case) -> Vec<String> {
        let mut broken = Vec::new();
        let worst = largest(self.peers.iter().map(|(_, runs)| ratio(&self.ours, runs)));
        let wall = median(self.ours.iter().map(|run| run.wall_s));
        match case.limit {
            Limit::Ratio(limit) if worst > limit => {
                broken.push(format!(
                    "{}: {worst:.2} × the fastest peer, {limit:.2} × is the limit",
                    case.name
                ));
            }
            Limit::Seconds(limit) if wall > limit => {
                broken.push(format!(
                    "{}: {wall:.3} s, {limit:.3} s is the limit",
                    case.name
                ));
            }
            Limit::Ratio(_) | Limit::Seconds(_) => {}
        }
        let peak = largest(self.ours.iter().map(|run| run.peak_mib));
        if peak > MEMORY_LIMIT_MIB {
            broken.push(format!(
                "{}: {peak:.0} MiB at the peak, {MEMORY_LIMIT_MIB:.0} MiB is the limit",
                case.name
            ));
        }
        broken
    }
}

/// One line of the table.
fn row(copy: &str, by: &str, runs: &[Measurement], rows: u64, last: [&str; 2]) -> String {
    let wall = median(runs.iter().map(|run| run.wall_s));
    let cpu = median(runs.iter().map(|run| run.cpu_s));
    let peak = largest(runs.iter().map(|run| run.peak_mib));
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate for people has three digits"
    )]
    let rate = rows as f64 / wall;
    let [ratio, limit] = last;
    format!(
        "| {copy} | {by} | {wall:.3} | {rate:.0} | {cpu:.2} | {peak:.0} | {ratio} | {limit} |\n"
    )
}

/// The machine and the day, for the record.
fn machine() -> String {
    let first = |command: &mut Command| {
        process::output(command)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let day = first(Command::new("date").arg("+%F"));
    let cores = first(&mut Command::new("nproc"));
    let model = fs::read_to_string("/proc/cpuinfo")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or_else(String::new, |(_, model)| model.to_owned());
    format!("{day}, {cores} cores, {model}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(wall_s: &[f64], peak_mib: f64) -> Vec<Measurement> {
        let run = |wall_s: &f64| Measurement {
            wall_s: *wall_s,
            cpu_s: 0.5,
            peak_mib,
        };
        wall_s.iter().map(run).collect()
    }

    #[test]
    fn the_fastest_peer_sets_the_limit() {
        let cases = cases::all(1000, Path::new("x"));
        let case = cases.iter().find(|case| case.name == "to-parquet").unwrap();
        let outcome = |ours: f64, peak: f64| Outcome {
            ours: runs(&[ours; 5], peak),
            peers: vec![
                ("slow", runs(&[4.0; 5], 900.0)),
                ("fast", runs(&[2.0; 5], 900.0)),
            ],
        };
        assert_eq!(outcome(2.0, 100.0).broken_limits(case), [""; 0]);
        let broken = outcome(3.0, 300.0).broken_limits(case);
        assert_eq!(broken.len(), 2, "{broken:?}");
        assert!(broken[0].contains("1.50 × the fastest peer"), "{broken:?}");
        assert!(broken[1].contains("300 MiB"), "{broken:?}");
    }

    #[test]
    fn each_contender_gets_a_line() {
        let cases = cases::all(1000, Path::new("x"));
        let outcome = Outcome {
            ours: runs(&[1.0, 2.0, 3.0], 50.0),
            peers: vec![("psql", runs(&[2.0, 4.0, 6.0], 10.0))],
        };
        let text = outcome.rows(&cases[0], 1000);
        assert!(
            text.contains("| Longshore | 2.000 | 500 | 0.50 | 50 |  | 1.00 × |"),
            "{text}"
        );
        assert!(
            text.contains("|  | psql | 4.000 | 250 | 0.50 | 10 | 0.50 × |  |"),
            "{text}"
        );
    }

    #[test]
    fn options_have_defaults() {
        let parse = |words: &[&str]| {
            Options::parse(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(
            parse(&[]).unwrap(),
            Options {
                names: vec![],
                rows: 2_000_000,
                rounds: 5
            }
        );
        let some = parse(&["heap", "--rows", "10", "--rounds", "1"]).unwrap();
        assert_eq!(
            some,
            Options {
                names: vec!["heap".into()],
                rows: 10,
                rounds: 1
            }
        );
        assert!(parse(&["--rows"]).is_err());
        assert!(parse(&["--rows", "0"]).is_err());
    }
}
