//! The lists of a project that was used for years, under load.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use server::Clock;

use crate::fill::{Fill, fill};
use crate::load::{Route, percentile, run};
use crate::stage::{Kept, Stage};
use crate::{number, word};

/// What ninety-nine of a hundred calls may take at most.
const LIMIT_MS: f64 = 50.0;

/// Prints a table for each store; returns the limits that were not kept.
pub(crate) fn measure() -> Vec<String> {
    let (jobs, runs) = (number("--jobs", 10_000), number("--runs", 1_000_000));
    let (rate, seconds) = (number("--rate", 200), number("--seconds", 30));
    let mut broken = Vec::new();
    let only = word("--store");
    for kept in [Kept::Sqlite, Kept::PostgreSql] {
        let is_wanted = |name: &String| name.eq_ignore_ascii_case(kept.title());
        if !only.as_ref().is_none_or(is_wanted) {
            continue;
        }
        let stage = Stage::new(kept, Clock::system());
        let what = Fill {
            project: &stage.project,
            account: &stage.account,
            jobs,
            runs,
            now_micros: stage.clock.micros(),
        };
        let begun = Instant::now();
        stage.runtime.block_on(fill(&stage.store, &what)).unwrap();
        eprintln!("{}: filled in {:.0?}", kept.title(), begun.elapsed());
        let routes = routes(&stage.project, jobs, runs);
        run(&stage, &routes, rate, Duration::from_secs(3));
        let mut latencies = run(&stage, &routes, rate, Duration::from_secs(seconds));
        println!(
            "\n{}, {jobs} jobs, {runs} runs, {rate} requests/s for {seconds} s\n\n\
             | list | requests | p50 ms | p95 ms | p99 ms | max ms |\n\
             | --- | ---: | ---: | ---: | ---: | ---: |",
            kept.title()
        );
        let mut all = Vec::new();
        for (route, latencies) in routes.iter().zip(&mut latencies) {
            print_row(route.name, latencies);
            all.append(latencies);
        }
        let p99 = print_row("all of them", &mut all);
        if p99 > LIMIT_MS {
            let store = kept.title();
            broken.push(format!(
                "lists on {store}: p99 is {p99:.1} ms, {LIMIT_MS} ms is the limit"
            ));
        }
    }
    broken
}

/// Prints the figures of a list; returns what ninety-nine of a hundred calls did not exceed.
fn print_row(name: &str, latencies: &mut [Duration]) -> f64 {
    let [p50, p95, p99, max] = [50, 95, 99, 100].map(|percent| percentile(latencies, percent));
    println!(
        "| {name} | {} | {p50:.1} | {p95:.1} | {p99:.1} | {max:.1} |",
        latencies.len()
    );
    p99
}

/// Each list as people call it, at its beginning and deep inside. The keys are those of the filled store.
fn routes(project: &str, jobs: u64, runs: u64) -> Vec<Route> {
    let base = format!("/api/v1/projects/{project}");
    let id = |table: u8, number: u64| format!("01900000-0000-7000-800{table}-{number:012}");
    let cursor = |key: String| URL_SAFE_NO_PAD.encode(key);
    let paths =
        |of: &dyn Fn(u64) -> String| (1..=40).map(|n| format!("{base}/{}", of(n))).collect();
    let route = |name, of: &dyn Fn(u64) -> String| Route {
        name,
        paths: paths(of),
    };
    let (job, run) = (|n: u64| n * jobs / 41, |n: u64| n * runs / 41);
    let days = runs / jobs;
    let day = |n: u64| n * days / 41;
    let date = |n: u64| {
        let day = day(n);
        format!(
            "20{:02}-{:02}-{:02}",
            20 + day / 336,
            1 + day % 336 / 28,
            1 + day % 28
        )
    };
    vec![
        route("jobs", &|_| "jobs".to_string()),
        route("jobs, deep page", &|n| {
            format!("jobs?cursor={}", cursor(format!("copy{}", job(n))))
        }),
        route("jobs of a folder", &|n| {
            format!("jobs?folder=team{}", n % (jobs / 50))
        }),
        route("jobs by a part of the name", &|n| {
            format!("jobs?search=py{}", job(n))
        }),
        route("runs", &|_| "runs".to_string()),
        route("runs, deep page", &|n| {
            format!("runs?cursor={}", cursor(id(3, run(n))))
        }),
        route("failed runs, deep page", &|n| {
            format!("runs?state=failed&cursor={}", cursor(id(3, run(n))))
        }),
        route("runs of a job", &|n| format!("runs?job={}", id(2, job(n)))),
        route("manual runs", &|n| {
            format!(
                "runs?kind=manual&cursor={}",
                cursor(id(3, run(n).max(runs / 10)))
            )
        }),
        route("runs of a day", &|n| format!("runs?bizdate={}", date(n))),
        route("failed runs of a day", &|n| {
            format!("runs?bizdate={}&state=failed", date(n))
        }),
        route("instances", &|_| "instances".to_string()),
        route("instances, deep page", &|n| {
            format!("instances?cursor={}", cursor(id(4, run(n))))
        }),
        route("waiting instances", &|_| {
            "instances?state=waiting".to_string()
        }),
        route("failed instances of a day", &|n| {
            format!("instances?bizdate={}&state=failed", date(n))
        }),
        route("instances of a job", &|n| {
            format!("instances?job={}", id(2, job(n)))
        }),
        route("schedules", &|_| "schedules".to_string()),
        route("schedules, deep page", &|n| {
            format!("schedules?cursor={}", cursor(id(2, job(n))))
        }),
        route("audit log", &|_| "audit".to_string()),
        route("audit log, deep page", &|n| {
            format!("audit?cursor={}", cursor(id(6, run(n) / 10 + 1)))
        }),
        route("data sources", &|_| "datasources".to_string()),
        route("users of a data source", &|n| {
            format!("datasources/{}/users", id(1, n % (jobs / 50)))
        }),
    ]
}
