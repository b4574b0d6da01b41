//! Segments: what is kept of them, and what goes with what.

use super::segment::{New, SegmentError};
use super::segment_effort::Effort;
use super::strava::item::{self, Item};
use super::strava::line::{self, STARRED, StarredLine};
use super::way::Part;
use super::*;
use crate::ground::{Place, polyline};
use crate::records::segment::Listed;
use crate::records::segment_effort::Ranked;
use crate::shareable::Shareable;

scenarios![
    the_position_of_a_part_starts_anew_with_its_version,
    a_record_that_counts_nowhere_hands_over_no_samples,
    the_same_line_is_one_segment,
    a_line_that_is_no_segment_says_why,
    efforts_are_ranked_with_the_form_of_the_day,
    efforts_go_with_their_activity_and_with_their_segment,
    an_activity_or_a_segment_that_changed_meanwhile_keeps_no_effort,
    what_the_api_told_is_not_shareable,
    times_of_other_sports_go_where_a_line_is_compared_in_others,
    a_file_that_the_api_outranks_is_ranked_for_others,
    a_starred_segment_is_one_of_the_apis_that_the_athlete_alone_sees,
    a_starred_line_that_leads_elsewhere_is_looked_for_anew,
    what_follows_a_starred_line_goes_with_it_and_nothing_else_does,
];

/// So many metres to the north.
fn line(meters: f64) -> Vec<Place> {
    let step =
        |index: i32| Place { latitude: 47.0 + f64::from(index) * meters / 10.0 / 111_195.0, longitude: 8.0 };
    (0..=10).map(step).collect()
}

fn defined(tx: &mut Tx<'_>, name: &str, meters: f64) -> Result<String> {
    segment::define(tx, ME, &New::of_gpx(name, Some("cycling"), line(meters)).unwrap(), 5)
}

/// A segment of 500 m that begins so many metres to the north.
pub(super) fn defined_from(tx: &mut Tx<'_>, name: &str, from_m: f64) -> Result<String> {
    let further = |place: Place| Place { latitude: place.latitude + from_m / 111_195.0, ..place };
    let line = line(500.0).into_iter().map(further).collect();
    segment::define(tx, ME, &New::of_gpx(name, None, line).unwrap(), 5)
}

fn changed(tx: &mut Tx<'_>, id: &str) -> Result<i64> {
    const CHANGED: Sql = Sql::Both("SELECT changed FROM activity WHERE id = $1");
    Ok(tx.optional(&CHANGED, &store::params![id], |row| row.get(0))?.unwrap_or_default())
}

/// A segment as it is looked for now.
fn key(tx: &mut Tx<'_>, id: &str) -> Result<segment::Key> {
    let kept = segment::get(tx, ME, id)?.unwrap();
    Ok(segment::Key { id: kept.id, sports: kept.sports, created_ms: kept.created_ms })
}

pub(super) fn follow(tx: &mut Tx<'_>, segment: &str, of: &Activity, elapsed_s: f64) -> Result<u64> {
    let effort = Effort {
        segment: key(tx, segment)?,
        activity: of.id.clone(),
        start_ms: of.start_ms.unwrap(),
        elapsed_s,
        meters: 500.0,
        avg_hr: Some(150.0),
        avg_power: None,
    };
    let after = changed(tx, &of.id)?;
    segment_effort::put(tx, &[(effort, after)])
}

/// A segment that an activity followed once.
pub(super) fn followed(tx: &mut Tx<'_>, of: &Activity) -> Result<()> {
    let id = defined(tx, "Lakeside", 500.0)?;
    assert_eq!(follow(tx, &id, of, 60.0)?, 1);
    Ok(())
}

const STRAVA_ID: i64 = 1_109_718;

/// The line of a starred segment of so many metres.
fn starred(meters: f64) -> StarredLine {
    let polyline = polyline::encode(&line(meters));
    StarredLine { name: "Tower Climb".to_owned(), sport: "running".to_owned(), polyline }
}

fn follow_starred(tx: &mut Tx<'_>, name: Option<&str>) -> Result<std::result::Result<String, SegmentError>> {
    segment::define_starred(tx, ME, name, STRAVA_ID, 5)
}

mod scenario {
    use super::*;

