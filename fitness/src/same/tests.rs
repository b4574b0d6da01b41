//! The rule as a table, and that no order of arrival changes it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// 2024-05-01T10:00:00Z.
const START: i64 = 1_714_557_600_000;

/// An hour of running over 10 km, as a watch records it.
fn run() -> Record {
    Record {
        id: "watch".to_owned(),
        sha256: "watch.fit".to_owned(),
        provenance: "file".to_owned(),
        sport: "running".to_owned(),
        sub_sport: None,
        start_ms: START,
        elapsed_s: Some(3600.0),
        timer_s: Some(3500.0),
        distance_m: Some(10_000.0),
        measured: 8,
        samples: 3600,
        strava_ids: Vec::new(),
        file_name: None,
    }
}

/// The same with a phone.
fn phone() -> Record {
    let run = run();
    Record { id: "phone".to_owned(), sha256: "phone.gpx".to_owned(), timer_s: None, measured: 4, ..run }
}

fn is_same(other: &Record) -> bool {
    assert_eq!(run().is_same(other), other.is_same(&run()), "the rule knows no direction");
    run().is_same(other)
}

#[test]
fn starts_may_lie_a_minute_apart() {
    for (apart_ms, wanted) in [(0, true), (60_000, true), (-60_000, true), (60_001, false), (-60_001, false)]
    {
        assert_eq!(is_same(&Record { start_ms: START + apart_ms, ..phone() }), wanted, "{apart_ms}");
    }
}

#[test]
fn distances_may_differ_by_a_twentieth() {
    for (meters, wanted) in [(9_500.0, true), (9_499.0, false), (10_500.0, true), (10_527.0, false)] {
        assert_eq!(is_same(&Record { distance_m: Some(meters), ..phone() }), wanted, "{meters}");
    }
}

#[test]
fn a_distance_that_only_one_knows_is_another_activity() {
    assert!(!is_same(&Record { distance_m: None, ..phone() }));
    assert!(!is_same(&Record { distance_m: Some(0.0), ..phone() }));
}

#[test]
fn without_any_distance_the_time_decides() {
    let indoors = Record { distance_m: Some(0.0), ..run() };
    assert!(indoors.is_same(&Record { distance_m: None, ..phone() }));
}

#[test]
fn durations_may_differ_by_a_twentieth() {
    for (seconds, wanted) in [(3_325.0, true), (3_324.0, false), (3_789.0, true), (3_790.0, false)] {
        assert_eq!(is_same(&Record { elapsed_s: Some(seconds), ..phone() }), wanted, "{seconds}");
    }
}

#[test]
fn a_time_without_the_pauses_is_that_of_the_timer() {
    let paused = Record { elapsed_s: Some(5000.0), ..run() };
    assert!(paused.is_same(&Record { elapsed_s: Some(3500.0), ..phone() }));
    assert!(!paused.is_same(&Record { elapsed_s: Some(4200.0), ..phone() }));
}

#[test]
fn without_any_duration_nothing_is_the_same() {
    assert!(!is_same(&Record { elapsed_s: None, ..phone() }));
}

#[test]
fn sports_are_compared_by_their_group() {
    let cases = [
        ("running", None, true),
        ("walking", None, true),
        ("hiking", None, true),
        ("other", None, true),
        ("cycling", None, false),
        ("fitness_equipment", Some("indoor_cycling"), false),
        ("swimming", None, false),
        ("tennis", None, false),
    ];
    for (sport, sub_sport, wanted) in cases {
        let sub_sport = sub_sport.map(str::to_owned);
        assert_eq!(is_same(&Record { sport: sport.to_owned(), sub_sport, ..phone() }), wanted, "{sport}");
    }
}

#[test]
fn a_hidden_start_is_never_compared() {
    let midnight = 1_714_521_600_000;
    let at = |ms: i64, record: Record| Record { start_ms: midnight + ms, ..record };
    assert!(!at(1000, run()).is_same(&at(1000, phone())));
    assert!(!at(1000, run()).is_same(&at(5000, phone())));
    assert!(at(2000, run()).is_same(&at(5000, phone())));
}

