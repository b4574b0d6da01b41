//! The recommendation in a sentence: what kind of session, how long, and how hard at most.

use schemars::JsonSchema;
use serde::Serialize;

use crate::advice::{Advice, Pick};
use crate::history::View;
use crate::outing::EASY_SHARE_OF_THRESHOLD;

/// A steady session stays below this share of the heart rate at the lactate threshold.
const STEADY_SHARE_OF_THRESHOLD: f64 = 0.95;
/// Who recorded a heart rate within so many days is told one.
const HEART_RATE_DAYS: i64 = 90;

/// How hard at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cap {
    /// What it feels like.
    pub feel: &'static str,
    /// Beats per minute to stay below; absent where the session has no bound, or no heart rate is recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below_bpm: Option<u32>,
    /// Present and true where the threshold behind it is an estimate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

/// The bound of a session; a day off has none.
pub(crate) fn cap(pick: Pick, view: &View<'_>) -> Option<Cap> {
    let (feel, share) = match pick {
        Pick::Rest => return None,
        Pick::Easy | Pick::Long => ("you can talk in whole sentences", Some(EASY_SHARE_OF_THRESHOLD)),
        Pick::Steady => ("you can still talk in short sentences", Some(STEADY_SHARE_OF_THRESHOLD)),
        Pick::Hard => ("hard, yet even to the last repeat", None),
    };
    let has_heart_rate = view.last_outings(HEART_RATE_DAYS).iter().any(|outing| outing.zones_s.is_some());
    let threshold = has_heart_rate.then(|| view.settings.at(view.today).lthr);
    let below_bpm = threshold.zip(share).map(|(threshold, share)| (share * threshold.value).round() as u32);
    let estimated = below_bpm.is_some() && threshold.is_some_and(|threshold| threshold.is_estimated());
    Some(Cap { feel, below_bpm, estimated })
}

/// One sentence.
pub(crate) fn sentence(advice: &Advice, cap: Option<&Cap>) -> String {
    let kind = match advice.pick {
        Pick::Rest => return "Rest today.".to_owned(),
        Pick::Easy => "Easy session",
        Pick::Steady => "Steady session",
        Pick::Hard => "Hard session",
        Pick::Long => "Long and easy session",
    };
    let minutes = advice.minutes.map(|minutes| format!(", {minutes} minutes")).unwrap_or_default();
    let bound = match cap {
        Some(Cap { below_bpm: Some(bpm), .. }) => format!(", below {bpm} bpm"),
        Some(Cap { feel, .. }) => format!(": {feel}"),
        None => String::new(),
    };
    format!("{kind}{minutes}{bound}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pick: Pick, minutes: Option<u32>, cap: Option<&Cap>, wanted: &str) {
        let advice = Advice { pick, minutes, weight: 1, why: String::new() };
        assert_eq!(sentence(&advice, cap), wanted);
    }

    fn below(bpm: Option<u32>) -> Option<Cap> {
        Some(Cap { feel: "you can talk in whole sentences", below_bpm: bpm, estimated: false })
    }

    #[test]
    fn a_day_off_needs_no_number() {
        check(Pick::Rest, None, None, "Rest today.");
    }

    #[test]
    fn a_session_has_its_length_and_its_bound() {
        check(Pick::Easy, Some(40), below(Some(148)).as_ref(), "Easy session, 40 minutes, below 148 bpm.");
    }

    #[test]
    fn without_heart_rate_the_bound_is_a_feeling() {
        let wanted = "Long and easy session, 90 minutes: you can talk in whole sentences.";
        check(Pick::Long, Some(90), below(None).as_ref(), wanted);
    }
}
