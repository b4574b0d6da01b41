//! The server as a program of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use upstream::strava::{CLIENT_ID, CLIENT_SECRET};

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn it_says_where_it_listens_and_answers_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("error.json"), r#"{"status": 429, "body": {}}"#).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_upstream"));
    command.args(["--port", "0", "--now-ms", "1781950830000", "--strava-activities", "3"]);
    command.arg("--replay").arg(folder.path());
    let mut program = Ended(command.stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let said = lines.take(4).map(Result::unwrap).collect::<Vec<_>>();
    assert_eq!(said[0], "recorded 1 files");
    let (services, control) =
        (said[1].strip_prefix("services ").unwrap(), said[2].strip_prefix("control ").unwrap());
    let http = reqwest::Client::new();
    let clock = http.get(format!("{control}/clock")).send().await.unwrap().text().await.unwrap();
    assert_eq!(clock, r#"{"now_ms":1781950830000}"#);
    let url =
        format!("{services}/open-meteo/forecast/v1/forecast?latitude=1&longitude=1&hourly=temperature_2m");
    assert_eq!(http.get(url).send().await.unwrap().status(), 200);
    assert_eq!(said[3], format!("strava client {CLIENT_ID} secret {CLIENT_SECRET}"));
    let truth = http.get(format!("{control}/strava/truth")).send().await.unwrap();
    let truth = truth.json::<serde_json::Value>().await.unwrap();
    assert_eq!(truth["activities"].as_object().unwrap().len(), 3);
}
