//! Connecting Strava with the whole program, at a service that stands in for the real one.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::runtime::Runtime;
use upstream::strava::{ALL_SCOPES, ATHLETE, CLIENT_ID, CLIENT_SECRET, Rotation, Tokens};
use upstream::{Clock, Ports, Upstream};

use crate::program::{Program, Server};

mod leaving;
mod refresh;
mod retry;
mod segments;
mod sync;

/// The service, and what names it to the program.
struct Service {
    runtime: Runtime,
    upstream: Upstream,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Service {
    fn start(program: &Program) -> Self {
        let runtime = Runtime::new().unwrap();
        let upstream = runtime.block_on(Upstream::start(Ports::default(), Clock::machine())).unwrap();
        let secret = program.path("client.secret");
        fs::write(&secret, format!("{CLIENT_SECRET}\n")).unwrap();
        let variables = vec![
            ("FITNESS_STRAVA_CLIENT_ID", CLIENT_ID.into()),
            ("FITNESS_STRAVA_CLIENT_SECRET_FILE", secret),
            ("FITNESS_STRAVA_API_URL", upstream.strava_api_url().into()),
            ("FITNESS_STRAVA_AUTH_URL", upstream.strava_auth_url().into()),
        ];
        Self { runtime, upstream, variables }
    }

    fn serve(&self, program: &Program) -> Server {
        let variables: Vec<(&str, &Path)> =
            self.variables.iter().map(|(name, value)| (*name, value.as_path())).collect();
        program.serve_with(&variables)
    }

    fn run(&self, program: &Program, arguments: &[&str], more: &[(&str, &str)]) -> Output {
        let variables = self.variables.iter().map(|(name, value)| (*name, value.as_path()));
        let mut command = program.command(arguments);
        command.envs(variables).envs(more.iter().copied()).output().unwrap()
    }

    fn json(&self, program: &Program, arguments: &[&str]) -> Value {
        let output = self.run(program, arguments, &[]);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("{arguments:?}: {error}: {}", String::from_utf8_lossy(&output.stderr))
        })
    }

    /// The status, where it leads, and the text.
    fn get(&self, url: &str, accept: &str) -> (u16, Option<String>, String) {
        self.runtime.block_on(async {
            let client =
                reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
            let response = client.get(url).header("accept", accept).send().await.unwrap();
            let target = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
            (response.status().as_u16(), target, response.text().await.unwrap())
        })
    }

    fn post(&self, url: &str) -> (u16, Value) {
        self.runtime.block_on(async {
            let request = reqwest::Client::new().post(url).header("x-paceline", "1").send();
            let response = request.await.unwrap();
            (response.status().as_u16(), response.json().await.unwrap())
        })
    }

    /// As a person who allows it on Strava's page: where the browser is sent back to.
    fn allow(&self, page: &str) -> String {
        self.get(page, "text/html").1.expect("Strava sends the browser back")
    }

    fn tokens(&self) -> Tokens {
        self.upstream.strava().tokens(ATHLETE).unwrap()
    }
}

/// Every file of the installation that holds the text.
fn holders(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holders(&path, text));
        } else if fs::read(&path).unwrap().windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path);
        }
    }
    found
}

