//! `longshore project`, and how names become ids.

use clap::Subcommand;
use serde_json::{Value, json};

use super::arguments::{ListArguments, Of, ServerArguments};
use super::client::{Answer, Call, Client};
use super::profile::{self, Profiles};
use super::show::{self, Field};
use crate::exit::{Exit, Stop};
use crate::print;

const FIELDS: [Field; 5] = [
    ("name", "/name"),
    ("title", "/title"),
    ("mode", "/mode"),
    ("created", "/createdAt"),
    ("id", "/id"),
];
/// Names that a hint lists.
const MOST_NAMED: usize = 10;

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// List the projects that you are a member of
    List {
        /// Only those whose name or title contains this
        #[arg(default_value = "")]
        search: String,
        #[command(flatten)]
        list: ListArguments,
    },
    /// Show a project and what you may do in it
    Show {
        /// The project; the chosen one without it
        name: Option<String>,
    },
    /// Choose the project that commands are about from now on
    Use {
        /// The project
        name: String,
    },
    /// Create a project (for administrators of the server)
    Create {
        /// Letters, digits and underscores
        name: String,
        /// What people call it
        #[arg(long)]
        title: Option<String>,
        /// What it is for
        #[arg(long, default_value = "")]
        description: String,
        /// With a development and a production environment
        #[arg(long)]
        standard: bool,
    },
}

/// `longshore project`.
pub(crate) async fn run(arguments: Of<Verb>) -> Result<Exit, Stop> {
    let Of { server, verb } = arguments;
    let (client, _) = profile::connect(&server)?;
    match verb {
        Verb::List { search, list } => {
            let call = || Call::get("projects").with("search", Some(&search));
            show::list(&client, server.json, &list, call, &FIELDS).await
        }
        Verb::Show { name } => {
            let server = ServerArguments {
                project: name.or(server.project),
                ..server
            };
            let project = Project::open(&server).await?;
            let answer = project.client.send(Call::get(&project.path)).await?;
            show::answer(server.json, &answer, |body| {
                let facts = show::facts(body, &FIELDS);
                let rights = body["rights"].as_array().map_or(&[][..], Vec::as_slice);
                facts + &show::table(rights, &[("rights", "")])
            })
        }
        Verb::Use { name } => choose(&server, &client, &name).await,
        Verb::Create {
            name,
            title,
            description,
            standard,
        } => {
            let mode = if standard { "standard" } else { "basic" };
            let body =
                json!({"name": name, "title": title, "description": description, "mode": mode});
            let answer = client.send(Call::post("projects", body)).await?;
            show::answer(server.json, &answer, |body| {
                format!("created project {}\n", show::cell(body, "/name"))
            })
        }
    }
}

async fn choose(server: &ServerArguments, client: &Client, name: &str) -> Result<Exit, Stop> {
    let found = find_project(client, name).await?;
    let mut profiles = Profiles::load(&server.profile)?;
    let profile = server.profile.name();
    let Some(known) = profiles.get(profile).cloned() else {
        return Err(Stop::usage("there is no profile to keep the choice in")
            .hint("sign in with `longshore login URL`, or set LONGSHORE_PROJECT"));
    };
    if profile::address(&known.server)? != *client.server() {
        return Err(
            Stop::usage(format!("profile `{profile}` is for another server"))
                .hint("name the profile with --profile instead of the server"),
        );
    }
    let name = found["name"].as_str().map(str::to_string);
    let text = show::cell(&found, "/name");
    profiles.put(
        profile,
        profile::Profile {
            project: name,
            ..known
        },
    )?;
    print::out(format_args!("using project {text}\n"))?;
    Ok(Exit::Success)
}

/// A project of a server, entered.
pub(crate) struct Project {
    pub(super) client: Client,
    /// Where everything of it is.
    path: String,
    /// Whether answers are shown as they are.
    pub(super) json: bool,
}

impl Project {
    pub(super) async fn open(arguments: &ServerArguments) -> Result<Project, Stop> {
        let (client, name) = profile::connect(arguments)?;
        let name = name.ok_or_else(|| {
            Stop::usage("no project is chosen").hint(
                "choose one with `longshore project use NAME`, --project or LONGSHORE_PROJECT",
            )
        })?;
        let found = find_project(&client, &name).await?;
        let id = found["id"].as_str().unwrap_or_default();
        Ok(Project {
            path: format!("projects/{id}"),
            client,
            json: arguments.json,
        })
    }

    /// A path in it.
    pub(super) fn at(&self, rest: impl std::fmt::Display) -> String {
        format!("{}/{rest}", self.path)
    }

