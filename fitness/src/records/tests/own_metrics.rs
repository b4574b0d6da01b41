//! What metrics of the athlete's own say, and how far they were asked.

use super::own_metric::OwnMetric;
use super::own_number::{OfActivity, OfDay, OwnNumber};
use super::*;
use crate::own::{About, Aggregate, Per};
use crate::settings::ALWAYS;

scenarios![
    a_text_goes_on_where_it_was_and_another_begins_anew,
    numbers_are_of_the_record_that_counts,
    a_day_that_was_lowered_stays_due,
    of_a_range_nothing_stays_that_is_not_told_anew,
    a_metric_of_days_explains_no_activity,
];

fn about() -> About {
    About {
        per: Per::Activity,
        title: "Beats".to_owned(),
        unit: "beats/km".to_owned(),
        aggregate: Aggregate::Mean,
        sports: Vec::new(),
        decimals: 0,
        replaces_load: false,
    }
}

fn beats(hash: &str) -> OwnMetric {
    OwnMetric::new("beats".to_owned(), hash.to_owned(), 1, about())
}

fn says(of: &Activity, scope: Scope, value: Option<f64>) -> OfActivity {
    let number = OwnNumber { value, why: None };
    OfActivity { activity: of.id.clone(), name: "beats".to_owned(), scope, hash: "a".to_owned(), number }
}

/// A metric with a number of the activity and of a day.
pub(super) fn counted(tx: &mut Tx<'_>, of: &Activity) -> Result<()> {
    own_metric::put(tx, ME, &beats("a"))?;
    own_number::put(tx, ME, &[says(of, Scope::All, Some(700.0))])?;
    let date = date_of("2024-03-01");
    let day = OfDay { date, scope: Scope::All, number: OwnNumber { value: Some(1.0), why: None } };
    own_number::put_days(tx, ME, ("beats", "a"), (date, date), &[day]).map(drop)
}

fn at((changed, id): (i64, &str)) -> (i64, String) {
    (changed, id.to_owned())
}

fn first(tx: &mut Tx<'_>) -> Result<Option<jiff::civil::Date>> {
    Ok(own_metric::list(tx, ME)?[0].first_day)
}

mod scenario {
    use super::*;

    pub(super) fn a_text_goes_on_where_it_was_and_another_begins_anew(tx: &mut Tx<'_>) -> Result<()> {
        own_metric::put(tx, ME, &beats("a"))?;
        let [begin, three, seven, nine] = [(0, ""), (3, "x"), (7, "x"), (9, "x")].map(at);
        own_metric::move_on(tx, ME, ("beats", "a"), (&begin, &seven))?;
        own_metric::move_on(tx, ME, ("beats", "a"), (&seven, &three))?;
        own_metric::move_on(tx, ME, ("beats", "b"), (&seven, &nine))?;
        let kept = own_metric::list(tx, ME)?;
        assert_eq!(kept, [OwnMetric { after: seven.clone(), ..beats("a") }]);
        own_metric::rest(tx, ME, ("beats", "a"))?;
        assert!(own_metric::list(tx, ME)?[0].rests);
        assert_eq!(own_metric::reset(tx, ME, None)?, 1);
        assert_eq!(own_metric::list(tx, ME)?, [beats("a")]);
        own_metric::move_on(tx, ME, ("beats", "a"), (&seven, &nine))?;
        assert_eq!(own_metric::list(tx, ME)?, [beats("a")], "what was at work does not undo it");
        own_metric::remove(tx, ME, "beats")?;
        assert!(own_metric::list(tx, ME)?.is_empty());
        Ok(())
    }

