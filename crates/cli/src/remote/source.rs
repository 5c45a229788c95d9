//! `longshore source`: the data sources of a project.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::arguments::{ListArguments, Of, SureArguments};
use super::client::Call;
use super::form;
use super::project::Project;
use super::show::{self, Field};
use super::source_form::{self, ConfigArguments, OriginArguments};
use crate::exit::{Exit, Stop};

const ITEM: [Field; 8] = [
    ("name", "/name"),
    ("environment", "/environment"),
    ("connector", "/connector"),
    ("address", "/address"),
    ("group", "/resourceGroup"),
    ("tested", "/state"),
    ("jobs", "/jobCount"),
    ("description", "/description"),
];

/// One side of a project with two environments.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Environment {
    Prod,
    Dev,
}

impl Environment {
    pub(super) fn name(self) -> &'static str {
        match self {
            Environment::Prod => "prod",
            Environment::Dev => "dev",
        }
    }
}

/// A data source of a server.
#[derive(Args)]
pub(crate) struct SourceArguments {
    /// The data source
    name: String,
    /// Which one, where both environments have one of this name
    #[arg(long, value_enum)]
    environment: Option<Environment>,
}

#[derive(Args)]
pub(crate) struct TableArguments {
    #[command(flatten)]
    source: SourceArguments,
    /// The table
    table: String,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// List data sources
    List {
        /// Only those whose name or description contains this
        #[arg(default_value = "")]
        search: String,
        /// Only those of this connector
        #[arg(long)]
        connector: Option<String>,
        /// Only those of this environment
        #[arg(long, value_enum)]
        environment: Option<Environment>,
        #[command(flatten)]
        list: ListArguments,
    },
    /// Show a data source, without its secrets
    Show(SourceArguments),
    /// Register a data source
    Create {
        /// What jobs call it
        name: String,
        #[command(flatten)]
        origin: OriginArguments,
        #[command(flatten)]
        config: ConfigArguments,
        /// Which side it is, in a project with two environments
        #[arg(long, value_enum)]
        environment: Option<Environment>,
        /// Test the connection first, and register nothing if it fails
        #[arg(long)]
        test: bool,
    },
    /// Change a data source; what is not named stays, secrets too
    Update {
        #[command(flatten)]
        source: SourceArguments,
        #[command(flatten)]
        config: ConfigArguments,
    },
    /// Delete a data source that no job uses
    Delete {
        #[command(flatten)]
        source: SourceArguments,
        #[command(flatten)]
        sure: SureArguments,
    },
    /// Test the connection, stage by stage
    Test(SourceArguments),
    /// List the jobs that use a data source
    Users {
        #[command(flatten)]
        source: SourceArguments,
        #[command(flatten)]
        list: ListArguments,
    },
    /// List tables
    Tables {
        #[command(flatten)]
        source: SourceArguments,
        /// Only tables whose name contains this
        #[arg(default_value = "")]
        search: String,
        #[command(flatten)]
        list: ListArguments,
    },
    /// List the schemas of a data source
    Schemas {
        #[command(flatten)]
        source: SourceArguments,
        /// Only schemas whose name contains this
        #[arg(default_value = "")]
        search: String,
        #[command(flatten)]
        list: ListArguments,
    },
    /// List the partitions of a table
    Partitions {
        #[command(flatten)]
        table: TableArguments,
        /// Only partitions whose name contains this
        #[arg(default_value = "")]
        search: String,
        #[command(flatten)]
        list: ListArguments,
    },
    /// List the columns of a table
    Columns(TableArguments),
    /// Show rows of a table
    Preview {
        #[command(flatten)]
        table: TableArguments,
        /// How many
        #[arg(long, value_name = "COUNT", default_value_t = 20)]
        rows: u32,
    },
    /// Print the statement that makes a table
    Ddl(TableArguments),
}