#[test]
fn legs_of_one_file_are_never_the_same() {
    assert!(!is_same(&Record { sha256: run().sha256, ..phone() }));
}

fn check(records: &[Record], wanted: &[Option<usize>]) {
    assert_eq!(primaries(records, &Choices::default()), wanted);
}

#[test]
fn the_richer_streams_count() {
    check(&[phone(), run()], &[Some(1), None]);
    check(&[Record { measured: 9, ..phone() }, run()], &[None, Some(0)]);
}

#[test]
fn a_file_counts_before_an_export_and_an_export_before_the_rest() {
    let of = |provenance: &str| Record {
        id: provenance.to_owned(),
        sha256: provenance.to_owned(),
        provenance: provenance.to_owned(),
        ..run()
    };
    check(&[of("strava_api"), of("bulk_export"), of("file")], &[Some(2), Some(2), None]);
    check(&[of("strava_api"), of("bulk_export")], &[Some(1), None]);
}

#[test]
fn what_the_api_measured_counts_for_the_athlete_and_what_may_be_shared_for_everybody_else() {
    let api = Record { provenance: "strava_api".to_owned(), measured: 9, ..run() };
    let row = Record { provenance: "bulk_export".to_owned(), measured: 0, ..phone() };
    let file = Record { id: "file".to_owned(), sha256: "file".to_owned(), measured: 5, ..phone() };
    let link = |all, shareable| Link { all, shareable };
    let wanted = [link(None, None), link(Some(0), Some(2)), link(Some(0), None)];
    assert_eq!(super::links(&[api, row, file], &Choices::default()), wanted);
}

#[test]
fn a_named_sport_counts_before_one_that_nobody_named() {
    let unnamed = Record { sport: "other".to_owned(), samples: 9000, ..run() };
    check(&[unnamed, Record { measured: 8, ..phone() }], &[Some(1), None]);
}

#[test]
fn two_who_are_the_same_as_a_third_but_not_as_each_other_both_go_to_it() {
    let at = |name: &str, apart_ms: i64, measured| Record {
        id: name.to_owned(),
        sha256: name.to_owned(),
        start_ms: START + apart_ms,
        measured,
        ..run()
    };
    check(&[at("early", -50_000, 4), at("best", 0, 8), at("late", 50_000, 4)], &[Some(1), None, Some(1)]);
    // With the best one at an end, what it is not the same as counts too.
    check(&[at("best", -50_000, 8), at("middle", 0, 4), at("late", 50_000, 4)], &[None, Some(0), None]);
}

#[test]
fn legs_find_their_counterparts_of_another_file() {
    let leg = |file: &str, number: i64, measured| Record {
        id: format!("{file}/{number}"),
        sha256: file.to_owned(),
        start_ms: START + number * 30_000,
        elapsed_s: Some(30.0),
        timer_s: None,
        distance_m: Some(100.0),
        measured,
        ..run()
    };
    let legs = [leg("b", 1, 4), leg("a", 0, 8), leg("b", 0, 4), leg("a", 1, 8)];
    check(&legs, &[Some(3), None, Some(1), None]);
}

/// What the API tells, of another time, way and length.
fn of_the_api() -> Record {
    Record {
        id: "api".to_owned(),
        sha256: "api".to_owned(),
        provenance: STRAVA_API.to_owned(),
        start_ms: START + 7 * 3_600_000,
        elapsed_s: Some(60.0),
        distance_m: None,
        strava_ids: vec!["77".to_owned()],
        measured: 0,
        samples: 0,
        ..run()
    }
}

#[test]
fn an_id_proves_it_whatever_the_figures_say() {
    let named = Record { strava_ids: vec!["5".to_owned(), "77".to_owned()], ..run() };
    check(&[of_the_api(), named.clone()], &[Some(1), None]);
    // 2024-05-01T00:00:01Z, which stands for a start that is hidden.
    let hidden = Record { start_ms: 1_714_521_601_000, sport: "swimming".to_owned(), ..of_the_api() };
    check(&[hidden, named], &[Some(1), None]);
    check(&[of_the_api(), Record { strava_ids: vec!["78".to_owned()], ..run() }], &[None, None]);
}

