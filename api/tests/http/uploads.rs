//! Files over HTTP.

use std::time::Duration;

use fitness::records::original;
use paceline_api::Limits;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::Answer;
use crate::house::{House, Plan};

const OURS: &str = "x-paceline: 1";

async fn upload(house: &House, name: &str) -> Answer {
    house.client.send("POST", &format!("/api/v1/uploads?name={name}"), &[OURS], b"bytes").await
}

/// A form with a file of each name.
fn form(names: &[&str]) -> String {
    let part = |name: &&str| {
        format!(
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\nbytes of {name}\r\n"
        )
    };
    names.iter().map(part).collect::<String>() + "--b--\r\n"
}

async fn send_form(house: &House, names: &[&str]) -> Answer {
    let headers = [OURS, "content-type: multipart/form-data; boundary=b"];
    house.client.send("POST", "/api/v1/uploads", &headers, form(names).as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_kept_and_read() {
    for url in support::databases() {
        let house = House::build(Plan { url, ..Plan::usual() }).await;
        house.work();
        let answer = upload(&house, "ride.fit").await;
        let file = json!({
            "path": "ride.fit", "kind": "file", "outcome": "imported", "warnings": [], "activities": ["first"]
        });
        assert_eq!((answer.status, &answer.json()["files"]), (200, &json!([file])));
        let kept = house.store.read(|tx| original::get(tx, &original::sha256(b"bytes"))).await.unwrap();
        assert_eq!(kept.unwrap().unpack().unwrap(), b"bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_file_of_a_form_does_not_stop_the_others() {
    let house = House::new().await;
    house.work();
    let answer = send_form(&house, &["ride.fit", "picture.fit", "run.fit"]).await;
    let outcomes: Vec<_> =
        answer.json()["files"].as_array().unwrap().iter().map(|file| file["outcome"].clone()).collect();
    assert_eq!(
        (answer.status, outcomes),
        (200, vec![json!("imported"), json!("refused"), json!("imported")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_of_an_export_says_what_it_is_and_which_row_tells_of_it() {
    let house = House::new().await;
    house.work();
    let answer = upload(&house, "export.zip").await.json();
    let entries = answer["files"].as_array().unwrap().iter();
    let shown: Vec<_> =
        entries.map(|entry| (entry["kind"].clone(), entry.get("source_row").cloned())).collect();
    let row = |id: &str| Some(json!(id));
    assert_eq!(
        shown,
        [(json!("file"), row("7")), (json!("row"), row("8")), (json!("list"), None)],
        "{answer}"
    );
}

async fn refused(name: &str, expected: &str) {
    let house = House::new().await;
    house.work();
    assert_eq!(upload(&house, name).await.said(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_file_that_is_refused_answers_with_its_code() {
    refused("picture.fit", "415 file_type_mismatch").await;
    refused("empty.fit", "422 file_empty").await;
    refused("bomb.fit.gz", "413 archive_too_large_unpacked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_before_it_reads_says_so() {
    let house = House::new().await;
    house.work();
    let answer = upload(&house, "failing.fit").await;
    assert_eq!(answer.status, 500);
    assert!(answer.json()["error"]["details"]["run"].is_string());
}

// Row 21 of the bad inputs.
#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_answers_the_id_of_the_first() {
    let house = House::new().await;
    house.work();
    let answer = upload(&house, "again.fit").await;
    let file = &answer.json()["files"][0];
    assert_eq!(
        (answer.status, &file["outcome"], &file["activities"]),
        (200, &json!("duplicate"), &json!(["first"]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_takes_long_answers_its_run() {
    let limits = Limits { upload_wait: Duration::ZERO, ..Limits::STANDARD };
    let house = House::build(Plan { limits, ..Plan::usual() }).await;
    let answer = upload(&house, "ride.fit").await;
    assert_eq!((answer.status, &answer.json()["state"]), (202, &json!("running")));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_uploads_at_once_are_two_runs() {
    let limits = Limits { upload_wait: Duration::ZERO, ..Limits::STANDARD };
    let house = House::build(Plan { limits, ..Plan::usual() }).await;
    let (one, other) = tokio::join!(upload(&house, "ride.fit"), upload(&house, "run.fit"));
    assert_ne!(one.json()["run"], other.json()["run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_upload_is_refused_before_it_is_sent() {
    let house = House::new().await;
    let head = "POST /api/v1/uploads?name=a.fit HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let rest = format!("{OURS}\r\ncontent-length: 100001\r\n\r\n");
    assert_eq!(house.client.raw(format!("{head}{rest}").as_bytes()).await.said(), "413 file_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_a_file_says_what_is_missing() {
    let house = House::new().await;
    let nameless = house.client.send("POST", "/api/v1/uploads", &[OURS], b"bytes").await;
    assert_eq!(nameless.json()["error"]["details"], json!({"parameter": "name"}));
    assert_eq!(send_form(&house, &[]).await.json()["error"]["details"], json!({"parameter": "file"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_breaks_off_is_refused() {
    let house = House::new().await;
    let headers = [OURS, "content-type: multipart/form-data; boundary=b"];
    let answer = house
        .client
        .send("POST", "/api/v1/uploads", &headers, b"--b\r\ncontent-disposition: form-data")
        .await;
    assert_eq!(answer.said(), "400 body_broken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_a_foreign_page_is_refused() {
    let house = House::new().await;
    let headers = ["content-type: multipart/form-data; boundary=b"];
    let answer = house.client.send("POST", "/api/v1/uploads", &headers, form(&["ride.fit"]).as_bytes()).await;
    assert_eq!(answer.said(), "403 csrf_refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_whose_name_cannot_be_read_is_not_passed_over() {
    let house = House::new().await;
    let headers = [OURS, "content-type: multipart/form-data; boundary=b"];
    let mut body = form(&["ride.fit", "M?gge.fit"]).into_bytes();
    let odd = body.iter().position(|byte| *byte == b'?').unwrap();
    body[odd] = 0xfc;
    let answer = house.client.send("POST", "/api/v1/uploads", &headers, &body).await;
    assert_eq!(answer.said(), "422 invalid_parameter");
    assert!(answer.json()["error"]["message"].as_str().unwrap().contains("part 2 of the form has none"));
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_share_the_room_of_one() {
    const ROOM: usize = 100_000;
    let house = House::new().await;
    house.work();
    let head = format!(
        "POST /api/v1/uploads?name=slow.fit HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{OURS}\r\ncontent-length: {ROOM}\r\n\r\n",
        house.client.0
    );
    let mut slow = TcpStream::connect(house.client.0).await.unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    // The first that finds no room is the proof; those before it were faster than the slow one.
    let waiting = loop {
        let mut next = Box::pin(upload(&house, "quick.fit"));
        if timeout(Duration::from_millis(200), &mut next).await.is_err() {
            break next;
        }
    };
    slow.write_all(&vec![0; ROOM]).await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(waiting.await.status, 200);
}