/// `longshore source`.
pub(crate) async fn run(arguments: Of<Verb>) -> Result<Exit, Stop> {
    let project = Project::open(&arguments.server).await?;
    match arguments.verb {
        Verb::List {
            search,
            connector,
            environment,
            list,
        } => {
            let call = || {
                Call::get(project.at("datasources"))
                    .with("search", Some(&search))
                    .with("connector", connector.as_ref())
                    .with("environment", environment.map(Environment::name))
            };
            project.list(&list, call, &ITEM).await
        }
        Verb::Show(source) => {
            let at = at(&project, &source).await?;
            let answer = project.send(Call::get(at)).await?;
            project.show(&answer, described)
        }
        Verb::Create {
            name,
            origin,
            config,
            environment,
            test,
        } => {
            let form = source_form::new(&name, &origin, &config)?;
            let form = match environment {
                Some(side) => form.with("environment", side.name()),
                None => form,
            };
            if test {
                let call = Call::post(project.at("datasources/test"), form.test());
                let report = project.send(call).await?.body;
                if report["passed"] != true {
                    return told(&project, &report);
                }
            }
            let call = Call::post(project.at("datasources"), form.body());
            let answer = project.send(call).await?;
            project.show(&answer, |body| {
                format!("created data source {}\n", show::cell(body, "/name"))
            })
        }
        Verb::Update { source, config } => {
            let at = at(&project, &source).await?;
            let known = project.send(Call::get(&at)).await?;
            let body = source_form::change(&known.body, &config)?;
            let answer = project.send(Call::patch(at, body).seen(&known)).await?;
            project.show(&answer, described)
        }
        Verb::Delete { source, sure } => {
            let at = at(&project, &source).await?;
            let known = project.send(Call::get(&at)).await?;
            form::sure(&sure, &format!("delete data source {}", source.name))?;
            let answer = project.send(Call::delete(at).seen(&known)).await?;
            project.show(&answer, |_| {
                format!("deleted data source {}\n", source.name)
            })
        }
        Verb::Test(source) => {
            let at = at(&project, &source).await?;
            let report = project.send(Call::act(format!("{at}/test"))).await?;
            if project.json {
                project.show(&report, |_| String::new())?;
                return Ok(outcome(&report.body));
            }
            told(&project, &report.body)
        }
        Verb::Users { source, list } => {
            let at = at(&project, &source).await?;
            let call = || Call::get(format!("{at}/users"));
            let fields = [("job", "/jobName"), ("id", "/jobId")];
            project.list(&list, call, &fields).await
        }
        Verb::Tables {
            source,
            search,
            list,
        } => {
            let at = at(&project, &source).await?;
            let call = || Call::get(format!("{at}/tables")).with("search", Some(&search));
            let fields = [("table", "/name"), ("kind", "/kind")];
            project.list(&list, call, &fields).await
        }
        Verb::Schemas {
            source,
            search,
            list,
        } => {
            let at = at(&project, &source).await?;
            let call = || Call::get(format!("{at}/schemas")).with("search", Some(&search));
            project.list(&list, call, &[("schema", "/name")]).await
        }
        Verb::Partitions {
            table,
            search,
            list,
        } => {
            let at = at(&project, &table.source).await?;
            let call = || {
                Call::get(format!("{at}/partitions"))
                    .with("table", Some(&table.table))
                    .with("search", Some(&search))
            };
            project.list(&list, call, &[("partition", "/name")]).await
        }
        Verb::Columns(table) => {
            let answer = project
                .send(look(&project, &table, "columns").await?)
                .await?;
            let fields = [
                ("column", "/name"),
                ("type", "/type"),
                ("nullable", "/nullable"),
                ("key", "/key"),
                ("partition", "/partition"),
            ];
            project.show(&answer, |body| show::table(show::items(body), &fields))
        }
        Verb::Preview { table, rows } => {
            let call = look(&project, &table, "preview").await?;
            let answer = project.send(call.with("rows", Some(rows))).await?;
            project.show(&answer, previewed)
        }
        Verb::Ddl(table) => {
            let answer = project.send(look(&project, &table, "ddl").await?).await?;
            project.show(&answer, |body| {
                let text = body["ddl"].as_str().unwrap_or_default();
                format!("{}\n", crate::catalog::visible_lines(text))
            })
        }
    }
}

