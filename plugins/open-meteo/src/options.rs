//! Where the service is asked, as the operator sets it.

use std::fmt;
use std::time::Duration;

use engine::http::Base;
use fitness::weather::Endpoint;

/// The service's own hosts; those of its customers have a word in front.
const HOSTS: [(Endpoint, &str, &str); 3] = [
    (Endpoint::Forecast, "api.open-meteo.com", FORECAST),
    (Endpoint::Archive, "archive-api.open-meteo.com", ARCHIVE),
    (Endpoint::HistoricalForecast, "historical-forecast-api.open-meteo.com", FORECAST),
];
const FORECAST: &str = "/v1/forecast";
const ARCHIVE: &str = "/v1/archive";

/// An answer that takes longer comes from a service in trouble.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What only the program knows. Addresses that are not set are the service's own.
#[derive(Debug, Clone)]
pub struct Options {
    pub forecast: Option<Base>,
    pub archive: Option<Base>,
    pub historical_forecast: Option<Base>,
    /// Of a customer; it goes to the service's own hosts, and to those that are set.
    pub key: Option<Key>,
    /// From a question to the last byte of its answer.
    pub time_limit: Duration,
}

/// A key that is shown to nobody.
#[derive(Clone)]
pub struct Key(String);

impl Key {
    /// Takes a key as it is.
    pub fn new(key: String) -> Self {
        Self(key)
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Options {
    /// The service's own hosts, without a key.
    pub fn standard() -> Self {
        Self { forecast: None, archive: None, historical_forecast: None, key: None, time_limit: TIME_LIMIT }
    }

    /// The names of all that are asked, each once.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> =
            HOSTS.iter().filter_map(|(of, _, _)| Some(self.base(*of)?.host())).collect();
        hosts.dedup();
        hosts
    }

    /// Where a question goes; nothing where the address of this program's own is none, which a test rules out.
    pub(crate) fn base(&self, endpoint: Endpoint) -> Option<Base> {
        let set = match endpoint {
            Endpoint::Forecast => &self.forecast,
            Endpoint::Archive => &self.archive,
            Endpoint::HistoricalForecast => &self.historical_forecast,
        };
        let (_, host, path) = HOSTS.iter().find(|(of, _, _)| *of == endpoint)?;
        if let Some(base) = set {
            return Some(base.clone().ending_in(path));
        }
        let customer = if self.key.is_some() { "customer-" } else { "" };
        Base::parse(&format!("https://{customer}{host}{path}")).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(options: &Options, wanted: [&str; 3]) {
        let found = HOSTS.map(|(endpoint, _, _)| format!("{:?}", options.base(endpoint).unwrap()));
        assert_eq!(found, wanted);
    }

    #[test]
    fn what_is_not_set_is_the_service_s_own() {
        check(
            &Options::standard(),
            [
                "https://api.open-meteo.com/v1/forecast",
                "https://archive-api.open-meteo.com/v1/archive",
                "https://historical-forecast-api.open-meteo.com/v1/forecast",
            ],
        );
    }

    #[test]
    fn a_customer_has_hosts_of_its_own_and_an_own_server_is_asked_where_it_is_set() {
        let archive = Base::parse("http://127.0.0.1:8080/").ok();
        let key = Some(Key::new("secret".to_owned()));
        let options = Options { archive, key, ..Options::standard() };
        check(
            &options,
            [
                "https://customer-api.open-meteo.com/v1/forecast",
                "http://127.0.0.1:8080/v1/archive",
                "https://customer-historical-forecast-api.open-meteo.com/v1/forecast",
            ],
        );
        assert!(!format!("{options:?}").contains("secret"));
        assert_eq!(options.hosts().len(), 3);
        let server = Base::parse("http://127.0.0.1:8080").ok();
        let own = Options {
            forecast: server.clone(),
            archive: server.clone(),
            historical_forecast: server,
            ..Options::standard()
        };
        assert_eq!(own.hosts(), ["127.0.0.1:8080"]);
    }
}
