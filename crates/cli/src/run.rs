//! `longshore run`, `check` and `replay`: from the command line to a report.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use engine::{DirtyRows, FileLedger, Fit, Meter, Outcome, Plan, Report, Resolved, RunContext};
use sdk::Registry;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::arguments::{
    FileArguments, JobArguments, OutputArguments, ParameterArguments, ReplayArguments, RunArguments,
};
use crate::document::{self, Loaded};
use crate::exit::{Exit, Stop};
use crate::progress::Display;
use crate::state::{Begun, RunFolder};
use crate::{catalog, datasources, print};

/// `longshore run`.
pub(crate) async fn run(arguments: RunArguments) -> Result<Exit, Stop> {
    let registry = connectors::registry();
    let earlier = match &arguments.target.resume {
        None => None,
        Some(id) => {
            let (folder, begun) = RunFolder::open(&arguments.files, id)?;
            begun.refuse_changed()?;
            Some((folder, begun))
        }
    };
    let (path, parameters) = match (&earlier, arguments.target.job) {
        (Some((_, begun)), _) => (begun.document.clone(), begun.arguments()),
        (None, Some(job)) => (job, arguments.parameters),
        (None, None) => return Err(Stop::usage("name a job document, or a run to --resume")),
    };
    let resolved = resolve(&path, &parameters, &arguments.files, &registry)?;
    let plan = engine::plan(resolved).await?;
    let folder = match earlier {
        Some((folder, _)) => folder,
        None => RunFolder::create(&arguments.files, &Begun::now(&path, &parameters)?)?,
    };
    execute(plan, &folder, &arguments.output).await
}

/// `longshore check`: everything but moving rows.
pub(crate) async fn check(arguments: JobArguments) -> Result<Exit, Stop> {
    let registry = connectors::registry();
    let resolved = resolve(
        &arguments.job,
        &arguments.parameters,
        &arguments.files,
        &registry,
    )?;
    let plan = engine::plan(resolved).await?;
    let mut table = vec![["source", "type", "target", "type", "fit"].map(str::to_string)];
    for column in plan.columns() {
        let fit = match &column.fit {
            Fit::Lossless => "lossless".to_string(),
            Fit::Checked(how) => format!("checked: {how}"),
            Fit::Impossible(why) => format!("impossible: {why}"),
        };
        table.push(
            [
                &column.source,
                &column.source_type,
                &column.target,
                &column.target_type,
                &fit,
            ]
            .map(String::clone),
        );
    }
    print::out(catalog::aligned(&table))?;
    let splits = plan.reader().splits(plan.wanted_splits()).await?;
    print::out(format_args!(
        "\n{} splits over {} channels\n",
        splits.splits.len(),
        plan.wanted_splits()
    ))?;
    for split in &splits.splits {
        match split.estimated_rows {
            Some(rows) => print::out(format_args!("  {} (about {rows} rows)\n", split.label))?,
            None => print::out(format_args!("  {}\n", split.label))?,
        }
    }
    for notice in &splits.notices {
        print::out(format_args!("notice: {notice}\n"))?;
    }
    Ok(Exit::Success)
}

