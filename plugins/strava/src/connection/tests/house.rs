//! An athlete, a database, and the service that stands in for Strava.

use std::collections::BTreeMap;

use engine::clock::Clock;
use engine::http::{Authorization, Base, Http, Limits, Question, Verb};
use engine::registry::{Connected, Connection as _, Means};
use engine::secret::Keys;
use engine::step::{Cause, StepError};
use fitness::records::athlete::{self, Athlete};
use fitness::records::strava::connection::{self, Connection};
use store::{Sql, Store, Tx, params};
use upstream::Upstream;
use upstream::strava::{CLIENT_ID, CLIENT_SECRET};

use crate::connection::Strava;
use crate::options::{Application, Options};
use crate::token::{self, Access, Wanted};

/// 2026-11-22T10:00:00Z.
pub(super) const NOW_MS: i64 = 1_795_341_600_000;
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const ME: &str = "me";
const CALLBACK: &str = "http://127.0.0.1:1/callback";
const SET: Sql = Sql::Both("UPDATE strava_connection SET refreshing_until_ms = $2 WHERE athlete = $1");

pub(super) struct House {
    pub(super) upstream: Upstream,
    pub(super) means: Means,
    pub(super) strava: Strava,
    pub(super) url: String,
}

impl House {
    /// One on each database.
    pub(super) async fn each() -> Vec<Self> {
        let mut houses = Vec::new();
        for url in support::databases() {
            houses.push(Self::at(url).await);
        }
        houses
    }

    pub(super) async fn one() -> Self {
        Self::at(support::sqlite_url()).await
    }

    async fn at(url: String) -> Self {
        let upstream = Upstream::start_at(NOW_MS).await.unwrap();
        let application =
            Application { client_id: CLIENT_ID.to_owned(), client_secret: CLIENT_SECRET.to_owned() };
        let options = Options {
            application: Some(application),
            api: Some(Base::parse(&upstream.strava_api_url()).unwrap()),
            authorization: Some(Base::parse(&upstream.strava_auth_url()).unwrap()),
            ..Options::default()
        };
        let store = Store::open(&url.parse().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        let house = Self { means: means(&upstream, store), upstream, strava: Strava { options }, url };
        for id in [ME, "you"] {
            let new = Athlete { id: id.to_owned(), timezone: "UTC".to_owned(), created_ms: 1 };
            house.write(move |tx| athlete::ensure(tx, &new)).await;
        }
        house
    }

    /// As another process has them: connections of their own to the same database.
    pub(super) async fn other_means(&self) -> Means {
        means(&self.upstream, Store::open(&self.url.parse().unwrap()).await.unwrap())
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        write: impl FnMut(&mut Tx<'_>) -> store::Result<T> + Send + 'static,
    ) -> T {
        self.means.store.write(write).await.unwrap()
    }

    /// What a browser comes back with, after a person saw the page.
    pub(super) async fn returned(&self) -> BTreeMap<String, String> {
        let page = self.strava.begin(&self.means, ME, CALLBACK).await.unwrap();
        let limits = Limits { time: std::time::Duration::from_secs(10), bytes: 1 << 20 };
        let (page, asked) = page.split_once('?').unwrap();
        let asked = pairs(asked);
        let query: Vec<_> = asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let base = Base::parse(page).unwrap();
        let authorization = Authorization::Nobody;
        let question = Question { base: &base, verb: Verb::Get, query: &query, authorization, limits };
        let answer = self.means.http.ask(question).await.unwrap();
        let target = &answer.headers["location"];
        let (address, query) = target.split_once('?').unwrap();
        assert_eq!(address, CALLBACK);
        pairs(query)
    }

    pub(super) async fn finish(&self, query: &BTreeMap<String, String>) -> Result<Connected, Cause> {
        self.strava.finish(&self.means, ME, query).await
    }

    pub(super) async fn connect(&self) -> Connected {
        let query = self.returned().await;
        let connected = self.finish(&query).await.unwrap();
        self.upstream.forget_calls();
        connected
    }

    pub(super) async fn find(&self, wanted: Wanted) -> Result<Access, StepError> {
        token::find(&self.means, &self.strava.options, ME, wanted).await
    }

    pub(super) async fn kept(&self) -> Option<Connection> {
        self.write(|tx| connection::get(tx, ME)).await
    }

    /// What a process that went away has left, or one with another clock.
    pub(super) async fn leave_lease(&self, until_ms: i64) {
        self.write(move |tx| tx.execute(&SET, &params![ME, until_ms])).await;
    }

    /// How often tokens were asked for.
    pub(super) fn token_calls(&self) -> usize {
        self.upstream.calls().iter().filter(|call| call.path.ends_with("/oauth/token")).count()
    }
}

fn pairs(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let plain = |text: &str| text.replace("%3A", ":").replace("%2C", ",").replace("%2F", "/");
    pairs.map(|(name, value)| (name.to_owned(), plain(value))).collect()
}

fn means(upstream: &Upstream, store: Store) -> Means {
    let clock = upstream.clock().clone();
    Means {
        store,
        http: Http::default(),
        clock: Clock::from_fn(move || clock.now_ms()),
        secrets: Keys::parse(KEY).unwrap(),
    }
}
