//! Gear of several sources, what is mounted on it, and what the athlete says of both.

use super::gear::{
    self, Change, Choice, ComponentChange, Gear, GearError, New, NewComponent, Service, Standing,
};
use super::strava::item::{self, Item};
use super::*;
use crate::gear::Kind as Made;
use crate::shareable::Shareable;

scenarios![
    gear_of_two_sources_is_one,
    what_two_pairs_share_names_neither,
    nameless_shoes_are_called_by_brand_and_model,
    gear_of_no_list_is_known_by_its_activities,
    a_merged_activity_wears_its_gear_once,
    what_the_record_that_counts_lacks_another_one_lends,
    a_split_gives_it_back,
    others_see_nothing_of_the_api,
    a_component_counts_from_its_day_to_its_end,
    a_component_of_an_export_counts_from_the_first_use,
    service_sets_the_interval_back,
    the_athletes_word_outweighs_the_source,
    a_choice_holds_for_every_record_and_for_what_takes_its_place,
    what_it_had_done_before_counts,
    retired_gear_comes_last_and_comes_back,
    a_name_that_is_changed_keeps_the_uses,
    what_is_forgotten_is_as_the_sources_have_it,
    the_id_at_strava_tells_gear_whose_name_is_not_told,
    what_was_said_holds_where_a_source_names_it_otherwise_later,
    what_is_said_later_holds_for_every_name_it_had,
    a_choice_of_gear_that_is_gone_leaves_the_word_of_the_source,
    a_choice_holds_where_another_record_counts,
    of_several_activities_all_are_chosen_or_none,
    what_ended_is_not_mounted_again,
    gear_and_components_are_forgotten_each_by_its_own_verb,
    gear_is_added_once_by_the_name_that_was_given_it,
    what_cannot_be_said_is_refused,
    another_athlete_has_nothing_of_mine,
];

/// A row of each table of gear.
pub(super) fn said(tx: &mut Tx<'_>, of: &Activity) -> Result<()> {
    let id = gear::add(tx, ME, &new("Typed in", Some(Made::Bike), 0.0), 5)?;
    let chain = gear::mount(tx, ME, &id, &NewComponent::of("Chain", "", None).unwrap(), 5)?.unwrap();
    gear::service(tx, ME, &chain, date_of("2024-03-01"), "Waxed")?.unwrap();
    gear::choose(tx, ME, &of.id, &Choice::Gear(id))?.unwrap();
    Ok(())
}

fn new(name: &str, kind: Option<Made>, before_m: f64) -> New {
    New::of(name, kind, (Some(before_m), Some(before_m / 10.0))).unwrap()
}

/// Rows of 30 km in an hour, some hours into March 2024, each with the gear that a source names.
fn told(tx: &mut Tx<'_>, provenance: &str, name: &str, activity: &Activity) -> Result<()> {
    figures(tx, provenance, &serde_json::json!({ "gear": name }), activity)
}

fn figures(
    tx: &mut Tx<'_>,
    provenance: &str,
    figures: &serde_json::Value,
    activity: &Activity,
) -> Result<()> {
    let row = ExportRow {
        provenance: provenance.to_owned(),
        source_id: activity.source_id.clone(),
        archive: "export.zip".to_owned(),
        position: 2,
        file: None,
        activity_id: Some(activity.id.clone()),
        figures: figures.to_string(),
        columns: "[]".to_owned(),
    };
    export_row::put(tx, ME, &row).map(drop)
}

/// Rides on so many days from the first of March on, of which the export names the gear.
fn rides(tx: &mut Tx<'_>, gear: &str, days: i64) -> Result<Vec<Activity>> {
    let rides: Vec<Activity> = (0..days).map(|day| ride(&format!("{gear} {day}"), 10 + day * 24)).collect();
    put(tx, &rides, 1)?;
    rides.iter().try_for_each(|ride| told(tx, "bulk_export", gear, ride))?;
    Ok(rides)
}

fn of_the_api(id: &str, hours: i64) -> Activity {
    let ride = ride(id, hours);
    let ours = crate::identity::activity_id(ME, "strava_api", id);
    Activity { id: ours, provenance: "strava_api".to_owned(), sha256: format!("strava {id}"), ..ride }
}

