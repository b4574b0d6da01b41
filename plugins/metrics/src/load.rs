//! Loads in whose place metrics stand.

use fitness::load::Load;
use fitness::records::{activity, activity_load, change_number, stale_day};
use fitness::settings::SettingsHistory;
use jiff::civil::Date;
use store::Tx;

/// Computes the loads of activities anew, and answers the first day that this changes.
pub(crate) fn again(
    tx: &mut Tx<'_>,
    athlete: &str,
    ids: &[String],
    history: &SettingsHistory,
) -> store::Result<Option<Date>> {
    if ids.is_empty() {
        return Ok(None);
    }
    let pending = activity::pending_of(tx, athlete, ids)?;
    let loads: Vec<(String, Load)> =
        pending.iter().map(|activity| (activity.id.clone(), activity.load(history))).collect();
    if activity_load::put(tx, &loads)? == 0 {
        return Ok(None);
    }
    let first_day = pending.iter().filter_map(|activity| activity.local_date).min();
    if let Some(day) = first_day {
        stale_day::lower(tx, athlete, day)?;
    }
    change_number::next(tx, athlete)?;
    Ok(first_day)
}
