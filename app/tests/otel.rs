//! A build with the feature `otel` sends what it did to a collector.

#![cfg(feature = "otel")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

/// Takes spans as a collector does; each request's address and body come out at the other end.
fn collector() -> (String, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = sender.send(receive(&stream.unwrap()));
        }
    });
    (address, requests)
}

fn receive(stream: &TcpStream) -> (String, Vec<u8>) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut stream = stream;
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    (first, body)
}

fn daily(endpoint: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_paceline"));
    command.args(["run", "daily"]).env("FITNESS_DATA_DIR", folder.path()).env_remove("FITNESS_DB_URL");
    command.env("FITNESS_OTLP_ENDPOINT", endpoint).output().unwrap().status.success()
}

#[test]
fn the_run_and_each_of_its_steps_reach_the_collector() {
    let (address, requests) = collector();
    assert!(daily(&address));
    let (first, body) = requests.recv().unwrap();
    assert_eq!(first.trim(), "POST /v1/traces HTTP/1.1");
    let text = String::from_utf8_lossy(&body);
    for wanted in ["paceline", "run.id", "rollup.loads", "rollup.days", "insights.daily"] {
        assert!(text.contains(wanted), "{wanted} is missing");
    }
}

#[test]
fn a_collector_that_is_away_fails_nothing() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(daily(&format!("http://{nobody}")));
}
