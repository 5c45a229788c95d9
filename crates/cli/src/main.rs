//! The one executable, `longshore`: runs jobs and looks around data sources from a terminal, starts a server,
//! and asks one.
//!
//! Owns the command line, its files (data sources, run state) and its exit codes; everything else is
//! asked of the library crates. Results go to standard output, progress and messages to standard
//! error.

mod arguments;
mod browse;
mod catalog;
mod datasources;
mod document;
mod exit;
mod observe;
mod oidc;
mod print;
mod progress;
mod remote;
mod run;
mod secrets;
mod serve;
mod state;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::exit::{Exit, Stop};

fn main() -> std::process::ExitCode {
    let arguments = Arguments::parse();
    let traces = match observe::start(&arguments.command) {
        Ok(traces) => traces,
        Err(stop) => {
            stop.print();
            return stop.exit.into();
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            print::err(format_args!("error: cannot start: {error}"));
            return Exit::Internal.into();
        }
    };
    let result = runtime.block_on(dispatch(arguments.command));
    // A connection that is still closing must not hold up the end of the program.
    runtime.shutdown_background();
    traces.end();
    match result {
        Ok(exit) => exit.into(),
        Err(stop) => {
            stop.print();
            stop.exit.into()
        }
    }
}

async fn dispatch(command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Run(arguments) => run::run(arguments).await,
        Command::Check(arguments) => run::check(arguments).await,
        Command::Replay(arguments) => run::replay(arguments).await,
        Command::Params(arguments) => document::params(&arguments),
        Command::Convert(arguments) => document::convert(&arguments),
        Command::Ping(arguments) => browse::ping(&arguments).await,
        Command::Tables(arguments) => browse::tables(&arguments).await,
        Command::Columns(arguments) => browse::columns(&arguments).await,
        Command::Preview(arguments) => browse::preview(&arguments).await,
        Command::Connectors(arguments) => catalog::connectors(&arguments),
        Command::Schema(arguments) => catalog::schema(&arguments),
        Command::Serve(arguments) => serve::serve(*arguments).await,
        Command::Openapi => serve::openapi(),
        Command::Login(arguments) => remote::login::login(arguments).await,
        Command::Logout(arguments) => remote::login::logout(arguments).await,
        Command::Api(arguments) => remote::api::run(arguments).await,
        Command::Project(arguments) => remote::project::run(arguments).await,
        Command::Source(arguments) => remote::source::run(arguments).await,
        Command::Job(arguments) => remote::job::run(arguments).await,
        Command::Runs(arguments) => remote::runs::run(arguments).await,
        Command::Schedule(arguments) => remote::schedule::run(arguments).await,
        Command::Instance(arguments) => remote::instance::run(arguments).await,
        Command::Backfill(arguments) => remote::backfill::run(arguments).await,
    }
}
