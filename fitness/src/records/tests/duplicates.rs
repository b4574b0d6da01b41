//! Records of one activity, in whatever order they come and go.

use std::collections::BTreeMap;

use store::{Backend, Sql, params};

use super::activity::duplicate::{self, Relinked};
use super::*;
use crate::same::{self, Record};

scenarios![
    the_order_of_arrival_changes_nothing,
    a_crowd_comes_and_goes_in_any_order,
    a_day_counts_an_activity_once,
    a_duplicate_raises_no_peak,
    lists_show_the_one_that_counts,
    a_duplicate_is_found_by_its_id,
    when_the_primary_goes_another_takes_its_place,
    the_day_of_the_one_that_takes_its_place_is_touched,
    a_correction_takes_the_link_away,
    an_activity_that_moves_leaves_its_duplicates_behind,
    records_between_two_that_went_are_seen,
    looking_again_writes_nothing,
    legs_of_one_file_stay_apart,
    another_athlete_is_another_activity,
    a_file_is_told_of_the_others,
    the_lookup_goes_through_the_index_on_the_start,
];

/// A ride with as many channels as it is said to have.
fn record(name: &str, seconds: i64, channels: usize) -> Activity {
    let ride = ride(name, 10);
    let summary = crate::summary::Summary { samples: channels as u32, ..ride.summary.clone() };
    let start_ms = ride.start_ms.map(|start_ms| start_ms + seconds * 1000);
    Activity { start_ms, file: format!("{name}.fit"), summary, ..ride }
}

const CHANNELS: [Column; 3] =
    [Column::Channel(Channel::HeartRate), Column::Channel(Channel::Power), Column::Channel(Channel::Cadence)];

/// Keeps an activity as an import does.
fn keep(tx: &mut Tx<'_>, activity: &Activity, changed: i64) -> Result<Relinked> {
    let upserted = activity::upsert(tx, activity, changed)?;
    let columns: Vec<(Column, Vec<u8>)> =
        CHANNELS.iter().take(activity.summary.samples as usize).map(|column| (*column, vec![1])).collect();
    activity_stream::replace(tx, &activity.id, &columns)?;
    let starts: Vec<i64> = upserted.former_start_ms.into_iter().chain(activity.start_ms).collect();
    duplicate::relink(tx, &activity.athlete, &starts, changed)
}

fn drop_it(tx: &mut Tx<'_>, activity: &Activity) -> Result<(Option<Date>, Relinked)> {
    let removed = activity::remove(tx, &activity.id)?;
    let starts: Vec<i64> = removed.start_ms.into_iter().collect();
    Ok((removed.first_day, duplicate::relink(tx, &activity.athlete, &starts, 99)?))
}