#[test]
fn an_id_stands_before_a_start_that_is_nearer() {
    let nearer =
        Record { start_ms: of_the_api().start_ms, elapsed_s: Some(60.0), distance_m: None, ..phone() };
    let named = Record { strava_ids: vec!["77".to_owned()], measured: 1, ..run() };
    check(&[of_the_api(), nearer, named], &[Some(2), None, None]);
}

#[test]
fn files_name_no_files() {
    let named = |record: Record| Record { strava_ids: vec!["77".to_owned()], ..record };
    let later = Record { start_ms: START + 3_600_000, ..phone() };
    check(&[named(run()), named(later)], &[None, None]);
}

#[test]
fn what_names_a_duplicate_goes_where_that_goes() {
    let named = Record { strava_ids: vec!["77".to_owned()], ..phone() };
    check(&[of_the_api(), named, run()], &[Some(2), Some(2), None]);
}

#[test]
fn the_name_of_the_upload_proves_it_within_a_day() {
    let name = |record: Record, name: &str| Record { file_name: file_name(name), ..record };
    let cases = [
        ("trackpoints-1.fit", "Recordings/Trackpoints-1.FIT", 0, true),
        ("trackpoints-1.fit.gz", "trackpoints-1.fit", 0, true),
        ("trackpoints-1.fit", "export.zip/activities\\trackpoints-1.fit.gz", 0, true),
        ("trackpoints-1.fit", "trackpoints-2.fit", 0, false),
        ("trackpoints-1.fit", "trackpoints-1.gpx", 0, false),
        ("trackpoints-1.fit", "trackpoints-1.fit", 86_400_000, false),
        ("garmin_push_123", "garmin_push_123", 0, false),
        ("", "", 0, false),
    ];
    for (upload, file, later_ms, wanted) in cases {
        let api = name(of_the_api(), upload);
        let file = name(Record { start_ms: START - later_ms, ..run() }, file);
        assert_eq!(api.is_same(&file), wanted, "{upload} {:?}", file.file_name);
        assert_eq!(file.is_same(&api), wanted, "the rule knows no direction");
    }
}

/// A record that starts so many minutes after the run, on which nothing but its figures tells of another.
fn at(id: &str, minutes: i64, measured: u32) -> Record {
    let (id, sha256) = (id.to_owned(), format!("{id}.fit"));
    Record { id, sha256, start_ms: START + minutes * 60_000, measured, ..run() }
}

fn said(pairs: &[(&str, &str, bool)]) -> Choices {
    let mut choices = Choices::default();
    pairs.iter().for_each(|(one, other, is_same)| choices.say(one, other, *is_same));
    choices
}

fn check_said(records: &[Record], pairs: &[(&str, &str, bool)], wanted: &[Option<usize>]) {
    assert_eq!(primaries(records, &said(pairs)), wanted, "{pairs:?}");
}

#[test]
fn what_a_person_joined_is_one_whatever_the_figures_say() {
    let two = [at("a", 0, 8), at("b", 300, 4)];
    check_said(&two, &[], &[None, None]);
    check_said(&two, &[("b", "a", true)], &[None, Some(0)]);
    // By way of a third, and of one that is not here.
    let three = [at("a", 0, 8), at("b", 300, 4), at("c", 600, 9)];
    check_said(&three, &[("a", "b", true), ("b", "c", true)], &[Some(2), Some(2), None]);
    check_said(&three, &[("a", "gone", true), ("gone", "b", true)], &[None, Some(0), None]);
}

#[test]
fn what_a_person_split_stays_apart_whatever_proves_it_the_same() {
    check_said(&[run(), phone()], &[("phone", "watch", false)], &[None, None]);
    let named = Record { strava_ids: vec!["77".to_owned()], ..run() };
    check_said(&[of_the_api(), named], &[("api", "watch", false)], &[None, None]);
}

