//! The client against a socket that answers as it is told.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{Answer, Base, Http, HttpError, Limits};

const LIMITS: Limits = Limits { time: Duration::from_secs(20), bytes: 1000 };

/// Asks a socket that answers these bytes to every question, and closes or keeps silent.
async fn asked(bytes: &'static [u8], closes: bool, limits: Limits) -> Result<Answer, HttpError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Base::parse(&format!("http://{}/v1", listener.local_addr().unwrap())).unwrap();
    let serve = async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut question = vec![0; 4096];
            let read = socket.read(&mut question).await.unwrap();
            let first = String::from_utf8_lossy(&question[..read]).lines().next().unwrap().to_owned();
            assert_eq!(first, "GET /v1?place=47.05%2C8.31 HTTP/1.1");
            socket.write_all(bytes).await.unwrap();
            if !closes {
                std::future::pending::<()>().await;
            }
        }
    };
    let http = Http::default();
    tokio::select! {
        answer = http.get(&base, &[("place", "47.05,8.31")], limits) => answer,
        () = serve => unreachable!(),
    }
}

async fn check(bytes: &'static [u8], closes: bool, limits: Limits, wanted: &str) {
    let code = match asked(bytes, closes, limits).await {
        Ok(answer) => format!("{} {}", answer.status, answer.body.len()),
        Err(error) => {
            let text = format!("{error} {:?}", std::error::Error::source(&error).map(ToString::to_string));
            assert!(!text.contains("47.05"), "{text}");
            error.code().to_owned()
        }
    };
    assert_eq!(code, wanted);
}

#[tokio::test]
async fn an_answer_comes_with_its_type_and_its_patience() {
    let answer = asked(
        b"HTTP/1.1 429 No\r\ncontent-type: Application/JSON; charset=utf-8\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\n{}",
        true,
        LIMITS,
    );
    let headers =
        [("content-type", "Application/JSON; charset=utf-8"), ("retry-after", "7"), ("content-length", "2")];
    let wanted = Answer {
        status: 429,
        content_type: "application/json".to_owned(),
        retry_after: Some(Duration::from_secs(7)),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        body: b"{}".to_vec(),
    };
    assert_eq!(answer.await.unwrap(), wanted);
}

#[tokio::test]
async fn a_redirect_is_an_answer_like_any_other() {
    let redirect = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n";
    check(redirect, true, LIMITS, "302 0").await;
}

#[tokio::test]
async fn a_body_that_is_cut_off_is_none() {
    check(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}", true, LIMITS, "upstream_broken_off").await;
}

#[tokio::test]
async fn a_body_that_stalls_is_not_waited_for() {
    let limits = Limits { time: Duration::from_millis(200), ..LIMITS };
    check(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}", false, limits, "upstream_slow").await;
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_as_soon_as_it_shows() {
    let limits = Limits { bytes: 1, ..LIMITS };
    check(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", true, limits, "upstream_too_large").await;
    check(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n{}", false, limits, "upstream_too_large")
        .await;
}

#[tokio::test]
async fn what_is_no_http_is_no_answer() {
    check(b"hello\r\n\r\n", true, LIMITS, "upstream_broken_off").await;
}

#[tokio::test]
async fn nobody_at_home_is_told_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Base::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = Http::default().get(&base, &[], LIMITS).await.unwrap_err();
    assert_eq!(error.code(), "upstream_unreachable");
}

/// Of an authority that nobody trusts.
const ROOT: &[u8] = b"\
-----BEGIN CERTIFICATE-----
MIIBbjCCARWgAwIBAgIUCmdGzFUjGeMmyfGpMAU5ZFKkT4QwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdDAgFw0yNjExMzAwNDUxMDZaGA8yMTI2MTEwNjA0NTEwNlow
DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCkQlNYbcxPQ
pJd+gH+R1c1kPXgsT8lwW9Tl10LxcxzYUmpIUNbsFJtI3f9z/jyljVzDLDCgRmMh
ow+50xXVnNijUzBRMB0GA1UdDgQWBBRdjKOAVmmStqLVdSoR/mN9LbwEWTAfBgNV
HSMEGDAWgBRdjKOAVmmStqLVdSoR/mN9LbwEWTAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0cAMEQCIC9pM3LJn0d8HJNZH2igmwmIINkyAMUPVwRkIqD1wqvv
AiBBGsaMlv5yrK3CWR1GIzb1ONhQdTR6sHeoYOeLC5rstw==
-----END CERTIFICATE-----
";

#[test]
fn a_machine_without_certificates_is_looked_at_again() {
    let http = Http::default();
    let [secret, plain] =
        ["https://localhost/v1", "http://127.0.0.1:9/v1"].map(|at| Base::parse(at).unwrap());
    let code = |error: HttpError| error.code();
    for certificates in [vec![], vec![CertificateDer::from(vec![1, 2, 3])]] {
        assert_eq!(http.client(&secret, || certificates).map(drop).map_err(code), Err("upstream_tls"));
    }
    assert!(http.client(&plain, Vec::new).is_ok(), "it needs none");
    let root = CertificateDer::from_pem_slice(ROOT).unwrap();
    assert!(http.client(&secret, || vec![root]).is_ok());
    assert!(http.client(&secret, || panic!("they are read once")).is_ok());
}
