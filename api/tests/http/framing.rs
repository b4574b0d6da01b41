//! Requests that are not what they seem.

use crate::house::House;

async fn check(headers: &str, body: &str, expected: &str) {
    let house = House::new().await;
    let head = "POST /api/v1/pipelines/counting/runs HTTP/1.1\r\nhost: localhost\r\nx-paceline: 1\r\n";
    let answer = house.client.raw(format!("{head}{headers}\r\n\r\n{body}").as_bytes()).await;
    assert!(answer.head.starts_with(expected), "{}", answer.head);
}

// The client reads until the connection is closed, so an answer also shows that it was.
#[tokio::test(flavor = "multi_thread")]
async fn two_lengths_are_refused_and_the_connection_is_closed() {
    check("content-length: 2\r\ncontent-length: 40", "{}", "http/1.1 400").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_beside_chunks_is_refused_and_the_connection_is_closed() {
    check("content-length: 2\r\ntransfer-encoding: chunked", "2\r\n{}\r\n0\r\n\r\n", "http/1.1 400").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_beside_a_length_are_refused_and_the_connection_is_closed() {
    check("transfer-encoding: chunked\r\ncontent-length: 2", "2\r\n{}\r\n0\r\n\r\n", "http/1.1 400").await;
}