    pub(super) fn the_position_of_a_part_starts_anew_with_its_version(tx: &mut Tx<'_>) -> Result<()> {
        put(tx, &[ride("a", 1), ride("b", 2)], 3)?;
        let pending = |tx: &mut Tx<'_>, version| way::pending(tx, ME, (Part::Segments, version), &[], 9);
        let both = pending(tx, 1)?;
        assert_eq!(both.len(), 2);
        way::move_on(tx, ME, (Part::Segments, 1), &both[0].key())?;
        assert_eq!(pending(tx, 1)?, both[1..]);
        assert_eq!(pending(tx, 2)?, both);
        way::reset(tx, ME, Part::Segments)?;
        assert_eq!(pending(tx, 1)?, both);
        Ok(())
    }

    pub(super) fn a_record_that_counts_nowhere_hands_over_no_samples(tx: &mut Tx<'_>) -> Result<()> {
        let (counted, other) = (ride("a", 1), ride("b", 1));
        put(tx, &[counted.clone(), other.clone()], 1)?;
        for ride in [&counted, &other] {
            activity_stream::replace(tx, &ride.id, &[(Column::Time, vec![1])])?;
        }
        activity::duplicate::relink(tx, ME, &[counted.start_ms.unwrap()], 2)?;
        let due = way::pending(tx, ME, (Part::Segments, 1), &[Column::Time], 9)?;
        let mut blocks: Vec<usize> = due.iter().map(|due| due.blocks.len()).collect();
        blocks.sort_unstable();
        assert_eq!(blocks, [0, 1]);
        Ok(())
    }

    pub(super) fn the_same_line_is_one_segment(tx: &mut Tx<'_>) -> Result<()> {
        let id = defined(tx, " Lake\u{7}side ", 500.0)?;
        let key = |sports: &str| segment::Key { id: id.clone(), sports: sports.to_owned(), created_ms: 5 };
        segment::matched(tx, ME, &[key("running")])?;
        assert!(!segment::get(tx, ME, &id)?.unwrap().is_matched, "that was looked for in other sports");
        segment::matched(tx, ME, &[key("cycling")])?;
        assert_eq!(defined(tx, "By the lake", 500.0)?, id);
        let kept = segment::get(tx, ME, &id)?.unwrap();
        assert_eq!(
            (kept.name.as_str(), kept.sports.as_str(), kept.is_matched),
            ("By the lake", "cycling", true)
        );
        assert_eq!((kept.meters.round(), kept.line.places.len()), (500.0, 11));
        assert_ne!(defined(tx, "By the lake", 400.0)?, id);
        assert_eq!(segment::named(tx, ME, "By the lake")?.len(), 2);
        assert!(segment::rename(tx, ME, &id, "Shore")? && !segment::rename(tx, "other", &id, "Mine")?);
        assert_eq!(segment::named(tx, ME, "Shore")?, [id]);
        Ok(())
    }

    pub(super) fn a_line_that_is_no_segment_says_why(tx: &mut Tx<'_>) -> Result<()> {
        let code = |new: std::result::Result<New, SegmentError>| new.unwrap_err().code();
        assert_eq!(code(New::of_gpx("A", None, line(90.0))), "segment_too_short");
        assert_eq!(code(New::of_gpx("A", None, line(110_000.0))), "segment_too_long");
        assert_eq!(code(New::of_gpx(" \n", None, line(500.0))), "segment_name_invalid");
        put(tx, &[ride("a", 1)], 1)?;
        let id = ride("a", 1).id;
        assert_eq!(code(segment::cut(tx, ME, "A", &id, (0.0, 500.0))?), "segment_no_track");
        assert_eq!(code(segment::cut(tx, ME, "A", "nobody", (0.0, 500.0))?), "not_found");
        put(tx, &[Activity { provenance: "strava_api".to_owned(), ..ride("b", 2) }], 1)?;
        let id = ride("b", 2).id;
        assert_eq!(code(segment::cut(tx, ME, "A", &id, (0.0, 500.0))?), "segment_of_strava");
        Ok(())
    }

