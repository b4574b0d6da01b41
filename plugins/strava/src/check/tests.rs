use fitness::records::strava::connection::Pair;

use super::*;

const NOW_MS: i64 = 1_795_341_600_000;

fn connection(state: State, scopes: &str) -> Connection {
    Connection {
        athlete: "me".to_owned(),
        strava_id: Some(17),
        scopes: scopes.to_owned(),
        pair: Pair { access_token: String::new(), refresh_token: String::new(), expires_ms: NOW_MS },
        number: 1,
        state,
        reason: None,
        connected_ms: NOW_MS,
        changed_ms: NOW_MS,
    }
}

fn check(line: Option<Checkup>, wanted: &str) {
    let found = line.map(|line| format!("{} {}", if line.ok { "ok" } else { "BAD" }, line.detail));
    assert_eq!(found.as_deref().unwrap_or("nothing"), wanted);
}

#[test]
fn a_box_that_was_not_ticked_is_told() {
    check(scopes(&[]), "nothing");
    check(
        scopes(&[connection(State::Connected, "read,activity:read_all,profile:read_all")]),
        "ok all that is asked for is granted",
    );
    check(
        scopes(&[connection(State::Connected, "read,activity:read_all")]),
        "BAD me: without `profile:read_all`, your heart rate and power zones; connect again and tick every box",
    );
    check(scopes(&[connection(State::Disconnecting, "read")]), "nothing");
}

#[test]
fn each_state_that_is_not_well_says_what_to_do() {
    for state in [State::NeedsReauth, State::ScopeMissing, State::Disconnecting] {
        let told = wrong(&connection(state, "read")).unwrap();
        assert!(told.contains("`paceline strava "), "{told}");
    }
    assert_eq!(wrong(&connection(State::Connected, "read")), None);
    assert!(wrong(&connection(State::Inactive, "read")).is_some());
}

#[test]
fn a_window_that_is_over_counts_as_unused() {
    let window = |span: &str, start_ms, used| Window {
        bucket: "read".to_owned(),
        span: span.to_owned(),
        start_ms,
        used,
        most: 100,
    };
    check(quota(&[], NOW_MS), "nothing");
    check(quota(&[window("quarter", NOW_MS - QUARTER_MS, 100)], NOW_MS), "ok read of the quarter: 0 of 100");
    check(
        quota(&[window("quarter", NOW_MS - 60_000, 100)], NOW_MS),
        "BAD spent, and goes on by itself; read of the quarter: 100 of 100 until 2026-11-22T10:14:00Z",
    );
    check(
        quota(&[window("day", NOW_MS - 60_000, 99)], NOW_MS),
        "ok read of the day: 99 of 100 until 2026-11-23T09:59:00Z",
    );
}

#[test]
fn data_that_nobody_looked_through_for_two_days_is_told() {
    let facts = |connected_ms, swept_ms| Facts {
        connections: vec![Connection { connected_ms, ..connection(State::Connected, "read") }],
        windows: Vec::new(),
        in_step: vec![InStep { athlete: "me".to_owned(), synced_ms: None, swept_ms }],
        subscriptions: Vec::new(),
    };
    check(data(&facts(NOW_MS, None), NOW_MS), "ok me: looked through never");
    check(data(&facts(0, Some(NOW_MS - DAY_MS)), NOW_MS), "ok me: looked through 2026-11-21T10:00:00Z");
    let old = data(&facts(0, Some(NOW_MS - 3 * DAY_MS)), NOW_MS).unwrap();
    assert!(!old.ok && old.detail.contains("`paceline sync --force`"), "{}", old.detail);
    assert!(!data(&facts(NOW_MS - 3 * DAY_MS, None), NOW_MS).unwrap().ok);
}
