//! What a person says of records holds, whatever comes and goes later.

use super::activity::merged::{self, MergeError, Word};
use super::intake::Intake;
use super::*;
use crate::entry::Entry;

scenarios![
    what_was_split_stays_apart_through_a_later_import,
    what_was_split_comes_back_apart,
    a_join_reaches_hours_away,
    a_join_takes_all_in_that_is_one_with_either,
    what_was_joined_comes_back_as_one,
    the_later_word_counts,
    what_is_forgotten_is_decided_by_the_rule,
    days_are_counted_anew_from_the_first_that_changed,
    what_cannot_be_said_is_refused,
    the_records_of_an_activity_are_shown,
    another_athlete_says_nothing_of_mine,
    what_is_lent_figures_is_looked_at_again_when_they_are_others,
    both_that_count_are_looked_at_again,
];

/// A ride with as many samples as it is said to have.
fn record(name: &str, minutes: i64, samples: u32) -> Activity {
    let ride = ride(name, 10);
    let summary = crate::summary::Summary { samples, ..ride.summary.clone() };
    let start_ms = ride.start_ms.map(|start_ms| start_ms + minutes * 60_000);
    Activity { start_ms, file: format!("{name}.fit"), summary, ..ride }
}

fn import(tx: &mut Tx<'_>, records: &[&Activity]) -> Result<()> {
    let mut intake = Intake::new(tx, ME);
    for record in records {
        intake.write(&Entry::bare((*record).clone()))?;
    }
    intake.relink()?;
    intake.close().map(drop)
}

fn remove(tx: &mut Tx<'_>, record: &Activity) -> Result<()> {
    let mut intake = Intake::new(tx, ME);
    intake.remove(&record.id)?;
    intake.relink()?;
    intake.close().map(drop)
}

fn split(tx: &mut Tx<'_>, record: &Activity) -> Result<Vec<String>> {
    Ok(merged::say(tx, ME, &Word::Split(record.id.clone()), 5)?.counted)
}

fn join(tx: &mut Tx<'_>, record: &Activity, other: &Activity) -> Result<Vec<String>> {
    Ok(merged::say(tx, ME, &Word::Join(record.id.clone(), other.id.clone()), 6)?.counted)
}

/// The names of the records of each activity, those that count in front.
fn groups(tx: &mut Tx<'_>) -> Result<Vec<Vec<String>>> {
    let rows = activity::list(tx, ME, &PageKey::newest(), 50)?;
    let mut groups = Vec::new();
    for row in rows {
        let records = merged::records(tx, ME, &row.id)?.unwrap().records;
        groups.push(records.into_iter().map(|record| record.file.replace(".fit", "")).collect());
    }
    groups.sort();
    Ok(groups)
}

fn check(tx: &mut Tx<'_>, wanted: &[&[&str]]) -> Result<()> {
    assert_eq!(groups(tx)?, wanted);
    Ok(())
}

/// True where an activity is looked at again after this.
fn touches(tx: &mut Tx<'_>, of: &Activity, happens: impl FnOnce(&mut Tx<'_>) -> Result<()>) -> Result<bool> {
    const CHANGED: Sql = Sql::Both("SELECT changed FROM activity WHERE id = $1");
    let changed = |tx: &mut Tx<'_>| tx.optional(&CHANGED, &store::params![&of.id], |row| row.get::<i64>(0));
    let before = changed(tx)?;
    happens(tx)?;
    Ok(changed(tx)? != before)
}

mod scenario {
    use super::*;

