//! What goes over the line: headers, packed bodies, and the journal of it.

use std::io::Read as _;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use upstream::Fault;
use upstream::strava::{ATHLETE, Calls, HeaderCase};

use super::client::Client;
use crate::trial::NOW_MS;

/// The head of an answer, letter by letter.
async fn head(client: &Client) -> String {
    let address = client.trial.upstream.url().strip_prefix("http://").unwrap();
    let mut line = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /strava/api/v3/athlete HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        client.token
    );
    line.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(body).is_ok(), "{body}");
    head.to_owned()
}

#[tokio::test]
async fn the_limits_headers_are_spelled_as_it_is_switched() {
    let client = Client::start().await;
    for (case, names) in [
        (HeaderCase::Lower, ["x-ratelimit-limit", "x-readratelimit-usage"]),
        (HeaderCase::Documented, ["X-RateLimit-Limit", "X-ReadRateLimit-Usage"]),
        (HeaderCase::Title, ["X-Ratelimit-Limit", "X-Readratelimit-Usage"]),
        (HeaderCase::Upper, ["X-RATELIMIT-LIMIT", "X-READRATELIMIT-USAGE"]),
        (HeaderCase::Lower, ["x-ratelimit-usage", "x-readratelimit-limit"]),
    ] {
        client.strava().switch(|switches| switches.header_case = case);
        let head = head(&client).await;
        for name in names {
            assert!(head.contains(&format!("\r\n{name}: ")), "{name}: {head}");
        }
        assert_eq!(head.to_ascii_lowercase().matches("ratelimit").count(), 4, "{head}");
        assert!(client.get("/athlete").await.header("x-ratelimit-limit").is_some());
    }
}

async fn packed(client: &Client, accepts: &str) -> (Option<String>, Vec<u8>) {
    let request = client.request("/athlete/activities").header("accept-encoding", accepts);
    let answer = request.send().await.unwrap();
    let coding = answer.headers().get("content-encoding").map(|coding| coding.to_str().unwrap().to_owned());
    (coding, answer.bytes().await.unwrap().to_vec())
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).unwrap();
    text
}

#[tokio::test]
async fn answers_are_packed_for_those_who_ask_for_it() {
    let client = Client::start().await;
    client.strava().grow(ATHLETE, 30, NOW_MS);
    let (coding, plain) = packed(&client, "identity").await;
    assert_eq!(coding, None);
    for accepts in ["gzip", "br, gzip;q=0.8"] {
        let (coding, bytes) = packed(&client, accepts).await;
        assert_eq!(coding.as_deref(), Some("gzip"), "{accepts}");
        assert!(bytes.len() < plain.len() / 2 && unpacked(&bytes) == plain, "{accepts}");
    }
    assert_eq!(packed(&client, "gzip;q=0").await.0, None);
    client.trial.upstream.fail_times("strava", Fault::BrokenJson, 1);
    let (coding, half) = packed(&client, "gzip").await;
    assert_eq!((coding, half.len()), (None, plain.len() / 2));
    client.trial.upstream.set_packing(false);
    assert_eq!(packed(&client, "gzip").await, (None, plain));
    let url = format!("{}/_control/packing", client.trial.upstream.url());
    client.trial.http.put(url).json(&serde_json::json!({ "on": true })).send().await.unwrap();
    assert_eq!(packed(&client, "gzip").await.0.as_deref(), Some("gzip"));
}

#[tokio::test]
async fn the_journal_tells_which_token_was_used() {
    let client = Client::start().await;
    client.strava().set_limits(Calls::without_end());
    client.request("/athlete?x=1").header("X-Of-Mine", "yes").send().await.unwrap();
    let calls = client.trial.upstream.calls();
    let bearer = format!("Bearer {}", client.token);
    assert_eq!(calls[0].header("authorization"), Some(bearer.as_str()));
    assert_eq!((calls[0].header("x-of-mine"), calls[0].param("x")), (Some("yes"), Some("1")));
    assert_eq!((calls[0].service.as_str(), calls[0].path.as_str()), ("strava.api", "/strava/api/v3/athlete"));
    client.refresh("x").await;
    let calls = client.trial.upstream.calls();
    assert_eq!((calls[1].service.as_str(), calls[1].status), ("strava.oauth", Some(400)));
    assert!(calls[1].body.ends_with("grant_type=refresh_token&refresh_token=x"), "{}", calls[1].body);
}
