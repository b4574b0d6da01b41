//! The ways in which an upstream fails, as switches that all services share.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A way to fail. Written as JSON it is `"reset"` or `{"status": 503}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is reset before the answer, and the service never learns of the request.
    Reset,
    /// The service does what it was asked to, and the connection is reset instead of an answer.
    Lost,
    /// The connection is reset in the middle of the body.
    ResetMidBody,
    /// The answer comes whole, after so many milliseconds.
    Slow(u64),
    /// The body comes in sixteen pieces with so many milliseconds between them.
    Drip(u64),
    /// No answer ever comes.
    Silent,
    /// Half of the body comes and then nothing, with the connection left open.
    Stall,
    /// The connection ends after half of the promised body.
    Truncated,
    /// The body is whole and is called `text/plain`.
    WrongType,
    /// A proxy answers with its HTML page and this status, 200 included.
    HtmlPage(u16),
    /// A JSON text of so many bytes, without its length said first.
    Huge(u64),
    /// JSON that breaks off, complete by its length.
    BrokenJson,
    /// So many nested arrays.
    DeepJson(usize),
    /// JSON in another shape than the one that was asked for.
    WrongShape,
    /// Bytes that are no text, called JSON.
    Garbage,
    /// A success without a body.
    Empty,
    /// This status with the service's own form of an error.
    Status(u16),
    /// An error that was recorded, by the name of its file, such as `429-daily`.
    Recorded(String),
    /// A redirect to this address.
    Redirect(String),
}

impl Fault {
    /// Whether the service works on the request before the answer is spoilt, so that it is counted there.
    pub(crate) fn lets_through(&self) -> bool {
        use Fault::{BrokenJson, Drip, Lost, ResetMidBody, Slow, Stall, Truncated, WrongType};
        matches!(self, Lost | ResetMidBody | Slow(_) | Drip(_) | Stall | Truncated | WrongType | BrokenJson)
    }

    /// Whether nobody gets to see a status.
    pub(crate) fn is_without_answer(&self) -> bool {
        matches!(self, Fault::Reset | Fault::Lost)
    }

    pub(crate) fn pause(millis: u64) -> tokio::time::Sleep {
        tokio::time::sleep(Duration::from_millis(millis))
    }
}

/// A fault and whom it meets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Switch {
    /// A service such as `open_meteo.archive`, or `open_meteo` for all of its hosts.
    pub service: String,
    /// What the request's path in this server begins with, such as `/strava/api/v3/segments`; without it any does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What happens.
    pub fault: Fault,
    /// To how many requests; without a number until it is switched off.
    #[serde(default)]
    pub times: Option<u32>,
}

impl Switch {
    fn meets(&self, service: &str, path: &str) -> bool {
        let rest = service.strip_prefix(&self.service);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            && self.path.as_ref().is_none_or(|begin| path.starts_with(begin))
    }
}

/// The switches that are on; the oldest that meets a request acts on it.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<Switch>>);

impl Faults {
    pub(crate) fn add(&self, switch: Switch) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(switch);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(crate) fn all(&self) -> Vec<Switch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn take(&self, service: &str, path: &str) -> Option<Fault> {
        let mut switches = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = switches.iter().position(|switch| switch.meets(service, path))?;
        let fault = switches[index].fault.clone();
        if let Some(times) = &mut switches[index].times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                switches.remove(index);
            }
        }
        Some(fault)
    }
}
