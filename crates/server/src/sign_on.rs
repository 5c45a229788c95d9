//! Single sign-on: what is asked of an OpenID provider, and when its answer is believed.
//!
//! Owns the provider's description and keys, the way to its page, and the check of its identity tokens as OpenID
//! Connect Core 1.0, section 3.1, has it. Whose account an identity is, is left to `api/session/oidc`.

mod http;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
    CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret,
    CsrfToken, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenClaims,
    IdTokenFields, IdTokenVerifier, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, StandardErrorResponse, StandardTokenResponse,
    TokenResponse,
};
use sdk::{Error, Kind, Result, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::access::token;
use crate::config::OidcConfig;

/// The provider's description and keys are read again after so long.
const KNOWN_FOR: TimeDelta = TimeDelta::hours(1);
/// They are read again at once, though not more often than this, when a signature does not fit.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(1);
/// So much may the provider's clock differ from this one.
const LEEWAY: TimeDelta = TimeDelta::minutes(1);
/// Signatures that only the provider can make; the client's secret makes none, and `none` is none.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// The provider that people sign in at.
pub(crate) struct Provider {
    config: OidcConfig,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    http: reqwest::Client,
    known: Mutex<Option<Known>>,
}

/// What the provider says of itself, with its keys, and when it was read.
#[derive(Clone)]
struct Known {
    metadata: Arc<CoreProviderMetadata>,
    at: DateTime<Utc>,
}

/// Somebody the provider vouches for.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) issuer: String,
    /// The provider's id of them, which it never gives to anybody else.
    pub(crate) subject: String,
    /// What they are called there; not unique, and not theirs for ever.
    pub(crate) name: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) email_is_verified: bool,
    groups: Vec<String>,
}

/// What belongs to one attempt to sign in and is known to its browser alone.
pub(crate) struct Attempt(Secret);

/// Claims that the standard does not name, such as groups.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct MoreClaims {
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl AdditionalClaims for MoreClaims {}

type Tokens = StandardTokenResponse<
    IdTokenFields<
        MoreClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type Client = openidconnect::Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

impl Attempt {
    pub(crate) fn new() -> Result<Attempt> {
        Ok(Attempt(token::token()?))
    }

    /// The attempt of a browser's cookie.
    pub(crate) fn of(cookie: String) -> Attempt {
        Attempt(Secret::new(cookie))
    }

    pub(crate) fn cookie(&self) -> &str {
        self.0.expose()
    }

    /// What the store knows the browser by.
    pub(crate) fn browser_hash(&self) -> String {
        token::hash(self.0.expose())
    }

    /// Both are made of the cookie, so that they are kept nowhere else.
    fn derived(&self, purpose: &str) -> String {
        token::hash(format!("{purpose} {}", self.0.expose()))
    }

    fn nonce(&self) -> Nonce {
        Nonce::new(self.derived("nonce"))
    }

    fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.derived("verifier"))
    }
}

