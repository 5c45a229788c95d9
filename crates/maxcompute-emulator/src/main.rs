//! The command line of the local MaxCompute.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use maxcompute_emulator::{Access, KeyPair, Options, serve};
use tokio::signal::unix::{SignalKind, signal};

/// A local MaxCompute for demo, development and tests.
///
/// Prints `listening on http://HOST:PORT/api` when it is ready. SIGTERM and SIGINT stop it.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Folder of all data; made if it is missing
    #[arg(long)]
    data: PathBuf,
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Name of the one project
    #[arg(long, default_value = "demo")]
    project: String,
    /// Access id that is accepted
    #[arg(long, default_value = "emulator")]
    access_id: String,
    /// Access key secret that belongs to the id
    #[arg(long, default_value = "emulator")]
    access_key: String,
    /// Security token that requests must carry, as if the keys were temporary
    #[arg(long)]
    security_token: Option<String>,
    /// Accept every request without looking at its signature
    #[arg(long, conflicts_with_all = ["require_v4", "security_token"])]
    no_auth: bool,
    /// On REST, accept only signatures of version 4, and only for this region
    #[arg(long, value_name = "REGION")]
    require_v4: Option<String>,
}

impl Arguments {
    fn into_options(self) -> Options {
        let access = if self.no_auth {
            Access::Open
        } else {
            Access::Keys(KeyPair {
                access_id: self.access_id,
                access_key: self.access_key,
                security_token: self.security_token,
                required_region: self.require_v4,
            })
        };
        Options {
            data: self.data,
            listen: self.listen,
            project: self.project,
            access,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().into_options()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; the exit code tells it as well.
            let _ = writeln!(io::stderr(), "maxcompute-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = serve(options).await?;
    let mut stdout = io::stdout();
    writeln!(stdout, "listening on {}", server.endpoint())?;
    stdout.flush()?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    server.stop().await;
    Ok(())
}
