//! What can be written on the command line.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use serde::{Deserialize, Serialize};

use crate::exit::Exit;
use crate::observe::ObserveArguments;
use crate::oidc::OidcArguments;
use crate::remote::api::ApiArguments;
use crate::remote::arguments::Of;
use crate::remote::login::{LoginArguments, LogoutArguments};
use crate::remote::{backfill, instance, job, project, runs, schedule, source};

/// Moves tables between data sources.
#[derive(Parser)]
#[command(name = "longshore", version, max_term_width = 100, after_help = Exit::help())]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const ELSEWHERE: &str = "Jobs that a server keeps are run with `longshore job run NAME`, and `longshore runs` looks after the runs \
of a server.";

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run a job document here, or continue a run that was stopped or killed
    #[command(after_help = ELSEWHERE)]
    Run(RunArguments),
    /// Show what a job would do: parameters, type fit and splits; no row moves
    Check(JobArguments),
    /// Feed dirty rows back into a job's target after they were mended
    Replay(ReplayArguments),
    /// Show the value of every parameter of a job document
    Params(DocumentArguments),
    /// Rewrite a DataX or DataWorks 2.0 document in Longshore's own spelling
    Convert(ConvertArguments),
    /// Test the connectivity of a data source, stage by stage
    Ping(NameArguments),
    /// List the tables of a data source
    Tables(TablesArguments),
    /// List the columns of a table
    Columns(TableArguments),
    /// Show the first 20 rows of a table
    Preview(TableArguments),
    /// List the connectors of this build
    Connectors(ConnectorsArguments),
    /// Print the JSON Schema of a connector's options
    Schema(SchemaArguments),
    /// Start a server: data sources, jobs, runs, schedules and people behind a REST API
    Serve(Box<ServeArguments>),
    /// Print the description of the server's REST API
    Openapi,
    /// Sign in to a server, and keep an access key for this machine
    Login(LoginArguments),
    /// Revoke this machine's access key, and forget it
    Logout(LogoutArguments),
    /// On a server: projects
    #[command(visible_alias = "projects")]
    Project(Of<project::Verb>),
    /// On a server: data sources
    #[command(visible_alias = "sources")]
    Source(Of<source::Verb>),
    /// On a server: jobs, their versions, and running them
    #[command(visible_alias = "jobs")]
    Job(Of<job::Verb>),
    /// On a server: runs, their logs and dirty rows
    Runs(Of<runs::Verb>),
    /// On a server: when jobs run
    #[command(visible_alias = "schedules")]
    Schedule(Of<schedule::Verb>),
    /// On a server: the cycles of schedules and backfills
    #[command(visible_alias = "instances")]
    Instance(Of<instance::Verb>),
    /// On a server: runs for business dates that have passed
    #[command(visible_alias = "backfills")]
    Backfill(Of<backfill::Verb>),
    /// On a server: any request of its API
    Api(ApiArguments),
}

#[derive(Args)]
pub(crate) struct ServeArguments {
    /// The folder of the server: its store, its key, the logs and dirty rows of its runs
    #[arg(
        long,
        env = "LONGSHORE_SERVER_FOLDER",
        value_name = "FOLDER",
        default_value = "longshore-server"
    )]
    pub(crate) folder: PathBuf,
    /// Where to listen
    #[arg(
        long,
        env = "LONGSHORE_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8642"
    )]
    pub(crate) listen: std::net::SocketAddr,
    /// `postgres://…` to keep metadata in PostgreSQL, or `${file:PATH}` or `${env:NAME}` that holds it; SQLite in
    /// the folder without it
    #[arg(
        long,
        env = "LONGSHORE_STORE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub(crate) store: Option<String>,
    /// How people reach the server, for example `https://longshore.example.org`
    #[arg(long, env = "LONGSHORE_ADDRESS", value_name = "URL")]
    pub(crate) address: Option<String>,
    /// The file of the keys that secrets are sealed with, one `id:key` a line; the last one seals. `${env:NAME}`
    /// for a variable that holds those lines instead. `secret.keys` in the folder without it, made at the first start
    #[arg(long, env = "LONGSHORE_KEYS", value_name = "FILE")]
    pub(crate) keys: Option<String>,
    /// Serve the web console from this folder instead of the executable
    #[arg(long, env = "LONGSHORE_CONSOLE", value_name = "FOLDER")]
    pub(crate) console: Option<PathBuf>,
    /// Networks of proxies that tell a client's address in `X-Forwarded-For`
    #[arg(
        long,
        env = "LONGSHORE_TRUSTED_PROXIES",
        value_name = "NETWORK",
        value_delimiter = ','
    )]
    pub(crate) trusted_proxies: Vec<String>,
    /// Runs at the same time in this process
    #[arg(
        long,
        env = "LONGSHORE_SLOTS",
        value_name = "COUNT",
        default_value_t = 8
    )]
    pub(crate) slots: u32,
    /// When the server is asked to stop, finish running jobs for at most so many seconds instead of handing them over
    #[arg(
        long,
        env = "LONGSHORE_FINISH_SECONDS",
        value_name = "SECONDS",
        default_value_t = 0
    )]
    pub(crate) finish_seconds: u64,
    /// The certificate chain as a PEM file; the server then speaks TLS itself
    #[arg(
        long,
        env = "LONGSHORE_TLS_CERTIFICATE",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The private key as a PEM file
    #[arg(
        long,
        env = "LONGSHORE_TLS_KEY",
        value_name = "FILE",
        requires = "tls_certificate"
    )]
    pub(crate) tls_key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) observe: ObserveArguments,
    #[command(flatten)]
    pub(crate) oidc: OidcArguments,
}