impl Provider {
    /// Checks the set-up; the provider is asked when the first person comes.
    pub(crate) fn new(config: OidcConfig, callback: String) -> Result<Provider> {
        let wrong = |what: &str| {
            Error::new(
                Kind::Config,
                format!("cannot use the OpenID provider {}: {what}", config.issuer),
            )
            .hint("name the issuer exactly as its own description does, for example `https://login.example.org`")
        };
        let issuer =
            IssuerUrl::new(config.issuer.clone()).map_err(|_| wrong("it is no address"))?;
        let url = issuer.url();
        let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if url.scheme() != "https" && !(url.scheme() == "http" && local) {
            return Err(wrong("its address must begin with `https:`"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("its address has more than a path"));
        }
        let redirect = RedirectUrl::new(callback).map_err(|_| {
            Error::new(Kind::Config, "the address of this server is not right")
                .hint("say with `--address` how people reach it, for example `https://longshore.example.org`")
        })?;
        let http = http::client().map_err(|error| {
            Error::internal(format!("no HTTP client for the OpenID provider: {error}"))
        })?;
        Ok(Provider {
            issuer,
            redirect,
            http,
            config,
            known: Mutex::new(None),
        })
    }

    pub(crate) fn config(&self) -> &OidcConfig {
        &self.config
    }

    /// The address of the provider's page for an attempt.
    pub(crate) async fn page(
        &self,
        attempt: &Attempt,
        state: Secret,
        now: DateTime<Utc>,
    ) -> Result<String> {
        let client = self.client(&self.known(now, KNOWN_FOR).await?);
        let nonce = attempt.nonce();
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&attempt.verifier());
        let scopes = self.config.scopes.iter().cloned().map(Scope::new);
        let (url, _, _) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state.expose().to_string()),
                move || nonce,
            )
            .set_pkce_challenge(challenge)
            .add_scopes(scopes)
            .url();
        Ok(url.to_string())
    }

    /// Takes the code that a browser brought back to the provider, and believes the answer if it proves itself.
    pub(crate) async fn identify(
        &self,
        code: Secret,
        attempt: &Attempt,
        now: DateTime<Utc>,
    ) -> Result<Identity> {
        let known = self.known(now, KNOWN_FOR).await?;
        let ask = http::asking(&self.http);
        let tokens = self
            .client(&known)
            .exchange_code(AuthorizationCode::new(code.expose().to_string()))
            .map_err(|_| self.failed("it has no token endpoint"))?
            .set_pkce_verifier(attempt.verifier())
            .request_async(&ask)
            .await
            .map_err(|error| self.no_tokens(&error))?;
        let token = tokens
            .id_token()
            .ok_or_else(|| self.failed("it sent no identity token"))?;
        let nonce = attempt.nonce();
        let claims = match token.claims(&self.verifier(&known, now), &nonce) {
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                // The provider may have changed its keys since they were read.
                let known = self.known(now, AGAIN_AFTER).await?;
                token.claims(&self.verifier(&known, now), &nonce)
            }
            other => other,
        };
        self.believed(claims.map_err(|error| not_believed(&error))?)
    }

    fn believed(&self, claims: &IdTokenClaims<MoreClaims, CoreGenderClaim>) -> Result<Identity> {
        if let Some(party) = claims.authorized_party()
            && **party != self.config.client_id
        {
            return Err(refused("was made for another client", ASK));
        }
        let groups = claims
            .additional_claims()
            .others
            .get(&self.config.group_claim);
        let name = claims.name().and_then(|name| name.get(None));
        Ok(Identity {
            issuer: claims.issuer().to_string(),
            subject: claims.subject().to_string(),
            name: claims.preferred_username().map(|name| name.to_string()),
            display_name: name.map(|name| name.to_string()),
            email: claims.email().map(|email| email.to_string()),
            email_is_verified: claims.email_verified() == Some(true),
            groups: match groups {
                Some(Value::Array(groups)) => groups
                    .iter()
                    .filter_map(|group| group.as_str().map(str::to_string))
                    .collect(),
                Some(Value::String(group)) => vec![group.clone()],
                _ => Vec::new(),
            },
        })
    }

    /// Refuses people whom the administrator does not admit.
    pub(crate) fn admit(&self, identity: &Identity) -> Result<()> {
        let OidcConfig {
            domains, groups, ..
        } = &self.config;
        let denied = |message: &str, hint: &str| Err(Error::new(Kind::Denied, message).hint(hint));
        if !domains.is_empty() {
            let domain = identity.email.as_deref().and_then(|it| it.rsplit_once('@'));
            if !identity.email_is_verified {
                return denied(
                    "the provider does not vouch for your e-mail address",
                    "let the provider verify it, and sign in again",
                );
            }
            let fits = |domain: &str| domains.iter().any(|it| it.eq_ignore_ascii_case(domain));
            if !domain.is_some_and(|(_, domain)| fits(domain)) {
                return denied(
                    "the domain of your e-mail address is not admitted here",
                    "sign in with another address, or ask an administrator to admit the domain",
                );
            }
        }
        if !groups.is_empty() && !identity.groups.iter().any(|it| groups.contains(it)) {
            return denied(
                "you are in none of the groups that are admitted here",
                "ask an administrator which group you need",
            );
        }
        Ok(())
    }

    /// What the provider says of itself, read at most so long ago.
    async fn known(&self, now: DateTime<Utc>, at_most: TimeDelta) -> Result<Known> {
        let known = self.lock().clone();
        if let Some(known) = known
            && (TimeDelta::zero()..at_most).contains(&(now - known.at))
        {
            return Ok(known);
        }
        let ask = http::asking(&self.http);
        let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &ask)
            .await
            .map_err(|error| self.failed(&http::reasons(&error)))?;
        let known = Known {
            metadata: Arc::new(metadata),
            at: now,
        };
        *self.lock() = Some(known.clone());
        Ok(known)
    }

    /// A panic while the lock is held leaves a whole value behind.
    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, known: &Known) -> Client {
        let secret = self.config.client_secret.as_ref();
        let client = Client::from_provider_metadata(
            (*known.metadata).clone(),
            ClientId::new(self.config.client_id.clone()),
            secret.map(|secret| ClientSecret::new(secret.expose().to_string())),
        )
        .set_redirect_uri(self.redirect.clone());
        let methods = known.metadata.token_endpoint_auth_methods_supported();
        let in_header = methods
            .is_none_or(|methods| methods.contains(&CoreClientAuthMethod::ClientSecretBasic));
        if in_header {
            client
        } else {
            client.set_auth_type(AuthType::RequestBody)
        }
    }

    fn verifier(&self, known: &Known, now: DateTime<Utc>) -> IdTokenVerifier<'_, CoreJsonWebKey> {
        IdTokenVerifier::new_public_client(
            ClientId::new(self.config.client_id.clone()),
            self.issuer.clone(),
            known.metadata.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now - LEEWAY)
        .set_issue_time_verifier_fn(move |issued| {
            if issued > now + LEEWAY {
                return Err("it was issued in the future".to_string());
            }
            Ok(())
        })
    }

    fn failed(&self, reason: &str) -> Error {
        tracing::warn!(
            reason,
            "the OpenID provider {} cannot be used",
            self.config.issuer
        );
        Error::new(
            Kind::Unreachable,
            format!(
                "the provider of {} does not answer as it should",
                self.config.title
            ),
        )
        .hint("try again later; the reason stands in the server's log")
    }

    /// The text of an answer that cannot be read may hold a token, so it is not looked at.
    fn no_tokens(
        &self,
        error: &RequestTokenError<std::io::Error, StandardErrorResponse<CoreErrorResponseType>>,
    ) -> Error {
        match error {
            RequestTokenError::ServerResponse(answer) => match answer.error() {
                CoreErrorResponseType::InvalidGrant => refused_code(),
                other => self.failed(&format!("it refused the client: {}", other.as_ref())),
            },
            RequestTokenError::Request(error) => self.failed(&http::reasons(error)),
            _ => self.failed("its answer with the tokens cannot be read"),
        }
    }
}

const ASK: &str = "begin again at the sign-in page; if that does not help, ask an administrator";

fn refused_code() -> Error {
    Error::new(
        Kind::Auth,
        "the provider did not accept the code of this sign-in",
    )
    .hint("a code is good once and for a short time; begin again at the sign-in page")
}

fn refused(what: &str, hint: &str) -> Error {
    Error::new(Kind::Auth, format!("the identity token {what}")).hint(hint)
}

fn not_believed(error: &ClaimsVerificationError) -> Error {
    tracing::warn!(
        reason = http::reasons(error),
        "an identity token was refused"
    );
    const CLOCKS: &str = "check the clocks of this server and of the provider, and begin again";
    match error {
        ClaimsVerificationError::Expired(_) => refused("is not valid at this time", CLOCKS),
        ClaimsVerificationError::InvalidAudience(_) => {
            refused("was made for somebody else than this server", ASK)
        }
        ClaimsVerificationError::InvalidIssuer(_) => refused("names another issuer", ASK),
        ClaimsVerificationError::InvalidNonce(_) => refused("belongs to another sign-in", ASK),
        ClaimsVerificationError::SignatureVerification(_) => {
            refused("has no signature of the provider", ASK)
        }
        _ => refused("cannot be used", ASK),
    }
}