    pub(super) fn efforts_are_ranked_with_the_form_of_the_day(tx: &mut Tx<'_>) -> Result<()> {
        let rides = [ride("a", 1), ride("b", 30), ride("c", 60)];
        put(tx, &rides, 1)?;
        let id = defined(tx, "Lakeside", 500.0)?;
        for (ride, seconds) in rides.iter().zip([62.0, 60.0, 62.0]) {
            follow(tx, &id, ride, seconds)?;
        }
        let days =
            calendar::days(State::default(), (date_of("2024-03-01"), date_of("2024-03-03")), Scope::All, &[]);
        day::replace_from(tx, ME, Scope::All, &days)?;
        let ranked = segment_effort::ranked(tx, ME, Scope::All, &id)?;
        let told: Vec<_> = ranked.iter().map(|effort| (effort.rank, effort.activity.as_str())).collect();
        assert_eq!(told, [(1, rides[1].id.as_str()), (2, &rides[0].id), (3, &rides[2].id)]);
        assert_eq!(
            (ranked[0].tsb, ranked[0].load, ranked[0].date),
            (Some(0.0), Some(0.0), rides[1].local_date)
        );
        let listed = segment::list(tx, ME, Scope::All)?;
        assert_eq!(
            (listed[0].efforts, listed[0].best_s, listed[0].last_date),
            (3, Some(60.0), rides[2].local_date)
        );
        let of = segment_effort::of_activity(tx, ME, Scope::All, &rides[2].id)?;
        assert_eq!((of.len(), of[0].rank, of[0].name.as_str()), (1, 3, "Lakeside"));
        Ok(())
    }

    pub(super) fn efforts_go_with_their_activity_and_with_their_segment(tx: &mut Tx<'_>) -> Result<()> {
        let rides = [ride("a", 1), ride("b", 30)];
        put(tx, &rides, 1)?;
        let (one, other) = (defined(tx, "One", 500.0)?, defined(tx, "Other", 600.0)?);
        for segment in [&one, &other] {
            rides.iter().try_for_each(|ride| follow(tx, segment, ride, 60.0).map(drop))?;
        }
        activity::remove(tx, &rides[0].id)?;
        assert_eq!(segment_effort::ranked(tx, ME, Scope::All, &one)?.len(), 1);
        assert!(segment::remove(tx, ME, &one)? && !segment::remove(tx, ME, &one)?);
        assert_eq!(segment_effort::of_activity(tx, ME, Scope::All, &rides[1].id)?.len(), 1);
        assert_eq!(segment_effort::forget(tx, &rides[1].id)?, 1);
        Ok(())
    }

    pub(super) fn an_activity_or_a_segment_that_changed_meanwhile_keeps_no_effort(
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        let ride = ride("a", 1);
        put(tx, std::slice::from_ref(&ride), 1)?;
        let id = defined(tx, "Lakeside", 500.0)?;
        let (segment, activity, start_ms) = (key(tx, &id)?, ride.id.clone(), 1);
        let effort = Effort {
            segment,
            activity,
            start_ms,
            elapsed_s: 1.0,
            meters: 1.0,
            avg_hr: None,
            avg_power: None,
        };
        let after = changed(tx, &ride.id)?;
        assert_eq!(segment_effort::put(tx, &[(effort.clone(), after - 1)])?, 0);
        let before = [
            segment::Key { id: "gone".to_owned(), ..effort.segment.clone() },
            segment::Key { created_ms: 4, ..effort.segment.clone() },
            segment::Key { sports: "on foot".to_owned(), ..effort.segment.clone() },
        ];
        for segment in before {
            let of_before = Effort { segment: segment.clone(), ..effort.clone() };
            assert_eq!(segment_effort::put(tx, &[(of_before, after)])?, 0, "{segment:?}");
        }
        assert_eq!(segment_effort::put(tx, &[(effort, after)])?, 1);
        Ok(())
    }

    pub(super) fn times_of_other_sports_go_where_a_line_is_compared_in_others(tx: &mut Tx<'_>) -> Result<()> {
        put(tx, &[ride("a", 1)], 1)?;
        let id = defined(tx, "Lakeside", 500.0)?;
        follow(tx, &id, &ride("a", 1), 60.0)?;
        let on_foot = New::of_gpx("Lakeside", Some("running"), line(500.0)).unwrap();
        assert_eq!(segment::define(tx, ME, &on_foot, 6)?, id);
        assert!(segment_effort::ranked(tx, ME, Scope::All, &id)?.is_empty());
        assert!(!segment::get(tx, ME, &id)?.unwrap().is_matched);
        Ok(())
    }

