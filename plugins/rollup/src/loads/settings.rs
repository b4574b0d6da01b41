//! Which settings changed since the last time, and which activities that concerns.

use fitness::records;
use fitness::settings::{ALWAYS, Dated, SettingsHistory, Source, differing};
use jiff::civil::Date;
use store::Tx;

/// Estimates anew what was never given, and gives the activities that depend on any changed setting a new
/// change number, so that their loads are due. Answers the settings, and those given, to be remembered.
///
/// `before` are the settings that were given when loads were last computed; nothing before the first time, when
/// all of them are due anyway.
pub(super) fn refresh(
    tx: &mut Tx<'_>,
    athlete: &str,
    before: Option<Vec<Dated>>,
    today: Date,
    now_ms: i64,
) -> store::Result<(SettingsHistory, Vec<Dated>)> {
    let stored = records::athlete_setting::list(tx, athlete)?;
    let peaks = records::activity::peaks(tx, athlete)?;
    // A recording can be of a later day than today: its month too has estimates.
    let through = peaks.last_key_value().map_or(today, |(month, _)| today.max(*month));
    let history = SettingsHistory::new(&stored, peaks);
    let estimates = history.estimates(through);
    let (given, estimated): (Vec<Dated>, Vec<Dated>) =
        stored.iter().cloned().partition(|dated| dated.source == Source::Given);
    let given: Vec<Dated> = given.into_iter().filter(|dated| dated.name.affects_load()).collect();
    if let Some(before) = before {
        let before: Vec<Dated> = before.into_iter().chain(estimated).collect();
        let now = [given.as_slice(), &estimates].concat();
        make_due(tx, athlete, &differing(&before, &now))?;
    }
    records::athlete_setting::replace_estimates(tx, athlete, &stored, &estimates, now_ms)?;
    Ok((history, given))
}

/// Gives the activities of these days another change number; what rests on settings by day is due from the first on.
fn make_due(tx: &mut Tx<'_>, athlete: &str, ranges: &[(Date, Date)]) -> store::Result<()> {
    let Some(first) = ranges.iter().map(|(from, _)| *from).min() else { return Ok(()) };
    let number = records::change_number::next(tx, athlete)?;
    for range in ranges {
        records::activity::touch(tx, athlete, *range, number)?;
    }
    records::own_metric::lower(tx, athlete, first)?;
    if first <= ALWAYS {
        // What has no day is measured against the settings that always held.
        records::activity::touch_undated(tx, athlete, number)?;
    }
    Ok(())
}
