//! Faults on demand: what the real service does rarely, done on request.
//!
//! `POST /emulator/faults` puts a JSON list of rules in force, in place of the earlier ones; `GET` shows what is left
//! of them. The first rule that matches an operation and is not used up applies.

use std::sync::{Mutex, PoisonError};

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::reply::Failure;
use super::route::Operation;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Action {
    /// 429 `FlowExceeded`.
    Throttle,
    /// A failure with `status` (500) and `code` (`InternalServerError`).
    Error,
    /// Close the connection after `after_bytes` of the body that carries the rows.
    Cut,
    /// Do what was asked, then close the connection instead of answering.
    LoseAnswer,
    /// Wait `delay_ms`, then go on.
    #[serde(alias = "delay_ms")]
    Delay,
    /// Report a new download as not yet ready.
    Initiating,
}

fn once() -> u32 {
    1
}

/// One rule as it is posted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// An operation as the statistics name it, or `*`.
    #[serde(rename = "match")]
    pub(crate) operation: String,
    pub(crate) action: Action,
    /// How often the rule applies.
    #[serde(default = "once")]
    pub(crate) times: u32,
    /// How many matching requests pass before.
    #[serde(default)]
    pub(crate) skip: u32,
    #[serde(default)]
    pub(crate) after_bytes: u64,
    #[serde(default)]
    pub(crate) delay_ms: u64,
    #[serde(default)]
    pub(crate) retry_after_s: u32,
    #[serde(default)]
    pub(crate) status: Option<u16>,
    #[serde(default)]
    pub(crate) code: Option<String>,
}

impl Fault {
    /// The refusal that this fault is, if it is one.
    pub(crate) fn refusal(&self) -> Option<Failure> {
        match self.action {
            Action::Throttle => {
                let code = self.code.as_deref().unwrap_or("FlowExceeded");
                let mut failure = Failure::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    code,
                    "injected: too many requests",
                );
                failure.retry_after = Some(self.retry_after_s);
                Some(failure)
            }
            Action::Error => {
                let status = self
                    .status
                    .and_then(|status| StatusCode::from_u16(status).ok());
                let code = self.code.as_deref().unwrap_or("InternalServerError");
                Some(Failure::new(
                    status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                    code,
                    "injected: the server failed",
                ))
            }
            _ => None,
        }
    }
}

/// The rules in force.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Fault>>,
}

impl Faults {
    /// Puts these rules in force.
    pub(crate) fn replace(&self, text: &[u8]) -> Result<(), String> {
        let rules: Vec<Fault> = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        for rule in &rules {
            if rule.operation != "*"
                && !Operation::ALL
                    .iter()
                    .any(|one| one.name() == rule.operation)
            {
                let known: Vec<&str> = Operation::ALL.iter().map(|one| one.name()).collect();
                return Err(format!(
                    "{:?} is no operation; known: {}",
                    rule.operation,
                    known.join(", ")
                ));
            }
        }
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    /// The rules that still apply some time.
    pub(crate) fn left(&self) -> Vec<Fault> {
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules
            .iter()
            .filter(|rule| rule.times > 0)
            .cloned()
            .collect()
    }

    /// The fault that strikes this request.
    pub(crate) fn strike(&self, operation: Operation) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        for rule in rules.iter_mut() {
            if rule.times == 0 || (rule.operation != "*" && rule.operation != operation.name()) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times -= 1;
            return Some(rule.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Faults};
    use crate::http::route::Operation;

    #[test]
    fn a_rule_skips_strikes_and_is_used_up() {
        let faults = Faults::default();
        faults
            .replace(br#"[{"match":"PUT block","action":"throttle","times":2,"skip":1}]"#)
            .expect("valid");
        assert!(faults.strike(Operation::CommitUpload).is_none());
        let struck: Vec<bool> = (0..4)
            .map(|_| faults.strike(Operation::WriteBlock).is_some())
            .collect();
        assert_eq!(struck, [false, true, true, false]);
        assert!(faults.left().is_empty());
    }

    #[test]
    fn unknown_operations_and_keys_are_refused() {
        let faults = Faults::default();
        assert!(
            faults
                .replace(br#"[{"match":"PUT blocks","action":"cut"}]"#)
                .is_err()
        );
        assert!(
            faults
                .replace(br#"[{"match":"*","action":"cut","time":3}]"#)
                .is_err()
        );
        assert!(faults.replace(b"{}").is_err());
        faults
            .replace(br#"[{"match":"*","action":"delay_ms","delay_ms":1}]"#)
            .expect("valid");
        assert_eq!(faults.left()[0].action, Action::Delay);
    }
}
