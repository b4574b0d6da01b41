//! Keeps what was answered, and parts a question that is refused as a whole.

use std::collections::VecDeque;

use engine::context::StepContext;
use engine::step::{Cause, StepError};
use fitness::records::weather_hour::{self, WeatherHour};
use fitness::shareable::Shareable;
use fitness::weather::{Endpoint, Location, Request, Spot};
use jiff::civil::Date;

use crate::answer::Place;
use crate::client::{Client, Trouble};

/// Hours in one commit, which must stay below 100 ms.
const CHUNK: usize = 1_500;
/// Forecasts of the past are kept from this day on.
const FORECASTS_FROM: Date = Date::constant(2022, 1, 1);

/// A request, its halves and their halves: where none of them is answered it is the service that refuses, and not a place
/// or a day.
const REFUSALS_MOST: usize = 7;

/// A day of a place that a host of the service refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) endpoint: Endpoint,
    pub(crate) location: Location,
}

impl Refused {
    /// The only day of the only place of a request. Of what was forecast once the archive's word counts; that nobody
    /// forecast it is no news.
    fn of(Request { endpoint, locations }: &Request) -> Option<Self> {
        let location = *locations.first()?;
        (*endpoint != Endpoint::HistoricalForecast).then_some(Self { endpoint: *endpoint, location })
    }
}

/// Asks, keeps every day for which `is_wanted`, and answers the days of places that were refused.
///
/// Where one day of one place is refused the service refuses all: halves are asked until it is found. A service that
/// answers none of the first ones fails the attempt, and nothing counts as refused.
pub(crate) async fn fetch(
    client: &Client,
    ctx: &StepContext,
    request: Shareable<Request>,
    is_wanted: &(dyn Fn(&Location, Date) -> bool + Sync),
) -> Result<Vec<Refused>, StepError> {
    let mut refused = Vec::new();
    let (mut is_answered, mut refusals) = (false, 0);
    let mut open = VecDeque::from([request]);
    while let Some(request) = open.pop_front() {
        match client.ask(ctx, &request).await {
            Ok(places) => {
                is_answered = true;
                let gaps = keep(ctx, &request, places, is_wanted).await?;
                open.extend(gaps);
            }
            Err(Trouble::Step(error)) => return Err(error),
            Err(Trouble::Wrong) if !is_answered && refusals + 1 == REFUSALS_MOST => {
                let message = "the weather service refuses whatever it is asked";
                return Err(StepError::Failed(Cause::new("upstream_refuses_all", message)));
            }
            Err(Trouble::Wrong) => {
                refusals += 1;
                match request.halves() {
                    Some(halves) => open.extend(halves),
                    None => refused.extend(Refused::of(&request)),
                }
            }
        }
    }
    Ok(refused)
}

/// Keeps the hours, and answers what to ask where the archive has a gap that a forecast of its time may fill.
async fn keep(
    ctx: &StepContext,
    request: &Shareable<Request>,
    places: Vec<Place>,
    is_wanted: &(dyn Fn(&Location, Date) -> bool + Sync),
) -> Result<Option<Shareable<Request>>, StepError> {
    let is_archive = request.endpoint == Endpoint::Archive;
    let mut hours = Vec::new();
    let mut gaps = Vec::new();
    for (location, place) in request.locations.iter().zip(places) {
        let mut missing = Vec::new();
        for (hour, air) in place.hours {
            let date = hour.date();
            if !(location.from..=location.to).contains(&date) || !is_wanted(location, date) {
                continue;
            }
            let spot = Spot { hour, cell: location.cell };
            if !air.is_whole() && is_archive && date >= FORECASTS_FROM {
                missing.push(date);
            }
            hours.push(WeatherHour { spot, air, is_final: is_archive && air.is_whole() });
        }
        if let (Some(from), Some(to)) = (missing.first(), missing.last()) {
            gaps.push(Location { cell: location.cell, from: *from, to: *to });
        }
    }
    let source = request.endpoint.as_str();
    for chunk in hours.chunks(CHUNK) {
        let (chunk, clock) = (chunk.to_vec(), ctx.clock.clone());
        let kept = ctx.commit(move |tx, _| weather_hour::put(tx, &chunk, source, clock.now_ms())).await?;
        ctx.meter.rows_out(kept);
    }
    Ok(request.within(Endpoint::HistoricalForecast, gaps))
}