    pub(super) fn what_is_lent_figures_is_looked_at_again_when_they_are_others(
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 9), record("phone", 0, 5));
        let mut renamed = phone.clone();
        renamed.name = Some("Renamed".to_owned());
        import(tx, &[&watch])?;
        assert!(touches(tx, &watch, |tx| import(tx, &[&phone]))?, "another record came");
        assert!(!touches(tx, &watch, |tx| import(tx, &[&watch, &phone]))?, "nothing is new");
        assert!(touches(tx, &watch, |tx| import(tx, &[&renamed]))?, "the other one changed");
        assert!(touches(tx, &watch, |tx| split(tx, &phone).map(drop))?, "it was split off");
        assert!(!touches(tx, &watch, |tx| import(tx, &[&phone]))?, "it is none of it");
        assert!(touches(tx, &watch, |tx| join(tx, &phone, &watch).map(drop))?, "it was joined");
        assert!(touches(tx, &watch, |tx| remove(tx, &phone))?, "it is gone");
        Ok(())
    }

    pub(super) fn both_that_count_are_looked_at_again(tx: &mut Tx<'_>) -> Result<()> {
        let mut api = Activity { provenance: "strava_api".to_owned(), ..record("api", 0, 9) };
        api.summary.ascent_m = Some(120.0);
        let (phone, watch) = (record("phone", 0, 5), record("watch", 0, 3));
        import(tx, &[&api, &phone, &watch])?;
        let shown = activity::get(tx, ME, &watch.id)?.unwrap().row;
        assert_eq!(shown.duplicate_of, Some(api.id.clone()), "the API measured more");
        for counted in [&api, &phone] {
            let renamed = Activity { name: Some(counted.file.clone()), ..watch.clone() };
            assert!(touches(tx, counted, |tx| import(tx, &[&renamed]))?, "{}", counted.file);
        }
        assert!(touches(tx, &phone, |tx| remove(tx, &watch))?, "others see the phone's");
        assert!(touches(tx, &phone, |tx| remove(tx, &api))?, "it counts for all");
        Ok(())
    }

    pub(super) fn what_was_split_stays_apart_through_a_later_import(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 9), record("phone", 0, 5));
        import(tx, &[&watch, &phone])?;
        check(tx, &[&["watch", "phone"]])?;
        assert_eq!(split(tx, &phone)?.len(), 2);
        check(tx, &[&["phone"], &["watch"]])?;
        // One that is the same as both, and stands before both.
        import(tx, &[&record("computer", 0, 99)])?;
        check(tx, &[&["computer", "watch"], &["phone"]])?;
        import(tx, &[&watch, &phone])?;
        check(tx, &[&["computer", "watch"], &["phone"]])
    }

    pub(super) fn what_was_split_comes_back_apart(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 9), record("phone", 0, 5));
        import(tx, &[&watch, &phone])?;
        split(tx, &watch)?;
        remove(tx, &phone)?;
        check(tx, &[&["watch"]])?;
        import(tx, &[&phone])?;
        check(tx, &[&["phone"], &["watch"]])
    }

    pub(super) fn a_join_reaches_hours_away(tx: &mut Tx<'_>) -> Result<()> {
        let (morning, evening) = (record("morning", 0, 5), record("evening", 600, 9));
        import(tx, &[&morning, &evening])?;
        assert_eq!(join(tx, &morning, &evening)?, [evening.id.as_str()]);
        check(tx, &[&["evening", "morning"]])?;
        // Whichever is looked at again.
        for again in [&morning, &evening] {
            import(tx, &[&Activity { name: Some("Renamed".to_owned()), ..again.clone() }])?;
            check(tx, &[&["evening", "morning"]])?;
        }
        Ok(())
    }

    pub(super) fn a_join_takes_all_in_that_is_one_with_either(tx: &mut Tx<'_>) -> Result<()> {
        let all = [("a", 0, 9), ("b", 0, 5), ("c", 600, 8), ("d", 600, 4)];
        let all = all.map(|(name, minutes, samples)| record(name, minutes, samples));
        import(tx, &all.each_ref())?;
        check(tx, &[&["a", "b"], &["c", "d"]])?;
        join(tx, &all[1], &all[3])?;
        check(tx, &[&["a", "b", "c", "d"]])?;
        // What agrees with one of them only, and comes later.
        import(tx, &[&record("e", 600, 1)])?;
        check(tx, &[&["a", "b", "c", "d", "e"]])
    }

    pub(super) fn what_was_joined_comes_back_as_one(tx: &mut Tx<'_>) -> Result<()> {
        let three = [record("a", 0, 9), record("b", 600, 5), record("c", 1200, 4)];
        import(tx, &three.each_ref())?;
        join(tx, &three[0], &three[1])?;
        join(tx, &three[0], &three[2])?;
        // By way of one that is gone.
        remove(tx, &three[0])?;
        check(tx, &[&["b", "c"]])?;
        import(tx, &[&three[0]])?;
        check(tx, &[&["a", "b", "c"]])
    }

    pub(super) fn the_later_word_counts(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 9), record("phone", 0, 5));
        import(tx, &[&watch, &phone])?;
        split(tx, &phone)?;
        join(tx, &phone, &watch)?;
        check(tx, &[&["watch", "phone"]])?;
        split(tx, &watch)?;
        check(tx, &[&["phone"], &["watch"]])
    }

    pub(super) fn what_is_forgotten_is_decided_by_the_rule(tx: &mut Tx<'_>) -> Result<()> {
        let three = [record("a", 0, 9), record("b", 0, 5), record("c", 600, 4)];
        import(tx, &three.each_ref())?;
        split(tx, &three[1])?;
        join(tx, &three[1], &three[2])?;
        check(tx, &[&["a"], &["b", "c"]])?;
        merged::say(tx, ME, &Word::Forget(three[1].id.clone()), 7)?;
        check(tx, &[&["a", "b"], &["c"]])?;
        assert_eq!(merge_choice::list(tx, ME)?, []);
        Ok(())
    }

    pub(super) fn days_are_counted_anew_from_the_first_that_changed(tx: &mut Tx<'_>) -> Result<()> {
        let (march, later) = (ride("march", 10), ride("later", 58));
        import(tx, &[&march, &later])?;
        let word = Word::Join(later.id.clone(), march.id.clone());
        stale_day::take(tx, ME)?;
        let merged = merged::say(tx, ME, &word, 5)?;
        assert_eq!(merged.counted.len(), 1);
        // The one that counts is given figures of the other, and the other leaves its day.
        assert_eq!(merged.first_day, march.local_date);
        assert_eq!(stale_day::peek(tx, ME)?, march.local_date);
        Ok(())
    }

    pub(super) fn what_cannot_be_said_is_refused(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone, alone) = (record("watch", 0, 9), record("phone", 0, 5), record("alone", 600, 5));
        let legs = [0, 300]
            .map(|minutes| Activity { sha256: "race".to_owned(), ..record("leg", minutes + 3000, 5) });
        let legs = [
            legs[0].clone(),
            Activity { id: "leg2".to_owned(), source_id: "leg2".to_owned(), ..legs[1].clone() },
        ];
        let timeless = Activity { start_ms: None, local_date: None, ..record("timeless", 0, 5) };
        import(tx, &[&watch, &phone, &alone, &legs[0], &legs[1], &timeless])?;
        let id = |record: &Activity| record.id.clone();
        let cases = [
            (Word::Split("nobody".to_owned()), "not_found"),
            (Word::Join(id(&watch), "nobody".to_owned()), "not_found"),
            (Word::Forget("nobody".to_owned()), "not_found"),
            (Word::Split(id(&alone)), "merge_alone"),
            (Word::Join(id(&watch), id(&phone)), "merge_together"),
            (Word::Join(id(&watch), id(&watch)), "merge_together"),
            (Word::Join(id(&legs[0]), id(&legs[1])), "merge_same_file"),
            (Word::Join(id(&watch), id(&timeless)), "merge_no_start"),
        ];
        for (word, code) in cases {
            let refused = merged::say(tx, ME, &word, 5).unwrap_err();
            assert_eq!(refused.downcast_aborted::<MergeError>().unwrap().code(), code, "{word:?}");
        }
        assert_eq!(merge_choice::list(tx, ME)?, []);
        Ok(())
    }

    pub(super) fn the_records_of_an_activity_are_shown(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 9), record("phone", 0, 5));
        import(tx, &[&watch, &phone])?;
        activity_stream::replace(
            tx,
            &watch.id,
            &[(Column::Time, vec![1]), (Column::Channel(Channel::Power), vec![1])],
        )?;
        let shown = merged::records(tx, ME, &phone.id)?.unwrap();
        let records: Vec<_> =
            shown.records.iter().map(|of| (of.id.as_str(), of.counts, of.samples)).collect();
        assert_eq!(records, [(watch.id.as_str(), true, 9), (phone.id.as_str(), false, 5)]);
        assert_eq!(shown.records[0].channels, ["power", "time"]);
        assert_eq!(shown.records[1].channels, [""; 0]);
        assert_eq!(shown.choices, []);
        split(tx, &phone)?;
        let choices = merged::records(tx, ME, &phone.id)?.unwrap().choices;
        assert_eq!(choices.iter().map(|of| (of.is_same, of.decided_ms)).collect::<Vec<_>>(), [(false, 5)]);
        assert_eq!(merged::records(tx, ME, "nobody")?, None);
        Ok(())
    }

    pub(super) fn another_athlete_says_nothing_of_mine(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (record("watch", 0, 9), record("phone", 0, 5));
        import(tx, &[&watch, &phone])?;
        let refused = merged::say(tx, "other", &Word::Split(phone.id.clone()), 5).unwrap_err();
        assert_eq!(refused.downcast_aborted::<MergeError>().unwrap().code(), "not_found");
        assert_eq!(merged::records(tx, "other", &phone.id)?, None);
        check(tx, &[&["watch", "phone"]])
    }
}
