//! The one HTTP client, with which steps ask outside services.
//!
//! It follows no redirect, so that nothing that was sent to one host reaches another, and takes no answer that is larger
//! or slower than its caller allows.

mod base;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Response};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

pub use base::{Base, BaseError};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(30);
const AGENT: &str = concat!("paceline/", env!("CARGO_PKG_VERSION"));

const FORM: &str = "application/x-www-form-urlencoded";

type Asking = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Asks outside services; clones share their connections, and what TLS needs is read at the first question.
#[derive(Debug, Clone, Default)]
pub struct Http(Arc<OnceLock<Asking>>);

/// What an answer may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the question to the last byte.
    pub time: Duration,
    /// Of the body.
    pub bytes: usize,
}

/// What is asked, and how.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub base: &'a Base,
    pub verb: Verb<'a>,
    /// Behind the parameters that the address has.
    pub query: &'a [(&'a str, &'a str)],
    pub authorization: Authorization<'a>,
    pub limits: Limits,
}

/// The method of a question, with its body where it has one.
#[derive(Clone, Copy)]
pub enum Verb<'a> {
    Get,
    Delete,
    /// A POST of a form.
    Form(&'a [(&'a str, &'a str)]),
}

/// Who asks.
#[derive(Clone, Copy)]
pub enum Authorization<'a> {
    Nobody,
    Bearer(&'a str),
    Basic { user: &'a str, password: &'a str },
}

/// What came back, whatever its status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Without its parameters and in small letters; empty where none was told.
    pub content_type: String,
    /// What a `Retry-After` in seconds says.
    pub retry_after: Option<Duration>,
    /// By their names in small letters; of one that comes more than once the last.
    pub headers: BTreeMap<String, String>,
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
        source: legacy::Error,
    },
    #[error("`{host}` did not answer within {limit:?}")]
    Slow { host: String, limit: Duration },
    #[error("the answer of `{host}` is larger than {limit} bytes")]
    Large { host: String, limit: usize },
    #[error("the answer of `{host}` broke off")]
    Broken {
        host: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
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
    /// Asks by GET, with these parameters.
    pub async fn get(
        &self,
        base: &Base,
        query: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Answer, HttpError> {
        let authorization = Authorization::Nobody;
        self.ask(Question { base, verb: Verb::Get, query, authorization, limits }).await
    }

    /// Asks.
    pub async fn ask(&self, question: Question<'_>) -> Result<Answer, HttpError> {
        let Question { base, limits, .. } = question;
        let asked = tokio::time::timeout(limits.time, self.exchange(question));
        asked.await.unwrap_or_else(|_| Err(HttpError::Slow { host: base.host(), limit: limits.time }))
    }

    /// The client, which is kept from the first time on that the machine has certificates.
    fn client(
        &self,
        base: &Base,
        certificates: impl FnOnce() -> Vec<CertificateDer<'static>>,
    ) -> Result<Asking, HttpError> {
        if let Some(client) = self.0.get() {
            return Ok(client.clone());
        }
        let mut roots = RootCertStore::empty();
        // Single broken certificates of the system are its own affair.
        roots.add_parsable_certificates(certificates());
        if !roots.is_empty() {
            let client = client(roots)?;
            return Ok(self.0.get_or_init(|| client).clone());
        }
        if base.is_plain() {
            return client(roots);
        }
        Err(HttpError::Tls("no certificate of an authority was found".to_owned()))
    }

    /// The client; certificates are read where blocking harms nobody.
    async fn ready(&self, base: &Base) -> Result<Asking, HttpError> {
        if let Some(client) = self.0.get() {
            return Ok(client.clone());
        }
        let (http, base) = (self.clone(), base.clone());
        let make = move || http.client(&base, || rustls_native_certs::load_native_certs().certs);
        tokio::task::spawn_blocking(make).await.map_err(|error| HttpError::Tls(error.to_string()))?
    }

    async fn exchange(&self, question: Question<'_>) -> Result<Answer, HttpError> {
        let (base, most) = (question.base, question.limits.bytes);
        let client = self.ready(base).await?;
        let request = question.request().map_err(|error| broken(base, error))?;
        let response = client.request(request).await.map_err(|error| {
            if error.is_connect() {
                return HttpError::Connect { host: base.host(), source: error };
            }
            broken(base, error)
        })?;
        let mut answer = Answer::head(&response);
        let mut body = response.into_body();
        while let Some(frame) = body.frame().await {
            let Ok(chunk) = frame.map_err(|error| broken(base, error))?.into_data() else { continue };
            if answer.body.len() + chunk.len() > most {
                return Err(HttpError::Large { host: base.host(), limit: most });
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

impl Question<'_> {
    fn request(&self) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let (method, body) = match self.verb {
            Verb::Get => (Method::GET, None),
            Verb::Delete => (Method::DELETE, None),
            Verb::Form(fields) => (Method::POST, Some(base::encoded(fields))),
        };
        let mut request = Request::builder()
            .method(method)
            .uri(self.base.with(self.query).as_str())
            .header(USER_AGENT, AGENT)
            .header(ACCEPT, "application/json");
        if let Some(credentials) = self.authorization.header() {
            let mut value = HeaderValue::try_from(credentials)?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        if body.is_some() {
            request = request.header(CONTENT_TYPE, FORM);
        }
        request.body(Full::from(body.unwrap_or_default()))
    }
}

impl Authorization<'_> {
    fn header(&self) -> Option<String> {
        match self {
            Self::Nobody => None,
            Self::Bearer(token) => Some(format!("Bearer {token}")),
            Self::Basic { user, password } => {
                Some(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
            }
        }
    }
}

impl Answer {
    /// What stands before the body.
    fn head(response: &Response<Incoming>) -> Self {
        let header = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let kind = header(CONTENT_TYPE).unwrap_or_default();
        let headers = response.headers().iter();
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let seconds = header(RETRY_AFTER).and_then(|value| value.trim().parse().ok());
        Self {
            status: response.status().as_u16(),
            content_type: kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase(),
            retry_after: seconds.map(Duration::from_secs),
            headers: headers.filter_map(text).collect(),
            body: Vec::new(),
        }
    }
}

fn broken(base: &Base, source: impl std::error::Error + Send + Sync + 'static) -> HttpError {
    HttpError::Broken { host: base.host(), source: Box::new(source) }
}

fn client(roots: RootCertStore) -> Result<Asking, HttpError> {
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut plain = HttpConnector::new();
    plain.set_connect_timeout(Some(CONNECT));
    // Which addresses may be plain is decided where they are read.
    plain.enforce_http(false);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(plain);
    Ok(Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector))
}
