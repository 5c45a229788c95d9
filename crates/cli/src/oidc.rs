//! The options of `longshore serve` about single sign-on.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use sdk::Secret;
use server::{OidcConfig, Passwords};

use crate::exit::Stop;
use crate::secrets;

#[derive(Args)]
#[command(next_help_heading = "Single sign-on")]
pub(crate) struct OidcArguments {
    /// The OpenID provider that people may sign in at, as its own description names it
    #[arg(
        long = "oidc-issuer",
        env = "LONGSHORE_OIDC_ISSUER",
        value_name = "URL",
        requires = "client_id"
    )]
    issuer: Option<String>,
    /// What this server is called there; register `ADDRESS/api/v1/session/oidc/callback` as its redirect address
    #[arg(
        long = "oidc-client-id",
        env = "LONGSHORE_OIDC_CLIENT_ID",
        value_name = "ID",
        requires = "issuer"
    )]
    client_id: Option<String>,
    /// The file with the secret of the client; none for a public client
    #[arg(
        long = "oidc-client-secret-file",
        env = "LONGSHORE_OIDC_CLIENT_SECRET_FILE",
        value_name = "FILE",
        requires = "issuer"
    )]
    client_secret_file: Option<PathBuf>,
    /// What people know the provider by
    #[arg(
        long = "oidc-title",
        env = "LONGSHORE_OIDC_TITLE",
        value_name = "TEXT",
        default_value = "single sign-on",
        requires = "issuer"
    )]
    title: String,
    /// What is asked for besides `openid`
    #[arg(
        long = "oidc-scopes",
        env = "LONGSHORE_OIDC_SCOPES",
        value_name = "SCOPE",
        value_delimiter = ',',
        default_value = "email,profile",
        requires = "issuer"
    )]
    scopes: Vec<String>,
    /// Make an account without any rights for people who have none
    #[arg(
        long = "oidc-create-accounts",
        env = "LONGSHORE_OIDC_CREATE_ACCOUNTS",
        requires = "issuer"
    )]
    create_accounts: bool,
    /// Give people the account with their verified e-mail address, unless it administers the instance
    #[arg(
        long = "oidc-link-by-email",
        env = "LONGSHORE_OIDC_LINK_BY_EMAIL",
        requires = "issuer"
    )]
    link_by_email: bool,
    /// Admit only people with a verified e-mail address of these domains
    #[arg(
        long = "oidc-domains",
        env = "LONGSHORE_OIDC_DOMAINS",
        value_name = "DOMAIN",
        value_delimiter = ',',
        requires = "issuer"
    )]
    domains: Vec<String>,
    /// Admit only people in one of these groups
    #[arg(
        long = "oidc-groups",
        env = "LONGSHORE_OIDC_GROUPS",
        value_name = "GROUP",
        value_delimiter = ',',
        requires = "issuer"
    )]
    groups: Vec<String>,
    /// The claim of the identity token that lists somebody's groups
    #[arg(
        long = "oidc-group-claim",
        env = "LONGSHORE_OIDC_GROUP_CLAIM",
        value_name = "CLAIM",
        default_value = "groups",
        requires = "issuer"
    )]
    group_claim: String,
    /// Let only administrators of the instance sign in with a password
    #[arg(long = "oidc-only", env = "LONGSHORE_OIDC_ONLY", requires = "issuer")]
    only: bool,
}

impl OidcArguments {
    /// The set-up of single sign-on, if a provider is named.
    pub(crate) fn config(self) -> Result<Option<OidcConfig>, Stop> {
        let (Some(issuer), Some(client_id)) = (self.issuer, self.client_id) else {
            return Ok(None);
        };
        let client_secret = match self.client_secret_file {
            None => None,
            Some(path) => {
                secrets::refuse_if_readable_by_all(&path).map_err(Stop::usage)?;
                let text = fs::read_to_string(&path).map_err(|error| {
                    let path = path.display();
                    Stop::usage(format!("cannot read the client's secret {path}: {error}"))
                })?;
                Some(Secret::new(text.trim_end_matches(['\r', '\n'])))
            }
        };
        Ok(Some(OidcConfig {
            issuer,
            client_id,
            client_secret,
            title: self.title,
            scopes: self.scopes,
            create_accounts: self.create_accounts,
            link_by_email: self.link_by_email,
            domains: self.domains,
            group_claim: self.group_claim,
            groups: self.groups,
            passwords: if self.only {
                Passwords::Administrators
            } else {
                Passwords::Everybody
            },
        }))
    }
}
