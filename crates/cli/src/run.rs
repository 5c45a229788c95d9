//! `longshore run`, `check` and `replay`: from the command line to a report.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use clap::Subcommand;
use engine::{
    Datasources, DirtyRows, Fit, KeptRows, MappedColumn, Meter, Outcome, Plan, Report, Resolved,
    RowForm, RunContext,
};
use job::Problems;
use sdk::{Registry, Splits};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::arguments::{
    FileArguments, JobArguments, OutputArguments, ParameterArguments, ReplayArguments, RunArguments,
};
use crate::document::{self, Loaded};
use crate::exit::{Exit, Stop};
use crate::progress::Display;
use crate::remote::runs;
use crate::state::{Begun, Replayed, RunFolder};
use crate::{catalog, datasources, print};

/// `longshore run`.
pub(crate) async fn run(arguments: RunArguments) -> Result<Exit, Stop> {
    let RunArguments {
        target,
        limit_rows,
        parameters,
        files,
        output,
    } = arguments;
    let (folder, mut begun) = match (target.resume, target.job) {
        (Some(id), _) => {
            let (folder, begun) = RunFolder::open(&files, &id)?;
            (Some(folder), begun)
        }
        // A file of such a name is run all the same.
        (None, Some(job)) if is_verb(&job) && !job.exists() => {
            let verb = job.display();
            return Err(Stop::usage(format!("there is no job document `{verb}`"))
                .hint(format!("the runs of a server: `longshore runs {verb}`")));
        }
        (None, Some(job)) => (None, Begun::now(&job, &parameters, &files.datasources)?),
        (None, None) => return Err(Stop::usage("name a job document, or a run to --resume")),
    };
    begun.limit_rows = limit_rows.or(begun.limit_rows);
    if let Some(replayed) = &begun.replay {
        return feed_back(&begun, replayed, folder, &files, &output).await;
    }
    let plan = engine::plan(resolve(&begun, &connectors::registry())?).await?;
    let folder = match folder {
        Some(folder) => folder,
        None => RunFolder::create(&files, &begun)?,
    };
    let limit = begun.limit_rows;
    execute(plan, limit, &folder, &output, stop_on_signal()?).await
}

/// Whether somebody means the runs of a server.
fn is_verb(job: &Path) -> bool {
    job.to_str().is_some_and(runs::Verb::has_subcommand)
}

/// `longshore check`: everything but moving rows.
pub(crate) async fn check(arguments: JobArguments) -> Result<Exit, Stop> {
    let begun = Begun::now(
        &arguments.job,
        &arguments.parameters,
        &arguments.datasources,
    )?;
    let comparison = engine::compare(resolve(&begun, &connectors::registry())?).await?;
    print::out(fit_table(comparison.columns()))?;
    let plan = comparison.into_plan()?;
    let Splits { splits, notices } = plan.reader().splits(plan.wanted_splits()).await?;
    let channels = plan.wanted_splits().min(splits.len());
    let mut text = format!(
        "\n{} over {}\n",
        counted(splits.len(), "split"),
        counted(channels, "channel")
    );
    for split in &splits {
        let rows = split
            .estimated_rows
            .map(|rows| format!(" (about {rows} rows)"));
        text.push_str(&format!("  {}{}\n", split.label, rows.unwrap_or_default()));
    }
    for notice in &notices {
        text.push_str(&format!("notice: {notice}\n"));
    }
    print::out(text)?;
    Ok(Exit::Success)
}

fn fit_table(columns: &[MappedColumn]) -> String {
    let mut table = vec![["source", "type", "target", "type", "fit"].map(str::to_string)];
    for column in columns {
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
    catalog::aligned(&table)
}

fn counted(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    }
}

/// `longshore replay`: mended dirty rows go back on their way.
pub(crate) async fn replay(arguments: ReplayArguments) -> Result<Exit, Stop> {
    let ReplayArguments {
        rows,
        job,
        parameters,
        files,
        output,
    } = arguments;
    let file = Path::new(&rows);
    let (mut begun, file, kept_by) = match job {
        Some(job) if file.is_file() => {
            let begun = Begun::now(&job, &parameters, &files.datasources)?;
            (begun, file.to_path_buf(), RowForm::Source)
        }
        Some(_) => {
            return Err(Stop::usage(format!("there is no dirty-row file `{rows}`"))
                .hint("a run is named alone: longshore replay RUN"));
        }
        None if file.is_file() => {
            return Err(Stop::usage("name the job document that the rows belong to")
                .hint("longshore replay dirty.jsonl job.json"));
        }
        None if parameters != ParameterArguments::default() => {
            return Err(Stop::usage("a run brings its parameters with it")
                .hint("leave them out, or name a dirty-row file and a job document"));
        }
        None => {
            let (folder, begun) = RunFolder::open(&files, &rows)?;
            let kept_by = begun.replay.as_ref().map(|before| before.form);
            (begun, folder.dirty_rows()?, kept_by.unwrap_or_default())
        }
    };
    let replayed = Replayed::first(file, kept_by)?;
    begun.replay = Some(replayed.clone());
    begun.limit_rows = None;
    feed_back(&begun, &replayed, None, &files, &output).await
}

