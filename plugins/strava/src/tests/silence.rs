//! Nothing of what Strava tells, and no token, is said in logs, spans and errors.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use engine::step::StepError;
use fitness::Changes;
use serde_json::json;
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;
use upstream::strava::{ATHLETE, Athlete, CLIENT_SECRET, Calls, Gear, Rotation, Segment};
use upstream::{Fault, Switch};

use super::house::{House, NOW, ms};

/// All that is said, spans with their fields included.
#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    /// Listens to the whole process from now on, at the most verbose level.
    fn listen() -> Self {
        let said = Self::default();
        let lines = tracing_subscriber::fmt().with_max_level(Level::TRACE).with_span_events(FmtSpan::FULL);
        let lines = lines.with_ansi(false).without_time().with_writer(said.clone()).finish();
        tracing::subscriber::set_global_default(lines).unwrap();
        said
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    fn error(&self, error: &StepError) {
        let report = match error {
            StepError::Failed(cause)
            | StepError::Hopeless(cause)
            | StepError::Later { source: cause, .. } => cause.report(),
            StepError::Cancelled => String::new(),
        };
        let text = format!("{error}\n{error:?}\n{report}\n");
        self.0.lock().unwrap().extend(text.into_bytes());
    }
}

impl io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Said {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl House {
    /// Everything that has a name or a place has one that occurs nowhere else; answers these, with all ids.
    fn named_oddly(&self) -> Vec<String> {
        let strava = self.strava();
        strava.set_limits(Calls::without_end());
        strava.switch(|switches| switches.rotation = Rotation::Always);
        let gear = Gear { name: "Zq Gear".to_owned(), ..strava.athlete(ATHLETE).unwrap().bikes.remove(0) };
        strava.set_athlete(Athlete {
            first_name: "Zq First".to_owned(),
            last_name: "Zq Last".to_owned(),
            bikes: vec![gear],
            ..strava.athlete(ATHLETE).unwrap()
        });
        strava.add_segment(Segment {
            start: [47.654_321, 8.765_432],
            starred_by: vec![ATHLETE],
            ..Segment::new(9_876_501, "Zq Segment", "Run")
        });
        let mut ids = strava.grow(ATHLETE, 4, ms(NOW));
        for id in &ids {
            strava.edit(*id, |run| {
                run.name = "Zq Name <script>".to_owned();
                run.description = Some("Zq Text".to_owned());
                run.device_name = Some("Zq Device".to_owned());
                run.external_id = Some("zq-file.fit".to_owned());
                run.gear_id = Some(format!("b{ATHLETE}"));
                run.place = Some([47.123_456, 8.876_543]);
            });
        }
        strava.add_effort(9_876_501, ids[0], 60, 116);
        ids.extend(strava.add_traps(ATHLETE, ms(NOW)).into_iter().map(|(_, id)| id));
        let places = ["47.1234", "8.8765", "47.6543", "8.7654"].map(str::to_owned);
        let words = ["Zq ", "zq-", CLIENT_SECRET, &ATHLETE.to_string()].map(str::to_owned);
        ids.iter().map(i64::to_string).chain(places).chain(words).collect()
    }

    fn tokens(&self) -> [String; 2] {
        let tokens = self.strava().tokens(ATHLETE).unwrap();
        [tokens.access_token, tokens.refresh_token]
    }

    /// Each step once; what fails says why.
    async fn all(&self, said: &Said) {
        let steps: [Result<Changes, StepError>; 8] = [
            self.sweep(json!({})).await,
            self.list().await,
            self.details().await,
            self.streams().await,
            self.athlete().await,
            self.segments().await,
            self.hints().await,
            self.expire().await,
        ];
        steps.into_iter().filter_map(Result::err).for_each(|error| said.error(&error));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_no_span_and_no_error_says_what_strava_told() {
    let said = Said::listen();
    House::each(async |house| {
        let mut secrets = house.named_oddly();
        let ids: Vec<i64> = house.strava().truth().activities_of(ATHLETE).iter().map(|one| one.id).collect();
        secrets.extend(house.tokens());
        house.all(&said).await;
        let faults = [
            Fault::Status(401),
            Fault::Status(404),
            Fault::Status(429),
            Fault::Status(500),
            Fault::HtmlPage(502),
            Fault::Slow(2_000),
            Fault::Truncated,
            Fault::BrokenJson,
        ];
        for fault in faults {
            house.wait(Duration::from_secs(25 * 3_600));
            for id in &ids[..2] {
                house.strava().edit(*id, |run| run.meters += 100.0);
            }
            house.hint(ids[0], "update", house.now_ms()).await;
            let service = if matches!(fault, Fault::Status(401)) { "strava.oauth" } else { "strava.api" };
            let (path, patience) = (Some("/strava".to_owned()), Duration::from_millis(400));
            house.set_patience(matches!(fault, Fault::Slow(_)).then_some(patience));
            house.upstream.fail_where(Switch { service: service.to_owned(), path, fault, times: Some(2) });
            house.all(&said).await;
            house.upstream.mend();
            secrets.extend(house.tokens());
        }
        for change in [
            |switches: &mut upstream::strava::Switches, ids: &[i64]| switches.poison = ids.to_vec(),
            |switches: &mut upstream::strava::Switches, ids: &[i64]| switches.missing = ids.to_vec(),
            |switches: &mut upstream::strava::Switches, _: &[i64]| switches.is_inactive = true,
        ] {
            house.strava().switch(|switches| change(switches, &ids));
            house.wait(Duration::from_secs(25 * 3_600));
            house.all(&said).await;
        }
        house.strava().deauthorize(ATHLETE);
        house.all(&said).await;
        let said = said.text();
        assert!(said.contains("Strava fails at an activity"), "it is listened to");
        for secret in &secrets {
            let place = said.find(secret.as_str());
            assert_eq!(place.map(|place| said[..place].lines().last().unwrap_or_default()), None, "{secret}");
        }
    })
    .await;
}
