//! What protects a server without accounts: it answers to loopback names, to its own pages, and to no form.
//!
//! A page on another site can make a browser send requests here, and can point a name of its own at 127.0.0.1.
//! The first cannot set a header or a JSON content type without asking, the second cannot change `Host`.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::body::is_json;
use crate::error::Error;

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
    let host = host(uri, headers).ok_or(Error::HostRefused)?;
    if !headers.get_all(header::ORIGIN).iter().all(|origin| is_own(origin.as_bytes(), &host)) {
        return Err(Error::OriginRefused);
    }
    // The parser below us drops the `Content-Length` that stands beside a `Transfer-Encoding`, so that two ways of
    // framing cannot be told from one.
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Error::LengthRequired);
    }
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    if !reads && !is_json(headers) && headers.get(OURS).is_none_or(|value| value != "1") {
        return Err(Error::CsrfRefused);
    }
    Ok(())
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
        let checked = super::check(&method, &Uri::from_static("/api/v1/runs"), &headers);
        assert_eq!(checked.as_ref().map_or_else(Error::code, |()| "through"), expected, "{given}");
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