fn list(tx: &mut Tx<'_>, kind: &str, lines: &[&[(&str, &str)]]) -> Result<()> {
    let item = |(place, line): (usize, &&[(&str, &str)])| {
        let cells: Vec<(&str, u32, &str)> = line.iter().map(|(head, text)| (*head, 1, *text)).collect();
        ExportItem { source_id: format!("{place}"), columns: serde_json::to_string(&cells).unwrap() }
    };
    let items: Vec<ExportItem> = lines.iter().enumerate().map(item).collect();
    export_item::replace(tx, ME, ("bulk_export", kind), &items).map(drop)
}

fn of_strava(tx: &mut Tx<'_>, body: &serde_json::Value) -> Result<()> {
    let item_id = body["id"].as_str().unwrap().to_owned();
    let item = Item { kind: "gear".to_owned(), item_id, body: body.to_string(), fetched_ms: 5 };
    item::put(tx, ME, &item)
}

fn all(tx: &mut Tx<'_>) -> Result<Vec<Gear>> {
    gear::overview(tx, ME, Scope::All)
}

fn only(tx: &mut Tx<'_>) -> Result<Gear> {
    let mut gear = all(tx)?;
    assert_eq!(gear.len(), 1, "{gear:?}");
    Ok(gear.remove(0))
}

/// What the list of activities shows, the newest first.
fn shown(tx: &mut Tx<'_>) -> Result<Vec<Option<String>>> {
    let rows = activity::list(tx, ME, &PageKey::newest(), 9)?;
    Ok(rows.into_iter().map(|row| row.gear).collect())
}

fn check(tx: &mut Tx<'_>, scope: Scope, wanted: &[(&str, u32)]) -> Result<()> {
    let gear = match scope {
        Scope::All => gear::overview(tx, ME, scope)?,
        Scope::Shareable => Shareable::<Vec<Gear>>::gear(tx, ME)?.to_vec(),
    };
    let uses: Vec<_> = gear.iter().map(|gear| (gear.name.as_str(), gear.totals.uses)).collect();
    assert_eq!(uses, wanted, "{scope:?}");
    Ok(())
}

mod scenario {
    use super::*;

    pub(super) fn gear_of_two_sources_is_one(tx: &mut Tx<'_>) -> Result<()> {
        let line = [("Shoe Name", "Daily"), ("Shoe Brand", "ASICS"), ("Shoe Model", "Gel-Nimbus 26")];
        list(tx, "shoe", &[&line])?;
        let (file, api) = (ride("a", 1), of_the_api("77", 99));
        put(tx, &[file.clone(), api.clone()], 1)?;
        told(tx, "bulk_export", " daily", &file)?;
        told(tx, "strava_api", "ASICS Gel-Nimbus 26", &api)?;
        // What the API calls by brand and model has a name in the export.
        check(tx, Scope::All, &[("Daily", 2)])?;
        of_strava(
            tx,
            &serde_json::json!({ "id": "g1", "name": "ASICS Gel-Nimbus 26", "nickname": "Daily",
                "brand_name": "ASICS", "model_name": "Gel-Nimbus 26", "retired": true }),
        )?;
        let gear = only(tx)?;
        assert_eq!((gear.name.as_str(), gear.totals.uses, gear.kind), ("Daily", 2, Made::Shoes));
        assert_eq!(gear.sources, ["bulk_export", "strava_api"]);
        assert!(gear.is_retired && gear.retired_on.is_none());
        assert_eq!((gear.totals.meters, gear.totals.seconds), (60_000.0, 7200.0));
        Ok(())
    }

    pub(super) fn what_two_pairs_share_names_neither(tx: &mut Tx<'_>) -> Result<()> {
        let line = |name| [("name", name), ("brand", "ASICS"), ("model", "GT 2000")];
        list(tx, "shoe", &[&line("Blue"), &line("Red")])?;
        rides(tx, "ASICS GT 2000", 1)?;
        check(tx, Scope::All, &[("ASICS GT 2000", 1), ("Blue", 0), ("Red", 0)])
    }

    pub(super) fn nameless_shoes_are_called_by_brand_and_model(tx: &mut Tx<'_>) -> Result<()> {
        list(tx, "shoe", &[&[("Shoe Brand", "ASICS"), ("Shoe Model", "GT 2000 II")], &[("Other", "x")]])?;
        rides(tx, "ASICS GT 2000 II", 2)?;
        let gear = only(tx)?;
        assert_eq!((gear.name.as_str(), gear.kind), ("ASICS GT 2000 II", Made::Shoes));
        assert_eq!((gear.totals.uses, gear.brand.as_deref()), (2, Some("ASICS")));
        Ok(())
    }