#[test]
fn what_a_person_split_does_not_meet_again_through_a_third() {
    let third = Record { measured: 9, ..at("third", 0, 9) };
    check_said(&[run(), phone(), third], &[("phone", "watch", false)], &[Some(2), None, None]);
}

#[test]
fn the_later_word_counts() {
    let two = [at("a", 0, 8), at("b", 0, 4)];
    check_said(&two, &[("a", "b", false), ("b", "a", true)], &[None, Some(0)]);
    check_said(&two, &[("a", "b", true), ("b", "a", false)], &[None, None]);
}

#[test]
fn legs_of_one_file_stay_apart_although_joined() {
    let leg = Record { sha256: run().sha256, ..at("leg", 90, 4) };
    check_said(&[run(), leg], &[("watch", "leg", true)], &[None, None]);
}

#[test]
fn what_agrees_with_one_that_was_joined_goes_to_all_of_them() {
    let joined = [("a", "b", true)];
    for measured in [2, 6, 9] {
        let records = [at("a", 0, 8), at("b", 300, 4), at("later", 300, measured)];
        let wanted = if measured == 9 { [Some(2), Some(2), None] } else { [None, Some(0), Some(0)] };
        check_said(&records, &joined, &wanted);
    }
}

#[test]
fn one_word_against_it_keeps_all_that_was_joined_away() {
    let records = [at("a", 0, 8), at("b", 300, 4), at("c", 0, 6)];
    check_said(&records, &[("a", "b", true), ("b", "c", false)], &[None, Some(0), None]);
}

/// Who counts for whom, by id.
fn links(records: &[Record]) -> BTreeMap<&str, Option<&str>> {
    linked(records, &Choices::default())
}

fn linked<'a>(records: &'a [Record], choices: &Choices) -> BTreeMap<&'a str, Option<&'a str>> {
    let primary_of = primaries(records, choices);
    let id = |index: usize| records[index].id.as_str();
    records.iter().zip(primary_of).map(|(record, primary)| (record.id.as_str(), primary.map(id))).collect()
}

const PROVENANCES: [&str; 3] = ["file", "bulk_export", "strava_api"];
const SPORTS: [&str; 4] = ["running", "walking", "cycling", "other"];

/// Second, file, provenance, sport, measured, percent, Strava's id, name.
type Row = (i64, u8, usize, usize, u32, u32, u8, u8);

/// Records that crowd into a few minutes.
fn crowd() -> impl Strategy<Value = Vec<Record>> {
    let record = (0..200_i64, 0..6_u8, 0..3_usize, 0..4_usize, 0..4_u32, 95..108_u32, 0..9_u8, 0..9_u8);
    proptest::collection::vec(record, 0..24).prop_map(|rows| {
        let record = |(index, row): (usize, _)| {
            let (second, file, provenance, sport, measured, percent, strava_id, name): Row = row;
            Record {
                id: format!("r{index}"),
                sha256: format!("f{file}"),
                provenance: PROVENANCES[provenance].to_owned(),
                sport: SPORTS[sport].to_owned(),
                start_ms: START + second * 1000,
                distance_m: Some(f64::from(percent) * 100.0),
                measured,
                strava_ids: (strava_id < 4).then(|| strava_id.to_string()).into_iter().collect(),
                file_name: (name < 3).then(|| format!("{name}.fit")),
                ..run()
            }
        };
        rows.into_iter().enumerate().map(record).collect()
    })
}

/// Words about some of a crowd.
fn words() -> impl Strategy<Value = Choices> {
    proptest::collection::vec((0..24_u8, 0..24_u8, any::<bool>()), 0..8).prop_map(|pairs| {
        let mut choices = Choices::default();
        for (one, other, is_same) in pairs.into_iter().filter(|(one, other, _)| one != other) {
            choices.say(&format!("r{one}"), &format!("r{other}"), is_same);
        }
        choices
    })
}

