//! The file of data sources: one TOML table each, secrets by reference or literal.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use engine::{Datasource, Datasources};
use sdk::Registry;
use serde_json::{Map, Value};

use crate::arguments::DatasourceArguments;
use crate::exit::Stop;
use crate::secrets;

/// Keys of a data source that are not the connector's.
const OWN_KEYS: [&str; 4] = ["type", "description", "resourceGroup", "resource_group"];
const LONGEST_NAME: usize = 60;
const LONGEST_DESCRIPTION: usize = 80;

/// The file that the arguments or the defaults name.
pub(crate) fn find(arguments: &DatasourceArguments) -> Option<PathBuf> {
    let home = std::env::var_os("HOME")
        .map(|home| PathBuf::from(home).join(".config/longshore/datasources.toml"));
    arguments.datasources.clone().or_else(|| {
        [Some(PathBuf::from("datasources.toml")), home]
            .into_iter()
            .flatten()
            .find(|path| path.is_file())
    })
}

/// Reads the file; no file means no data sources.
pub(crate) fn load(path: Option<&Path>, registry: &Registry) -> Result<Datasources, Stop> {
    let Some(path) = path else {
        return Ok(BTreeMap::new());
    };
    let text = fs::read_to_string(path).map_err(|error| {
        Stop::usage(format!(
            "cannot read the data sources in {}: {error}",
            path.display()
        ))
    })?;
    let loader = Loader {
        path,
        registry,
        problems: Vec::new(),
    };
    loader.load(&text)
}

struct Loader<'a> {
    path: &'a Path,
    registry: &'a Registry,
    problems: Vec<String>,
}

impl Loader<'_> {
    fn load(mut self, text: &str) -> Result<Datasources, Stop> {
        let entries: BTreeMap<String, Value> = toml::from_str(text).map_err(|error| {
            // The line that TOML quotes may hold a password, so only its place and the reason are kept.
            let line = error
                .span()
                .map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            Stop::usage(format!(
                "{} line {line}: {}",
                self.path.display(),
                error.message()
            ))
            .hint("write one table per data source: [name] with `type` and the connector's fields")
        })?;
        let mut datasources = BTreeMap::new();
        for (name, entry) in entries {
            let Value::Object(fields) = entry else {
                self.problems.push(format!(
                    "`{name}` belongs to no data source: write `[the data source's name]` above it"
                ));
                continue;
            };
            if let Some(datasource) = self.datasource(&name, fields) {
                datasources.insert(name, datasource);
            }
        }
        if self.problems.is_empty() {
            return Ok(datasources);
        }
        Err(Stop::usage(format!(
            "{}:\n  {}",
            self.path.display(),
            self.problems.join("\n  ")
        )))
    }

    fn problem(&mut self, name: &str, text: impl std::fmt::Display) {
        self.problems.push(format!("data source `{name}`: {text}"));
    }

    fn datasource(&mut self, name: &str, mut fields: Map<String, Value>) -> Option<Datasource> {
        let known = self.problems.len();
        let begins_well =
            name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !begins_well
            || !name
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            || name.len() > LONGEST_NAME
        {
            self.problem(name, format_args!("the name must be letters, digits and underscores, begin with a letter or underscore, and have at most {LONGEST_NAME} characters"));
        }
        if fields
            .get("description")
            .and_then(Value::as_str)
            .is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION)
        {
            self.problem(
                name,
                format_args!("the description has more than {LONGEST_DESCRIPTION} characters"),
            );
        }
        let connector = match fields.get("type").and_then(Value::as_str) {
            Some(connector) => connector.to_string(),
            None => {
                self.problem(
                    name,
                    "`type` is missing; it is the connector's name, for example `postgresql`",
                );
                return None;
            }
        };
        let Some(found) = self.registry.find(&connector) else {
            let near = self
                .registry
                .nearest(&connector)
                .map(|near| format!("; did you mean `{near}`?"));
            self.problem(
                name,
                format_args!(
                    "there is no connector `{connector}`{}",
                    near.unwrap_or_default()
                ),
            );
            return None;
        };
        let schema = found.config_schema();
        for key in OWN_KEYS {
            fields.remove(key);
        }
        let base = self.path.parent().unwrap_or(Path::new("."));
        let mut config = Map::new();
        for (key, value) in fields {
            if holds_secret(&value, is_secret(&schema, &key))
                && let Err(reason) = secrets::refuse_if_readable_by_all(self.path)
            {
                self.problem(name, reason);
            }
            let value = match value {
                Value::String(text) => match secrets::resolve(&text, base) {
                    Ok(text) => Value::String(text),
                    Err(reason) => {
                        self.problem(name, format_args!("`{key}`: {reason}"));
                        continue;
                    }
                },
                other => other,
            };
            config.insert(key, value);
        }
        (self.problems.len() == known).then_some(Datasource { connector, config })
    }
}