    pub(super) fn a_file_that_the_api_outranks_is_ranked_for_others(tx: &mut Tx<'_>) -> Result<()> {
        let (file, api) = (ride("a", 1), Activity { provenance: "strava_api".to_owned(), ..ride("b", 1) });
        put(tx, &[file.clone(), api.clone()], 1)?;
        activity_stream::replace(tx, &api.id, &[(Column::Channel(Channel::HeartRate), vec![1])])?;
        activity_stream::replace(tx, &file.id, &[(Column::Time, vec![1])])?;
        activity::duplicate::relink(tx, ME, &[file.start_ms.unwrap()], 2)?;
        assert_eq!(activity::get(tx, ME, &file.id)?.unwrap().row.duplicate_of, Some(api.id.clone()));
        let due = way::pending(tx, ME, (Part::Segments, 1), &[Column::Time], 9)?;
        assert_eq!(due.iter().filter(|due| !due.blocks.is_empty()).count(), 1, "the file is looked at too");
        let id = defined(tx, "Lakeside", 500.0)?;
        follow(tx, &id, &file, 70.0)?;
        follow(tx, &id, &api, 60.0)?;
        for (scope, best_s, of) in [(Scope::All, 60.0, &api), (Scope::Shareable, 70.0, &file)] {
            let listed = segment::list(tx, ME, scope)?;
            assert_eq!((listed[0].efforts, listed[0].best_s), (1, Some(best_s)), "{scope:?}");
            assert_eq!(segment_effort::ranked(tx, ME, scope, &id)?.len(), 1, "{scope:?}");
            assert_eq!(segment_effort::of_activity(tx, ME, scope, &of.id)?[0].rank, 1, "{scope:?}");
        }
        Ok(())
    }