/// The path of a data source.
async fn at(project: &Project, source: &SourceArguments) -> Result<String, Stop> {
    let wanted = |item: &Value| {
        source
            .environment
            .is_none_or(|side| item["environment"] == side.name())
    };
    let id = project
        .id("source", "datasources", &source.name, wanted)
        .await?;
    Ok(project.at(format_args!("datasources/{id}")))
}

async fn look(project: &Project, table: &TableArguments, what: &str) -> Result<Call, Stop> {
    let at = at(project, &table.source).await?;
    Ok(Call::get(format!("{at}/{what}")).with("table", Some(&table.table)))
}

fn described(body: &Value) -> String {
    let mut text = show::facts(body, &ITEM);
    text += &show::facts(
        body,
        &[
            ("tested at", "/testedAt"),
            ("id", "/id"),
            ("problem", "/problem"),
        ],
    );
    if let Some(config) = body["config"].as_object() {
        let config: Vec<[String; 2]> = config
            .iter()
            .map(|(key, value)| [format!("  {key}"), show::cell(value, "")])
            .collect();
        text += "settings\n";
        text += &crate::catalog::aligned(&config);
    }
    text
}

/// Prints the stages of a test; a failed one decides the exit code.
fn told(project: &Project, report: &Value) -> Result<Exit, Stop> {
    if project.json {
        crate::print::out(format_args!("{report}\n"))?;
        return Ok(outcome(report));
    }
    let mut rows = Vec::new();
    for stage in report["stages"].as_array().into_iter().flatten() {
        let failure = &stage["failure"];
        let (word, remark) = if failure.is_null() {
            ("ok", show::cell(stage, "/remark"))
        } else {
            ("failed", show::cell(failure, "/message"))
        };
        let took = format!("{} ms", show::cell(stage, "/tookMs"));
        rows.push([show::cell(stage, "/name"), word.to_string(), took, remark]);
        if let Some(hint) = failure["hint"].as_str() {
            rows.push([
                String::new(),
                String::new(),
                String::new(),
                format!("hint: {hint}"),
            ]);
        }
    }
    crate::print::out(crate::catalog::aligned(&rows))?;
    Ok(outcome(report))
}

fn outcome(report: &Value) -> Exit {
    if report["passed"] == true {
        return Exit::Success;
    }
    let stages = report["stages"].as_array().into_iter().flatten();
    let failed = stages
        .filter_map(|stage| stage["failure"]["kind"].as_str())
        .next_back();
    Exit::of_kind(failed.unwrap_or_default())
}

fn previewed(body: &Value) -> String {
    let columns: Vec<String> = body["columns"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|column| show::cell(column, "/name"))
        .collect();
    let mut rows = vec![columns.clone()];
    for row in body["rows"].as_array().into_iter().flatten() {
        let cell = |name: &String| match &row[name] {
            Value::Null => "NULL".to_string(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        rows.push(columns.iter().map(cell).collect());
    }
    crate::catalog::aligned(&rows)
}

/// What the form of a data source is sent with.
pub(super) struct Form(pub(super) Value);

impl Form {
    fn with(mut self, field: &str, value: &str) -> Form {
        self.0[field] = value.into();
        self
    }

    fn body(self) -> Value {
        self.0
    }

    /// The part that a test needs.
    fn test(&self) -> Value {
        let mut body = json!({"connector": self.0["connector"], "config": self.0["config"]});
        let group = self.0["resourceGroup"].as_str();
        form::set(&mut body, "resourceGroup", group);
        body
    }
}
