//! Which settings changed since the last time, and which activities that concerns.

use fitness::records;
use fitness::settings::{ALWAYS, Dated, Name, SettingsHistory, Source, Value, differing};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::Tx;

/// A setting as the cursor remembers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Given {
    name: String,
    from: String,
    value: String,
}

impl Given {
    fn of(dated: &Dated) -> Self {
        Self {
            name: dated.name.as_str().to_owned(),
            from: dated.from.to_string(),
            value: dated.value.to_stored(),
        }
    }

    fn read(&self) -> Option<Dated> {
        let name = Name::parse(&self.name)?;
        let (from, value) = (self.from.parse().ok()?, Value::from_stored(name, &self.value)?);
        Some(Dated { name, from, value, source: Source::Given })
    }
}

/// Estimates anew what was never given, and gives the activities that depend on any changed setting a new
/// change number, so that their loads are due. Answers the settings, and those given, to be remembered.
///
/// `before` are the settings that were given when loads were last computed; nothing before the first time, when
/// all of them are due anyway.
pub(super) fn refresh(
    tx: &mut Tx<'_>,
    athlete: &str,
    before: Option<&[Given]>,
    today: Date,
    now_ms: i64,
) -> store::Result<(SettingsHistory, Vec<Given>)> {
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
        let before: Vec<Dated> = before.iter().filter_map(Given::read).collect();
        let ranges = [differing(&before, &given), differing(&estimated, &estimates)].concat();
        make_due(tx, athlete, &ranges)?;
    }
    records::athlete_setting::replace_estimates(tx, athlete, &stored, &estimates, now_ms)?;
    Ok((history, given.iter().map(Given::of).collect()))
}

fn make_due(tx: &mut Tx<'_>, athlete: &str, ranges: &[(Date, Date)]) -> store::Result<()> {
    if ranges.is_empty() {
        return Ok(());
    }
    let number = records::change_number::next(tx, athlete)?;
    for range in ranges {
        records::activity::touch(tx, athlete, *range, number)?;
    }
    if ranges.iter().any(|(from, _)| *from <= ALWAYS) {
        // What has no day is measured against the settings that always held.
        records::activity::touch_undated(tx, athlete, number)?;
    }
    Ok(())
}
