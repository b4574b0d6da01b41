//! Whether what Strava sends by itself is taken.

use engine::registry::{Checkup, Means};
use engine::step::Cause;
use fitness::records::strava::subscription::Subscription;

use crate::subscription::Words;

const WEBHOOK: &str = "Strava webhook";

/// Looks whether the words of the subscription can be read, without which each delivery is refused.
pub(crate) fn look(means: &Means, kept: &[Subscription]) -> Option<Checkup> {
    let (mut well, mut ill) = (Vec::new(), Vec::new());
    for one in kept {
        let address = &one.callback;
        let is_old = |sealed: &str| means.secrets.is_sealed_before(sealed).unwrap_or(false);
        if let Err(error) = Words::open(means, one) {
            ill.push(format!(
                "{address}: {}; what comes there is refused: set the key that sealed its words again, or \
                 `paceline strava webhook delete` and `create` make new ones",
                Cause::from(error).report()
            ));
        } else if one.subscription_id.is_none() {
            let what = "the answer to it was lost; `paceline strava webhook create` asks again";
            ill.push(format!("{address}: {what}"));
        } else if is_old(&one.path_word) || is_old(&one.verify_token) {
            well.push(format!(
                "{address}: sealed by an older key, which must stay until the next delivery or \
                 `paceline strava webhook show` has sealed it anew"
            ));
        } else {
            well.push(format!("{address}: what comes there is taken"));
        }
    }
    if !ill.is_empty() {
        return Some(Checkup::ill(WEBHOOK, ill.join("; ")));
    }
    (!well.is_empty()).then(|| Checkup::well(WEBHOOK, well.join("; ")))
}
