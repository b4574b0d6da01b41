//! The parameters after the question mark: each is read once, checked, and named where it is wrong.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use jiff::civil::Date;

use crate::error::Error;

/// Characters of a word.
const LONGEST_WORD: usize = 100;

/// Parameters that nobody has read yet.
pub(crate) struct Query(BTreeMap<String, String>);

/// Parameters of one route.
pub(crate) trait FromQuery: Sized {
    /// Takes what the route knows; what remains is refused.
    fn read(query: &mut Query) -> Result<Self, Error>;
}

/// The checked parameters of a request.
pub(crate) struct Params<T>(pub T);

impl<S: Sync, T: FromQuery> FromRequestParts<S> for Params<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        Ok(Self(of(&parts.uri)?))
    }
}

/// Reads the parameters of an address.
pub(crate) fn of<T: FromQuery>(uri: &Uri) -> Result<T, Error> {
    let mut query = Query::parse(uri)?;
    let read = T::read(&mut query)?;
    query.finish()?;
    Ok(read)
}

/// For routes without parameters.
impl FromQuery for () {
    fn read(_: &mut Query) -> Result<Self, Error> {
        Ok(())
    }
}

impl Query {
    fn parse(uri: &Uri) -> Result<Self, Error> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|_| Error::parameter("query", "cannot be read"))?;
        let mut query = BTreeMap::new();
        for (name, value) in pairs.0 {
            if value.chars().any(char::is_control) {
                return Err(Error::parameter(name, "must be plain text"));
            }
            if query.insert(name.clone(), value).is_some() {
                return Err(Error::parameter(name, "is given twice"));
            }
        }
        Ok(Self(query))
    }

    /// All that nobody has taken.
    pub(crate) fn rest(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// A word to look for; nothing would fit every row.
    pub(crate) fn word(&mut self, name: &str) -> Result<Option<String>, Error> {
        let text = self.text(name).map(|text| text.trim().to_owned());
        match text {
            Some(text) if text.is_empty() || text.chars().count() > LONGEST_WORD => {
                Err(Error::parameter(name, format!("must have 1 to {LONGEST_WORD} characters")))
            }
            text => Ok(text),
        }
    }

    pub(crate) fn number(&mut self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, Error> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse() {
            Ok(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(Error::parameter(
                name,
                format!("must be a whole number from {} to {}, not `{text}`", range.start(), range.end()),
            )),
        }
    }

    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Error> {
        match self.text(name).as_deref() {
            Some("1" | "true") => Ok(true),
            None | Some("0" | "false") => Ok(false),
            Some(text) => Err(Error::parameter(name, format!("must be `1` or `0`, not `{text}`"))),
        }
    }

    pub(crate) fn date(&mut self, name: &str) -> Result<Option<Date>, Error> {
        let Some(text) = self.text(name) else { return Ok(None) };
        date(name, &text).map(Some)
    }

    fn finish(self) -> Result<(), Error> {
        match self.0.into_keys().next() {
            Some(name) => Err(Error::parameter(name, "is not a parameter of this address")),
            None => Ok(()),
        }
    }
}

/// The day that a parameter says.
pub(crate) fn date(name: &str, text: &str) -> Result<Date, Error> {
    let wrong = || {
        Error::parameter(name, format!("must be a date like `2026-07-31`, from 1900 to 2199, not `{text}`"))
    };
    fitness::day::parse(text).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Known {
        limit: Option<i64>,
        force: bool,
        date: Option<Date>,
    }

    impl FromQuery for Known {
        fn read(query: &mut Query) -> Result<Self, Error> {
            Ok(Self {
                limit: query.number("limit", 1..=500)?,
                force: query.flag("force")?,
                date: query.date("date")?,
            })
        }
    }

    fn check(query: &str, expected: &str) {
        let found = match of::<Known>(&format!("/runs?{query}").parse().unwrap()) {
            Ok(Known { limit, force, date }) => format!("{limit:?} {force} {date:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected, "{query}");
    }

    #[test]
    fn known_parameters_are_read() {
        check("", "None false None");
        check("limit=500&force=1&date=2026-07-31", "Some(500) true Some(2026-07-31)");
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        for limit in ["-1", "0", "501", "1e9", "99999999999999999999", "x", ""] {
            check(
                &format!("limit={limit}"),
                &format!("`limit` must be a whole number from 1 to 500, not `{limit}`"),
            );
        }
        check("force=yes", "`force` must be `1` or `0`, not `yes`");
        check(
            "date=2026-02-30",
            "`date` must be a date like `2026-07-31`, from 1900 to 2199, not `2026-02-30`",
        );
        for date in ["20260101", "9999-12-31", "-009999-01-01"] {
            let told = format!("`date` must be a date like `2026-07-31`, from 1900 to 2199, not `{date}`");
            check(&format!("date={date}"), &told);
        }
        check("limit=1&limit=2", "`limit` is given twice");
        check("limt=1", "`limt` is not a parameter of this address");
        check("limit=%00", "`limit` must be plain text");
    }
}
