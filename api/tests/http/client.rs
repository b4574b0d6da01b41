//! A client that sends exactly the bytes it is told.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Where a server listens.
#[derive(Clone, Copy)]
pub(crate) struct Client(pub(crate) SocketAddr);

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn get(self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    pub(crate) async fn post(self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &["content-type: application/json"], body.to_string().as_bytes()).await
    }

    /// Sends one request on a connection of its own.
    pub(crate) async fn send(self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        let host = self.0;
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        for header in headers {
            request += &format!("{header}\r\n");
        }
        request += &format!("content-length: {}\r\n\r\n", body.len());
        self.raw(&[request.as_bytes(), body].concat()).await
    }

    /// Sends bytes and reads until the server closes the connection.
    pub(crate) async fn raw(self, bytes: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.0).await.unwrap();
        // A server that has seen enough may close before it has read all.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        Answer::parse(&answer)
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an HTTP answer");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    /// Status and, of a failure, its code.
    pub(crate) fn said(&self) -> String {
        match self.json()["error"]["code"].as_str() {
            Some(code) => format!("{} {code}", self.status),
            None => self.status.to_string(),
        }
    }
}