/// `longshore replay`: mended dirty rows go back on their way.
pub(crate) async fn replay(arguments: ReplayArguments) -> Result<Exit, Stop> {
    let registry = connectors::registry();
    let as_file = PathBuf::from(&arguments.rows);
    let (rows, path, parameters) = if as_file.is_file() {
        let job = arguments.job.clone().ok_or_else(|| {
            Stop::usage("name the job document that the rows belong to")
                .hint("longshore replay dirty.jsonl job.json")
        })?;
        (as_file, job, arguments.parameters.clone())
    } else {
        let (folder, begun) = RunFolder::open(&arguments.files, &arguments.rows)?;
        begun.refuse_changed()?;
        (
            folder.path.join("dirty.jsonl"),
            begun.document.clone(),
            begun.arguments(),
        )
    };
    let Loaded {
        job, mut problems, ..
    } = document::load(&path, &parameters)?;
    let sources = datasources::find(&arguments.files.datasources);
    let datasources = datasources::load(sources.as_deref(), &registry)?;
    let replay = engine::Replay {
        job: &job,
        registry: &registry,
        datasources: &datasources,
        file: &rows,
    };
    let runs = replay.runs(&mut problems)?;
    if problems.has_errors() {
        return Err(document::refuse(&problems));
    }
    if runs.is_empty() {
        print::out(format_args!("{} has no dirty rows\n", rows.display()))?;
    }
    for resolved in runs {
        let plan = engine::plan(resolved).await?;
        let folder = RunFolder::create(&arguments.files, &Begun::now(&path, &parameters)?)?;
        let exit = execute(plan, &folder, &arguments.output).await?;
        if exit != Exit::Success {
            return Ok(exit);
        }
    }
    Ok(Exit::Success)
}

fn resolve(
    path: &Path,
    parameters: &ParameterArguments,
    files: &FileArguments,
    registry: &Registry,
) -> Result<Resolved, Stop> {
    let Loaded {
        job,
        strictness,
        mut problems,
    } = document::load(path, parameters)?;
    let sources = datasources::find(&files.datasources);
    let datasources = datasources::load(sources.as_deref(), registry)?;
    match engine::resolve(&job, registry, &datasources, strictness, &mut problems) {
        Some(resolved) => {
            document::warn(&problems);
            Ok(resolved)
        }
        None => Err(document::refuse(&problems)),
    }
}

async fn execute(plan: Plan, folder: &RunFolder, output: &OutputArguments) -> Result<Exit, Stop> {
    print::err(format_args!("run {}", folder.id));
    let context = RunContext {
        ledger: Arc::new(FileLedger::open(&folder.path.join("ledger.jsonl"))?),
        dirty: Arc::new(DirtyRows::new(&folder.path)),
        meter: Arc::new(Meter::default()),
        cancel: CancellationToken::new(),
    };
    stop_on_signal(context.cancel.clone())?;
    let display = Display::start(context.meter.clone(), output.quiet);
    let ended = engine::run(plan, context).await;
    display.stop();
    tell(&ended.report, folder)?;
    let exit = Exit::of_run(&ended);
    if let Some(path) = &output.report {
        write_report(path, &ended.report)?;
    }
    Ok(exit)
}

fn tell(report: &Report, folder: &RunFolder) -> Result<(), Stop> {
    for notice in &report.notices {
        print::err(format_args!("notice: {notice}"));
    }
    let printed = print::out(report);
    if let Some(error) = &report.error {
        print::err(format_args!("error: {error}"));
    }
    if let Some(hint) = &report.hint {
        print::err(format_args!("  hint: {hint}"));
    }
    if report.outcome != Outcome::Succeeded && report.resumable {
        print::err(format_args!(
            "continue with: longshore run --resume {}",
            folder.id
        ));
    }
    printed
}

fn write_report(path: &Path, report: &Report) -> Result<(), Stop> {
    let text =
        serde_json::to_string_pretty(report).map_err(|error| Stop::usage(error.to_string()))?;
    fs::write(path, text + "\n").map_err(|error| {
        Stop::usage(format!(
            "cannot write the report {}: {error}",
            path.display()
        ))
    })
}

/// The first SIGINT or SIGTERM stops the run cleanly, the second one at once.
fn stop_on_signal(cancel: CancellationToken) -> Result<(), Stop> {
    let listen = |kind| {
        signal(kind).map_err(|error| Stop::usage(format!("cannot listen for signals: {error}")))
    };
    let (mut interrupt, mut terminate) = (
        listen(SignalKind::interrupt())?,
        listen(SignalKind::terminate())?,
    );
    tokio::spawn(async move {
        for round in 0..2 {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if round == 1 {
                std::process::exit(Exit::Interrupted as i32);
            }
            cancel.cancel();
            print::err("stopping; once more to stop at once");
        }
    });
    Ok(())
}