/// Does the runs that dirty rows make, one after the other, beginning with the part that `replayed` names.
/// `folder` is that part's, if it was begun before.
async fn feed_back(
    begun: &Begun,
    replayed: &Replayed,
    mut folder: Option<RunFolder>,
    files: &FileArguments,
    output: &OutputArguments,
) -> Result<Exit, Stop> {
    replayed.refuse_changed()?;
    let registry = connectors::registry();
    let Loaded {
        job, mut problems, ..
    } = document::load(begun)?;
    let datasources = datasources_of(begun, &registry, &problems)?;
    let rows = KeptRows {
        file: replayed.file.clone(),
        kept_by: replayed.kept_by,
    };
    let replay = engine::Replay {
        job: &job,
        registry: &registry,
        datasources: &datasources,
        rows: &rows,
    };
    let mut runs = Vec::new();
    for form in rows.forms()? {
        runs.extend(replay.run(form, &mut problems).map(|run| (form, run)));
    }
    if problems.has_errors() {
        return Err(document::refuse(&problems));
    }
    document::warn(&problems);
    if runs.is_empty() {
        print::out(format_args!(
            "{} has no dirty rows\n",
            replayed.file.display()
        ))?;
    }
    let mut cancel = None;
    for (part, (form, resolved)) in runs.into_iter().enumerate().skip(replayed.part) {
        let plan = engine::plan(resolved).await?;
        let mut begun = begun.clone();
        if let Some(replayed) = &mut begun.replay {
            (replayed.part, replayed.form) = (part, form);
        }
        let here = match folder {
            None => RunFolder::create(files, &begun)?,
            Some(before) if part > replayed.part => before.of_part(&begun, part)?,
            Some(again) => again,
        };
        let token = match cancel.clone() {
            Some(token) => token,
            None => cancel.insert(stop_on_signal()?).clone(),
        };
        let exit = execute(plan, None, &here, output, token).await?;
        if exit != Exit::Success {
            return Ok(exit);
        }
        folder = Some(here);
    }
    Ok(Exit::Success)
}

fn resolve(begun: &Begun, registry: &Registry) -> Result<Resolved, Stop> {
    let Loaded {
        job,
        strictness,
        mut problems,
    } = document::load(begun)?;
    let datasources = datasources_of(begun, registry, &problems)?;
    match engine::resolve(&job, registry, &datasources, strictness, &mut problems) {
        Some(resolved) => {
            document::warn(&problems);
            Ok(resolved)
        }
        None => Err(document::refuse(&problems)),
    }
}

/// Loads the data sources; if it cannot, the document's problems are told besides.
fn datasources_of(
    begun: &Begun,
    registry: &Registry,
    problems: &Problems,
) -> Result<Datasources, Stop> {
    datasources::load(begun.datasources.as_deref(), registry)
        .inspect_err(|_| document::warn(problems))
}

async fn execute(
    plan: Plan,
    limit_rows: Option<u64>,
    folder: &RunFolder,
    output: &OutputArguments,
    cancel: CancellationToken,
) -> Result<Exit, Stop> {
    if let Some(path) = &output.report {
        // A report that cannot be written is found out now, not when the rows have moved.
        File::options()
            .append(true)
            .create(true)
            .open(path)
            .map_err(|error| no_report(path, &error))?;
    }
    print::err(format_args!("run {}", folder.id));
    let context = RunContext {
        ledger: Arc::new(folder.ledger()?),
        dirty: Arc::new(DirtyRows::new(&folder.path)),
        meter: Arc::new(Meter::default()),
        limit_rows,
        cancel,
    };
    let display = Display::start(context.meter.clone(), output.quiet);
    let ended = engine::run(plan, context).await;
    display.stop();
    // Whatever fails from here on, the exit code tells how the run ended.
    let told = tell(&ended.report, folder);
    let kept = match &output.report {
        Some(path) => write_report(path, &ended.report),
        None => Ok(()),
    };
    for stop in [told, kept].into_iter().filter_map(Result::err) {
        stop.print();
    }
    Ok(Exit::of_run(&ended))
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
        print::err(format_args!("continue with: {}", folder.resume_command()));
    }
    printed
}

fn write_report(path: &Path, report: &Report) -> Result<(), Stop> {
    let text =
        serde_json::to_string_pretty(report).map_err(|error| Stop::usage(error.to_string()))?;
    fs::write(path, text + "\n").map_err(|error| no_report(path, &error))
}

fn no_report(path: &Path, error: &io::Error) -> Stop {
    Stop::usage(format!(
        "cannot write the report {}: {error}",
        path.display()
    ))
}

/// The first SIGINT or SIGTERM stops the run cleanly, the second one at once.
pub(crate) fn stop_on_signal() -> Result<CancellationToken, Stop> {
    let listen = |kind| {
        signal(kind).map_err(|error| Stop::usage(format!("cannot listen for signals: {error}")))
    };
    let (mut interrupt, mut terminate) = (
        listen(SignalKind::interrupt())?,
        listen(SignalKind::terminate())?,
    );
    let token = CancellationToken::new();
    let cancel = token.clone();
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
    Ok(token)
}
