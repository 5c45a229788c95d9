//! A connector is a plain value: its names, its configuration types, and how to open it.

use std::sync::Arc;

use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::parameters::{FieldProblem, nearest, parse, schema_of};
use crate::{Browser, DatasetName, Reader, Result, Words, Writer};

/// What sort of store it is; groups the list in docs and console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Family {
    /// Speaks SQL over rows.
    Relational,
    /// Column stores and lakes.
    Warehouse,
    /// Files and object stores.
    Files,
    /// Made up or thrown away.
    Synthetic,
}

/// How far it is proven: a fact, not an opinion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "tier", content = "with")]
pub enum Tier {
    /// Against this real server, in every run of the tests.
    Tested(&'static str),
    /// Against this emulator, in every run of the tests.
    Emulated(&'static str),
    /// Not at all, for this reason.
    Unverified(&'static str),
}

/// A typed configuration that was found right; connects when called.
pub type Opening<T> = Box<dyn FnOnce() -> BoxFuture<'static, Result<Box<T>>> + Send>;

type Open<T> =
    Arc<dyn Fn(&Value, &Value) -> std::result::Result<Opening<T>, ConfigProblems> + Send + Sync>;
type OpenBrowser = Arc<
    dyn Fn(&Value) -> std::result::Result<Opening<dyn Browser>, Vec<FieldProblem>> + Send + Sync,
>;
type SchemaOf = fn() -> Value;
type NamesOf = Arc<dyn Fn(&Value, &Value) -> Vec<DatasetName> + Send + Sync>;

/// Problems of a configuration, by the document they are in.
#[derive(Debug, Default)]
pub struct ConfigProblems {
    /// In the datasource's own fields.
    pub datasource: Vec<FieldProblem>,
    /// In the reader's or writer's parameters.
    pub parameter: Vec<FieldProblem>,
}

/// A kind of data source. What is absent is unsupported.
#[derive(Clone)]
pub struct Connector {
    /// The name in job documents, without `reader` or `writer`.
    pub name: &'static str,
    /// Other names that documents use for it.
    pub aliases: &'static [&'static str],
    /// The name for people.
    pub title: &'static str,
    /// What sort of store it is.
    pub family: Family,
    /// How far it is proven.
    pub tier: Tier,
    config: SchemaOf,
    reader: Option<(SchemaOf, Open<dyn Reader>)>,
    writer: Option<(SchemaOf, Open<dyn Writer>)>,
    browser: Option<OpenBrowser>,
    reads: Option<NamesOf>,
    writes: Option<NamesOf>,
    words: Option<(&'static str, &'static str)>,
}

impl Connector {
    /// A connector whose data sources are described by `C`; it can do nothing yet.
    pub fn new<C: JsonSchema>(
        name: &'static str,
        title: &'static str,
        family: Family,
        tier: Tier,
    ) -> Self {
        Connector {
            name,
            aliases: &[],
            title,
            family,
            tier,
            config: schema_of::<C>,
            reader: None,
            writer: None,
            browser: None,
            reads: None,
            writes: None,
            words: None,
        }
    }

    /// The texts of its forms in another language, `zh`, as [`Words::parse`] reads them.
    #[must_use]
    pub fn words(mut self, language: &'static str, text: &'static str) -> Self {
        self.words = Some((language, text));
        self
    }

    /// Further names for it in documents.
    #[must_use]
    pub fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Makes it readable: `open` gets the typed datasource and parameters.
    #[must_use]
    pub fn reader<C, P, F>(mut self, open: fn(C, P) -> F) -> Self
    where
        C: DeserializeOwned + JsonSchema + Send + 'static,
        P: DeserializeOwned + JsonSchema + Send + 'static,
        F: Future<Output = Result<Box<dyn Reader>>> + Send + 'static,
    {
        self.reader = Some((schema_of::<P>, opener(open)));
        self
    }

    /// Makes it writable: `open` gets the typed datasource and parameters.
    #[must_use]
    pub fn writer<C, P, F>(mut self, open: fn(C, P) -> F) -> Self
    where
        C: DeserializeOwned + JsonSchema + Send + 'static,
        P: DeserializeOwned + JsonSchema + Send + 'static,
        F: Future<Output = Result<Box<dyn Writer>>> + Send + 'static,
    {
        self.writer = Some((schema_of::<P>, opener(open)));
        self
    }

    /// Makes it browsable: `open` gets the typed datasource and does not connect yet.
    #[must_use]
    pub fn browser<C>(mut self, open: fn(C) -> Box<dyn Browser>) -> Self
    where
        C: DeserializeOwned + JsonSchema + Send + 'static,
    {
        self.browser = Some(Arc::new(move |config| {
            let config = parse::<C>(config)?;
            let opening: Opening<dyn Browser> =
                Box::new(move || Box::pin(async move { Ok(open(config)) }));
            Ok(opening)
        }));
        self
    }

    /// Makes known what its readers read: `names` gets the typed datasource and parameters, and gives
    /// nothing where they do not say it, as with a query.
    #[must_use]
    pub fn reads<C, P>(mut self, names: fn(&C, &P) -> Vec<DatasetName>) -> Self
    where
        C: DeserializeOwned + JsonSchema + 'static,
        P: DeserializeOwned + JsonSchema + 'static,
    {
        self.reads = Some(namer(names));
        self
    }

    /// Makes known what its writers write, as [`Connector::reads`] does.
    #[must_use]
    pub fn writes<C, P>(mut self, names: fn(&C, &P) -> Vec<DatasetName>) -> Self
    where
        C: DeserializeOwned + JsonSchema + 'static,
        P: DeserializeOwned + JsonSchema + 'static,
    {
        self.writes = Some(namer(names));
        self
    }

    /// The datasets that a reader with these parameters reads, as far as they say it.
    pub fn datasets_read(&self, config: &Value, parameter: &Value) -> Vec<DatasetName> {
        let names = self.reads.as_ref();
        names.map_or_else(Vec::new, |names| names(config, parameter))
    }

    /// The datasets that a writer with these parameters writes, as far as they say it.
    pub fn datasets_written(&self, config: &Value, parameter: &Value) -> Vec<DatasetName> {
        let names = self.writes.as_ref();
        names.map_or_else(Vec::new, |names| names(config, parameter))
    }

    /// The texts of its forms in a language; none where everything stays English.
    pub fn words_in(&self, language: &str) -> Words {
        let words = self.words.filter(|(known, _)| *known == language);
        // A test of each connector reads them, too.
        words
            .and_then(|(_, text)| Words::parse(text).ok())
            .unwrap_or_default()
    }

    /// JSON Schema of a datasource.
    pub fn config_schema(&self) -> Value {
        (self.config)()
    }

    /// JSON Schema of the reader's parameters, if it can be read.
    pub fn reader_schema(&self) -> Option<Value> {
        self.reader.as_ref().map(|(schema, _)| schema())
    }

    /// JSON Schema of the writer's parameters, if it can be written.
    pub fn writer_schema(&self) -> Option<Value> {
        self.writer.as_ref().map(|(schema, _)| schema())
    }

    /// Checks datasource and parameters and returns the way to connect; `None` if it cannot be read.
    pub fn open_reader(
        &self,
        config: &Value,
        parameter: &Value,
    ) -> Option<std::result::Result<Opening<dyn Reader>, ConfigProblems>> {
        self.reader
            .as_ref()
            .map(|(_, open)| open(config, parameter))
    }

    /// Checks datasource and parameters and returns the way to connect; `None` if it cannot be written.
    pub fn open_writer(
        &self,
        config: &Value,
        parameter: &Value,
    ) -> Option<std::result::Result<Opening<dyn Writer>, ConfigProblems>> {
        self.writer
            .as_ref()
            .map(|(_, open)| open(config, parameter))
    }

    /// Checks a datasource and returns the way to look into it; `None` if that is not supported.
    pub fn open_browser(
        &self,
        config: &Value,
    ) -> Option<std::result::Result<Opening<dyn Browser>, Vec<FieldProblem>>> {
        self.browser.as_ref().map(|open| open(config))
    }
}

/// The one generic place where both typed values are made and handed to the author's function.
fn opener<C, P, T, F>(open: fn(C, P) -> F) -> Open<T>
where
    C: DeserializeOwned + JsonSchema + Send + 'static,
    P: DeserializeOwned + JsonSchema + Send + 'static,
    T: ?Sized + 'static,
    F: Future<Output = Result<Box<T>>> + Send + 'static,
{
    Arc::new(
        move |config, parameter| match (parse::<C>(config), parse::<P>(parameter)) {
            (Ok(config), Ok(parameter)) => {
                let opening: Opening<T> = Box::new(move || Box::pin(open(config, parameter)));
                Ok(opening)
            }
            (config, parameter) => Err(ConfigProblems {
                datasource: config.err().unwrap_or_default(),
                parameter: parameter.err().unwrap_or_default(),
            }),
        },
    )
}

fn namer<C, P>(names: fn(&C, &P) -> Vec<DatasetName>) -> NamesOf
where
    C: DeserializeOwned + JsonSchema + 'static,
    P: DeserializeOwned + JsonSchema + 'static,
{
    Arc::new(
        move |config, parameter| match (parse::<C>(config), parse::<P>(parameter)) {
            (Ok(config), Ok(parameter)) => names(&config, &parameter),
            // Whoever opens it says what is wrong.
            _ => Vec::new(),
        },
    )
}

/// All connectors of a build.
#[derive(Clone)]
pub struct Registry {
    connectors: Arc<[Connector]>,
}

impl Registry {
    /// A registry of these connectors.
    pub fn new(connectors: Vec<Connector>) -> Self {
        Registry {
            connectors: connectors.into(),
        }
    }

    /// All connectors in the order of the list.
    pub fn connectors(&self) -> &[Connector] {
        &self.connectors
    }

    /// The connector of this name or alias, in any case.
    pub fn find(&self, name: &str) -> Option<&Connector> {
        self.connectors.iter().find(|connector| {
            connector.name.eq_ignore_ascii_case(name)
                || connector
                    .aliases
                    .iter()
                    .any(|alias| alias.eq_ignore_ascii_case(name))
        })
    }

    /// The known name that is nearest to a mistyped one.
    pub fn nearest(&self, name: &str) -> Option<&'static str> {
        nearest(
            name,
            self.connectors
                .iter()
                .flat_map(|connector| connector.aliases.iter().copied().chain([connector.name])),
        )
    }
}
