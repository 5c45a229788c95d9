//! What callers send about a job, with everything that is wrong with it at once.

use crate::api::caller::Access;
use crate::api::error::{ApiError, ApiResult, Problem};
use crate::api::folders::folder_path;
use crate::documents::{Checked, Variables};
use crate::state::App;
use crate::store::{account, member};

const LONGEST_NAME: usize = 128;
const LONGEST_DESCRIPTION: usize = 1_000;
const LONGEST_NOTE: usize = 1_000;
const MOST_VARIABLES: usize = 200;
const LONGEST_VARIABLE: usize = 4_000;
/// More problems of one form help nobody.
const MOST_PROBLEMS: usize = 500;

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Form {
    problems: Vec<Problem>,
}

impl Form {
    pub(super) fn name(&mut self, pointer: &str, name: &str) {
        let wrong = if name.trim().is_empty() {
            "a job needs a name"
        } else if name.trim() != name {
            "a name has no blanks at its ends"
        } else if name.chars().count() > LONGEST_NAME {
            "the name is longer than 128 characters"
        } else if name.contains(|letter: char| letter.is_control() || letter == '/') {
            "a name has no slash and no control characters"
        } else {
            return;
        };
        self.add(Problem::at(pointer, wrong).hint("choose another name"));
    }

    /// The path as it is kept.
    pub(super) fn folder(&mut self, pointer: &str, path: &str) -> String {
        folder_path(pointer, path).unwrap_or_else(|wrong| {
            self.add(wrong);
            String::new()
        })
    }

    pub(super) fn description(&mut self, pointer: &str, text: &str) {
        self.text(pointer, text, LONGEST_DESCRIPTION);
    }

    pub(super) fn note(&mut self, pointer: &str, text: &str) {
        self.text(pointer, text, LONGEST_NOTE);
    }

    fn text(&mut self, pointer: &str, text: &str, longest: usize) {
        if text.chars().count() > longest {
            self.add(Problem::at(
                pointer,
                format!("it is longer than {longest} characters"),
            ));
        }
        self.no_null(pointer, text);
    }

    /// Drafts may be wrong in every way but their length.
    pub(super) fn document(&mut self, pointer: &str, text: &str) {
        if text.len() > job::Document::LONGEST {
            let longest = job::Document::LONGEST;
            self.add(Problem::at(
                pointer,
                format!(
                    "the document is {} bytes long, at most {longest} are kept",
                    text.len()
                ),
            ));
        }
        self.no_null(pointer, text);
    }

    pub(super) fn variables(&mut self, pointer: &str, variables: &Variables) {
        if variables.len() > MOST_VARIABLES {
            self.add(Problem::at(
                pointer,
                format!("there are more than {MOST_VARIABLES} variables"),
            ));
        }
        for (name, value) in variables {
            if name.len() + value.len() > LONGEST_VARIABLE {
                let name: String = name.chars().take(60).collect();
                let message = format!("variable `{name}` is longer than {LONGEST_VARIABLE} bytes");
                self.add(Problem::at(pointer, message));
            }
            self.no_null(pointer, value);
        }
    }

    /// What a check says against keeping a document at all; errors of drafts are not among that.
    pub(super) fn checked(&mut self, pointer: &str, checked: &Checked) {
        self.problems
            .extend(checked.secrets.iter().map(|problem| Problem {
                pointer: format!("{pointer}{}", problem.pointer),
                ..problem.clone()
            }));
        self.problems
            .extend(checked.variable_problems.iter().cloned());
    }

    /// The id and the name of a member of the project.
    pub(super) async fn member(
        &mut self,
        app: &App,
        access: &Access,
        name: &str,
    ) -> ApiResult<Option<(String, String)>> {
        let mut c = app.store.read().await?;
        let account = match account::find(&mut c, name).await? {
            Some(account) => Some(account),
            None => account::find_by_name(&mut c, name).await?,
        };
        if let Some(account) = account
            && member::role(&mut c, &access.project.id, &account.id)
                .await?
                .is_some()
        {
            return Ok(Some((account.id, account.name)));
        }
        let message = format!("`{name}` is not a member of this project");
        self.add(
            Problem::at("/owner", message).hint("name a member, or make the account one first"),
        );
        Ok(None)
    }

    pub(super) fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Refuses if anything is wrong.
    pub(super) fn sound(mut self) -> ApiResult<()> {
        self.problems.truncate(MOST_PROBLEMS);
        match self.problems.is_empty() {
            true => Ok(()),
            false => Err(ApiError::invalid(self.problems)),
        }
    }

    /// PostgreSQL keeps no text with a null character in it.
    fn no_null(&mut self, pointer: &str, text: &str) {
        if text.contains('\0') {
            self.add(Problem::at(pointer, "it holds a null character").hint("take it out"));
        }
    }
}
