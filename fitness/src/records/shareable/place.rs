//! Where activities were and when, for a service that knows the weather.

use jiff::civil::Date;
use store::{Result, Sql, Tx, params};

use super::Shareable;
use crate::records::activity_weather::{self, Due};
use crate::records::{from_json, weather_home};
use crate::weather::{Cell, Endpoint, Location, Request, Spot, Track, requests};

// Read anew by the ids, so that no caller can name a place of his own. What was not looked at since it changed, or
// since a privacy zone came, may tell a place too finely.
const TRACKS: Sql = Sql::Per {
    sqlite: "SELECT w.track FROM activity_weather w JOIN activity a ON a.id = w.activity_id \
             WHERE +w.athlete = $1 AND w.activity_id IN (SELECT value FROM json_each($2)) \
             AND w.track IS NOT NULL AND a.provenance <> 'strava_api' \
             AND (a.changed, a.id) <= \
             (SELECT changed, activity_id FROM weather_position WHERE athlete = $1) \
             ORDER BY w.activity_id",
    postgres: "SELECT w.track FROM activity_weather w JOIN activity a ON a.id = w.activity_id \
               WHERE w.athlete = $1 AND w.activity_id = ANY($2) \
               AND w.track IS NOT NULL AND a.provenance <> 'strava_api' \
               AND (a.changed, a.id) <= \
               (SELECT changed, activity_id FROM weather_position WHERE athlete = $1) \
               ORDER BY w.activity_id",
};

/// Hours and cells, each with who is asked for them.
pub type Spots = Vec<(Endpoint, Spot)>;

impl Shareable<Spots> {
    /// The hours and cells of activities that nobody told of yet. Activities of the Strava API have none.
    pub fn missing(tx: &mut Tx<'_>, athlete: &str, due: &[Due], now_ms: i64) -> Result<Self> {
        let ids: Vec<String> = due.iter().map(|due| due.id.clone()).collect();
        let tracks: Vec<Track> = tx.query(&TRACKS, &params![athlete, &ids], |row| from_json(row, 0))?;
        let tracks: Vec<&Track> = tracks.iter().collect();
        Ok(Self(activity_weather::missing(tx, &tracks, now_ms)?.concat()))
    }

    /// The fewest requests that bring them.
    pub fn requests(&self) -> Vec<Shareable<Request>> {
        requests(self.iter().copied()).into_iter().map(Shareable).collect()
    }
}

impl Shareable<Cell> {
    /// The cell that the athlete set as home to have its forecast looked up.
    pub fn home(tx: &mut Tx<'_>, athlete: &str) -> Result<Option<Self>> {
        Ok(weather_home::get(tx, athlete)?.map(Self))
    }

    /// The request for its forecast from one day through another.
    pub fn forecast(&self, from: Date, to: Date) -> Shareable<Request> {
        let locations = vec![Location { cell: **self, from, to }];
        Shareable(Request { endpoint: Endpoint::Forecast, locations })
    }
}

impl Shareable<Request> {
    /// Two requests for half of it each; nothing where one day of one place is left.
    pub fn halves(&self) -> Option<[Self; 2]> {
        self.0.halves().map(|halves| halves.map(Self))
    }

    /// A request to somebody else for days of its own places; any others are left out. Nothing where none is left.
    pub fn within(&self, endpoint: Endpoint, days: Vec<Location>) -> Option<Self> {
        let is_ours = |days: &Location| {
            let holds =
                |ours: &Location| ours.cell == days.cell && ours.from <= days.from && ours.to >= days.to;
            self.locations.iter().any(holds)
        };
        let locations: Vec<Location> = days.into_iter().filter(is_ours).collect();
        (!locations.is_empty()).then_some(Self(Request { endpoint, locations }))
    }
}

#[cfg(test)]
pub(super) const QUERIES: &[Sql] = &[TRACKS];
