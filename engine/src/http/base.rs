//! The address of an outside service, as an operator sets it.

use std::fmt;
use std::net::IpAddr;

use url::Url;

/// Where a service is asked: `https`, or `http` on this machine alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Base(Url);

/// An address that is not asked. It is not repeated, because it may hold a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    #[error("it is no address such as `https://host/path`")]
    Unreadable,
    #[error("plain `http` is for this machine alone; an address elsewhere begins with `https`")]
    Plain,
    #[error("it must not hold a name or a password")]
    Credentials,
    #[error("it must not hold a fragment")]
    Fragment,
}

impl Base {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, BaseError> {
        let url = Url::parse(text.trim()).map_err(|_| BaseError::Unreadable)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(BaseError::Unreadable)?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return Err(BaseError::Plain),
            _ => return Err(BaseError::Unreadable),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BaseError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(BaseError::Fragment);
        }
        Ok(Self(url))
    }

    /// The same address with a path behind its own, unless it ends so already.
    #[must_use]
    pub fn ending_in(mut self, path: &str) -> Self {
        let own = self.0.path().trim_end_matches('/').to_owned();
        if !own.ends_with(path) {
            self.0.set_path(&format!("{own}{path}"));
        }
        self
    }

    /// The same address with a path behind its own.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{}", url.path().trim_end_matches('/'), path.trim_start_matches('/')));
        Self(url)
    }

    /// The address with these parameters, to be opened by a person.
    pub fn to_open(&self, query: &[(&str, &str)]) -> String {
        self.with(query).into()
    }

    /// Name and, where it is told, port.
    pub fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    pub(super) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    pub(super) fn with(&self, query: &[(&str, &str)]) -> Url {
        let mut url = self.0.clone();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// The body of a form.
pub(super) fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// Without the query, which may hold a key.
impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.0.scheme(), self.host(), self.0.path())
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: Result<&str, BaseError>) {
        let read = Base::parse(text).map(|base| format!("{base:?}"));
        assert_eq!(read, wanted.map(str::to_owned), "{text}");
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for here in ["http://127.0.0.1:8080/v1", "http://localhost/v1", "http://[::1]:1/v1"] {
            check(here, Ok(here));
        }
        for elsewhere in ["http://example.org", "http://10.0.0.1/", "http://localhost.example.org/"] {
            check(elsewhere, Err(BaseError::Plain));
        }
        check("https://example.org/v1", Ok("https://example.org/v1"));
    }

    #[test]
    fn what_is_no_address_of_a_service_is_refused() {
        for text in ["", "example.org", "ftp://example.org", "file:///etc/passwd", "https://"] {
            check(text, Err(BaseError::Unreadable));
        }
        check("https://me:secret@example.org/", Err(BaseError::Credentials));
        check("https://example.org/#top", Err(BaseError::Fragment));
    }

    #[test]
    fn a_path_is_added_once() {
        for text in ["https://example.org", "https://example.org/", "https://example.org/v1/archive"] {
            let base = Base::parse(text).unwrap().ending_in("/v1/archive");
            assert_eq!(format!("{base:?}"), "https://example.org/v1/archive");
        }
    }

    #[test]
    fn a_path_below_is_added_whatever_the_address_ends_in() {
        for text in ["https://example.org/v3", "https://example.org/v3/"] {
            let base = Base::parse(text).unwrap().below("athlete/zones");
            assert_eq!(format!("{base:?}"), "https://example.org/v3/athlete/zones");
        }
    }

    #[test]
    fn a_key_in_an_address_is_shown_to_nobody() {
        let base = Base::parse("https://example.org/v1?apikey=secret").unwrap();
        assert_eq!(format!("{base:?} {}", base.host()), "https://example.org/v1 example.org");
    }
}
