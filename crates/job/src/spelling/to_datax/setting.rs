//! Our `setting` to that of DataX, the way back of `speed`.
//!
//! Owns how the rates of a job are divided among its channels, which DataX keeps among its `core` settings.

use crate::findings::Findings;
use crate::node::{Content, Member, Node, take};
use crate::read::scalar;
use crate::source::Span;
use crate::spelling::{lose, made_object, member};

/// The `setting` of the job, and the `core` settings that say what one channel may move.
pub(super) fn setting(
    setting: Option<Member>,
    span: Span,
    findings: &mut Findings,
) -> (Member, Option<Member>) {
    let (key_span, span, mut members) = match setting {
        Some(Member {
            key_span,
            node:
                Node {
                    span,
                    content: Content::Object(members),
                    ..
                },
            ..
        }) => (key_span, span, members),
        _ => (
            Span {
                end: span.start,
                ..span
            },
            Span {
                end: span.start,
                ..span
            },
            Vec::new(),
        ),
    };
    let speed = take(&mut members, "speed");
    let (speed, core) = self::speed(speed, span, findings);
    let mut made = vec![speed];
    if let Some(mut limit) = take(&mut members, "errorLimit") {
        one_limit(&mut limit.node, findings);
        made.push(limit);
    }
    if let Some(retries) = take(&mut members, "retries") {
        findings.warning(retries.key_span, "DataX takes no notice of `retries`");
        made.push(retries);
    }
    for rest in members {
        findings.no_effect(&rest);
    }
    (member("setting", key_span, made_object(span, made)), core)
}

/// DataX looks at `percentage` only when there is no `record`.
fn one_limit(node: &mut Node, findings: &mut Findings) {
    let is_set = |key: &str| {
        node.get(key)
            .and_then(scalar)
            .is_some_and(|text| !text.is_empty())
    };
    if !(is_set("record") && is_set("percentage")) {
        return;
    }
    let Content::Object(members) = &mut node.content else {
        return;
    };
    if let Some(lost) = lose(members, "percentage", "DataX, beside `record`,", findings) {
        lost.advise("keep one of the two limits");
    }
    node.written = false;
}

/// Channels for the job, and rates for each of them: that is how DataX limits a job of a given number of channels.
fn speed(
    speed: Option<Member>,
    setting: Span,
    findings: &mut Findings,
) -> (Member, Option<Member>) {
    let place = Span {
        end: setting.start,
        ..setting
    };
    let (key_span, span, mut members) = match speed {
        Some(Member {
            key_span,
            node:
                Node {
                    span,
                    content: Content::Object(members),
                    ..
                },
            ..
        }) => (key_span, span, members),
        _ => (place, place, Vec::new()),
    };
    let channel = match take(&mut members, "concurrent") {
        Some(concurrent) => Member {
            key: "channel".to_owned(),
            ..concurrent
        },
        None => member(
            "channel",
            place,
            Node::made(place, Content::Number("1".to_owned())),
        ),
    };
    let channels = scalar(&channel.node)
        .and_then(|text| text.parse::<u64>().ok())
        .filter(|count| *count > 0);
    let is_off = |node: &Node| match &node.content {
        Content::Bool(value) => !value,
        other => matches!(other, Content::Text(text) if text.trim().eq_ignore_ascii_case("false")),
    };
    let throttled = !take(&mut members, "throttle").is_some_and(|member| is_off(&member.node));
    let mut rates = Vec::new();
    for (key, of, unit) in [
        ("mbps", "byte", 1024.0 * 1024.0),
        ("byte", "byte", 1.0),
        ("record", "record", 1.0),
    ] {
        let Some(rate) = take(&mut members, key) else {
            continue;
        };
        let text = scalar(&rate.node).unwrap_or_default();
        if text.is_empty() || (key == "mbps" && !throttled) {
            continue;
        }
        let (Ok(total), Some(channels)) = (text.parse::<f64>(), channels) else {
            findings
                .error(
                    rate.key_span,
                    format!("`{key}` cannot be divided among the channels, as DataX wants it"),
                )
                .advise("write numbers, not parameters, for the rate and the channels");
            continue;
        };
        // Rates are positive and far below what 64 bits hold.
        let total = (total * unit).round() as u64;
        let each = (total / channels).max(1);
        if each * channels != total {
            let message = format!(
                "{channels} channels of {each} each make {}, not {total}",
                each.saturating_mul(channels)
            );
            findings.warning(rate.key_span, message);
        }
        rates.push(member(
            of,
            rate.key_span,
            Node::made(rate.node.span, Content::Number(each.to_string())),
        ));
    }
    for rest in members {
        findings.no_effect(&rest);
    }
    let speed = member("speed", key_span, made_object(span, vec![channel]));
    if rates.is_empty() {
        return (speed, None);
    }
    let mut core = member("speed", place, made_object(place, rates));
    for key in ["channel", "transport", "core"] {
        core = member(key, place, made_object(place, vec![core]));
    }
    (speed, Some(core))
}
