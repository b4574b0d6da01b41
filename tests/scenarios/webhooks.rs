//! Webhooks that other programs send to the server.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::program::{Program, Server};

const SECRET: &str = "for-tests-alone-0123456789abcdefghij";
const TOLD: &str = "pipeline(\"told\", #{ on_webhook: \"bell\" });\nrollup::loads([]);\n";

fn signature(secret: &str, body: &str) -> String {
    let signed = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(body).finalize();
    signed.into_bytes().iter().fold("sha256=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// Status and answer of a delivery.
async fn deliver(server: &Server, name: &str, signature: Option<String>, body: &str) -> (u16, Value) {
    let url = format!("{}/api/v1/webhooks/{name}", server.url);
    let mut request =
        reqwest::Client::new().post(url).header("host", "paceline.example.org").body(body.to_owned());
    if let Some(signature) = signature {
        request = request.header("x-hub-signature-256", signature);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

fn scripts(program: &Program) -> std::path::PathBuf {
    let scripts = program.path("own");
    fs::create_dir_all(scripts.join("pipelines")).unwrap();
    fs::write(scripts.join("pipelines/told.rhai"), TOLD).unwrap();
    scripts
}

fn runs(program: &Program) -> Vec<Value> {
    program.lines(&["runs", "list", "--json"])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_delivery_starts_the_pipeline_and_no_other_does() {
    for program in Program::on_both() {
        let scripts = scripts(&program);
        let variables = [("FITNESS_SCRIPTS_DIR", &*scripts), ("FITNESS_WEBHOOK_SECRET", Path::new(SECRET))];
        let mut server = program.serve_with(&variables);
        let body = r#"{"params": {"nothing": "of this is taken over"}}"#;
        let refused = [
            deliver(&server, "bell", None, body).await,
            deliver(&server, "bell", Some(signature("another-secret", body)), body).await,
            deliver(&server, "bell", Some(signature(SECRET, "another body")), body).await,
        ];
        for (status, answer) in refused {
            assert_eq!((status, &answer["error"]["code"]), (403, &json!("webhook_refused")), "{answer}");
        }
        let unknown = deliver(&server, "gong", Some(signature(SECRET, body)), body).await;
        assert_eq!((unknown.0, &unknown.1["error"]["code"]), (404, &json!("not_found")));
        assert!(runs(&program).is_empty());

        let (status, answer) = deliver(&server, "bell", Some(signature(SECRET, body)), body).await;
        assert_eq!((status, &answer["items"][0]["new"]), (202, &json!(true)), "{answer}");
        let began = Instant::now();
        while runs(&program)[0]["state"] != "succeeded" {
            assert!(began.elapsed() < Duration::from_secs(60), "waited in vain");
        }
        let run = &runs(&program)[0];
        let told = (&run["pipeline"], &run["cause"], &run["partition"], &run["params"]);
        assert_eq!(told, (&json!("told"), &json!("webhook"), &json!("me"), &json!({})));

        let command = program.command(&["pipelines", "pause", "told"]).envs(variables).output().unwrap();
        assert!(command.status.success());
        let (status, answer) = deliver(&server, "bell", Some(signature(SECRET, body)), body).await;
        assert_eq!((status, &answer["items"][0]["run"]), (202, &Value::Null), "{answer}");
        assert_eq!(runs(&program).len(), 1);
        assert_eq!(server.stop(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_there_is_no_webhook() {
    let program = Program::on_sqlite();
    let scripts = scripts(&program);
    let server = program.serve_with(&[("FITNESS_SCRIPTS_DIR", &*scripts)]);
    let (status, answer) = deliver(&server, "bell", Some(signature("", "x")), "x").await;
    assert_eq!((status, &answer["error"]["code"]), (404, &json!("not_found")));
}

#[test]
fn a_key_makes_one_run_of_many_commands() {
    for program in Program::on_both() {
        let first = program.json(&["run", "daily", "--key", "monday", "--json"]);
        let second = program.json(&["run", "daily", "--key", "monday", "--json"]);
        assert_eq!((&first["id"], &second["state"]), (&second["id"], &json!("succeeded")));
        let third = program.json(&["run", "daily", "--key", "tuesday", "--json"]);
        assert_ne!(first["id"], third["id"]);
    }
}
