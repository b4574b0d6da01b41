//! What is kept is what is true.

use fitness::recording::{Channel, Samples};
use fitness::records::{activity_stream, export_row, lap};
use store::{Sql, Tx, params};
use upstream::strava::{ATHLETE, Activity};

use super::house::House;
use crate::decode;
use crate::sport;

impl House {
    /// Compares every stored activity with what Strava knows, samples included.
    pub(super) async fn truth(&self) {
        let truth = self.strava().truth();
        let kept = self.kept().await;
        let mut known: Vec<&Activity> = truth.activities_of(ATHLETE);
        known.sort_unstable_by_key(|activity| activity.id);
        assert_eq!(kept.len(), known.len());
        for activity in known {
            let id = decode::activity_id("me", activity.id);
            let row = kept.iter().find(|row| row.id == id).unwrap_or_else(|| panic!("{activity:?}"));
            let is_written = |field: &str| {
                activity.written.contains_key(field) || activity.absent.iter().any(|absent| absent == field)
            };
            if !activity.is_bare {
                assert_eq!(row.name.as_deref(), Some(activity.name.as_str()));
                assert_eq!(row.sport, sport::named(&activity.sport_type).0);
                assert_eq!(row.elapsed_s, Some(activity.elapsed_s as f64), "{activity:?}");
            }
            if !activity.is_bare && !is_written("distance") {
                let meters = row.distance_m.unwrap_or(0.0);
                assert!((meters - activity.meters).abs() < 0.1, "{meters} {activity:?}");
            }
            if !activity.hides_start {
                assert_eq!(row.start_ms, Some(activity.start_ms));
            }
            self.has_samples(activity, &id).await;
            self.has_details(activity, &id).await;
        }
    }

    async fn has_details(&self, activity: &Activity, id: &str) {
        let owned = id.to_owned();
        const DEVICE: Sql = Sql::Both("SELECT device FROM activity WHERE id = $1");
        let read = move |tx: &mut Tx<'_>| {
            let device = tx.optional(&DEVICE, &params![&owned], |row| row.get::<Option<String>>(0))?;
            Ok((
                device.flatten(),
                lap::list(tx, &owned)?,
                export_row::told(tx, "me", std::slice::from_ref(&owned))?,
            ))
        };
        let (device, laps, mut told) = self.read(read).await;
        let told = told.remove(id).unwrap();
        let athlete = self.strava().athlete(ATHLETE).unwrap();
        let (mut gear, mut wanted) = (activity.gear_id.as_deref().and_then(|id| athlete.gear(id)), 0);
        if activity.is_bare {
            gear = None;
        } else if !activity.is_manual {
            wanted = usize::try_from(activity.laps.max(1)).unwrap();
        }
        assert_eq!(laps.len(), wanted, "{activity:?}");
        assert_eq!(told.gear, gear.map(|gear| format!("{} {}", gear.brand, gear.model)), "{activity:?}");
        let is_told = !activity.is_bare;
        assert_eq!(device, activity.device_name.clone().filter(|_| is_told), "{activity:?}");
        assert_eq!(told.description, activity.description.clone().filter(|_| is_told), "{activity:?}");
    }

    async fn has_samples(&self, activity: &Activity, id: &str) {
        let owned = id.to_owned();
        let columns = self.read(move |tx| activity_stream::all(tx, &owned)).await;
        let samples = Samples::unpack(&columns);
        let Some(streams) = self.strava().streams(activity.id) else {
            assert!(samples.is_empty(), "{activity:?}");
            return;
        };
        assert_eq!(samples.time_ms.len(), streams.time.len(), "{activity:?}");
        let rates =
            streams.heartrate.map(|rates| rates.into_iter().map(|rate| rate as f64).collect::<Vec<_>>());
        assert_eq!(samples.channel(Channel::HeartRate), rates.as_deref());
        let measured = streams.watts.filter(|_| activity.sensors.has_power_meter);
        let measured = measured.map(|watts| watts.into_iter().map(|watts| watts as f64).collect::<Vec<_>>());
        assert_eq!(samples.channel(Channel::Power), measured.as_deref());
        assert_eq!(samples.channel(Channel::Latitude).is_some(), streams.latlng.is_some());
    }
}
