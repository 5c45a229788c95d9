//! Options that all commands about a server share.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// A noun with its verbs.
#[derive(Args)]
#[command(after_help = PLACES)]
pub(crate) struct Of<Verb: Subcommand> {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

const PLACES: &str = "The server and the access key come from `longshore login`, or from LONGSHORE_SERVER, \
LONGSHORE_ACCESS_KEY_ID and LONGSHORE_ACCESS_KEY_SECRET. Names are accepted wherever ids are.";

#[derive(Args, Clone, Default)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArguments {
    #[command(flatten)]
    pub(crate) profile: ProfileArguments,
    /// The address of the server, instead of the profile's
    #[arg(long, global = true, env = "LONGSHORE_SERVER", value_name = "URL")]
    pub(crate) server: Option<String>,
    /// The project, instead of the profile's
    #[arg(long, global = true, env = "LONGSHORE_PROJECT", value_name = "NAME")]
    pub(crate) project: Option<String>,
    /// Certificates of authorities to trust besides the system's, as a PEM file
    #[arg(long, global = true, env = "LONGSHORE_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Print the answer of the API as it is
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Args, Clone, Default)]
pub(crate) struct ProfileArguments {
    /// Which of several sign-ins to use [default: default]
    #[arg(long, global = true, env = "LONGSHORE_PROFILE", value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The file of profiles [default: ~/.config/longshore/profiles.toml]
    #[arg(long, global = true, env = "LONGSHORE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl ProfileArguments {
    pub(crate) fn name(&self) -> &str {
        self.profile.as_deref().unwrap_or("default")
    }
}

/// How much of a list is wanted.
#[derive(Args)]
pub(crate) struct ListArguments {
    /// At most so many
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) limit: u32,
    /// Go on after a page, with its `nextCursor`
    #[arg(long, value_name = "CURSOR", conflicts_with = "all")]
    pub(crate) cursor: Option<String>,
    /// All of them, page after page
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
}

/// A question before something is lost.
#[derive(Args)]
pub(crate) struct SureArguments {
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// A request that is done once, however often it is sent.
#[derive(Args)]
pub(crate) struct OnceArguments {
    /// Sent again with the same key, the command does nothing a second time and gives the first answer; a new
    /// key for each command unless given
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
}
