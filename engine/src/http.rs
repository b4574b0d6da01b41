//! The one HTTP client, with which steps ask outside services.
//!
//! It follows no redirect, so that nothing that was sent to one host reaches another, and takes no answer that is larger
//! or slower than its caller allows.

mod base;
#[cfg(test)]
mod tests;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore};

pub use base::{Base, BaseError};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long nothing at all may arrive within an answer.
const SILENCE: Duration = Duration::from_secs(20);

/// Asks outside services; clones share their connections, and what TLS needs is read at the first question.
#[derive(Debug, Clone, Default)]
pub struct Http(Arc<OnceLock<Result<reqwest::Client, String>>>);

/// What an answer may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the question to the last byte.
    pub time: Duration,
    /// Of the body, unpacked.
    pub bytes: usize,
}

/// What came back, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Without its parameters and in small letters; empty where none was told.
    pub content_type: String,
    /// What a `Retry-After` in seconds says.
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

/// Why there is no answer. None of them names the address, which may hold a key or a place.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    #[error("no connection to `{host}`")]
    Connect {
        host: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("`{host}` did not answer within {limit:?}")]
    Slow { host: String, limit: Duration },
    #[error("the answer of `{host}` is larger than {limit} bytes")]
    Large { host: String, limit: usize },
    #[error("the answer of `{host}` broke off")]
    Broken {
        host: String,
        #[source]
        source: reqwest::Error,
    },
}

impl HttpError {
    /// The stable name of the failure.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Tls(_) => "upstream_tls",
            Self::Connect { .. } => "upstream_unreachable",
            Self::Slow { .. } => "upstream_slow",
            Self::Large { .. } => "upstream_too_large",
            Self::Broken { .. } => "upstream_broken_off",
        }
    }
}

impl Http {
    /// Asks by GET, with these parameters behind those that the address has.
    pub async fn get(
        &self,
        base: &Base,
        query: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Answer, HttpError> {
        let slow = || HttpError::Slow { host: base.host(), limit: limits.time };
        let asked = tokio::time::timeout(limits.time, self.ask(base, query, limits.bytes));
        match asked.await {
            // A stall within the limit is one of the client's own, and as slow.
            Ok(Err(HttpError::Connect { source, .. } | HttpError::Broken { source, .. }))
                if source.is_timeout() =>
            {
                Err(slow())
            }
            Ok(answer) => answer,
            Err(_) => Err(slow()),
        }
    }

    async fn ask(&self, base: &Base, query: &[(&str, &str)], most: usize) -> Result<Answer, HttpError> {
        let client = self.0.get_or_init(client).as_ref().map_err(|why| HttpError::Tls(why.clone()))?;
        let connect =
            |source: reqwest::Error| HttpError::Connect { host: base.host(), source: source.without_url() };
        let broken =
            |source: reqwest::Error| HttpError::Broken { host: base.host(), source: source.without_url() };
        let sent = client.get(base.with(query)).send().await;
        let mut response =
            sent.map_err(|error| if error.is_connect() { connect(error) } else { broken(error) })?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let kind = header("content-type").unwrap_or_default();
        let content_type = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let seconds = header("retry-after").and_then(|value| value.trim().parse().ok());
        let mut answer = Answer {
            status: response.status().as_u16(),
            content_type,
            retry_after: seconds.map(Duration::from_secs),
            body: Vec::new(),
        };
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if answer.body.len() + chunk.len() > most {
                return Err(HttpError::Large { host: base.host(), limit: most });
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the client is built")]
fn client() -> Result<reqwest::Client, String> {
    let mut roots = RootCertStore::empty();
    // Single broken certificates of the system are its own affair.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("paceline/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        // What the environment says of proxies is not ours to read.
        .no_proxy()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .build();
    client.map_err(|error| error.to_string())
}