    pub(super) fn numbers_are_of_the_record_that_counts(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("watch", 1);
        activity::upsert(tx, &ride, 1)?;
        own_number::put(tx, ME, &[says(&ride, Scope::All, Some(700.0))])?;
        assert_eq!(own_number::put(tx, ME, &[says(&ride, Scope::All, Some(700.0))])?, 0);
        let always = (Date::ZERO, Date::MAX);
        let shown = own_number::activities(tx, ME, "beats", Scope::All, always)?;
        assert_eq!(shown.iter().map(|shown| shown.value).collect::<Vec<_>>(), [700.0]);
        assert!(own_number::activities(tx, ME, "beats", Scope::Shareable, always)?.is_empty());
        assert_eq!(own_number::known(tx, ME, "beats", Scope::All)?, (1, 0));
        let due = own_number::after(tx, ME, &(0, String::new()), 9)?;
        let [due] = due.as_slice() else { panic!("{due:?}") };
        assert!(due.id == ride.id && due.all.is_some() && due.shareable.is_some());
        own_number::put(tx, ME, &[says(&ride, Scope::All, None)])?;
        assert_eq!(own_number::known(tx, ME, "beats", Scope::All)?, (0, 0));
        own_number::put(tx, ME, &[says(&ride, Scope::All, Some(1.0))])?;
        assert_eq!(own_number::forget_some(tx, ME, "beats", 9)?, std::slice::from_ref(&ride.id));
        assert!(own_number::forget_some(tx, ME, "beats", 9)?.is_empty());
        Ok(())
    }

    pub(super) fn a_day_that_was_lowered_stays_due(tx: &mut Tx<'_>) -> Result<()> {
        own_metric::put(tx, ME, &beats("a"))?;
        own_metric::move_on_days(tx, ME, ("beats", "a"), (ALWAYS, Some(date_of("2024-03-05"))))?;
        own_metric::lower(tx, ME, date_of("2024-03-01"))?;
        own_metric::move_on_days(tx, ME, ("beats", "a"), (date_of("2024-03-05"), None))?;
        assert_eq!(first(tx)?, Some(date_of("2024-03-01")));
        own_metric::move_on_days(tx, ME, ("beats", "a"), (date_of("2024-03-01"), None))?;
        assert_eq!(first(tx)?, None);
        own_metric::lower(tx, ME, date_of("2024-04-01"))?;
        assert_eq!(first(tx)?, Some(date_of("2024-04-01")));
        Ok(())
    }

    pub(super) fn of_a_range_nothing_stays_that_is_not_told_anew(tx: &mut Tx<'_>) -> Result<()> {
        let day = |date: &str, scope| {
            let number = OwnNumber { value: Some(1.0), why: None };
            OfDay { date: date_of(date), scope, number }
        };
        let dates = ["2024-02-29", "2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"];
        let all: Vec<OfDay> =
            Scope::BOTH.into_iter().flat_map(|scope| dates.map(|date| day(date, scope))).collect();
        let always = (Date::ZERO, Date::MAX);
        own_number::put_days(tx, ME, ("beats", "a"), always, &all)?;
        // Of one scope the day in the middle, of the other the last, and one of which nothing is said any more.
        let nothing = OfDay { number: OwnNumber::default(), ..day("2024-03-01", Scope::Shareable) };
        let again = [day("2024-03-02", Scope::All), day("2024-03-03", Scope::Shareable), nothing];
        let range = (date_of("2024-03-01"), date_of("2024-03-03"));
        assert_eq!(own_number::put_days(tx, ME, ("beats", "a"), range, &again)?, 4);
        let mut left = |scope| -> Result<Vec<String>> {
            let days = own_number::days(tx, ME, "beats", scope, always)?;
            Ok(days.into_iter().map(|shown| shown.date.to_string()).collect())
        };
        assert_eq!(left(Scope::All)?, ["2024-02-29", "2024-03-02", "2024-03-04"]);
        assert_eq!(left(Scope::Shareable)?, ["2024-02-29", "2024-03-03", "2024-03-04"]);
        Ok(())
    }

    pub(super) fn a_metric_of_days_explains_no_activity(tx: &mut Tx<'_>) -> Result<()> {
        let ride = ride("watch", 1);
        activity::upsert(tx, &ride, 1)?;
        counted(tx, &ride)?;
        let explained = explain_own::activity(tx, ME, &ride.id, "beats")?;
        assert_eq!(explained.and_then(|explained| explained.value), Some(700.0));
        let of_days = About { per: Per::Day, ..about() };
        own_metric::put(tx, ME, &OwnMetric { about: of_days, ..beats("a") })?;
        assert_eq!(explain_own::activity(tx, ME, &ride.id, "beats")?, None);
        Ok(())
    }
}