#[derive(Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) target: JobOrRun,
    /// Read at most so many rows, to try the job; the target is emptied or overwritten as the job says all the same
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) limit_rows: Option<u64>,
    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
    #[command(flatten)]
    pub(crate) files: FileArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct JobOrRun {
    /// The job document
    pub(crate) job: Option<PathBuf>,
    /// Continue this run with the document, parameters and data sources it was begun with
    #[arg(long, value_name = "RUN", conflicts_with_all = ["parameters", "bizdate", "cyctime", "strict", "lenient", "limit_rows"])]
    pub(crate) resume: Option<String>,
}

#[derive(Args)]
pub(crate) struct JobArguments {
    /// The job document
    pub(crate) job: PathBuf,
    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
    #[command(flatten)]
    pub(crate) datasources: DatasourceArguments,
}

#[derive(Args)]
pub(crate) struct ReplayArguments {
    /// The run whose dirty rows to feed back, or a dirty-row file
    pub(crate) rows: String,
    /// The job document; needed with a file, taken from the run otherwise
    pub(crate) job: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
    #[command(flatten)]
    pub(crate) files: FileArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
}

#[derive(Args)]
pub(crate) struct DocumentArguments {
    /// The job document
    pub(crate) job: PathBuf,
    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
}

#[derive(Args)]
pub(crate) struct ConvertArguments {
    /// The job document
    pub(crate) job: PathBuf,
    /// Write here instead of to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct NameArguments {
    /// The data source
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) datasources: DatasourceArguments,
}

#[derive(Args)]
pub(crate) struct TablesArguments {
    /// The data source
    pub(crate) name: String,
    /// Only tables whose name contains this
    #[arg(default_value = "")]
    pub(crate) search: String,
    #[command(flatten)]
    pub(crate) datasources: DatasourceArguments,
}

#[derive(Args)]
pub(crate) struct TableArguments {
    /// The data source
    pub(crate) name: String,
    /// The table
    pub(crate) table: String,
    #[command(flatten)]
    pub(crate) datasources: DatasourceArguments,
}

#[derive(Args)]
pub(crate) struct ConnectorsArguments {
    /// As JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct SchemaArguments {
    /// The connector
    #[arg(required_unless_present = "all")]
    pub(crate) connector: Option<String>,
    /// Write every connector's schemas and reference page into a folder
    #[arg(long, requires = "out", conflicts_with = "connector")]
    pub(crate) all: bool,
    /// The folder for --all
    #[arg(
        long,
        value_name = "DIR",
        requires = "all",
        conflicts_with = "connector"
    )]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ParameterArguments {
    /// A parameter of the document: a constant, or an expression such as '$[yyyymmdd-1]'
    #[arg(short, long = "parameter", value_name = "KEY=VALUE", id = "parameters")]
    pub(crate) parameters: Vec<String>,
    /// The business date [default: yesterday]
    #[arg(long, value_name = "YYYYMMDD")]
    pub(crate) bizdate: Option<String>,
    /// The scheduled time [default: the day after the business date, 00:00:00]
    #[arg(long, value_name = "YYYYMMDDhhmmss")]
    pub(crate) cyctime: Option<String>,
    /// Unknown keys are errors, whatever the document's spelling
    #[arg(long, conflicts_with = "lenient")]
    pub(crate) strict: bool,
    /// Unknown keys are warnings, whatever the document's spelling
    #[arg(long)]
    pub(crate) lenient: bool,
}

#[derive(Args, Default)]
pub(crate) struct FileArguments {
    #[command(flatten)]
    pub(crate) datasources: DatasourceArguments,
    /// Where runs keep their ledgers and dirty rows [default: ~/.local/state/longshore]
    #[arg(long, value_name = "DIR", env = "LONGSHORE_STATE", value_parser = absolute())]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Args, Default)]
pub(crate) struct DatasourceArguments {
    /// The file of data sources [default: ./datasources.toml, then ~/.config/longshore/datasources.toml]
    #[arg(long, value_name = "FILE", env = "LONGSHORE_DATASOURCES", value_parser = absolute())]
    pub(crate) datasources: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct OutputArguments {
    /// Write the closing report as JSON
    #[arg(long, value_name = "FILE", value_parser = absolute())]
    pub(crate) report: Option<PathBuf>,
    /// No progress
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// A path from where the program was started: a run is continued in the folder that it was begun in.
fn absolute() -> impl TypedValueParser<Value = PathBuf> {
    PathBufValueParser::new().try_map(std::path::absolute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_have_no_effect_is_refused() {
        for words in [
            &["schema", "postgresql", "--out", "x"][..],
            &["schema", "--out", "x"],
            &["check", "job.json", "--state", "x"],
            &["run", "job.json", "--resume", "x"],
            &["run", "--resume", "x", "-p", "a=b"],
            &["run"],
            &["serve", "--oidc-issuer", "https://login.example.org"],
            &["serve", "--oidc-create-accounts"],
            &["serve", "--oidc-title", "x"],
            &["serve", "--oidc-groups", "x"],
            &["job", "run", "orders", "--wiat"],
            &["source", "create", "shop"],
            &[
                "source",
                "create",
                "shop",
                "--connector",
                "postgresql",
                "--local",
                "shop",
            ],
            &[
                "schedule",
                "create",
                "orders",
                "--daily",
                "00:15",
                "--cron",
                "0 15 0 * * ?",
            ],
            &["login"],
        ] {
            let line = [&["longshore"], words].concat();
            assert!(Arguments::try_parse_from(line).is_err(), "{words:?}");
        }
    }
}