proptest! {
    #[test]
    fn no_order_changes_what_follows_from_words(
        (records, mixed) in crowd().prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
        choices in words(),
    ) {
        prop_assert_eq!(linked(&records, &choices), linked(&mixed, &choices));
    }

    #[test]
    fn none_that_were_said_to_be_apart_meet(records in crowd(), choices in words()) {
        let primary_of = primaries(&records, &choices);
        let group = |index: usize| primary_of[index].unwrap_or(index);
        for (one, record) in records.iter().enumerate() {
            for (other, partner) in records.iter().enumerate() {
                let is_apart = choices.are_apart(&record.id, &partner.id);
                prop_assert!(!is_apart || group(one) != group(other), "{} {}", record.id, partner.id);
            }
        }
    }

    #[test]
    fn two_that_were_joined_are_one_where_nothing_speaks_against_it(records in crowd(), one in 0..24_usize, other in 0..24_usize) {
        let (Some(first), Some(second)) = (records.get(one), records.get(other)) else { return Ok(()) };
        if first.sha256 == second.sha256 {
            return Ok(());
        }
        let primary_of = primaries(&records, &said(&[(&first.id, &second.id, true)]));
        let group = |index: usize| primary_of[index].unwrap_or(index);
        let files = |index: usize| -> BTreeSet<&str> {
            let members = (0..records.len()).filter(|member| group(*member) == group(index) && *member != index);
            members.map(|member| records[member].sha256.as_str()).collect()
        };
        let is_forbidden = files(one).contains(second.sha256.as_str()) || files(other).contains(first.sha256.as_str());
        prop_assert!(group(one) == group(other) || is_forbidden);
    }

    #[test]
    fn no_order_changes_the_links(
        (records, mixed) in crowd().prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
    ) {
        prop_assert_eq!(links(&records), links(&mixed));
    }

    #[test]
    fn what_may_be_shared_is_linked_as_if_there_were_no_api(records in crowd(), choices in words()) {
        let (open, bound): (Vec<Record>, Vec<Record>) =
            records.iter().cloned().partition(|record| record.provenance != "strava_api");
        let id = |place: usize| records[place].id.clone();
        let found: BTreeMap<String, Option<String>> = records
            .iter()
            .zip(super::links(&records, &choices))
            .map(|(record, link)| (record.id.clone(), link.shareable.map(id)))
            .collect();
        for (of, primary) in linked(&open, &choices) {
            prop_assert_eq!(found[of].as_deref(), primary);
        }
        prop_assert!(bound.iter().all(|record| found[&record.id].is_none()));
    }

    #[test]
    fn a_duplicate_is_the_same_as_its_primary_and_no_primary_is_a_duplicate(records in crowd()) {
        let primary_of = primaries(&records, &Choices::default());
        for (record, primary) in records.iter().zip(&primary_of) {
            let Some(primary) = *primary else { continue };
            let mut beside = records.iter().zip(&primary_of).filter(|(_, to)| **to == Some(primary));
            let is_named = beside.any(|(member, _)| record.names(member).is_some());
            prop_assert!(record.is_same(&records[primary]) || is_named);
            prop_assert_eq!(primary_of[primary], None);
        }
    }

    #[test]
    fn an_activity_holds_one_record_of_each_file(records in crowd()) {
        let mut seen = BTreeSet::new();
        for (index, primary) in primaries(&records, &Choices::default()).into_iter().enumerate() {
            prop_assert!(seen.insert((primary.unwrap_or(index), records[index].sha256.clone())));
        }
    }

    #[test]
    fn the_same_two_are_never_both_counted_unless_a_file_forbids_it(records in crowd()) {
        let primary_of = primaries(&records, &Choices::default());
        let holds = |primary: usize, file: &str| {
            records.iter().zip(&primary_of).any(|(of, to)| *to == Some(primary) && of.sha256 == file)
        };
        for (one, record) in records.iter().enumerate().filter(|(index, _)| primary_of[*index].is_none()) {
            for other in (0..records.len()).filter(|index| primary_of[*index].is_none() && *index != one) {
                let is_forbidden = holds(one, &records[other].sha256) || holds(other, &record.sha256);
                prop_assert!(!record.is_same(&records[other]) || is_forbidden);
            }
        }
    }
}
