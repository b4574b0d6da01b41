//! Lists, and the pages they come in.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::query::Query;

const LIMIT_MOST: i64 = 500;
const LIMIT_USUAL: i64 = 50;

/// A list, or a page of one.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; null at the end.
    #[schema(required = true)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that has no pages.
    pub(crate) fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// The page of a list from which one item more than the limit was read, if there were as many.
    pub(crate) fn cut(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }
}

/// How many items a page may have.
pub(crate) fn limit(query: &mut Query) -> Result<i64, Error> {
    Ok(query.number("limit", 1..=LIMIT_MOST)?.unwrap_or(LIMIT_USUAL))
}

/// A cursor that no page has given.
pub(crate) fn bad_cursor() -> Error {
    Error::parameter("cursor", "must be the `next` of a page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_names_no_next() {
        let page = Page::cut(vec![1, 2], 2, ToString::to_string);
        assert_eq!((page.items, page.next), (vec![1, 2], None));
    }

    #[test]
    fn a_page_names_its_last_item_as_the_cursor_of_the_next() {
        let page = Page::cut(vec![1, 2, 3], 2, ToString::to_string);
        assert_eq!((page.items, page.next), (vec![1, 2], Some("2".to_owned())));
    }
}
