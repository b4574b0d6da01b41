//! The end of a server.

use std::time::Duration;

use paceline_api::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::{House, Plan};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_nobody_uses_ends_at_once() {
    let house = House::new().await;
    house.stop.cancel();
    house.served.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_comes_does_not_hold_the_server_up() {
    let limits = Limits { stop_wait: Duration::from_millis(10), ..Limits::STANDARD };
    let house = House::build(Plan { limits, ..Plan::usual() }).await;
    let mut stream = TcpStream::connect(house.client.0).await.unwrap();
    let head = "POST /api/v1/pipelines/check HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n";
    let rest = "content-type: application/json\r\ncontent-length: 9\r\n\r\n";
    stream.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
    // The server asks for the body once the request is at work.
    let mut asked = [0; 12];
    stream.read_exact(&mut asked).await.unwrap();
    house.stop.cancel();
    house.served.await.unwrap().unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
}
