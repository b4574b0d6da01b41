//! Whom scheduled pipelines run for: every athlete, on the wall of his or her own zone.

use engine::registry::{Partition, Partitions};
use fitness::records::athlete;
use jiff::tz::TimeZone;
use store::Tx;

/// Lists the athletes.
pub(crate) struct Athletes;

impl Partitions for Athletes {
    fn list(&self, tx: &mut Tx<'_>) -> store::Result<Vec<Partition>> {
        let partition = |athlete: athlete::Athlete| Partition {
            time_zone: TimeZone::get(&athlete.timezone).ok(),
            id: athlete.id,
        };
        Ok(athlete::list(tx)?.into_iter().map(partition).collect())
    }
}

#[cfg(test)]
mod tests {
    use store::Store;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn each_athlete_is_listed_with_the_zone_where_there_is_such_a_zone() {
        for url in support::databases() {
            let store = Store::open(&url.parse().unwrap()).await.unwrap();
            store.migrate().await.unwrap();
            let listed = store.write(|tx| {
                for (id, timezone) in [("me", "Europe/Berlin"), ("you", "Nowhere")] {
                    let new =
                        athlete::Athlete { id: id.to_owned(), timezone: timezone.to_owned(), created_ms: 1 };
                    athlete::ensure(tx, &new)?;
                }
                Athletes.list(tx)
            });
            let berlin = TimeZone::get("Europe/Berlin").unwrap();
            let wanted = [("me", Some(berlin)), ("you", None)]
                .map(|(id, time_zone)| Partition { id: id.to_owned(), time_zone });
            assert_eq!(listed.await.unwrap(), wanted);
        }
    }
}
