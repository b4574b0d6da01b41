//! The Strava application, and where it is asked.

use engine::http::Base;
use plugins::strava::{Application, Options};

use super::file::Given;
use super::wrong;
use crate::error::Problem;

const CLIENT_ID: &str = "FITNESS_STRAVA_CLIENT_ID";
const CLIENT_SECRET: &str = "FITNESS_STRAVA_CLIENT_SECRET";
const CLIENT_SECRET_FILE: &str = "FITNESS_STRAVA_CLIENT_SECRET_FILE";
const API: &str = "FITNESS_STRAVA_API_URL";
const AUTHORIZATION: &str = "FITNESS_STRAVA_AUTH_URL";
const WEBHOOK: &str = "FITNESS_STRAVA_WEBHOOK_URL";
const RETENTION: &str = "FITNESS_STRAVA_RETENTION_DAYS";
/// The API's terms allow no more.
const RETENTION_MOST_DAYS: u32 = 7;

/// Reads the application, the addresses and how long is kept what is not fetched again.
pub(super) fn read(
    text: impl Fn(&'static str) -> Result<Option<String>, Problem>,
) -> Result<Options, Problem> {
    let base = |name: &'static str| {
        let base = text(name)?.map(|value| Base::parse(&value).map_err(|why| wrong(name, &why.to_string())));
        base.transpose()
    };
    Ok(Options {
        application: application(&text)?,
        api: base(API)?,
        authorization: base(AUTHORIZATION)?,
        webhook: base(WEBHOOK)?,
        retention_days: text(RETENTION)?.map(|value| retention(&value)).transpose()?,
    })
}

fn application(
    text: impl Fn(&'static str) -> Result<Option<String>, Problem>,
) -> Result<Option<Application>, Problem> {
    let secret = match Given::read(&text, CLIENT_SECRET, CLIENT_SECRET_FILE)? {
        Some(given) => Some(given.text()?.trim().to_owned()),
        None => None,
    };
    match (text(CLIENT_ID)?.map(|id| id.trim().to_owned()), secret) {
        (None, None) => Ok(None),
        (Some(client_id), Some(client_secret)) => {
            if client_id.is_empty() || !client_id.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong(
                    CLIENT_ID,
                    "it must be the number that Strava shows beside the application",
                ));
            }
            if client_secret.is_empty() {
                return Err(wrong(CLIENT_SECRET, "it is empty"));
            }
            Ok(Some(Application { client_id, client_secret }))
        }
        (Some(_), None) => Err(wrong(
            CLIENT_SECRET,
            &format!("it is missing beside `{CLIENT_ID}`; `{CLIENT_SECRET_FILE}` may name a file with it"),
        )),
        (None, Some(_)) => Err(wrong(CLIENT_ID, &format!("it is missing beside `{CLIENT_SECRET}`"))),
    }
}

fn retention(value: &str) -> Result<u32, Problem> {
    let days = value.parse().ok().filter(|days| (1..=RETENTION_MOST_DAYS).contains(days));
    days.ok_or_else(|| {
        let what = format!("it must be a whole number of days from 1 to {RETENTION_MOST_DAYS}");
        wrong(RETENTION, &what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(variables: &[(&str, &str)]) -> Result<Options, Problem> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        read(|name| Ok(find(name).map(|(_, value)| (*value).to_owned())))
    }

    fn check_refused(variables: &[(&str, &str)], wanted: &str) {
        let problem = read_from(variables).unwrap_err();
        assert_eq!((problem.exit, problem.message.as_str()), (78, wanted));
    }

    #[test]
    fn without_an_application_nothing_is_asked_for() {
        let options = read_from(&[]).unwrap();
        assert!(options.application.is_none() && options.api.is_none() && options.webhook.is_none());
    }

    #[test]
    fn half_an_application_is_refused_with_the_other_half() {
        check_refused(
            &[("FITNESS_STRAVA_CLIENT_ID", "17")],
            "FITNESS_STRAVA_CLIENT_SECRET: it is missing beside `FITNESS_STRAVA_CLIENT_ID`; \
             `FITNESS_STRAVA_CLIENT_SECRET_FILE` may name a file with it",
        );
        check_refused(
            &[("FITNESS_STRAVA_CLIENT_SECRET", "hush")],
            "FITNESS_STRAVA_CLIENT_ID: it is missing beside `FITNESS_STRAVA_CLIENT_SECRET`",
        );
        check_refused(
            &[("FITNESS_STRAVA_CLIENT_ID", "me"), ("FITNESS_STRAVA_CLIENT_SECRET", "hush")],
            "FITNESS_STRAVA_CLIENT_ID: it must be the number that Strava shows beside the application",
        );
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        check_refused(
            &[("FITNESS_STRAVA_API_URL", "http://example.org/")],
            "FITNESS_STRAVA_API_URL: plain `http` is for this machine alone; an address elsewhere begins with \
             `https`",
        );
        assert!(read_from(&[("FITNESS_STRAVA_AUTH_URL", "http://127.0.0.1:4800/oauth")]).is_ok());
    }

    #[test]
    fn nothing_is_kept_for_longer_than_the_terms_allow() {
        check_refused(
            &[("FITNESS_STRAVA_RETENTION_DAYS", "8")],
            "FITNESS_STRAVA_RETENTION_DAYS: it must be a whole number of days from 1 to 7",
        );
        let options = read_from(&[("FITNESS_STRAVA_RETENTION_DAYS", "3")]).unwrap();
        assert_eq!(options.retention_days, Some(3));
    }
}