/// Every record with the one that counts in its stead.
fn links(tx: &mut Tx<'_>) -> Result<BTreeMap<String, Option<String>>> {
    const LINKS: Sql = Sql::Both("SELECT id, duplicate_of FROM activity WHERE athlete = $1 ORDER BY id");
    Ok(tx.query(&LINKS, &params![ME], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
}

fn primary_of(tx: &mut Tx<'_>, activity: &Activity) -> Result<Option<String>> {
    Ok(activity::get(tx, ME, &activity.id)?.and_then(|shown| shown.row.duplicate_of))
}

const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What the rule sees of a record that was kept.
fn as_record(activity: &Activity) -> Record {
    Record {
        id: activity.id.clone(),
        sha256: activity.sha256.clone(),
        provenance: activity.provenance.clone(),
        sport: activity.sport.clone(),
        sub_sport: None,
        start_ms: activity.start_ms.unwrap_or_default(),
        elapsed_s: activity.summary.elapsed_s,
        timer_s: activity.summary.timer_s,
        distance_m: activity.summary.distance_m,
        columns: activity.summary.samples,
        samples: activity.summary.samples,
    }
}

/// What the rule says of them at once.
fn at_once(activities: &[Activity]) -> BTreeMap<String, Option<String>> {
    let records: Vec<Record> = activities.iter().map(as_record).collect();
    let primaries = same::primaries(&records).into_iter();
    let id = |index: usize| records[index].id.clone();
    records.iter().zip(primaries).map(|(record, primary)| (record.id.clone(), primary.map(id))).collect()
}

mod scenario {
    use super::*;

    pub(super) fn the_order_of_arrival_changes_nothing(tx: &mut Tx<'_>) -> Result<()> {
        let three = [record("watch", 0, 3), record("phone", 40, 1), record("computer", -30, 2)];
        for order in ORDERS {
            for index in order {
                keep(tx, &three[index], 1)?;
            }
            let links = links(tx)?;
            // The phone is more than a minute behind the computer, but not behind the watch.
            let watch = Some(three[0].id.clone());
            assert_eq!(
                three.each_ref().map(|record| links[&record.id].clone()),
                [None, watch.clone(), watch]
            );
            for record in &three {
                drop_it(tx, record)?;
            }
        }
        Ok(())
    }

    pub(super) fn a_crowd_comes_and_goes_in_any_order(tx: &mut Tx<'_>) -> Result<()> {
        for seed in 0..12 {
            let mut dice = Dice(seed);
            let crowd: Vec<Activity> = (0..14)
                .map(|index| {
                    let name = format!("r{index}");
                    let record = record(&name, dice.roll(300) as i64, dice.roll(4) as usize);
                    Activity { sha256: format!("f{}", dice.roll(9)), ..record }
                })
                .collect();
            let mut waiting = crowd.clone();
            while !waiting.is_empty() {
                let next = waiting.swap_remove(dice.roll(waiting.len() as u64) as usize);
                keep(tx, &next, 1)?;
            }
            assert_eq!(links(tx)?, at_once(&crowd), "seed {seed}");
            let (gone, left) = crowd.split_at(5);
            for record in gone {
                drop_it(tx, record)?;
            }
            assert_eq!(links(tx)?, at_once(left), "seed {seed}, without the first five");
            for record in left {
                drop_it(tx, record)?;
            }
        }
        Ok(())
    }

    pub(super) fn a_day_counts_an_activity_once(tx: &mut Tx<'_>) -> Result<()> {
        keep(tx, &record("phone", 5, 1), 1)?;
        keep(tx, &record("watch", 0, 3), 1)?;
        keep(tx, &Activity { provenance: "strava_api".to_owned(), ..record("api", 9, 3) }, 1)?;
        let counted = activity::contributions(tx, ME, Date::MIN)?;
        let state = State::default();
        let march = (date_of("2024-03-01"), date_of("2024-03-01"));
        for scope in Scope::BOTH {
            let day = &calendar::days(state, march, scope, &counted)[0];
            assert_eq!((day.activities, day.distance_m), (1, 30_000.0), "{scope:?}");
        }
        Ok(())
    }

    pub(super) fn a_duplicate_raises_no_peak(tx: &mut Tx<'_>) -> Result<()> {
        let watch = record("watch", 0, 3);
        let mut phone = record("phone", 5, 1);
        phone.summary.max_hr = Some(215.0);
        keep(tx, &watch, 1)?;
        keep(tx, &phone, 1)?;
        assert_eq!(activity::peaks(tx, ME)?[&date_of("2024-03-01")].max_hr, watch.summary.max_hr);
        Ok(())
    }

    pub(super) fn lists_show_the_one_that_counts(tx: &mut Tx<'_>) -> Result<()> {
        let three = [record("watch", 0, 3), record("phone", 10, 1), record("computer", 20, 2)];
        for record in &three {
            keep(tx, record, 1)?;
        }
        let rows = activity::list(tx, ME, &PageKey::newest(), 10)?;
        let mut also = vec![three[1].id.clone(), three[2].id.clone()];
        also.sort();
        assert_eq!(rows.iter().map(|row| (&row.id, &row.also)).collect::<Vec<_>>(), [(&three[0].id, &also)]);
        Ok(())
    }

    pub(super) fn a_duplicate_is_found_by_its_id(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 3), record("phone", 10, 1));
        keep(tx, &watch, 1)?;
        keep(tx, &phone, 1)?;
        let row = activity::get(tx, ME, &phone.id)?.unwrap().row;
        assert_eq!((row.duplicate_of, row.also), (Some(watch.id.clone()), Vec::new()));
        let row = activity::get(tx, ME, &watch.id)?.unwrap().row;
        assert_eq!((row.duplicate_of, row.also), (None, vec![phone.id]));
        Ok(())
    }

    pub(super) fn when_the_primary_goes_another_takes_its_place(tx: &mut Tx<'_>) -> Result<()> {
        let three = [record("watch", 0, 3), record("phone", 10, 1), record("computer", 20, 2)];
        for record in &three {
            keep(tx, record, 1)?;
        }
        drop_it(tx, &three[0])?;
        assert_eq!(primary_of(tx, &three[1])?, Some(three[2].id.clone()));
        assert_eq!(primary_of(tx, &three[2])?, None);
        Ok(())
    }

    pub(super) fn the_day_of_the_one_that_takes_its_place_is_touched(tx: &mut Tx<'_>) -> Result<()> {
        let watch = record("watch", 0, 3);
        let abroad = Activity { local_date: Some(date_of("2024-02-29")), ..record("phone", 10, 1) };
        keep(tx, &watch, 1)?;
        assert_eq!(keep(tx, &abroad, 1)?.first_day, abroad.local_date);
        assert_eq!(drop_it(tx, &watch)?.0, abroad.local_date);
        Ok(())
    }

    pub(super) fn a_correction_takes_the_link_away(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 3), record("phone", 10, 1));
        keep(tx, &watch, 1)?;
        keep(tx, &phone, 1)?;
        let relinked = keep(tx, &Activity { sport: "rowing".to_owned(), ..watch }, 2)?;
        assert_eq!(relinked, Relinked { first_day: phone.local_date, pairs: Vec::new() });
        assert_eq!(primary_of(tx, &phone)?, None);
        Ok(())
    }

    pub(super) fn an_activity_that_moves_leaves_its_duplicates_behind(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 3), record("phone", 10, 1));
        keep(tx, &watch, 1)?;
        keep(tx, &phone, 1)?;
        keep(tx, &Activity { start_ms: watch.start_ms.map(|at| at + HOUR_MS), ..watch }, 2)?;
        assert_eq!(primary_of(tx, &phone)?, None);
        Ok(())
    }

    pub(super) fn records_between_two_that_went_are_seen(tx: &mut Tx<'_>) -> Result<()> {
        let rowed = Activity { sport: "rowing".to_owned(), ..record("a", 0, 3) };
        let four = [rowed, record("b", 59, 3), record("c", 100, 1), record("d", 140, 0)];
        for record in &four {
            keep(tx, record, 1)?;
        }
        assert_eq!(primary_of(tx, &four[2])?, Some(four[1].id.clone()));
        for record in &four[..2] {
            activity::remove(tx, &record.id)?;
        }
        let starts: Vec<i64> = four[..2].iter().filter_map(|record| record.start_ms).collect();
        duplicate::relink(tx, ME, &starts, 2)?;
        assert_eq!(links(tx)?, at_once(&four[2..]));
        Ok(())
    }

    pub(super) fn looking_again_writes_nothing(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 3), record("phone", 10, 1));
        keep(tx, &watch, 1)?;
        keep(tx, &phone, 2)?;
        let again = duplicate::relink(tx, ME, &[watch.start_ms.unwrap()], 3)?;
        assert_eq!((again.first_day, again.pairs.len()), (None, 1));
        assert!(activity::pending(tx, ME, (2, "~"), 9)?.is_empty());
        Ok(())
    }

    pub(super) fn legs_of_one_file_stay_apart(tx: &mut Tx<'_>) -> Result<()> {
        let leg = |name: &str, seconds| Activity { sha256: "race".to_owned(), ..record(name, seconds, 2) };
        keep(tx, &leg("swim", 0), 1)?;
        keep(tx, &leg("bike", 10), 1)?;
        assert!(links(tx)?.values().all(Option::is_none));
        Ok(())
    }

    pub(super) fn another_athlete_is_another_activity(tx: &mut Tx<'_>) -> Result<()> {
        let other = Athlete { id: "other".to_owned(), timezone: "UTC".to_owned(), created_ms: 1 };
        athlete::ensure(tx, &other)?;
        keep(tx, &record("watch", 0, 3), 1)?;
        let watch = record("watch", 0, 2);
        let id = crate::identity::activity_id(&other.id, "file", "watch");
        let theirs = Activity { id, athlete: other.id, sha256: "theirs".to_owned(), ..watch };
        assert_eq!(keep(tx, &theirs, 1)?, Relinked::default());
        Ok(())
    }

    pub(super) fn a_file_is_told_of_the_others(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 3), record("phone", 10, 1));
        keep(tx, &watch, 1)?;
        let relinked = keep(tx, &phone, 1)?;
        let told = |of: &Activity| {
            let warnings = relinked.warnings(std::slice::from_ref(&of.id));
            warnings
                .into_iter()
                .map(|warning| format!("{}: {}", warning.code, warning.detail))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&phone), ["same_activity: recorded in `watch.fit` too, which is counted"]);
        assert_eq!(told(&watch), ["same_activity: recorded in `phone.fit` too, which is not counted"]);
        assert!(told(&record("else", 0, 1)).is_empty());
        Ok(())
    }

    pub(super) fn the_lookup_goes_through_the_index_on_the_start(tx: &mut Tx<'_>) -> Result<()> {
        const HURRY: Sql = Sql::Both("SET LOCAL enable_seqscan = off");
        let Sql::Both(around) = duplicate::AROUND else { panic!("one text for both databases") };
        let around = around.replace("$1", "'me'").replace("$2", "0").replace("$3", "9");
        let (ask, place) = match tx.backend() {
            Backend::Sqlite => ("EXPLAIN QUERY PLAN", 3),
            Backend::Postgres => ("EXPLAIN", 0),
        };
        if tx.backend() == Backend::Postgres {
            // Tables this small are read whole otherwise.
            tx.execute(&HURRY, &[])?;
        }
        let sql = Sql::Both(Box::leak(format!("{ask} {around}").into_boxed_str()));
        let plan = tx.query(&sql, &[], |row| row.get::<String>(place))?.join("\n");
        assert!(plan.contains("activity_by_start"), "{plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("Seq Scan"), "{plan}");
        Ok(())
    }
}
