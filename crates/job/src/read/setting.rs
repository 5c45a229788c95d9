//! The `setting` object: channels, rates, dirty-row limits, retries.
//!
//! Owns its keys and ranges, and the reading of numbers that may be written as strings.
//! DataX's own keys are translated before by `spelling`.

use crate::findings::Findings;
use crate::job::{DirtyLimit, Setting};
use crate::node::{Content, Node};

/// More channels than this are a slip of the pen.
const MOST_CHANNELS: u64 = 1024;
const MOST_RETRIES: u64 = 100;
const MIB: f64 = 1024.0 * 1024.0;

const SETTING_KEYS: [&str; 3] = ["errorLimit", "speed", "retries"];
const SETTING_WITHOUT_EFFECT: [&str; 3] = ["jvmOption", "executeMode", "locale"];
const SPEED_KEYS: [&str; 5] = ["concurrent", "throttle", "mbps", "byte", "record"];

pub(super) fn read(node: &Node, findings: &mut Findings) -> Setting {
    let mut setting = Setting::default();
    let Some(members) = node.members() else {
        findings.wrong_kind(node, "`setting`", "an object");
        return setting;
    };
    for member in members {
        match member.key.as_str() {
            "errorLimit" => setting.dirty_limit = dirty_limit(&member.node, findings),
            "speed" => speed(&member.node, &mut setting, findings),
            "retries" => {
                if let Some(count) = whole(&member.node, "`retries`", 0..=MOST_RETRIES, findings) {
                    // The range was checked just now.
                    setting.retries = u32::try_from(count).unwrap_or(u32::MAX);
                }
            }
            key if SETTING_WITHOUT_EFFECT.contains(&key) => {
                findings.no_effect(member);
            }
            "concurrent" | "mbps" | "throttle" | "channel" => findings
                .lapse(
                    member.key_span,
                    format!("`{}` does not belong here", member.key),
                )
                .advise("put it into `setting.speed`"),
            _ => findings.unknown_key(member, &SETTING_KEYS),
        }
    }
    setting
}

fn speed(node: &Node, setting: &mut Setting, findings: &mut Findings) {
    let Some(members) = node.members() else {
        findings.wrong_kind(node, "`speed`", "an object");
        return;
    };
    let throttle = node
        .get("throttle")
        .and_then(|node| boolean(node, "`throttle`", findings))
        .unwrap_or(true);
    let mut megabytes = None;
    for member in members {
        let value = &member.node;
        match member.key.as_str() {
            "concurrent" => {
                if let Some(count) = whole(value, "`concurrent`", 1..=MOST_CHANNELS, findings) {
                    setting.concurrent = usize::try_from(count).unwrap_or(1);
                }
            }
            "throttle" => {}
            "mbps" => megabytes = rate(value, findings).map(|rate| (rate, member.key_span)),
            "byte" => setting.bytes_per_second = whole(value, "`byte`", 1..=u64::MAX, findings),
            "record" => {
                setting.records_per_second = whole(value, "`record`", 1..=u64::MAX, findings);
            }
            "dmu" => {
                findings.no_effect(member);
            }
            "channel" => findings
                .lapse(member.key_span, "unknown key `channel`")
                .advise("did you mean `concurrent`?"),
            _ => findings.unknown_key(member, &SPEED_KEYS),
        }
    }
    let Some((megabytes, key_span)) = megabytes else {
        return;
    };
    if !throttle {
        findings
            .warning(key_span, "`mbps` has no effect because `throttle` is false")
            .advise("set `throttle` to true to limit the rate");
    } else if setting.bytes_per_second.is_some() {
        findings
            .error(
                key_span,
                "`mbps` and `byte` both limit the bytes per second",
            )
            .advise("keep one of the two");
    } else {
        // Checked to be positive and finite; what does not fit into 64 bits is no limit in practice.
        setting.bytes_per_second = Some((megabytes * MIB).round().max(1.0) as u64);
    }
}

fn rate(node: &Node, findings: &mut Findings) -> Option<f64> {
    let text = scalar(node).unwrap_or_default();
    match text.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate.is_finite() => Some(rate),
        _ if text.is_empty() && node.text().is_some() => None,
        _ => {
            findings
                .error(
                    node.span,
                    format!("`mbps` must be a number above 0, not {}", shown(node)),
                )
                .advise("it counts MiB per second of the whole job; leave it out for no limit");
            None
        }
    }
}

fn dirty_limit(node: &Node, findings: &mut Findings) -> DirtyLimit {
    let mut limit = DirtyLimit::default();
    let Some(members) = node.members() else {
        findings.wrong_kind(node, "`errorLimit`", "an object");
        return limit;
    };
    for member in members {
        match member.key.as_str() {
            "record" => limit.records = whole(&member.node, "`record`", 0..=u64::MAX, findings),
            "percentage" => limit.percentage = ratio(&member.node, findings),
            _ => findings.unknown_key(member, &["record", "percentage"]),
        }
    }
    limit
}

fn ratio(node: &Node, findings: &mut Findings) -> Option<f64> {
    let text = scalar(node).unwrap_or_default();
    match text.parse::<f64>() {
        Ok(ratio) if (0.0..=1.0).contains(&ratio) => Some(ratio),
        _ if text.is_empty() && node.text().is_some() => None,
        _ => {
            findings
                .error(
                    node.span,
                    format!(
                        "`percentage` must be a ratio from 0 to 1, not {}",
                        shown(node)
                    ),
                )
                .advise("write 0.02 for two in a hundred");
            None
        }
    }
}

/// A whole number within a range; an empty string or null counts as absent.
pub(crate) fn whole(
    node: &Node,
    name: &str,
    range: std::ops::RangeInclusive<u64>,
    findings: &mut Findings,
) -> Option<u64> {
    let text = scalar(node);
    let text = text
        .as_deref()
        .map(|text| text.strip_suffix(".0").unwrap_or(text));
    if text == Some("") || matches!(node.content, Content::Null) {
        return None;
    }
    let number = text.and_then(|text| text.parse().ok());
    match number.filter(|number| range.contains(number)) {
        Some(number) => Some(number),
        None => {
            let wanted = match (*range.start(), *range.end()) {
                (0, u64::MAX) => "a whole number".to_owned(),
                (from, u64::MAX) => format!("a whole number from {from} on"),
                (from, to) => format!("a whole number from {from} to {to}"),
            };
            findings.error(
                node.span,
                format!("{name} must be {wanted}, not {}", shown(node)),
            );
            None
        }
    }
}

/// The text of a number or string, trimmed.
pub(crate) fn scalar(node: &Node) -> Option<String> {
    match &node.content {
        Content::Number(text) | Content::Text(text) => Some(text.trim().to_owned()),
        _ => None,
    }
}

fn boolean(node: &Node, name: &str, findings: &mut Findings) -> Option<bool> {
    match &node.content {
        Content::Bool(value) => Some(*value),
        Content::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Content::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => {
            findings.wrong_kind(node, name, "true or false");
            None
        }
    }
}

/// The value for a message: itself when it is short, its kind otherwise.
fn shown(node: &Node) -> String {
    match scalar(node) {
        Some(text) if text.len() <= 40 => format!("`{text}`"),
        _ => node.kind().to_owned(),
    }
}
