//! The application and the addresses, as the operator sets them.

use std::fmt;

use engine::http::{Base, Limits};
use engine::step::Cause;

const API: &str = "https://www.strava.com/api/v3";
/// What the API's terms allow.
const RETENTION_DAYS: u32 = 7;
const AUTHORIZATION: &str = "https://www.strava.com/oauth";

/// What only the program knows. Addresses that are not set are Strava's own.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Nothing can be connected without one.
    pub application: Option<Application>,
    /// Where activities are asked for.
    pub api: Option<Base>,
    /// Authorize, token and revoke are below it.
    pub authorization: Option<Base>,
    /// Where Strava reaches this program from outside.
    pub webhook: Option<Base>,
    /// How long what is not fetched again is kept; the API's terms say seven days.
    pub retention_days: Option<u32>,
    /// What an answer may cost, where it is not the usual.
    pub limits: Option<Limits>,
}

/// What Strava calls an API application.
#[derive(Clone)]
pub struct Application {
    pub client_id: String,
    /// Shown to nobody.
    pub client_secret: String,
}

impl Options {
    /// Where activities are asked for.
    pub(crate) fn api_base(&self) -> Result<Base, Cause> {
        own(self.api.as_ref(), API)
    }

    /// How many days what is not fetched again is kept.
    pub(crate) fn retention_days(&self) -> u32 {
        self.retention_days.unwrap_or(RETENTION_DAYS)
    }

    /// What authorize, token and revoke are below.
    pub(crate) fn authorization_base(&self) -> Result<Base, Cause> {
        own(self.authorization.as_ref(), AUTHORIZATION)
    }

    /// The application; nothing works without.
    pub(crate) fn application(&self) -> Result<&Application, Cause> {
        let missing = || {
            let message = "no Strava application is set: FITNESS_STRAVA_CLIENT_ID and \
                           FITNESS_STRAVA_CLIENT_SECRET name it";
            Cause::new("strava_not_configured", message)
        };
        self.application.as_ref().ok_or_else(missing)
    }
}

fn own(set: Option<&Base>, strava: &str) -> Result<Base, Cause> {
    if let Some(base) = set {
        return Ok(base.clone());
    }
    Base::parse(strava).map_err(|error| Cause::new("config_invalid", error.to_string()))
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_is_stravas_own() {
        let standard = Options::default();
        assert_eq!(format!("{:?}", standard.api_base().unwrap()), API);
        assert_eq!(format!("{:?}", standard.authorization_base().unwrap()), AUTHORIZATION);
        assert_eq!(standard.application().unwrap_err().code, "strava_not_configured");
        let here = Base::parse("http://127.0.0.1:4800/oauth").ok();
        let set = Options { authorization: here.clone(), ..Options::default() };
        assert_eq!(set.authorization_base().ok(), here);
    }

    #[test]
    fn the_secret_of_an_application_is_shown_to_nobody() {
        let application = Application { client_id: "17".to_owned(), client_secret: "hush".to_owned() };
        let options = Options { application: Some(application), ..Options::default() };
        let shown = format!("{options:?}");
        assert!(shown.contains("17") && !shown.contains("hush"), "{shown}");
    }
}
