//! What a disconnect did, in words and in JSON.

use engine::registry::Receipt;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::units;

pub(super) fn to_json(receipt: &Receipt) -> Value {
    json!({
        "asked_ms": receipt.asked_ms,
        "done_ms": receipt.done_ms,
        "revoked": receipt.revoked,
        "not_revoked": receipt.not_revoked,
        "deleted": receipt.deleted,
    })
}

pub(super) fn lines(receipt: &Receipt) -> Vec<String> {
    let time = |ms| Timestamp::from_millisecond(ms).map(|at| format!("{at:.0}")).unwrap_or_default();
    let mut lines = vec![format!("asked for {}, deleted {}", time(receipt.asked_ms), time(receipt.done_ms))];
    lines.push(match (&receipt.not_revoked, receipt.revoked) {
        (_, true) => "Strava has ended the access".to_owned(),
        (Some(why), false) => format!(
            "Strava did not confirm that the access is over ({why}); https://www.strava.com/settings/apps ends it"
        ),
        (None, false) => "Strava was not asked to end an access".to_owned(),
    });
    let counts = receipt.deleted.iter();
    lines.extend(counts.map(|(table, rows)| {
        let rows = units::count(usize::try_from(*rows).unwrap_or(usize::MAX), "row", "rows");
        format!("  {table}: {rows}")
    }));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_strava_that_nobody_asked() {
        let told = |revoked, not_revoked: Option<&str>| {
            let not_revoked = not_revoked.map(str::to_owned);
            let deleted = std::collections::BTreeMap::new();
            lines(&Receipt { asked_ms: 0, done_ms: 0, revoked, not_revoked, deleted, then: None }).remove(1)
        };
        assert_eq!(told(true, None), "Strava has ended the access");
        assert_eq!(told(false, None), "Strava was not asked to end an access");
        assert!(told(false, Some("away")).starts_with("Strava did not confirm"));
    }

    #[test]
    fn a_receipt_tells_what_was_deleted_and_whether_strava_agreed() {
        let receipt = Receipt {
            asked_ms: 1_795_341_600_000,
            done_ms: 1_795_341_601_000,
            revoked: false,
            not_revoked: Some("Strava does not answer".to_owned()),
            deleted: [("activity".to_owned(), 1), ("strava_item".to_owned(), 3)].into(),
            then: None,
        };
        assert_eq!(
            lines(&receipt).join("\n"),
            "asked for 2026-11-22T10:00:00Z, deleted 2026-11-22T10:00:01Z\n\
             Strava did not confirm that the access is over (Strava does not answer); \
             https://www.strava.com/settings/apps ends it\n  activity: 1 row\n  strava_item: 3 rows"
        );
    }
}
