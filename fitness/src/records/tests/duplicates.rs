//! Records of one activity, in whatever order they come and go.

use std::collections::BTreeMap;

use store::{Backend, Sql, params};

use super::activity::duplicate::{self, Relinked};
use super::*;
use crate::records::strava::activity::Stale;
use crate::same::{self, Choices, Record};

scenarios![
    the_order_of_arrival_changes_nothing,
    a_crowd_comes_and_goes_in_any_order,
    a_day_counts_an_activity_once,
    a_duplicate_raises_no_peak,
    lists_show_the_one_that_counts,
    a_duplicate_is_found_by_its_id,
    when_the_primary_goes_another_takes_its_place,
    the_day_of_the_one_that_takes_its_place_is_touched,
    the_day_of_the_one_that_counts_is_touched_when_another_joins_it,
    a_correction_takes_the_link_away,
    an_activity_that_moves_leaves_its_duplicates_behind,
    records_between_two_that_went_are_seen,
    looking_again_writes_nothing,
    legs_of_one_file_stay_apart,
    another_athlete_is_another_activity,
    a_file_is_told_of_the_others,
    the_lookup_goes_through_the_index_on_the_start,
    an_id_of_the_export_links_in_any_order,
    the_name_of_an_upload_links_in_any_order,
    a_record_that_its_file_left_finds_others,
    names_of_a_crowd_link_in_any_order,
    the_athlete_reads_what_the_api_calls_it,
    both_scopes_count_the_best_that_they_may_see,
    what_the_one_that_counts_lacks_is_lent_by_the_best_of_the_others,
    a_copy_lifts_the_limits_whoever_counts,
    records_that_another_ranking_linked_are_linked_anew,
];

/// A ride with as many channels as it is said to have.
fn record(name: &str, seconds: i64, channels: usize) -> Activity {
    let ride = ride(name, 10);
    let summary = crate::summary::Summary { samples: channels as u32, ..ride.summary.clone() };
    let start_ms = ride.start_ms.map(|start_ms| start_ms + seconds * 1000);
    Activity { start_ms, file: format!("{name}.fit"), summary, ..ride }
}

/// What the API tells of the same ride, with another idea of when and how long it was.
fn of_the_api(id: &str, seconds: i64) -> Activity {
    let ride = record(id, seconds, 0);
    let far = crate::summary::Summary { distance_m: Some(1.0), ..ride.summary.clone() };
    Activity {
        id: crate::identity::activity_id(ME, "strava_api", id),
        provenance: "strava_api".to_owned(),
        sha256: format!("strava {id}"),
        name: None,
        summary: far,
        ..ride
    }
}

/// Notes what a row of the export, or the API, tells of an activity.
fn tell(tx: &mut Tx<'_>, provenance: &str, id: &str, activity: &Activity, name: &str) -> Result<()> {
    let row = ExportRow {
        provenance: provenance.to_owned(),
        source_id: id.to_owned(),
        archive: "export.zip".to_owned(),
        position: 2,
        file: None,
        activity_id: Some(activity.id.clone()),
        figures: serde_json::json!({ "name": name, "gear": "Old shoes", "visibility": "only_me" })
            .to_string(),
        columns: "[]".to_owned(),
    };
    export_row::put(tx, ME, &row).map(drop)
}

/// Notes what was uploaded, as the list of the API tells it.
fn uploaded(tx: &mut Tx<'_>, activity: &Activity, id: i64, name: &str) -> Result<()> {
    const PUT: Sql = Sql::Both(
        "INSERT INTO strava_activity (athlete, strava_id, activity_id, start_ms, summary, summary_sha256, \
         listed_ms, detail_faults, streams_faults) VALUES ($1, $2, $3, $4, $5, '', 0, 0, 0)",
    );
    let summary = serde_json::json!({ "id": id, "external_id": name }).to_string();
    tx.execute(&PUT, &params![ME, id, &activity.id, activity.start_ms, &summary]).map(drop)
}

