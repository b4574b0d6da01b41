use jiff::ToSpan;

use super::*;
use crate::recording::Recording;
use crate::records::activity::{self, Activity, Origin};
use crate::records::tests::{ME, on_both};

const FIRST_DAY: Date = Date::constant(2023, 12, 27);

fn keep(tx: &mut Tx<'_>, sport: &str, day: Date) -> Result<()> {
    let source_id = format!("{sport}{day}");
    let origin = Origin {
        athlete: ME,
        provenance: "file",
        source_id: &source_id,
        file: "a.fit",
        sha256: &source_id,
        part: 0,
        parts: 1,
    };
    let recording = Recording { sport: sport.to_owned(), ..Recording::default() };
    activity::upsert(tx, &Activity::of(&recording, origin, Some(day)), 1).map(drop)
}

/// Every page of so many spans, one after the other.
fn pages(tx: &mut Tx<'_>, asked: (Span, Option<&str>), limit: u32) -> Result<Vec<Period>> {
    let (mut all, mut from) = (Vec::new(), None);
    loop {
        let place = Place { days: (Date::ZERO, Date::MAX), from, limit };
        let page = page(tx, ME, Scope::All, asked, place)?;
        let Some(last) = page.last() else { return Ok(all) };
        from = last.from.yesterday().ok();
        all.extend(page);
    }
}

#[tokio::test]
async fn pages_are_all_that_was_done_span_after_span() {
    on_both(|tx| {
        for (sport, days) in [("running", [0, 3, 90, 400]), ("cycling", [3, 10, 91, 160])] {
            for day in days {
                keep(tx, sport, FIRST_DAY + day.days())?;
            }
        }
        for sport in [None, Some("running"), Some("cycling"), Some("rowing")] {
            let outings = between(tx, ME, Scope::All, (Date::ZERO, Date::MAX), sport)?;
            for span in [Span::Week, Span::Month, Span::Year] {
                let mut whole = volume::periods(span, &outings);
                whole.reverse();
                for limit in [1, 2, 7, 500] {
                    assert_eq!(pages(tx, (span, sport), limit)?, whole, "{span:?} {sport:?} by {limit}");
                }
            }
        }
        Ok(())
    })
    .await;
}

#[tokio::test]
async fn a_page_counts_the_days_between_alone() {
    on_both(|tx| {
        for day in 0..30 {
            keep(tx, "running", FIRST_DAY + day.days())?;
        }
        let days = (Date::constant(2024, 1, 1), Date::constant(2024, 1, 14));
        let place = Place { days, from: None, limit: 9 };
        let page = page(tx, ME, Scope::All, (Span::Week, None), place)?;
        let shown: Vec<_> = page.iter().map(|week| (week.from, week.total.activities)).collect();
        assert_eq!(shown, [(Date::constant(2024, 1, 8), 7), (Date::constant(2024, 1, 1), 7)]);
        Ok(())
    })
    .await;
}
