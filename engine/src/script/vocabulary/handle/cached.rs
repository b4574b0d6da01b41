//! `.cached()` and `.cached("7d")`: a step whose inputs are unchanged is not run again.

use std::time::Duration;

use rhai::Dynamic;

use super::super::header::timeout;
use super::{Wrong, usage};
use crate::script::draft::StepDraft;
use crate::script::place::Place;

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long a result stands where no time is given.
const STANDARD: Duration = DAY.saturating_mul(30);
const LONGEST: Duration = DAY.saturating_mul(365);

pub(super) fn cached(step: &mut StepDraft, _: &Place, arguments: &[Dynamic]) -> Result<(), Wrong> {
    let keep = match arguments {
        [] => STANDARD,
        [keep] => timeout(keep).map_err(|message| (Some(0), message))?,
        _ => return Err(usage("`.cached()` or `.cached(duration)`, such as `.cached(\"7d\")`")),
    };
    if keep > LONGEST {
        return Err((Some(0), "a result is kept for 365 days at most".to_owned()));
    }
    step.policy.cached = Some(keep);
    Ok(())
}
