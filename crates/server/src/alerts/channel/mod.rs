//! Where messages go: mail, webhooks, and the robots of chat services.
//!
//! What is written about a channel is a type of its own for each kind, which parses and describes itself as the
//! settings of connectors do. Secrets are kept as those of data sources are.

mod http;
mod mail;

use std::time::Duration;

use schemars::JsonSchema;
use sdk::{Error, FieldProblem, Result, Secret, Words};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use self::http::Form;
use self::mail::Mail;
use super::message::Message;
use crate::access::secrets::{self, Parts, Secrets};
use crate::datasources::policy::Policy;
use crate::state::App;
use crate::store::alert_channel::AlertChannel;

/// Sending a message ends after so long, whatever the other side does.
const LONGEST: Duration = Duration::from_secs(20);

/// The texts of the settings in Chinese, by the kind and the place in its schema.
const CHINESE: &str = include_str!("zh.json");

/// What sort of channel it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChannelKind)]
pub(crate) enum Kind {
    /// Mail by SMTP.
    Mail,
    /// JSON to any address, with a signature.
    Webhook,
    /// A robot of DingTalk.
    DingTalk,
    /// A robot of WeCom.
    WeCom,
    /// A robot of Feishu or Lark.
    Feishu,
    /// An incoming webhook of Slack, or of what understands the same.
    Slack,
}

impl Kind {
    pub(crate) const ALL: [Kind; 6] = [
        Kind::Mail,
        Kind::Webhook,
        Kind::DingTalk,
        Kind::WeCom,
        Kind::Feishu,
        Kind::Slack,
    ];

    /// The word for it in the store and in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Mail => "mail",
            Kind::Webhook => "webhook",
            Kind::DingTalk => "dingTalk",
            Kind::WeCom => "weCom",
            Kind::Feishu => "feishu",
            Kind::Slack => "slack",
        }
    }

    /// Reads the word of the store.
    pub(crate) fn read(name: &str) -> Result<Kind> {
        let found = Kind::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| Error::internal("a channel of the store has an unknown kind"))
    }

    /// The settings as JSON Schema.
    pub(crate) fn schema(self) -> Value {
        match self {
            Kind::Mail => sdk::schema_of::<Mail>(),
            Kind::Webhook => sdk::schema_of::<Webhook>(),
            Kind::DingTalk | Kind::Feishu => sdk::schema_of::<SignedRobot>(),
            Kind::WeCom | Kind::Slack => sdk::schema_of::<Robot>(),
        }
    }

    /// The settings as JSON Schema with its texts in a language; what has none there is English.
    pub(crate) fn schema_in(self, language: &str) -> Value {
        let mut schema = self.schema();
        // A test reads them, too.
        if let Some(words) = Words::parse(CHINESE).ok().filter(|_| language == "zh") {
            words.say(self.name(), &mut schema);
        }
        schema
    }
}

/// Posts the message as JSON. `X-Longshore-Signature` is `sha256=` with the HMAC-SHA256 of the value of
/// `X-Longshore-Timestamp`, a dot and the body, in hexadecimal digits.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Webhook {
    /// Where to post, `https://…`.
    url: String,
    /// What messages are signed with, at least 16 characters.
    secret: Secret,
}

/// Posts a text to a robot of a chat.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Robot {
    /// The address of the robot as the chat service shows it. Who knows it can post, so it is kept as a secret.
    url: Secret,
}

/// Posts a text to a robot of a chat, signed if the robot asks for that.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SignedRobot {
    /// The address of the robot as the chat service shows it. Who knows it can post, so it is kept as a secret.
    url: Secret,
    /// The secret of the robot's signature, if that is switched on.
    #[serde(default)]
    secret: Secret,
}

/// A channel that can be used.
#[derive(Debug)]
pub(crate) enum Channel {
    Mail(Box<mail::Ready>),
    Http(http::Target),
}

/// Reads the settings of a channel, or names everything that is wrong with them.
pub(crate) fn open(
    kind: Kind,
    config: &Map<String, Value>,
) -> std::result::Result<Channel, Vec<FieldProblem>> {
    let config = Value::Object(config.clone());
    let target = match kind {
        Kind::Mail => {
            return mail::ready(sdk::parse(&config)?).map(|it| Channel::Mail(Box::new(it)));
        }
        Kind::Webhook => {
            let Webhook { url, secret } = sdk::parse(&config)?;
            http::target(Form::Json, &Secret::new(url), secret)
        }
        Kind::DingTalk | Kind::Feishu => {
            let SignedRobot { url, secret } = sdk::parse(&config)?;
            let form = if kind == Kind::DingTalk {
                Form::DingTalk
            } else {
                Form::Feishu
            };
            http::target(form, &url, secret)
        }
        Kind::WeCom | Kind::Slack => {
            let Robot { url } = sdk::parse(&config)?;
            let form = if kind == Kind::WeCom {
                Form::WeCom
            } else {
                Form::Slack
            };
            http::target(form, &url, Secret::default())
        }
    };
    target.map(Channel::Http)
}

/// For whom the secrets of a channel are sealed.
pub(crate) fn owner(id: &str) -> String {
    format!("alertChannel/{id}")
}

/// The settings of a channel without its secrets.
pub(crate) fn public(row: &AlertChannel) -> Result<Map<String, Value>> {
    serde_json::from_str(&row.config).map_err(|_| {
        Error::internal(format!(
            "the settings of channel `{}` have an unknown form",
            row.name
        ))
    })
}

/// The settings of a channel in two parts.
pub(crate) fn opened(app: &App, row: &AlertChannel) -> Result<Parts> {
    let text = app.keys.open(&owner(&row.id), &row.secrets_sealed)?;
    Ok(Parts {
        public: public(row)?,
        secrets: Secrets::from_text(&text)?,
    })
}

/// A message with the id by which its receiver knows it again.
pub(crate) struct Parcel<'a> {
    pub(crate) id: &'a str,
    pub(crate) message: &'a Message,
}

/// Sends a message to a stored channel.
pub(crate) async fn send(app: &App, row: &AlertChannel, parcel: &Parcel<'_>) -> Result<()> {
    let config = secrets::joined(&opened(app, row)?)?;
    let channel = open(Kind::read(&row.kind)?, &config).map_err(|problems| {
        let first = problems.first().map(|problem| problem.message.clone());
        let message = format!(
            "the settings of channel `{}` are not right: {}",
            row.name,
            first.unwrap_or_default()
        );
        Error::new(sdk::Kind::Config, message).hint("open the channel and correct them")
    })?;
    let settings = app.instance_settings().await.map_err(|error| {
        Error::new(
            sdk::Kind::Unreachable,
            format!("cannot read the settings: {}", error.message()),
        )
    })?;
    let policy = Policy::of(&settings)?;
    let sending = async {
        match &channel {
            Channel::Mail(mail) => mail::send(app, &policy, mail, parcel).await,
            Channel::Http(target) => http::send(app, &policy, target, parcel).await,
        }
    };
    match tokio::time::timeout(LONGEST, sending).await {
        Ok(ended) => ended,
        Err(_) => Err(Error::new(
            sdk::Kind::Unreachable,
            format!("no answer within {} s", LONGEST.as_secs()),
        )
        .hint(
            "check host and port, and that no firewall between here and there drops what is sent",
        )),
    }
}