/// Looks at an activity again, because something tells of it now.
fn look_at(tx: &mut Tx<'_>, activity: &Activity) -> Result<()> {
    duplicate::relink(tx, ME, &[activity.start_ms.unwrap()], 5).map(drop)
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
    Ok((removed.first_day, duplicate::relink(tx, &activity.athlete, &removed.starts_ms, 99)?))
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
        measured: activity.summary.samples,
        samples: activity.summary.samples,
        strava_ids: if activity.provenance == "strava_api" {
            vec![activity.source_id.clone()]
        } else {
            Vec::new()
        },
        file_name: same::file_name(&activity.file).filter(|_| activity.provenance != "strava_api"),
    }
}

/// What the rule says of them at once.
fn at_once(activities: &[Activity]) -> BTreeMap<String, Option<String>> {
    let records: Vec<Record> = activities.iter().map(as_record).collect();
    let primaries = same::primaries(&records, &Choices::default()).into_iter();
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

    pub(super) fn the_day_of_the_one_that_counts_is_touched_when_another_joins_it(
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        let watch = Activity { local_date: Some(date_of("2024-02-29")), ..record("watch", 0, 3) };
        let phone = record("phone", 10, 1);
        assert!(phone.local_date > watch.local_date);
        keep(tx, &watch, 1)?;
        assert_eq!(keep(tx, &phone, 1)?.first_day, watch.local_date, "it is lent what the other says");
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

    /// What the API measured, a bare row of the export, and a phone that knows a little.
    fn api_row_and_phone() -> [Activity; 3] {
        let api = Activity { provenance: "strava_api".to_owned(), ..record("api", 5, 3) };
        let row = Activity { provenance: "bulk_export".to_owned(), ..record("row", 0, 0) };
        [api, row, record("phone", 2, 1)]
    }

    pub(super) fn both_scopes_count_the_best_that_they_may_see(tx: &mut Tx<'_>) -> Result<()> {
        let three = api_row_and_phone();
        let [api, row, phone] = three.each_ref().map(|record| record.id.clone());
        let march = (date_of("2024-03-01"), date_of("2024-03-01"));
        for order in ORDERS {
            for index in order {
                keep(tx, &three[index], 1)?;
            }
            let mine = activity::list(tx, ME, &PageKey::newest(), 9)?;
            let theirs = activity::list_shareable(tx, ME, &PageKey::newest(), 9)?;
            let mut also = vec![row.clone(), phone.clone()];
            also.sort();
            let shown = |rows: &[activity::ActivityRow]| -> Vec<(String, Vec<String>)> {
                rows.iter().map(|row| (row.id.clone(), row.also.clone())).collect()
            };
            assert_eq!(shown(&mine), [(api.clone(), also)], "{order:?}");
            assert_eq!(shown(&theirs), [(phone.clone(), vec![row.clone()])], "{order:?}");
            let counted = activity::contributions(tx, ME, Date::MIN)?;
            for scope in Scope::BOTH {
                let day = &calendar::days(State::default(), march, scope, &counted)[0];
                assert_eq!((day.activities, day.distance_m), (1, 30_000.0), "{scope:?}");
                let outings = volume::between(tx, ME, scope, march, None)?;
                assert_eq!(outings.len(), 1, "{scope:?}");
            }
            for record in &three {
                drop_it(tx, record)?;
            }
        }
        Ok(())
    }

    pub(super) fn what_the_one_that_counts_lacks_is_lent_by_the_best_of_the_others(
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        let [mut api, mut row, mut phone] = api_row_and_phone();
        (api.summary.ascent_m, api.summary.moving_s) = (None, None);
        (row.summary.ascent_m, row.summary.moving_s) = (Some(120.0), Some(3500.0));
        (phone.summary.ascent_m, phone.summary.moving_s) = (Some(90.0), None);
        for record in [&api, &row, &phone] {
            keep(tx, record, 1)?;
        }
        let of = |field: &str, record: &Activity| (field.to_owned(), record.id.clone());
        let mine = activity::get(tx, ME, &api.id)?.unwrap().row;
        assert_eq!((mine.ascent_m, mine.moving_s), (Some(90.0), Some(3500.0)));
        assert_eq!(mine.lent, BTreeMap::from([of("ascent_m", &phone), of("moving_s", &row)]));
        let theirs = activity::shareable(tx, ME, &phone.id)?.unwrap();
        assert_eq!((theirs.ascent_m, theirs.moving_s), (Some(90.0), Some(3500.0)));
        assert_eq!(theirs.lent, BTreeMap::from([of("moving_s", &row)]));
        Ok(())
    }

    pub(super) fn a_copy_lifts_the_limits_whoever_counts(tx: &mut Tx<'_>) -> Result<()> {
        let [api, row, phone] = api_row_and_phone();
        uploaded(tx, &api, 77, "ride.fit")?;
        keep(tx, &api, 1)?;
        let stale = |tx: &mut Tx<'_>| -> Result<usize> {
            Ok(strava::activity::stale(tx, ME, Stale::All, i64::MAX, 9)?.len())
        };
        assert_eq!(stale(tx)?, 1, "nothing else tells of it");
        keep(tx, &phone, 1)?;
        assert_eq!((primary_of(tx, &phone)?, stale(tx)?), (Some(api.id.clone()), 0), "the API's counts");
        keep(tx, &Activity { provenance: "file".to_owned(), ..record("watch", 1, 3) }, 1)?;
        assert_ne!(primary_of(tx, &api)?, None);
        keep(tx, &row, 1)?;
        assert_eq!(stale(tx)?, 0, "a file counts");
        Ok(())
    }

    pub(super) fn records_that_another_ranking_linked_are_linked_anew(tx: &mut Tx<'_>) -> Result<()> {
        const SPOIL: Sql =
            Sql::Both("UPDATE activity SET duplicate_of = NULL, shareable_of = NULL WHERE athlete = $1");
        const AGE: Sql = Sql::Both("UPDATE load_position SET linked = 0 WHERE athlete = $1");
        let crowd: Vec<Activity> =
            (0..9).map(|index| record(&format!("r{index}"), index * 45, index as usize % 4)).collect();
        for record in &crowd {
            keep(tx, record, 1)?;
        }
        load_position::put(tx, ME, &LoadPosition::default())?;
        tx.execute(&SPOIL, &params![ME])?;
        assert!(duplicate::renew(tx, ME, 2)?.is_done, "who begins with this ranking has nothing to do");
        tx.execute(&AGE, &params![ME])?;
        let mut first_day = None;
        for _ in 0..9 {
            let renewed = duplicate::renew(tx, ME, 2)?;
            first_day = first_day.into_iter().chain(renewed.first_day).min();
            if renewed.is_done {
                break;
            }
        }
        assert_eq!(links(tx)?, at_once(&crowd));
        assert_eq!(first_day, crowd[0].local_date);
        assert!(duplicate::renew(tx, ME, 2)?.is_done, "once is enough");
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

    pub(super) fn an_id_of_the_export_links_in_any_order(tx: &mut Tx<'_>) -> Result<()> {
        let (file, api) = (record("watch", 0, 3), of_the_api("77", 40_000));
        for order in ORDERS {
            for what in order {
                match what {
                    0 => drop(keep(tx, &file, 1)?),
                    1 => drop(keep(tx, &api, 1)?),
                    _ if activity::exists(tx, ME, &file.id)? => {
                        tell(tx, "bulk_export", "77", &file, "Ride")?;
                        look_at(tx, &file)?;
                    }
                    // The row comes with its file.
                    _ => {}
                }
            }
            tell(tx, "bulk_export", "77", &file, "Ride")?;
            look_at(tx, &file)?;
            assert_eq!(primary_of(tx, &api)?, Some(file.id.clone()), "{order:?}");
            assert_eq!(primary_of(tx, &file)?, None);
            drop_it(tx, &file)?;
            assert_eq!(primary_of(tx, &api)?, None, "it is counted where no file is");
            drop_it(tx, &api)?;
        }
        Ok(())
    }

    pub(super) fn the_name_of_an_upload_links_in_any_order(tx: &mut Tx<'_>) -> Result<()> {
        let (file, api) = (record("watch", 0, 3), of_the_api("77", -40_000));
        let late = of_the_api("78", 100_000);
        uploaded(tx, &api, 77, "Watch.FIT.gz")?;
        uploaded(tx, &late, 78, "watch.fit")?;
        let three = [file, api, late];
        for order in ORDERS {
            for index in order {
                keep(tx, &three[index], 1)?;
            }
            let primaries = three.each_ref().map(|record| primary_of(tx, record).unwrap());
            assert_eq!(primaries, [None, Some(three[0].id.clone()), None], "{order:?}");
            for record in &three {
                drop_it(tx, record)?;
            }
        }
        Ok(())
    }

    pub(super) fn a_record_that_its_file_left_finds_others(tx: &mut Tx<'_>) -> Result<()> {
        let (file, api) = (record("watch", 0, 3), of_the_api("77", 40_000));
        let beside = Activity { summary: api.summary.clone(), ..record("phone", 40_010, 1) };
        keep(tx, &file, 1)?;
        tell(tx, "bulk_export", "77", &file, "Ride")?;
        keep(tx, &beside, 1)?;
        keep(tx, &api, 1)?;
        assert_eq!(primary_of(tx, &api)?, Some(file.id.clone()));
        drop_it(tx, &file)?;
        assert_eq!(primary_of(tx, &api)?, Some(beside.id));
        Ok(())
    }

    pub(super) fn names_of_a_crowd_link_in_any_order(tx: &mut Tx<'_>) -> Result<()> {
        for seed in 0..8 {
            let mut dice = Dice(seed);
            let mut crowd: Vec<Activity> = Vec::new();
            for index in 0..12 {
                let (name, seconds) = (format!("r{index}"), dice.roll(200) as i64);
                crowd.push(match dice.roll(2) {
                    0 => of_the_api(&format!("{}", 100 + index), seconds * 300),
                    _ => record(&name, seconds * 300, dice.roll(4) as usize),
                });
            }
            let files: Vec<Activity> = crowd.iter().filter(|one| one.provenance == "file").cloned().collect();
            let named = |index: usize| files.get(index % files.len().max(1)).cloned();
            let mut waiting = crowd.clone();
            while !waiting.is_empty() {
                let next = waiting.swap_remove(dice.roll(waiting.len() as u64) as usize);
                keep(tx, &next, 1)?;
            }
            // Each is told of once all are there; the store may look at them one by one.
            let mut records: Vec<Record> = crowd.iter().map(as_record).collect();
            for (index, api) in crowd.iter().enumerate().filter(|(_, one)| one.provenance != "file") {
                let Some(file) = named(index) else { continue };
                tell(tx, "bulk_export", &api.source_id, &file, "Ride")?;
                let record = records.iter_mut().find(|record| record.id == file.id).unwrap();
                record.strava_ids.push(api.source_id.clone());
                look_at(tx, if dice.roll(2) == 0 { &file } else { api })?;
            }
            let primaries = same::primaries(&records, &Choices::default());
            let wanted: BTreeMap<String, Option<String>> = records
                .iter()
                .zip(primaries)
                .map(|(record, primary)| (record.id.clone(), primary.map(|index| records[index].id.clone())))
                .collect();
            assert_eq!(links(tx)?, wanted, "seed {seed}");
            for record in &crowd {
                drop_it(tx, record)?;
            }
        }
        Ok(())
    }

    pub(super) fn the_athlete_reads_what_the_api_calls_it(tx: &mut Tx<'_>) -> Result<()> {
        let (file, api) = (record("watch", 0, 3), of_the_api("77", 40_000));
        let unnamed = Activity { name: Some("20240301.fit".to_owned()), ..file };
        keep(tx, &unnamed, 1)?;
        keep(tx, &api, 1)?;
        tell(tx, "strava_api", "77", &api, "Evening ride")?;
        uploaded(tx, &api, 77, "watch.fit")?;
        look_at(tx, &api)?;
        let shown = activity::list(tx, ME, &PageKey::newest(), 9)?;
        let told = shown.iter().map(|row| (row.name.as_deref(), row.gear.as_deref(), row.also.len()));
        assert_eq!(told.collect::<Vec<_>>(), [(Some("Evening ride"), Some("Old shoes"), 1)]);
        let filter = activity::Filter { text: Some("evening".to_owned()), ..activity::Filter::default() };
        let found = activity::search(tx, ME, &filter, &PageKey::newest(), 9)?;
        assert_eq!(found.len(), 1, "it is found by what it is called");
        // Nobody else does.
        let handed = shareable::Shareable::activity(tx, ME, &unnamed.id)?.unwrap();
        assert_eq!((handed.name.as_deref(), handed.gear.as_deref()), (Some("20240301.fit"), None));
        assert_eq!((shown[0].visibility.as_deref(), handed.visibility.as_deref()), (Some("only_me"), None));
        assert!(handed.also.is_empty());
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
