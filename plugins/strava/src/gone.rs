//! Forgets an activity that is gone at Strava, or that may be kept no longer.

use fitness::STRAVA_API;
use fitness::records::export_row;
use fitness::records::intake::Intake;
use fitness::records::strava::{activity, effort};

/// Removes all that is known of an activity but its id, by which it is known again.
pub(crate) fn forget(
    intake: &mut Intake<'_, '_>,
    (strava_id, activity_id): (i64, &str),
    now_ms: i64,
) -> store::Result<()> {
    let athlete = intake.athlete;
    activity::forget(intake.tx, athlete, strava_id, now_ms)?;
    effort::forget(intake.tx, athlete, strava_id)?;
    export_row::remove(intake.tx, athlete, (STRAVA_API, &strava_id.to_string()))?;
    intake.remove(activity_id)
}
