//! A running service and a client that asks it.

use std::time::Duration;

use serde_json::Value;
use upstream::open_meteo::Host;
use upstream::{OpenMeteo, Upstream};

/// 20 June 2026, 10:20:30 UTC.
pub(crate) const NOW_MS: i64 = 1_781_950_830_000;
pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const TEN: &str = "temperature_2m,apparent_temperature,relative_humidity_2m,dew_point_2m,precipitation,\
    weather_code,cloud_cover,wind_speed_10m,wind_direction_10m,wind_gusts_10m";

pub(crate) struct Trial {
    pub(crate) upstream: Upstream,
    pub(crate) http: reqwest::Client,
}

/// What a client got.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn reason(&self) -> &str {
        assert_eq!(self.body["error"], true, "{}", self.body);
        self.body["reason"].as_str().unwrap()
    }

    /// A column of the answer for one location.
    pub(crate) fn hourly(&self, name: &str) -> &[Value] {
        self.body["hourly"][name].as_array().unwrap()
    }
}

impl Trial {
    pub(crate) async fn start() -> Trial {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let http = http.timeout(Duration::from_secs(20)).build().unwrap();
        Trial { upstream: Upstream::start_at(NOW_MS).await.unwrap(), http }
    }

    pub(crate) fn open_meteo(&self) -> &OpenMeteo {
        self.upstream.open_meteo()
    }

    pub(crate) fn url(&self, host: Host, query: &str) -> String {
        let path = if host == Host::Archive { "archive" } else { "forecast" };
        format!("{}/v1/{path}?{query}", self.upstream.open_meteo_url(host))
    }

    pub(crate) async fn ask(&self, host: Host, query: &str) -> Answer {
        let answer = self.http.get(self.url(host, query)).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(kind, "application/json; charset=utf-8", "{query}");
        Answer { status: answer.status().as_u16(), body: answer.json().await.unwrap() }
    }

    /// A day in Munich at the forecast host, for a cost of one.
    pub(crate) async fn ask_for_a_day(&self) -> Answer {
        self.ask(Host::Forecast, &day("2026-06-20", TEN)).await
    }
}

pub(crate) fn day(date: &str, hourly: &str) -> String {
    format!(
        "latitude=48.14&longitude=11.58&start_date={date}&end_date={date}&hourly={hourly}\
         &timezone=GMT&timeformat=unixtime&wind_speed_unit=ms"
    )
}