    pub(super) fn gear_of_no_list_is_known_by_its_activities(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "Grey gravel", 2)?;
        let dateless = Activity { local_date: None, ..ride("c", 60) };
        put(tx, std::slice::from_ref(&dateless), 1)?;
        told(tx, "bulk_export", "Grey gravel", &dateless)?;
        let gear = only(tx)?;
        assert_eq!((gear.kind, gear.totals.uses), (Made::Bike, 2), "by the sport, and by days");
        assert_eq!(gear.first.zip(gear.last), Some((date_of("2024-03-01"), date_of("2024-03-02"))));
        Ok(())
    }

    pub(super) fn a_merged_activity_wears_its_gear_once(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (ride("a", 1), ride("b", 1));
        put(tx, &[watch.clone(), phone.clone()], 1)?;
        told(tx, "bulk_export", "Daily", &watch)?;
        told(tx, "bulk_export", "Daily", &phone)?;
        check(tx, Scope::All, &[("Daily", 2)])?;
        activity::duplicate::relink(tx, ME, &[watch.start_ms.unwrap()], 2)?;
        check(tx, Scope::All, &[("Daily", 1)])
    }

    pub(super) fn what_the_record_that_counts_lacks_another_one_lends(tx: &mut Tx<'_>) -> Result<()> {
        let (mut watch, mut phone) = (ride("a", 1), ride("b", 1));
        watch.summary.distance_m = None;
        (phone.summary.timer_s, phone.summary.moving_s, phone.summary.elapsed_s) = (None, None, None);
        put(tx, &[watch.clone(), phone.clone()], 1)?;
        told(tx, "bulk_export", "Daily", &watch)?;
        merge_choice::say(tx, ME, (&watch.id, &phone.id), true, 5)?;
        activity::duplicate::relink(tx, ME, &[watch.start_ms.unwrap()], 2)?;
        let totals = only(tx)?.totals;
        assert_eq!((totals.uses, totals.meters, totals.seconds), (1, 30_000.0, 3600.0));
        Ok(())
    }

    pub(super) fn a_split_gives_it_back(tx: &mut Tx<'_>) -> Result<()> {
        let (watch, phone) = (ride("a", 1), ride("b", 1));
        put(tx, &[watch.clone(), phone.clone()], 1)?;
        told(tx, "bulk_export", "Daily", &watch)?;
        told(tx, "bulk_export", "Race day", &phone)?;
        activity::duplicate::relink(tx, ME, &[watch.start_ms.unwrap()], 2)?;
        let once: u32 = all(tx)?.iter().map(|gear| gear.totals.uses).sum();
        assert_eq!(once, 1, "of the record that counts");
        merge_choice::say(tx, ME, (&watch.id, &phone.id), false, 5)?;
        activity::duplicate::relink(tx, ME, &[watch.start_ms.unwrap()], 3)?;
        check(tx, Scope::All, &[("Daily", 1), ("Race day", 1)])
    }

    pub(super) fn others_see_nothing_of_the_api(tx: &mut Tx<'_>) -> Result<()> {
        of_strava(tx, &serde_json::json!({ "id": "b1", "name": "Secret", "nickname": "Secret" }))?;
        let (file, twin, lone) = (ride("watch", 1), of_the_api("77", 1), of_the_api("78", 50));
        put(tx, &[file.clone(), twin.clone(), lone.clone()], 1)?;
        for api in [&twin, &lone] {
            told(tx, "strava_api", "Secret", api)?;
        }
        activity::duplicate::relink(tx, ME, &[file.start_ms.unwrap(), lone.start_ms.unwrap()], 2)?;
        check(tx, Scope::All, &[("Secret", 2)])?;
        check(tx, Scope::Shareable, &[])?;
        // What the athlete says of it does not tell what the API calls it.
        let secret = only(tx)?.id;
        let before = Change { before_m: Some(9.0), ..Change::default() };
        gear::change(tx, ME, &secret, &before, 5)?.unwrap();
        check(tx, Scope::Shareable, &[])?;
        // A file's own activity is shown, with the gear that the athlete names.
        let own = gear::add(tx, ME, &new("Mine", None, 0.0), 5)?;
        gear::choose(tx, ME, &file.id, &Choice::Gear(own))?.unwrap();
        check(tx, Scope::Shareable, &[("Mine", 1)])
    }

    pub(super) fn a_component_counts_from_its_day_to_its_end(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "Grey gravel", 5)?;
        let bike = only(tx)?.id;
        let chain = NewComponent::of(" Chain", "CN-HG701", Some(date_of("2024-03-02"))).unwrap();
        let id = gear::mount(tx, ME, &bike, &chain, 5)?.unwrap();
        assert_eq!(gear::mount(tx, ME, &bike, &chain, 6)?.unwrap(), id, "the same on the same day");
        let uses = |tx: &mut Tx<'_>| {
            let gear = only(tx)?;
            let component = &gear.components[0];
            assert_eq!((component.kind.as_str(), gear.components.len()), ("chain", 1));
            Ok::<_, Error>((component.totals.uses, component.totals.meters))
        };
        assert_eq!(uses(tx)?, (4, 120_000.0));
        let end = |day| ComponentChange {
            standing: Some(Standing::Retired(date_of(day))),
            ..ComponentChange::default()
        };
        gear::change_component(tx, ME, &id, &end("2024-03-03"), 7)?.unwrap();
        assert_eq!(uses(tx)?, (2, 60_000.0));
        let early = gear::change_component(tx, ME, &id, &end("2024-03-01"), 7)?;
        let (from, to) = (date_of("2024-03-02"), date_of("2024-03-01"));
        assert_eq!(early, Err(GearError::Order { from, to }));
        let open = ComponentChange { standing: Some(Standing::InUse), ..ComponentChange::default() };
        gear::change_component(tx, ME, &id, &open, 8)?.unwrap();
        assert_eq!(uses(tx)?, (4, 120_000.0));
        Ok(())
    }

    pub(super) fn a_component_of_an_export_counts_from_the_first_use(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "Grey gravel", 3)?;
        let line =
            [("Bike Name", "Grey gravel"), ("Component Type", "Chain"), ("Component Brand", "Shimano")];
        list(tx, "component", &[&line, &line])?;
        let gear = only(tx)?;
        let told: Vec<_> = gear.components.iter().map(|of| (of.name.as_str(), of.totals.uses)).collect();
        assert_eq!(told, [("Shimano", 3), ("Shimano", 3)], "the same line twice is two things");
        let end = ComponentChange {
            standing: Some(Standing::Retired(date_of("2024-03-02"))),
            ..ComponentChange::default()
        };
        gear::change_component(tx, ME, &gear.components[0].id, &end, 5)?.unwrap();
        let mut uses: Vec<_> = only(tx)?.components.iter().map(|of| of.totals.uses).collect();
        uses.sort_unstable();
        assert_eq!(uses, [2, 3]);
        Ok(())
    }

    pub(super) fn service_sets_the_interval_back(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "Grey gravel", 5)?;
        let bike = only(tx)?.id;
        let part = NewComponent::of("chain", "", Some(date_of("2024-03-02"))).unwrap();
        let chain = gear::mount(tx, ME, &bike, &part, 5)?.unwrap();
        let since = |tx: &mut Tx<'_>| {
            let gear = only(tx)?;
            Ok::<_, Error>((gear.since.uses, gear.components[0].since.uses))
        };
        assert_eq!(since(tx)?, (5, 4));
        gear::service(tx, ME, &chain, date_of("2024-03-03"), "Waxed")?.unwrap();
        gear::service(tx, ME, &chain, date_of("2024-03-03"), "Waxed")?.unwrap();
        assert_eq!(since(tx)?, (5, 2));
        gear::service(tx, ME, &bike, date_of("2024-03-04"), "Washed")?.unwrap();
        assert_eq!(since(tx)?, (1, 2));
        let washed = Service { date: date_of("2024-03-04"), what: "Washed".to_owned() };
        assert_eq!(only(tx)?.services, [washed]);
        assert!(gear::take_back_service(tx, ME, &bike, date_of("2024-03-04"))?);
        assert!(!gear::take_back_service(tx, ME, &bike, date_of("2024-03-04"))?);
        assert_eq!(since(tx)?, (5, 2));
        Ok(())
    }

    pub(super) fn the_athletes_word_outweighs_the_source(tx: &mut Tx<'_>) -> Result<()> {
        let rides = rides(tx, "Daily", 3)?;
        let race = gear::add(tx, ME, &new("Race day", Some(Made::Shoes), 0.0), 5)?;
        gear::choose(tx, ME, &rides[0].id, &Choice::Gear(race))?.unwrap();
        gear::choose(tx, ME, &rides[1].id, &Choice::Nothing)?.unwrap();
        check(tx, Scope::All, &[("Daily", 1), ("Race day", 1)])?;
        assert_eq!(shown(tx)?, [Some("Daily"), None, Some("Race day")].map(|name| name.map(str::to_owned)));
        for ride in &rides {
            gear::choose(tx, ME, &ride.id, &Choice::AsTold)?.unwrap();
        }
        check(tx, Scope::All, &[("Daily", 3), ("Race day", 0)])
    }

    pub(super) fn a_choice_holds_for_every_record_and_for_what_takes_its_place(
        tx: &mut Tx<'_>,
    ) -> Result<()> {
        let (watch, phone, later) = (ride("a", 1), ride("b", 1), ride("c", 1));
        put(tx, &[watch.clone(), phone.clone()], 1)?;
        told(tx, "bulk_export", "Daily", &watch)?;
        told(tx, "bulk_export", "Daily", &phone)?;
        activity::duplicate::relink(tx, ME, &[watch.start_ms.unwrap()], 2)?;
        let race = gear::add(tx, ME, &new("Race day", None, 0.0), 5)?;
        for record in [&watch, &phone] {
            gear::choose(tx, ME, &record.id, &Choice::Gear(race.clone()))?.unwrap();
            check(tx, Scope::All, &[("Race day", 1)])?;
            assert_eq!(shown(tx)?, [Some("Race day".to_owned())]);
            gear::choose(tx, ME, &record.id, &Choice::Nothing)?.unwrap();
            check(tx, Scope::All, &[("Race day", 0)])?;
        }
        gear::choose(tx, ME, &watch.id, &Choice::AsTold)?.unwrap();
        check(tx, Scope::All, &[("Daily", 1), ("Race day", 0)])?;
        gear::choose(tx, ME, &phone.id, &Choice::Gear(race))?.unwrap();
        put(tx, std::slice::from_ref(&later), 3)?;
        gear::inherit(tx, ME, (&phone.id, &later.id))?;
        activity::remove(tx, &phone.id)?;
        activity::duplicate::relink(tx, ME, &[later.start_ms.unwrap()], 4)?;
        check(tx, Scope::All, &[("Race day", 1)])
    }

    pub(super) fn what_it_had_done_before_counts(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "Daily", 2)?;
        let id = gear::add(tx, ME, &new("daily", None, 100_000.0), 5)?;
        let gear = only(tx)?;
        assert_eq!((&gear.id, gear.name.as_str()), (&id, "daily"), "as the athlete writes it");
        assert_eq!((gear.totals.meters, gear.totals.seconds, gear.totals.uses), (160_000.0, 17_200.0, 2));
        assert_eq!(gear.since, gear.totals);
        gear::add(tx, ME, &New::of("Daily", Some(Made::Shoes), (None, None)).unwrap(), 6)?;
        assert_eq!(only(tx)?.totals, gear.totals, "what is not said again stays");
        gear::service(tx, ME, &id, date_of("2024-03-01"), "New laces")?.unwrap();
        assert_eq!(only(tx)?.since.meters, 30_000.0);
        Ok(())
    }

    pub(super) fn retired_gear_comes_last_and_comes_back(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "A", 1)?;
        rides(tx, "B", 1)?;
        let first = all(tx)?[0].id.clone();
        let retire = |standing| Change { standing: Some(standing), ..Change::default() };
        let day = date_of("2024-04-01");
        gear::change(tx, ME, &first, &retire(Standing::Retired(day)), 5)?.unwrap();
        let gear = all(tx)?;
        let told: Vec<_> = gear.iter().map(|gear| (gear.name.as_str(), gear.retired_on)).collect();
        assert_eq!(told, [("B", None), ("A", Some(day))]);
        of_strava(tx, &serde_json::json!({ "id": "b1", "name": "A", "retired": true }))?;
        gear::change(tx, ME, &first, &retire(Standing::InUse), 6)?.unwrap();
        assert!(all(tx)?.iter().all(|gear| !gear.is_retired), "whatever a source says");
        Ok(())
    }

    pub(super) fn a_name_that_is_changed_keeps_the_uses(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "Daily", 2)?;
        let id = only(tx)?.id;
        let change =
            Change { name: Some(" Every day ".to_owned()), kind: Some(Made::Other), ..Change::default() };
        gear::change(tx, ME, &id, &change, 5)?.unwrap();
        let gear = only(tx)?;
        assert_eq!((gear.name.as_str(), gear.kind, gear.totals.uses), ("Every day", Made::Other, 2));
        assert_eq!(gear.sources, ["bulk_export", "manual"]);
        Ok(())
    }

    pub(super) fn what_is_forgotten_is_as_the_sources_have_it(tx: &mut Tx<'_>) -> Result<()> {
        let rides = rides(tx, "Daily", 2)?;
        let as_told = only(tx)?;
        said(tx, &rides[0])?;
        let change = Change { name: Some("Other".to_owned()), ..Change::default() };
        gear::change(tx, ME, &as_told.id, &change, 5)?.unwrap();
        for gear in all(tx)? {
            assert!(gear::forget(tx, ME, &gear.id)?);
            assert!(!gear::forget(tx, ME, &gear.id)?);
        }
        assert_eq!(only(tx)?, as_told);
        Ok(())
    }

    pub(super) fn the_id_at_strava_tells_gear_whose_name_is_not_told(tx: &mut Tx<'_>) -> Result<()> {
        for (id, nickname) in [("g1", "Blue"), ("g2", "Red")] {
            let name = "ASICS GT 2000";
            of_strava(tx, &serde_json::json!({ "id": id, "name": name, "nickname": nickname }))?;
        }
        let rides = [of_the_api("77", 1), of_the_api("78", 25), of_the_api("79", 49), of_the_api("80", 73)];
        put(tx, &rides, 1)?;
        let [one, other, named, unknown] = &rides;
        figures(tx, "strava_api", &serde_json::json!({ "gear_id": "g1" }), one)?;
        figures(tx, "strava_api", &serde_json::json!({ "gear_id": "g2" }), other)?;
        let both = serde_json::json!({ "gear": "ASICS GT 2000", "gear_id": "g2" });
        figures(tx, "strava_api", &both, named)?;
        figures(tx, "strava_api", &serde_json::json!({ "gear_id": "g3" }), unknown)?;
        check(tx, Scope::All, &[("Blue", 1), ("Red", 2)])?;
        check(tx, Scope::Shareable, &[])?;
        let words = [None, Some("ASICS GT 2000"), Some("Red"), Some("Blue")];
        assert_eq!(shown(tx)?, words.map(|name| name.map(str::to_owned)));
        assert!(export_row::gear_ids(tx, ME, "strava_api")?.into_iter().eq(["g1", "g2", "g3"]));
        Ok(())
    }

    pub(super) fn what_was_said_holds_where_a_source_names_it_otherwise_later(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "ASICS GT 2000", 2)?;
        let before = only(tx)?;
        let change = Change { before_m: Some(9000.0), standing: Some(Standing::InUse), ..Change::default() };
        gear::change(tx, ME, &before.id, &change, 5)?.unwrap();
        let insole = NewComponent::of("insole", "", None).unwrap();
        let insole_id = gear::mount(tx, ME, &before.id, &insole, 5)?.unwrap();
        gear::service(tx, ME, &before.id, date_of("2024-03-01"), "Washed")?.unwrap();
        let lone = ride("lone", 99);
        put(tx, std::slice::from_ref(&lone), 1)?;
        gear::choose(tx, ME, &lone.id, &Choice::Gear(before.id.clone()))?.unwrap();

        list(tx, "shoe", &[&[("name", "Blue"), ("brand", "ASICS"), ("model", "GT 2000")]])?;
        let after = only(tx)?;
        assert_ne!(after.id, before.id);
        assert_eq!((after.name.as_str(), after.totals.uses, after.totals.meters), ("Blue", 3, 99_000.0));
        assert_eq!((after.before_m, after.services.len(), after.since.uses), (9000.0, 1, 2));
        assert_eq!((&after.components[0].id, after.components[0].totals.uses), (&insole_id, 3));
        assert_eq!(shown(tx)?[0].as_deref(), Some("Blue"));
        assert_eq!(gear::mount(tx, ME, &after.id, &insole, 6)?.unwrap(), insole_id, "it is mounted already");
        assert!(gear::take_back_service(tx, ME, &after.id, date_of("2024-03-01"))?);
        assert!(gear::forget(tx, ME, &after.id)?);
        let left = only(tx)?;
        assert_eq!((left.totals.uses, left.totals.meters, left.components.len()), (2, 60_000.0, 0));
        Ok(())
    }

    pub(super) fn what_is_said_later_holds_for_every_name_it_had(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "ASICS GT 2000", 1)?;
        let before = only(tx)?.id;
        let change = |before_m| Change { before_m: Some(before_m), ..Change::default() };
        gear::change(tx, ME, &before, &change(9000.0), 5)?.unwrap();
        of_strava(tx, &serde_json::json!({ "id": "g1", "name": "ASICS GT 2000", "nickname": "Blue" }))?;
        let after = only(tx)?.id;
        gear::change(tx, ME, &after, &change(0.0), 6)?.unwrap();
        assert_eq!(only(tx)?.before_m, 0.0, "the last word counts, although the first was another");
        item::remove(tx, ME, ("gear", "g1"))?;
        let again = only(tx)?;
        assert_eq!((again.id, again.before_m), (before, 0.0), "also once the source is silent again");
        Ok(())
    }

    pub(super) fn a_choice_of_gear_that_is_gone_leaves_the_word_of_the_source(tx: &mut Tx<'_>) -> Result<()> {
        let ride = rides(tx, "Daily", 1)?.remove(0);
        of_strava(tx, &serde_json::json!({ "id": "b1", "name": "Gone" }))?;
        let gone = all(tx)?.into_iter().find(|gear| gear.name == "Gone").unwrap().id;
        gear::choose(tx, ME, &ride.id, &Choice::Gear(gone))?.unwrap();
        check(tx, Scope::All, &[("Gone", 1)])?;
        assert_eq!(shown(tx)?, [Some("Gone".to_owned())]);
        check(tx, Scope::Shareable, &[])?;
        item::remove(tx, ME, ("gear", "b1"))?;
        check(tx, Scope::All, &[("Daily", 1)])?;
        assert_eq!(shown(tx)?, [Some("Daily".to_owned())]);
        Ok(())
    }

    pub(super) fn a_choice_holds_where_another_record_counts(tx: &mut Tx<'_>) -> Result<()> {
        let (file, twin) = (ride("watch", 1), of_the_api("77", 1));
        put(tx, &[file.clone(), twin.clone()], 1)?;
        activity::duplicate::relink(tx, ME, &[file.start_ms.unwrap()], 2)?;
        let own = gear::add(tx, ME, &new("Mine", None, 0.0), 5)?;
        gear::choose(tx, ME, &twin.id, &Choice::Gear(own))?.unwrap();
        check(tx, Scope::All, &[("Mine", 1)])?;
        check(tx, Scope::Shareable, &[("Mine", 1)])?;
        gear::choose(tx, ME, &file.id, &Choice::AsTold)?.unwrap();
        check(tx, Scope::All, &[("Mine", 0)])
    }

    pub(super) fn of_several_activities_all_are_chosen_or_none(tx: &mut Tx<'_>) -> Result<()> {
        let mut ids: Vec<String> = rides(tx, "Daily", 3)?.into_iter().map(|ride| ride.id).collect();
        let race = Choice::Gear(gear::add(tx, ME, &new("Race day", None, 0.0), 5)?);
        ids.push("x".to_owned());
        let refused = gear::choose_all(tx, ME, &ids, &race)?;
        assert_eq!(refused, Err(GearError::UnknownActivity("x".to_owned())));
        check(tx, Scope::All, &[("Daily", 3), ("Race day", 0)])?;
        gear::choose_all(tx, ME, &ids[..2], &race)?.unwrap();
        check(tx, Scope::All, &[("Daily", 1), ("Race day", 2)])
    }

    pub(super) fn what_ended_is_not_mounted_again(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "Grey gravel", 3)?;
        let bike = only(tx)?.id;
        let chain = NewComponent::of("chain", "", None).unwrap();
        let id = gear::mount(tx, ME, &bike, &chain, 5)?.unwrap();
        let day = date_of("2024-03-01");
        let end = ComponentChange { standing: Some(Standing::Retired(day)), ..ComponentChange::default() };
        gear::change_component(tx, ME, &id, &end, 6)?.unwrap();
        assert_eq!(gear::mount(tx, ME, &bike, &chain, 7)?, Err(GearError::Ended(day)));
        assert_eq!(only(tx)?.components[0].to, Some(day));
        let next = NewComponent::of("chain", "", Some(date_of("2024-03-02"))).unwrap();
        assert_ne!(gear::mount(tx, ME, &bike, &next, 7)?.unwrap(), id);
        let uses: Vec<_> = only(tx)?.components.iter().map(|of| of.totals.uses).collect();
        assert_eq!(uses, [1, 2]);
        Ok(())
    }

    pub(super) fn gear_and_components_are_forgotten_each_by_its_own_verb(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "Grey gravel", 1)?;
        list(tx, "component", &[&[("Bike Name", "Grey gravel"), ("Component Type", "Wheel")]])?;
        let bike = only(tx)?.id;
        gear::add(tx, ME, &new("Grey gravel", None, 5.0), 5)?;
        let chain = gear::mount(tx, ME, &bike, &NewComponent::of("chain", "", None).unwrap(), 5)?.unwrap();
        let wheel = only(tx)?.components.iter().find(|of| of.kind == "wheel").unwrap().id.clone();
        for item in [&chain, &wheel] {
            gear::service(tx, ME, item, date_of("2024-03-01"), "Greased")?.unwrap();
        }
        assert!(!gear::forget_component(tx, ME, &bike)? && !gear::forget(tx, ME, &chain)?);
        assert_eq!((only(tx)?.before_m, only(tx)?.components.len()), (5.0, 2), "nothing went");
        assert!(gear::forget_component(tx, ME, &chain)? && !gear::forget_component(tx, ME, &chain)?);
        assert_eq!(only(tx)?.components.len(), 1);
        assert!(gear::forget(tx, ME, &bike)?);
        assert!(only(tx)?.components[0].services.is_empty(), "nor is a service of a listed one left");
        Ok(())
    }

    pub(super) fn gear_is_added_once_by_the_name_that_was_given_it(tx: &mut Tx<'_>) -> Result<()> {
        rides(tx, "ASICS GT 2000", 1)?;
        let id = only(tx)?.id;
        let change = Change { name: Some("Daily".to_owned()), ..Change::default() };
        gear::change(tx, ME, &id, &change, 5)?.unwrap();
        assert_eq!(gear::add(tx, ME, &new("daily", None, 5.0), 6)?, id);
        assert_eq!((only(tx)?.name.as_str(), only(tx)?.before_m), ("daily", 5.0));
        Ok(())
    }

    pub(super) fn what_cannot_be_said_is_refused(tx: &mut Tx<'_>) -> Result<()> {
        for (name, before, wanted) in [
            (" \n", (None, None), GearError::Name),
            (&*"a".repeat(101), (None, None), GearError::Name),
            ("a", (Some(-1.0), None), GearError::Before),
            ("a", (None, Some(f64::NAN)), GearError::Before),
        ] {
            assert_eq!(New::of(name, None, before), Err(wanted));
        }
        assert_eq!(NewComponent::of("", "", None), Err(GearError::Word));
        let nobody = "x".to_owned();
        let part = NewComponent::of("chain", "", None).unwrap();
        let day = date_of("2024-03-01");
        let refused = [
            gear::change(tx, ME, "x", &Change::default(), 5)?,
            gear::change_component(tx, ME, "x", &ComponentChange::default(), 5)?,
            gear::mount(tx, ME, "x", &part, 5)?.map(drop),
            gear::service(tx, ME, "x", day, "Waxed")?,
            gear::service(tx, ME, "x", day, " ")?,
            gear::choose(tx, ME, "x", &Choice::Nothing)?,
        ];
        let wanted = [
            GearError::Unknown(nobody.clone()),
            GearError::UnknownComponent(nobody.clone()),
            GearError::Unknown(nobody.clone()),
            GearError::UnknownItem(nobody.clone()),
            GearError::What,
            GearError::UnknownActivity(nobody.clone()),
        ];
        assert_eq!(refused, wanted.map(Err));
        let ride = rides(tx, "Daily", 1)?.remove(0);
        let unknown = gear::choose(tx, ME, &ride.id, &Choice::Gear(nobody.clone()))?;
        assert_eq!(unknown, Err(GearError::Unknown(nobody)));
        Ok(())
    }

    pub(super) fn another_athlete_has_nothing_of_mine(tx: &mut Tx<'_>) -> Result<()> {
        let other = Athlete { id: "other".to_owned(), timezone: "UTC".to_owned(), created_ms: 1 };
        athlete::ensure(tx, &other)?;
        let rides = rides(tx, "Daily", 1)?;
        said(tx, &rides[0])?;
        assert_eq!(gear::overview(tx, "other", Scope::All)?, []);
        for gear in all(tx)? {
            assert!(!gear::forget(tx, "other", &gear.id)?);
        }
        let choice = gear::choose(tx, "other", &rides[0].id, &Choice::Nothing)?;
        assert_eq!(choice, Err(GearError::UnknownActivity(rides[0].id.clone())));
        Ok(())
    }
}
