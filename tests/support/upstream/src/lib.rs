//! The outside services as a program meets them, on the loopback address: with state, limits and faults.
//!
//! One [`Upstream`] is one port. Each service is a module with a state of its own under its own path;
//! clock, faults and journal are shared. All of it can be set in process and, on paths under `/_control`,
//! over HTTP.

mod clock;
mod control;
mod door;
mod fault;
mod frame;
mod journal;
pub mod open_meteo;
mod replay;
mod spoil;
pub mod strava;

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinHandle;

pub use clock::Clock;
pub use fault::{Fault, Switch};
pub use journal::Call;
pub use open_meteo::OpenMeteo;
pub use strava::Strava;

use door::{Cut, Door};
use frame::Frame;

/// The ports to listen on, 0 for any that is free.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// Where the services answer.
    pub services: u16,
    /// Where the control paths answer even while the services' port is shut.
    pub control: u16,
}

/// Services that run until this is dropped; they live in the runtime in which they were started.
pub struct Upstream {
    frame: Arc<Frame>,
    url: String,
    control_url: String,
    /// It stays open as long as somebody can shut it.
    _control_door: Door,
    servers: [JoinHandle<io::Result<()>>; 2],
}

impl Upstream {
    /// Starts on free ports with a clock that stands still at this time.
    pub async fn start_at(epoch_ms: i64) -> io::Result<Upstream> {
        Self::start(Ports::default(), Clock::standing(epoch_ms)).await
    }

    /// Starts on these ports.
    #[expect(clippy::unused_async, reason = "it must be called inside a runtime")]
    pub async fn start(ports: Ports, clock: Clock) -> io::Result<Upstream> {
        let (door, gate) = Door::open(ports.services)?;
        let (control_door, control_gate) = Door::open(ports.control)?;
        let (url, control_url) =
            (format!("http://{}", gate.address), format!("http://{}", control_gate.address));
        let frame = Arc::new(Frame::new(clock, door));
        let services = frame::router(&frame).into_make_service_with_connect_info::<Cut>();
        let control = control::router(Arc::clone(&frame)).into_make_service_with_connect_info::<Cut>();
        let servers = [
            tokio::spawn(async move { axum::serve(gate, services).await }),
            tokio::spawn(async move { axum::serve(control_gate, control).await }),
        ];
        Ok(Upstream { frame, url, control_url, _control_door: control_door, servers })
    }

    /// Such as `http://127.0.0.1:4711`, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the control paths answer even while connections to the services are refused.
    #[must_use]
    pub fn control_url(&self) -> &str {
        &self.control_url
    }

    /// The clock of all services.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.frame.clock
    }

    /// The state of Open-Meteo.
    #[must_use]
    pub fn open_meteo(&self) -> &OpenMeteo {
        &self.frame.open_meteo
    }

    /// The base URL of one of Open-Meteo's hosts, to which a client adds `/v1/forecast` or `/v1/archive`.
    #[must_use]
    pub fn open_meteo_url(&self, host: open_meteo::Host) -> String {
        format!("{}/open-meteo/{}", self.url, host.name())
    }

    /// The state of Strava.
    #[must_use]
    pub fn strava(&self) -> &Strava {
        &self.frame.strava
    }

    /// The base URL of Strava's interface, to which a client adds `/athlete`.
    #[must_use]
    pub fn strava_api_url(&self) -> String {
        format!("{}/strava/api/v3", self.url)
    }

    /// The base URL of consent and tokens at Strava, to which a client adds `/authorize`, `/token` or `/revoke`.
    #[must_use]
    pub fn strava_auth_url(&self) -> String {
        format!("{}/strava/oauth", self.url)
    }

    /// Switches a fault on for a service such as `open_meteo.archive`, or for `open_meteo` as a whole.
    pub fn fail(&self, service: &str, fault: Fault) {
        self.fail_where(Switch { service: service.to_owned(), path: None, fault, times: None });
    }

    /// Switches a fault on for the next so many requests to a service.
    pub fn fail_times(&self, service: &str, fault: Fault, times: u32) {
        self.fail_where(Switch { service: service.to_owned(), path: None, fault, times: Some(times) });
    }

    /// Switches a fault on for some requests to a service, by their paths.
    pub fn fail_where(&self, switch: Switch) {
        self.frame.faults.add(switch);
    }

    /// Refuses connections to all services, and resets those that are open.
    pub fn refuse(&self) {
        self.frame.door.set_open(false);
    }

    /// Switches all faults off and accepts connections again.
    pub fn mend(&self) {
        self.frame.faults.clear();
        self.frame.door.set_open(true);
    }

    /// Answers from now on with what was recorded below a folder wherever the same is asked, in the forms that
    /// `src/replay.rs` describes, and says how many files these are.
    pub fn replay(&self, folder: &Path) -> io::Result<usize> {
        self.frame.replay.read(folder)
    }

    /// What was asked since the start, or since [`Upstream::forget_calls`].
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.frame.journal.calls()
    }

    /// Empties the journal.
    pub fn forget_calls(&self) {
        self.frame.journal.clear();
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.servers.iter().for_each(JoinHandle::abort);
    }
}
