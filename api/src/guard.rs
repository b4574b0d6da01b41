//! What protects a server without accounts: it answers to loopback names, to its own pages, and to no form.
//!
//! A page on another site can make a browser send requests here, and can point a name of its own at 127.0.0.1.
//! The first cannot set a header or a JSON content type without asking, the second cannot change `Host`.
//!
//! A webhook is sent by a program elsewhere, under whatever name leads here. It proves by itself whose it is, with a
//! secret that no page has, so that none of this is asked of it.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::body::is_json;
use crate::error::Error;
use crate::router::{PREFIX, PREFIX_KEPT, WEBHOOKS};

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
const OURS: HeaderName = HeaderName::from_static("x-paceline");

/// Lets a request through to the routes, or answers why not.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    match check(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

fn check(method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
    let is_webhook = is_webhook(uri.path());
    if !is_webhook {
        let host = host(uri, headers).ok_or(Error::HostRefused)?;
        if !headers.get_all(header::ORIGIN).iter().all(|origin| is_own(origin.as_bytes(), &host)) {
            return Err(Error::OriginRefused);
        }
    }
    // The parser below us drops the `Content-Length` that stands beside a `Transfer-Encoding`, so that two ways of
    // framing cannot be told from one.
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Error::LengthRequired);
    }
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    if !is_webhook && !reads && !is_json(headers) && headers.get(OURS).is_none_or(|value| value != "1") {
        return Err(Error::CsrfRefused);
    }
    Ok(())
}

/// Whether the route behind the address is that of a webhook: its name, and at most a secret word behind it.
fn is_webhook(path: &str) -> bool {
    let after = |prefix| path.strip_prefix(prefix)?.strip_prefix(WEBHOOKS);
    let name = after(PREFIX).or_else(|| after(PREFIX_KEPT));
    let is_one = |part: &str| !part.is_empty() && !part.contains('/') && part != ".." && part != ".";
    name.is_some_and(|name| match name.split_once('/') {
        Some((name, word)) => is_one(name) && is_one(word),
        None => is_one(name),
    })
}

/// The one host that the request names, if it is a loopback.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let mut named = headers.get_all(header::HOST).iter();
    let host: Authority = named.next()?.to_str().ok()?.parse().ok()?;
    let only = named.next().is_none();
    (only && is_loopback(&host) && uri.authority().is_none_or(is_loopback)).then_some(host)
}

fn is_loopback(authority: &Authority) -> bool {
    let is_named = LOOPBACK.iter().any(|name| authority.host().eq_ignore_ascii_case(name));
    is_named && !authority.as_str().contains('@')
}

/// Another port of this machine is another origin.
fn is_own(origin: &[u8], host: &Authority) -> bool {
    let Some(authority) = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://")) else {
        return false;
    };
    authority.eq_ignore_ascii_case(host.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `given` is a request line's method and headers, one a line.
    fn check(given: &str, expected: &str) {
        let mut lines = given.lines().map(str::trim);
        let method: Method = lines.next().unwrap().parse().unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            headers.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        check_at("/api/v1/runs", &method, &headers, expected);
    }

    fn check_at(path: &'static str, method: &Method, headers: &HeaderMap, expected: &str) {
        let checked = super::check(method, &Uri::from_static(path), headers);
        assert_eq!(checked.as_ref().map_or_else(Error::code, |()| "through"), expected, "{path} {headers:?}");
    }

    #[test]
    fn a_webhook_is_let_through_to_its_own_proof_and_nothing_else_is() {
        let headers = HeaderMap::from_iter([(header::HOST, "paceline.example.org".parse().unwrap())]);
        let ours = [
            "/api/v1/webhooks/strava",
            "/api/webhooks/strava",
            "/api/v1/webhooks/strava?a=/b",
            "/api/v1/webhooks/strava/word",
        ];
        for path in ours {
            check_at(path, &Method::POST, &headers, "through");
            check_at(path, &Method::GET, &headers, "through");
        }
        let others = [
            "/api/v1/webhooks",
            "/api/v1/webhooks/",
            "/api/v1/webhooks/../runs",
            "/api/v1/webhooks//",
            "/api/v1/webhooks/strava/",
            "/api/v1/webhooks/strava/a/b",
            "/api/v1/webhooks/strava/..",
            "/webhooks/strava",
            "/api/v1/runs?/webhooks/strava",
            "/api/v1//webhooks/strava",
        ];
        for path in others {
            check_at(path, &Method::POST, &headers, "host_refused");
        }
        let chunked = HeaderMap::from_iter([(header::TRANSFER_ENCODING, "chunked".parse().unwrap())]);
        check_at("/api/v1/webhooks/strava", &Method::POST, &chunked, "length_required");
    }

    #[test]
    fn loopback_hosts_are_answered_on_any_port() {
        check("GET\nhost: localhost", "through");
        check("GET\nhost: LOCALHOST:8080", "through");
        check("GET\nhost: 127.0.0.1:1", "through");
        check("GET\nhost: [::1]:8080", "through");
    }

    #[test]
    fn any_other_host_is_refused() {
        check("GET", "host_refused");
        check("GET\nhost: paceline.example.org", "host_refused");
        check("GET\nhost: 127.0.0.1.example.org", "host_refused");
        check("GET\nhost: localhost@example.org", "host_refused");
        check("GET\nhost: example.org@localhost", "host_refused");
        check("GET\nhost: localhost:80:80", "host_refused");
        check("GET\nhost: localhost\nhost: localhost", "host_refused");
        check("GET\nhost: 192.168.1.2:8080", "host_refused");
    }

    #[test]
    fn only_pages_of_this_server_may_ask() {
        check("GET\nhost: localhost:8080\norigin: http://localhost:8080", "through");
        check("GET\nhost: localhost:8080\norigin: http://localhost:9090", "origin_refused");
        check("GET\nhost: localhost:8080\norigin: http://example.org", "origin_refused");
        check("GET\nhost: localhost:8080\norigin: null", "origin_refused");
    }

    #[test]
    fn a_write_is_json_or_carries_our_header() {
        check("POST\nhost: localhost\ncontent-type: application/json", "through");
        check("POST\nhost: localhost\ncontent-type: application/json; charset=utf-8", "through");
        check("POST\nhost: localhost\nx-paceline: 1", "through");
        check("POST\nhost: localhost\nx-paceline: 0", "csrf_refused");
        check("DELETE\nhost: localhost", "csrf_refused");
        check("POST\nhost: localhost\ncontent-type: text/plain", "csrf_refused");
        check(
            "POST\nhost: localhost\ncontent-type: multipart/form-data; boundary=application/json",
            "csrf_refused",
        );
    }

    #[test]
    fn a_body_of_unknown_length_is_refused() {
        check("POST\nhost: localhost\nx-paceline: 1\ntransfer-encoding: chunked", "length_required");
    }
}