    pub(super) async fn send(&self, call: Call) -> Result<Answer, Stop> {
        self.client.send(call).await
    }

    pub(super) async fn list(
        &self,
        wanted: &ListArguments,
        call: impl Fn() -> Call,
        fields: &[Field],
    ) -> Result<Exit, Stop> {
        show::list(&self.client, self.json, wanted, call, fields).await
    }

    pub(super) fn show(
        &self,
        answer: &Answer,
        words: impl FnOnce(&Value) -> String,
    ) -> Result<Exit, Stop> {
        show::answer(self.json, answer, words)
    }

    /// The id of the job of this name.
    pub(super) async fn job(&self, name: &str) -> Result<String, Stop> {
        self.id("job", "jobs", name, |_| true).await
    }

    /// The id of the thing of this name among those that are `wanted`.
    pub(super) async fn id(
        &self,
        kind: &str,
        place: &str,
        name: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<String, Stop> {
        if is_id(name) {
            return Ok(name.to_string());
        }
        let path = self.at(place);
        let found = find(&self.client, (kind, &path), name, wanted).await?;
        Ok(found["id"].as_str().unwrap_or_default().to_string())
    }

    /// The ids of several jobs.
    pub(super) async fn jobs(&self, names: &[String]) -> Result<Vec<String>, Stop> {
        let mut ids = Vec::new();
        for name in names {
            ids.push(self.job(name).await?);
        }
        Ok(ids)
    }
}

/// Whether a text has the form of an id.
fn is_id(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(place, letter)| match place {
            8 | 13 | 18 | 23 => letter == '-',
            _ => letter.is_ascii_hexdigit(),
        })
}

/// An id that has no name beside it.
pub(super) fn only_id<'a>(kind: &str, text: &'a str) -> Result<&'a str, Stop> {
    if is_id(text) {
        return Ok(text);
    }
    Err(Stop::usage(format!("`{text}` is not an id"))
        .hint(format!("take one of `longshore {kind} list`")))
}

async fn find_project(client: &Client, name: &str) -> Result<Value, Stop> {
    if is_id(name) {
        return Ok(client
            .send(Call::get(format!("projects/{name}")))
            .await?
            .body);
    }
    find(client, ("project", "projects"), name, |_| true).await
}

/// The one thing of a list that has this name, in whatever case; others that come near are named.
async fn find(
    client: &Client,
    (kind, path): (&str, &str),
    name: &str,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value, Stop> {
    let search = || Call::get(path).with("search", Some(name));
    let near = show::everything(client, search).await?;
    let called = |item: &Value| item["name"].as_str().unwrap_or_default().to_lowercase();
    let mut same = near
        .iter()
        .filter(|item| called(item) == name.to_lowercase() && wanted(item));
    match (same.next(), same.next()) {
        (Some(one), None) => return Ok(one.clone()),
        (Some(one), Some(two)) => {
            let all = [one, two].into_iter().chain(same);
            let lines = all.map(|item| {
                let facts = ["/environment", "/connector", "/id"].map(|at| show::cell(item, at));
                format!("\n  {}", facts.join("  "))
            });
            return Err(Stop::usage(format!(
                "several {kind}s are called `{name}`:{}",
                lines.collect::<String>()
            ))
            .hint("name its --environment, or take its id"));
        }
        (None, _) => {}
    }
    let first = client
        .send(Call::get(path).with("limit", Some(500)))
        .await?;
    let others = near.iter().chain(show::items(&first.body));
    let names: Vec<&str> = others.filter_map(|item| item["name"].as_str()).collect();
    let stop = Stop::usage(format!("there is no {kind} `{name}`"));
    Err(match sdk::nearest(name, names.iter().copied()) {
        Some(close) => stop.hint(format!("did you mean `{close}`?")),
        None if near.is_empty() => {
            stop.hint(format!("see what there is with `longshore {kind} list`"))
        }
        None => {
            let some: Vec<&str> = names.into_iter().take(near.len().min(MOST_NAMED)).collect();
            stop.hint(format!("there are {}", some.join(", ")))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_by_their_form() {
        assert!(is_id("0195f1d2-7f3a-7c11-8a3e-0123456789ab"));
        for wrong in [
            "orders",
            "0195f1d2-7f3a-7c11-8a3e-0123456789a",
            "../../x/7f3a-7c11-8a3e-0123456789ab",
            "",
        ] {
            assert!(!is_id(wrong) && only_id("run", wrong).is_err(), "{wrong}");
        }
    }
}
