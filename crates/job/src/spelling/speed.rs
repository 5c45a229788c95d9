//! DataX's `setting.speed` to ours.
//!
//! Owns the rules by which DataX derives the number of channels from rates, which live in two places:
//! `job.setting.speed` for the whole job and `core.transport.channel.speed` for one channel.
//! Ranges are left to `read`.

use super::{made_object, member};
use crate::findings::Findings;
use crate::node::{Content, Member, Node, take};
use crate::read::scalar;
use crate::source::Span;

/// What one channel may move per second.
#[derive(Clone, Copy, Default)]
pub(super) struct ChannelRates {
    byte: Option<u64>,
    record: Option<u64>,
}

/// The rates among DataX's `core` settings.
pub(super) fn channel_rates(core: Option<&Node>) -> ChannelRates {
    let path = ["transport", "channel", "speed"];
    let speed = path.iter().try_fold(core, |node, key| Some(node?.get(key)));
    let rate = |key| match speed.flatten()?.get(key).map(amount)? {
        Amount::Number(number) => Some(number),
        Amount::None | Amount::Unclear => None,
    };
    ChannelRates {
        byte: rate("byte"),
        record: rate("record"),
    }
}

/// Whether a setting of `core` is one that [`channel_rates`] reads.
pub(super) fn is_channel_rate(name: &str) -> bool {
    matches!(
        name,
        "core.transport.channel.speed.byte" | "core.transport.channel.speed.record"
    )
}

enum Amount {
    Number(u64),
    /// Zero, `-1` and nothing mean no limit in DataX.
    None,
    /// No number: a parameter of a document that is converted, or a mistake that `read` reports.
    Unclear,
}

fn amount(node: &Node) -> Amount {
    if matches!(node.content, Content::Null) {
        return Amount::None;
    }
    let Some(text) = scalar(node) else {
        return Amount::Unclear;
    };
    match text.parse::<i128>() {
        Ok(number) if number <= 0 => Amount::None,
        Ok(number) => u64::try_from(number).map_or(Amount::Unclear, Amount::Number),
        Err(_) if text.is_empty() => Amount::None,
        Err(_) => Amount::Unclear,
    }
}

/// `speed` with `channel`, `byte` and `record` to one with `concurrent`, `byte` and `record`.
pub(super) fn translate(
    speed: Option<Member>,
    setting: Span,
    rates: ChannelRates,
    findings: &mut Findings,
) -> Option<Member> {
    let Some(Member {
        key,
        key_span,
        node,
    }) = speed
    else {
        findings
            .warning(
                setting,
                "`setting.speed` is missing: DataX would not start, one channel is used here",
            )
            .advise("write `\"speed\": {\"channel\": 1}`");
        return None;
    };
    let span = node.span;
    let Content::Object(mut members) = node.content else {
        findings.wrong_kind(&node, "`speed`", "an object");
        return None;
    };
    let channel = take(&mut members, "channel");
    let totals = [
        (limit(take(&mut members, "byte")), rates.byte, "byte"),
        (limit(take(&mut members, "record")), rates.record, "record"),
    ];
    findings.unknown_keys(&members, &["channel", "byte", "record"]);

    let mut made = Vec::new();
    if totals.iter().all(|(total, ..)| total.is_none()) {
        if channel.is_none() {
            findings
                .warning(key_span, "none of `channel`, `byte`, `record` is set: DataX would not start, one channel is used here")
                .advise("write `\"channel\": 1`");
        }
        let channels = channel.as_ref().map(|channel| amount(&channel.node));
        for (_, rate, key) in totals {
            match (rate, &channels, &channel) {
                (Some(rate), Some(Amount::Number(channels)), Some(channel)) => {
                    // The whole job may do what its channels may do together.
                    let total = rate.saturating_mul(*channels);
                    made.push(member(
                        key,
                        channel.key_span,
                        number(channel.node.span, total),
                    ));
                }
                (Some(_), Some(Amount::Unclear), Some(channel)) => {
                    not_a_number(channel, findings);
                    return None;
                }
                _ => {}
            }
        }
        made.extend(channel.map(concurrent));
    } else {
        made.extend(channels(&totals, channel, findings));
        made.extend(totals.into_iter().filter_map(|(total, ..)| total));
    }
    Some(Member {
        key,
        key_span,
        node: made_object(span, made),
    })
}

/// The number of channels that the rates of the whole job ask for, as a member `concurrent`.
fn channels(
    totals: &[(Option<Member>, Option<u64>, &str)],
    channel: Option<Member>,
    findings: &mut Findings,
) -> Option<Member> {
    let mut fewest: Option<(u64, Span)> = None;
    for (total, rate, key) in totals {
        let Some(total) = total else {
            continue;
        };
        match (amount(&total.node), rate) {
            (Amount::Unclear, Some(_)) => {
                not_a_number(total, findings);
                return None;
            }
            (Amount::Number(number), Some(rate)) => {
                let channels = (number / rate).max(1);
                if fewest.is_none_or(|(least, _)| channels < least) {
                    fewest = Some((channels, total.node.span));
                }
            }
            _ => findings
                .warning(
                    total.key_span,
                    format!("DataX would divide `{key}` by `core.transport.channel.speed.{key}`, which is not here"),
                )
                .advise("the limit holds for the whole job; the channels are those of `channel`, or one"),
        }
    }
    let Some((channels, span)) = fewest else {
        return channel.map(concurrent);
    };
    if let Some(channel) = channel {
        findings.warning(
            channel.key_span,
            format!(
                "`channel` has no effect in DataX beside a rate: {channels} channels follow from it"
            ),
        );
    }
    Some(member("concurrent", span, number(span, channels)))
}

/// A rate, unless it is one of DataX's ways to say "no limit".
fn limit(member: Option<Member>) -> Option<Member> {
    member.filter(|member| !matches!(amount(&member.node), Amount::None))
}

fn concurrent(channel: Member) -> Member {
    Member {
        key: "concurrent".to_owned(),
        ..channel
    }
}

fn not_a_number(member: &Member, findings: &mut Findings) {
    let message = format!(
        "`{}` must be a whole number: the limits follow from it",
        member.key
    );
    findings
        .error(member.node.span, message)
        .advise("a document that is converted must have numbers here, not parameters");
}

fn number(span: Span, number: u64) -> Node {
    Node::made(span, Content::Number(number.to_string()))
}
