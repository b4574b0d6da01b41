//! This week and the one before, by sport.

use fitness::Scope;
use fitness::records::volume;
use fitness::volume::{Period, Span, Volume, periods_of};
use jiff::civil::Date;
use serde::Serialize;
use store::Tx;
use utoipa::ToSchema;

/// The week of today, from Monday on, and the whole week before it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Weeks {
    /// Its Monday.
    from: String,
    this: Week,
    before: Week,
}

/// A week's sums.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = DashboardWeek)]
struct Week {
    total: Sum,
    /// By the name of the sport.
    sports: Vec<OfSport>,
}

/// The sum of a sport.
#[derive(Debug, Serialize, ToSchema)]
struct OfSport {
    sport: String,
    #[serde(flatten)]
    sum: Sum,
}

/// Activities, summed.
#[derive(Debug, Default, Serialize, ToSchema)]
struct Sum {
    activities: u32,
    distance_m: f64,
    /// While the timer ran, else in motion, else in all.
    timer_s: f64,
    ascent_m: f64,
    load: f64,
}

impl Weeks {
    pub(super) fn read(tx: &mut Tx<'_>, athlete: &str, today: Date) -> store::Result<Self> {
        let monday = Span::Week.first_of(today);
        let days = (Span::Week.back(today, 1), Span::Week.last_of(today));
        let outings = volume::between(tx, athlete, Scope::All, days, None)?;
        let mut weeks = periods_of(Span::Week, days, &outings).into_iter().map(Week::from);
        let (before, this) = (weeks.next().unwrap_or_default(), weeks.next().unwrap_or_default());
        Ok(Self { from: monday.to_string(), this, before })
    }
}

impl From<Period> for Week {
    fn from(period: Period) -> Self {
        let of_sport = |(sport, volume): (String, Volume)| OfSport { sport, sum: volume.into() };
        Self { total: period.total.into(), sports: period.sports.into_iter().map(of_sport).collect() }
    }
}

impl From<Volume> for Sum {
    fn from(volume: Volume) -> Self {
        Self {
            activities: volume.activities,
            distance_m: volume.distance_m.round(),
            timer_s: volume.timer_s.round(),
            ascent_m: volume.ascent_m.round(),
            load: (volume.load * 10.0).round() / 10.0,
        }
    }
}
