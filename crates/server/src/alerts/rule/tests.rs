//! Deadlines and quiet hours, also on the days on which clocks change.

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn quiet(from: &str, to: &str, zone: &str) -> Quiet {
    let hours = QuietHours {
        from: from.into(),
        to: to.into(),
        zone: zone.into(),
        then: Then::Hold,
    };
    hours.read(&mut Vec::new()).unwrap()
}

#[test]
fn a_deadline_may_lie_on_the_next_day() {
    let day = NaiveDate::from_ymd_opt(2026, 3, 4).unwrap();
    let zone = chrono_tz::Asia::Shanghai;
    for (text, expected) in [
        ("00:00", "2026-03-03T16:00:00Z"),
        ("06:30", "2026-03-03T22:30:00Z"),
        ("24:00", "2026-03-04T16:00:00Z"),
        ("47:59", "2026-03-05T15:59:00Z"),
    ] {
        assert_eq!(
            Deadline::parse(text).unwrap().of(day, zone),
            at(expected),
            "{text}"
        );
    }
    for text in [
        "48:00", "7:00", "07:60", "0700", "", "-1:00", "07:00:00", "+7:00",
    ] {
        assert_eq!(Deadline::parse(text), None, "{text}");
    }
}

#[test]
fn a_deadline_that_the_clock_leaps_over_is_at_the_end_of_the_gap() {
    let day = NaiveDate::from_ymd_opt(2024, 3, 31).unwrap();
    let deadline = Deadline::parse("02:30").unwrap();
    assert_eq!(
        deadline.of(day, chrono_tz::Europe::Berlin),
        at("2024-03-31T01:00:00Z")
    );
}

#[test]
fn a_cycle_that_is_named_has_a_time_of_its_own() {
    let text = r#"{"object": {"kind": "project"}, "channels": ["c"], "triggers": [{"kind": "late", "by": "09:00"},
        {"kind": "lateCycles", "cycles": [{"number": 2, "by": "02:30"}]}]}"#;
    let mut spec: Spec = serde_json::from_str(text).unwrap();
    let time = |text: &str| text.parse::<NaiveTime>().unwrap();
    let times = ["01:00", "02:00", "03:00"].map(|text| time(&format!("{text}:00")));
    let deadlines = spec.late().unwrap();
    for (cycle, by) in [
        ("01:00:00", "09:00"),
        ("02:00:00", "02:30"),
        ("03:00:00", "09:00"),
        // Of a schedule that was different then.
        ("02:15:00", "09:00"),
    ] {
        assert_eq!(
            deadlines.of(time(cycle), &times),
            Deadline::parse(by),
            "{cycle}"
        );
    }
    spec.triggers.remove(0);
    let deadlines = spec.late().unwrap();
    assert_eq!(deadlines.of(time("01:00:00"), &times), None);
    spec.triggers = vec![Trigger::Overtime { minutes: 5 }];
    assert_eq!((spec.late(), spec.longest_run()), (None, Some(5)));
}

#[test]
fn quiet_hours_over_midnight_belong_to_their_zone() {
    let quiet = quiet("22:00", "07:00", "Asia/Shanghai");
    for (instant, expected) in [
        (
            "2026-03-04T13:59:59Z",
            Place::Loud(at("2026-03-04T14:00:00Z")),
        ),
        (
            "2026-03-04T14:00:00Z",
            Place::Quiet(at("2026-03-04T23:00:00Z")),
        ),
        (
            "2026-03-04T22:59:59Z",
            Place::Quiet(at("2026-03-04T23:00:00Z")),
        ),
        (
            "2026-03-04T23:00:00Z",
            Place::Loud(at("2026-03-05T14:00:00Z")),
        ),
    ] {
        assert_eq!(quiet.place(at(instant)), expected, "{instant}");
    }
}

#[test]
fn quiet_hours_follow_the_clock_when_it_changes() {
    let quiet = quiet("01:00", "05:00", "Europe/Berlin");
    // One hour shorter in spring, one longer in autumn.
    let spring = quiet.place(at("2024-03-31T00:00:00Z"));
    assert_eq!(spring, Place::Quiet(at("2024-03-31T03:00:00Z")));
    let autumn = quiet.place(at("2024-10-26T23:00:00Z"));
    assert_eq!(autumn, Place::Quiet(at("2024-10-27T04:00:00Z")));
    let noon = quiet.place(at("2024-10-27T12:00:00Z"));
    assert_eq!(noon, Place::Loud(at("2024-10-28T00:00:00Z")));
}