#[test]
fn a_browser_connects_and_disconnects_and_no_secret_lies_open() {
    let program = Program::on_sqlite();
    let service = Service::start(&program);
    service.upstream.strava().switch(|switches| switches.unticked = vec!["profile:read_all".to_owned()]);
    let mut server = service.serve(&program);
    let key = program.path("secret.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    let strava = format!("{}/api/v1/strava", server.url);
    let begun = service.get(&format!("{strava}/connect"), "text/html");
    assert_eq!(begun.0, 303);
    let back = service.allow(&begun.1.unwrap());
    let state = back.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let page = service.get(&back, "text/html");
    assert_eq!(page.0, 200, "{}", page.2);
    assert!(
        page.2.contains("Strava is connected") && page.2.contains("without it, your heart rate"),
        "{}",
        page.2
    );
    let again = service.get(&back, "application/json");
    assert_eq!(again.0, 400);
    assert!(again.2.contains("oauth_state_mismatch"), "{}", again.2);
    let foreign = service.get(&format!("{strava}/callback?code=c"), "application/json");
    assert!(foreign.0 == 400 && foreign.2.contains("oauth_state_mismatch"), "{}", foreign.2);

    let status: Value = serde_json::from_str(&service.get(&strava, "application/json").2).unwrap();
    assert_eq!(
        (&status["state"], &status["missing"][0]["scope"]),
        (&"connected".into(), &"profile:read_all".into())
    );
    assert_eq!(service.get(&format!("{strava}/disconnect"), "application/json").0, 405);
    let tokens = service.tokens();
    let (code, receipt) = service.post(&format!("{strava}/disconnect"));
    assert_eq!(
        (code, &receipt["revoked"], &receipt["deleted"]["strava_connection"]),
        (200, &true.into(), &1.into())
    );
    assert_eq!(service.upstream.strava().tokens(ATHLETE), None);
    assert_eq!(server.stop(), Some(0));

    fs::remove_file(program.path("client.secret")).unwrap();
    for secret in [&tokens.access_token, &tokens.refresh_token, &state, CLIENT_SECRET] {
        assert_eq!(holders(program.folder.path(), secret), Vec::<PathBuf>::new(), "{secret}");
    }
}

#[test]
fn the_command_line_waits_for_the_browser_and_says_how_it_is() {
    for program in Program::on_both() {
        let service = Service::start(&program);
        let variables = service.variables.iter().map(|(name, value)| (*name, value.as_path()));
        let mut command = program.command(&["strava", "connect", "--json"]);
        command.envs(variables).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let page = said.find(|line| line.contains("/authorize?")).expect("the address of the page");
        // Whoever comes by first and knows nothing does not end it.
        let back = service.allow(&page);
        let address = back.split('?').next().unwrap();
        assert_eq!(service.get(&format!("{address}?state=other&code=c"), "text/html").0, 400);
        assert!(service.get(&back, "text/html").2.contains("Strava is connected"));
        assert!(child.wait().unwrap().success());
        let mut told = String::new();
        child.stdout.take().unwrap().read_to_string(&mut told).unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(
            (&told["account"], &told["missing"]),
            (&ATHLETE.to_string().into(), &Value::Array(Vec::new()))
        );

        let status = service.json(&program, &["strava", "status", "--json"]);
        assert_eq!(status["state"], "connected");
        let doctor = service.json(&program, &["doctor", "--json"]);
        let lines = doctor["checks"].as_array().unwrap();
        for name in [
            "disk",
            "key for secrets",
            "schedules",
            "Strava tokens",
            "Strava scopes",
            "Strava hosts",
            "clock",
        ] {
            let line =
                lines.iter().find(|line| line["name"] == name).unwrap_or_else(|| panic!("{name}: {doctor}"));
            assert_eq!(line["ok"], true, "{line}");
        }
        let receipt = service.json(&program, &["strava", "disconnect", "--yes", "--json"]);
        assert_eq!(receipt["revoked"], true, "{receipt}");
        assert_eq!(service.json(&program, &["strava", "status", "--json"])["receipt"], receipt);
    }
}

#[test]
fn a_crash_at_any_commit_costs_at_most_a_new_connection() {
    let (mut crashes, account) = (0, ATHLETE.to_string());
    for commit in 1.. {
        let program = Program::on_sqlite();
        let service = Service::start(&program);
        let strava = service.upstream.strava();
        strava.switch(|switches| switches.rotation = Rotation::Always);
        let file = program.path("token");
        fs::write(&file, strava.connect(ATHLETE, &ALL_SCOPES).refresh_token).unwrap();
        let connect = ["strava", "connect", "--json", "--refresh-token-file", file.to_str().unwrap()];
        let failpoint = format!("before:{commit}");
        let first = service.run(&program, &connect, &[("PACELINE_FAILPOINT", &failpoint)]);
        if first.status.success() {
            break;
        }
        assert_eq!(first.status.code(), None, "{}", String::from_utf8_lossy(&first.stderr));
        crashes += 1;
        let second = service.json(&program, &connect);
        let is_lost = second["error"]["code"] == "strava_needs_reauth";
        assert!(is_lost || second["account"] == account.as_str(), "commit {commit}: {second}");
        assert!(strava.stale_refreshes() <= u32::from(is_lost), "commit {commit}");
        let status = service.json(&program, &["strava", "status", "--json"]);
        assert_eq!(status["state"] == "connected", !is_lost, "commit {commit}: {status}");
    }
    assert!(crashes > 3, "{crashes}");
}

#[test]
fn a_subscription_is_shaken_hands_on_at_an_address_that_nobody_can_guess() {
    let program = Program::on_sqlite();
    let mut service = Service::start(&program);
    let server = service.serve(&program);
    let address = format!("{}/api/v1/webhooks/strava", server.url);
    service.variables.push(("FITNESS_STRAVA_WEBHOOK_URL", address.clone().into()));
    let made = service.json(&program, &["strava", "webhook", "create", "--json"]);
    assert_eq!(made["subscription"]["address"], address.as_str(), "{made}");
    let shown = service.json(&program, &["strava", "webhook", "show", "--json"]);
    assert_eq!(
        (&shown["subscription"], &shown["subscription"]["ours"]),
        (&made["subscription"], &true.into())
    );
    let again = service.json(&program, &["strava", "webhook", "create", "--json"]);
    assert_eq!(again["error"]["code"], "strava_subscription_exists");
    for path in ["", "/word"] {
        let asked = format!("{address}{path}?hub.mode=subscribe&hub.challenge=x&hub.verify_token=t");
        assert_eq!(service.get(&asked, "application/json").0, 403, "{path}");
    }
    service.json(&program, &["strava", "webhook", "delete", "--json"]);
    let gone = service.json(&program, &["strava", "webhook", "show", "--json"]);
    assert_eq!(gone["subscription"], Value::Null);
}