    pub(super) fn what_the_api_told_is_not_shareable(tx: &mut Tx<'_>) -> Result<()> {
        let (file, api) = (ride("a", 1), Activity { provenance: "strava_api".to_owned(), ..ride("b", 30) });
        put(tx, &[file.clone(), api.clone()], 1)?;
        let id = defined(tx, "Lakeside", 500.0)?;
        follow(tx, &id, &file, 70.0)?;
        follow(tx, &id, &api, 60.0)?;
        let best = |tx: &mut Tx<'_>, scope| {
            let listed = segment::list(tx, ME, scope)?;
            Ok::<_, Error>(listed.first().map(|segment| (segment.efforts, segment.best_s)))
        };
        assert_eq!(best(tx, Scope::All)?, Some((2, Some(60.0))));
        assert_eq!(best(tx, Scope::Shareable)?, Some((1, Some(70.0))));
        assert_eq!(segment_effort::ranked(tx, ME, Scope::Shareable, &id)?.len(), 1);
        assert_eq!(segment_effort::of_activity(tx, ME, Scope::Shareable, &file.id)?[0].rank, 1);
        assert!(segment_effort::of_activity(tx, ME, Scope::Shareable, &api.id)?.is_empty());
        const FORGE: Sql = Sql::Both("UPDATE segment SET provenance = 'strava_api' WHERE id = $1");
        tx.execute(&FORGE, &store::params![&id])?;
        assert_eq!(best(tx, Scope::Shareable)?, None);
        assert!(segment_effort::of_activity(tx, ME, Scope::Shareable, &file.id)?.is_empty());
        while !strava::purge::some(tx, ME)?.is_empty() {}
        assert_eq!(best(tx, Scope::All)?, None);
        Ok(())
    }

    pub(super) fn a_starred_segment_is_one_of_the_apis_that_the_athlete_alone_sees(
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        let code = |defined: std::result::Result<String, SegmentError>| defined.unwrap_err().code();
        assert_eq!(code(follow_starred(tx, None)?), "segment_not_starred");
        let (kind, item_id, body) = (STARRED.to_owned(), STRAVA_ID.to_string(), "{}".to_owned());
        item::put(tx, ME, &Item { kind, item_id, body, fetched_ms: 5 })?;
        assert_eq!(code(follow_starred(tx, None)?), "segment_line_unread");
        line::put(tx, ME, STRAVA_ID, &starred(90.0), 5)?;
        assert_eq!(code(follow_starred(tx, None)?), "segment_too_short");
        line::put(tx, ME, STRAVA_ID, &starred(500.0), 5)?;
        assert_eq!(line::get(tx, "other", STRAVA_ID)?, None, "it is nobody else's");
        assert_eq!(code(follow_starred(tx, Some(" "))?), "segment_name_invalid");
        let id = follow_starred(tx, None)?.unwrap();
        assert_eq!(follow_starred(tx, Some("Tower"))?.unwrap(), id);
        let kept = segment::get(tx, ME, &id)?.unwrap();
        let told = (kept.name.as_str(), kept.sports.as_str(), kept.provenance.as_str(), kept.source.as_str());
        assert_eq!(told, ("Tower", "on foot", "strava_api", "strava"));
        assert_eq!((kept.source_id, kept.meters.round()), (Some(STRAVA_ID.to_string()), 500.0));
        // Its times are of a file, and on a line of Strava's all the same.
        put(tx, &[ride("a", 1)], 1)?;
        follow(tx, &id, &ride("a", 1), 60.0)?;
        assert_eq!(segment::list(tx, ME, Scope::All)?[0].efforts, 1);
        assert!(Shareable::<Vec<Listed>>::segments(tx, ME)?.is_empty());
        assert!(Shareable::<Vec<Ranked>>::efforts(tx, ME, &id)?.is_empty());
        Ok(())
    }

    pub(super) fn a_starred_line_that_leads_elsewhere_is_looked_for_anew(tx: &mut Tx<'_>) -> Result<()> {
        put(tx, &[ride("a", 1)], 1)?;
        line::put(tx, ME, STRAVA_ID, &starred(500.0), 5)?;
        let id = follow_starred(tx, None)?.unwrap();
        let key = segment::Key { id: id.clone(), sports: "on foot".to_owned(), created_ms: 5 };
        segment::matched(tx, ME, std::slice::from_ref(&key))?;
        follow(tx, &id, &ride("a", 1), 60.0)?;
        let told = |tx: &mut Tx<'_>| {
            let kept = segment::get(tx, ME, &id)?.unwrap();
            let efforts = segment_effort::ranked(tx, ME, Scope::All, &id)?.len();
            Ok::<_, Error>((kept.meters.round(), kept.is_matched, efforts))
        };
        line::put(tx, ME, STRAVA_ID, &starred(500.0), 9)?;
        assert_eq!(told(tx)?, (500.0, true, 1), "read again, and the same");
        line::put(tx, ME, STRAVA_ID, &starred(600.0), 9)?;
        assert_eq!(told(tx)?, (600.0, false, 0));
        segment::matched(tx, ME, &[key])?;
        assert!(!told(tx)?.1, "the line before was looked for");
        let key = super::key(tx, &id)?;
        segment::matched(tx, ME, &[key])?;
        follow(tx, &id, &ride("a", 1), 60.0)?;
        assert_eq!(told(tx)?, (600.0, true, 1));
        line::put(tx, ME, STRAVA_ID, &StarredLine { sport: "cycling".to_owned(), ..starred(600.0) }, 9)?;
        assert_eq!(told(tx)?, (600.0, false, 0), "other sports are compared");
        line::put(tx, ME, STRAVA_ID, &starred(50.0), 9)?;
        assert_eq!(segment::get(tx, ME, &id)?, None, "that is no segment any more");
        Ok(())
    }

    pub(super) fn what_follows_a_starred_line_goes_with_it_and_nothing_else_does(
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        let drawn = defined(tx, "Lakeside", 500.0)?;
        let left = |tx: &mut Tx<'_>| -> Result<Vec<String>> {
            Ok(segment::all(tx, ME)?.into_iter().map(|segment| segment.id).collect())
        };
        type Goes = fn(&mut Tx<'_>) -> Result<()>;
        let ways: [(&str, Goes); 3] = [
            ("starred no more", |tx| line::remove(tx, ME, &STRAVA_ID.to_string())),
            ("too old", |tx| {
                item::forget_older(tx, ME, 6)?;
                segment::forget_undrawn(tx, ME)
            }),
            ("disconnected", |tx| {
                while !strava::purge::some(tx, ME)?.is_empty() {}
                Ok(())
            }),
        ];
        for (why, goes) in ways {
            line::put(tx, ME, STRAVA_ID, &starred(400.0), 5)?;
            follow_starred(tx, None)?.unwrap();
            segment::forget_undrawn(tx, ME)?;
            assert_eq!(left(tx)?.len(), 2, "{why}");
            goes(tx)?;
            assert_eq!(left(tx)?, std::slice::from_ref(&drawn), "{why}");
            assert_eq!(line::get(tx, ME, STRAVA_ID)?, None, "{why}");
        }
        Ok(())
    }
}
