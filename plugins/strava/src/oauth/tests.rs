use super::*;

/// 12:07:30 UTC.
const NOW_MS: i64 = 1_785_000_000_000 - 1_785_000_000_000 % 86_400_000 + 43_650_000;

fn refusal(status: u16, body: &str) -> Option<String> {
    let answer = Answer { status, body: body.as_bytes().to_vec(), ..Answer::default() };
    Refusal::of(&answer, &Clock::fixed(NOW_MS)).map(|refusal| refusal.cause().code.to_owned())
}

fn check(status: u16, body: &str, wanted: &str) {
    assert_eq!(refusal(status, body).as_deref(), Some(wanted), "{status} {body}");
}

fn error(resource: &str, field: &str, code: &str) -> String {
    format!(
        r#"{{"message":"Bad Request","errors":[{{"resource":"{resource}","field":"{field}","code":"{code}"}}]}}"#
    )
}

#[test]
fn each_refusal_says_what_to_do() {
    check(400, &error("RefreshToken", "refresh_token", "invalid"), "strava_needs_reauth");
    check(400, &error("AuthorizationCode", "code", "invalid"), "strava_needs_reauth");
    check(401, &error("RefreshToken", "refresh_token", "invalid"), "strava_needs_reauth");
    check(403, &error("Application", "Status", "Inactive"), "strava_inactive");
    check(403, r#"{"message":"Limit of connected athletes exceeded"}"#, "strava_athlete_limit");
    check(400, &error("Application", "client_id", "invalid"), "strava_application_refused");
    check(401, &error("Application", "", "invalid"), "strava_application_refused");
    let spent = r#"{"errors":"Rate Limit Exceeded","status":429,"message":"Too Many Requests"}"#;
    check(429, spent, "strava_rate_limited");
    for (status, body) in [(500, r#"{"message":"error"}"#), (502, "<html>"), (400, ""), (404, "[]")] {
        check(status, body, "upstream_unavailable");
    }
    assert_eq!(refusal(200, "{}"), None);
}

#[test]
fn who_asked_too_often_waits_for_the_next_quarter() {
    let answer = Answer { status: 429, ..Answer::default() };
    let refusal = Refusal::of(&answer, &Clock::fixed(NOW_MS)).unwrap();
    assert!(matches!(refusal, Refusal::Busy(after) if after == Duration::from_secs(460)), "{refusal:?}");
}

#[test]
fn tokens_are_read_and_what_is_no_answer_is_not_repeated() {
    let body = r#"{"token_type":"Bearer","access_token":"a1","refresh_token":"r1","expires_at":1785000000,
                   "expires_in":21600,"athlete":{"id":9007199254740993,"username":null}}"#;
    let grant = answer::grant(body.as_bytes()).ok().unwrap();
    assert_eq!(grant.strava_id, 9_007_199_254_740_993);
    let Tokens { access, refresh, expires_ms } = grant.tokens;
    assert_eq!((access.as_str(), refresh.as_str(), expires_ms), ("a1", "r1", 1_785_000_000_000));
    let odd = r#"{"access_token":"a1","refresh_token":"r1","expires_at":"hush"}"#;
    let refusal = answer::tokens(odd.as_bytes()).err().unwrap().cause().report();
    assert!(
        refusal.starts_with("the answer of Strava cannot be read") && !refusal.contains("hush"),
        "{refusal}"
    );
}

#[test]
fn the_page_of_a_person_names_what_is_asked_for() {
    let application =
        crate::options::Application { client_id: "17".to_owned(), client_secret: "hush".to_owned() };
    let options = Options { application: Some(application), ..Options::default() };
    let url = authorize_url(&options, "state", "http://127.0.0.1:1/callback").unwrap();
    let wanted = "https://www.strava.com/oauth/authorize?client_id=17\
                  &redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback&response_type=code&approval_prompt=force\
                  &scope=read%2Cactivity%3Aread_all%2Cprofile%3Aread_all&state=state";
    assert_eq!(url, wanted);
    let unset = authorize_url(&Options::default(), "state", "").unwrap_err();
    assert_eq!(unset.code, "strava_not_configured");
}
