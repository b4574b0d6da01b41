//! Finds the place of recorded answers among the paths of this server.

/// Where this server answers what the real host answers.
pub(crate) fn path_of(host: &str, path: &str) -> Option<String> {
    match host {
        "www.strava.com" => Some(format!("/strava{path}")),
        "api-v3.strava.com" => Some(format!("/strava/api/v3{path}")),
        _ => None,
    }
}