/// Whether a secret stands in the file itself: as the value of a field that is marked, which may be a number,
/// or inside an address.
fn holds_secret(value: &Value, marked: bool) -> bool {
    match value {
        Value::String(text) if marked => !text.is_empty() && !secrets::is_reference(text),
        Value::String(text) => job::has_secret(text),
        Value::Array(items) => items.iter().any(|item| holds_secret(item, marked)),
        _ => marked,
    }
}

/// Whether the connector marks the field as a secret, as `Secret` or `Option<Secret>`.
pub(crate) fn is_secret(schema: &Value, key: &str) -> bool {
    let Some(property) = schema
        .get("properties")
        .and_then(|properties| properties.get(key))
    else {
        return false;
    };
    let marked = |schema: &Value| schema.get("writeOnly").and_then(Value::as_bool) == Some(true);
    marked(property)
        || property
            .get("anyOf")
            .and_then(Value::as_array)
            .is_some_and(|variants| variants.iter().any(marked))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn load_text(folder: &Path, text: &str, mode: u32) -> Result<Datasources, Stop> {
        let path = folder.join("datasources.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        load(Some(&path), &connectors::registry())
    }

    #[test]
    fn every_problem_of_the_file_is_named_and_no_secret_is() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[1st]\ntype = \"postgresql\"\npassword = \"hunter2\"\n[b]\ntype = \"postgrsql\"\n[c]\nusername = \"x\"\n";
        let stop = load_text(folder.path(), text, 0o644).unwrap_err();
        let said = format!("{stop:?}");
        for part in [
            "`1st`: the name must be",
            "chmod 600",
            "did you mean `postgresql`",
            "`c`: `type` is missing",
        ] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    fn secrets_come_from_files_and_private_text() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret.txt");
        fs::write(&secret, "s3cret\n").unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let text = "[a]\ntype = \"postgresql\"\ndescription = \"main\"\njdbcUrl = \"jdbc:postgresql://h/d\"\nusername = \"u\"\npassword = \"${file:secret.txt}\"\n";
        let found = load_text(folder.path(), text, 0o644).unwrap();
        assert_eq!(found["a"].config["password"], "s3cret");
        assert!(!found["a"].config.contains_key("description"));
        assert!(!format!("{found:?}").contains("s3cret"));
    }

    #[test]
    fn broken_toml_is_placed_without_quoting_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let said = format!(
            "{:?}",
            load_text(folder.path(), "[a]\npassword = hunter2\n", 0o600).unwrap_err()
        );
        assert!(
            said.contains("line 2") && !said.contains("hunter2"),
            "{said}"
        );
    }

    #[test]
    fn fields_outside_a_table_are_named_without_their_values() {
        let folder = tempfile::tempdir().unwrap();
        let text = "password = \"hunter2\"\ntype = \"postgresql\"\n[a]\ntype = \"stream\"\n";
        let said = format!("{:?}", load_text(folder.path(), text, 0o600).unwrap_err());
        for part in ["`password` belongs to no data source", "`type` belongs"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    fn a_file_that_all_may_read_holds_no_secret_of_any_form() {
        let folder = tempfile::tempdir().unwrap();
        let source = |field: &str| {
            format!("[a]\ntype = \"postgresql\"\njdbcUrl = \"jdbc:postgresql://h/d\"\n{field}\n")
        };
        let url = "[a]\ntype = \"postgresql\"\njdbcUrl = [\"jdbc:postgresql://h/d?password=x\"]\n";
        for text in [
            source("password = \"x\""),
            source("password = 123"),
            url.to_string(),
        ] {
            let said = format!("{:?}", load_text(folder.path(), &text, 0o644).unwrap_err());
            assert!(said.contains("chmod 600"), "{said}");
            load_text(folder.path(), &text, 0o600).unwrap();
        }
        load_text(folder.path(), &source("password = \"\""), 0o644).unwrap();
    }

    #[test]
    fn a_reference_that_is_none_is_refused_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        for value in ["${evn:HUNTER2}", "${HUNTER2}", "HUNTER2${env:PATH}"] {
            let text = format!("[a]\ntype = \"postgresql\"\npassword = \"{value}\"\n");
            let said = format!("{:?}", load_text(folder.path(), &text, 0o600).unwrap_err());
            assert!(
                said.contains("`password`: ") && said.contains("${env:NAME}"),
                "{said}"
            );
            assert!(!said.contains("HUNTER2"), "{said}");
        }
    }

    #[test]
    fn a_value_may_come_from_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[a]\ntype = \"postgresql\"\nusername = \"${env:PATH}\"\npassword = \"${env:NOBODY_HAS_SET_THIS}\"\n";
        let said = format!("{:?}", load_text(folder.path(), text, 0o644).unwrap_err());
        assert!(
            said.contains("`password`: the environment variable NOBODY_HAS_SET_THIS is not set"),
            "{said}"
        );
        let text = text.replace("NOBODY_HAS_SET_THIS", "PATH");
        let found = load_text(folder.path(), &text, 0o644).unwrap();
        let path = std::env::var("PATH").unwrap();
        for field in ["username", "password"] {
            assert_eq!(found["a"].config[field], path.as_str(), "{field}");
        }
    }

    #[test]
    fn a_secret_in_a_file_that_all_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret.txt");
        fs::write(&secret, "hunter2").unwrap();
        let text = "[a]\ntype = \"postgresql\"\npassword = \"${file:secret.txt}\"\n";
        for (mode, is_fine) in [(0o644, false), (0o604, false), (0o640, true), (0o600, true)] {
            fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
            let loaded = load_text(folder.path(), text, 0o644);
            assert_eq!(loaded.is_ok(), is_fine, "{mode:o}");
            if let Err(stop) = loaded {
                let said = format!("{stop:?}");
                assert!(
                    said.contains("secret.txt") && said.contains("chmod 600"),
                    "{said}"
                );
                assert!(!said.contains("hunter2"), "{said}");
            }
        }
    }

    #[test]
    fn names_and_descriptions_have_their_lengths() {
        let folder = tempfile::tempdir().unwrap();
        let source = |name: usize, description: usize| {
            // Letters of several bytes count once.
            let (name, description) = ("n".repeat(name), "é".repeat(description));
            format!(
                "[{name}]\ntype = \"stream\"\ndescription = \"{description}\"\nresourceGroup = \"night\"\n"
            )
        };
        let found = load_text(folder.path(), &source(60, 80), 0o600).unwrap();
        // What is not the connector's does not reach it.
        assert!(found[&"n".repeat(60)].config.is_empty());
        for (name, description, reason) in [
            (61, 80, "at most 60 characters"),
            (60, 81, "more than 80 characters"),
        ] {
            let stop = load_text(folder.path(), &source(name, description), 0o600).unwrap_err();
            assert!(format!("{stop:?}").contains(reason), "{stop:?}");
        }
    }
}
