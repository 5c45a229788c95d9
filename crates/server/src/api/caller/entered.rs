//! A project that a request has entered.

use std::sync::Arc;

use super::Caller;
use crate::access::role::{Right, Rights, Role};
use crate::api::error::{ApiError, ApiResult};
use crate::store::project::Project;

/// A project with what the caller may do in it; only [`Caller::enter`] makes one.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) caller: Arc<Caller>,
    pub(crate) project: Project,
    pub(crate) rights: Rights,
}

impl Access {
    /// Refuses unless the caller has one more right.
    pub(crate) fn need(&self, right: Right) -> ApiResult<()> {
        if self.rights.contains(right) {
            return Ok(());
        }
        let roles: Vec<&str> = Role::ALL
            .into_iter()
            .filter(|role| role.grants(right))
            .map(Role::name)
            .collect();
        Err(ApiError::forbidden(format!(
            "you may not {} in project `{}`",
            right.meaning(),
            self.project.name
        ))
        .hint(format!(
            "ask a member who manages this project for one of these roles: {}",
            roles.join(", ")
        )))
    }
}
