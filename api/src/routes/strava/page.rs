//! The plain page that a browser shows after the way to Strava and back. Whatever comes from outside is escaped.

use super::view::{Connected, Missing};
use crate::error::Error;

const AGAIN: &str = "<p><a href=\"connect\">Connect with Strava</a></p>";

/// What was allowed, what not, and what will be missing.
pub(super) fn connected(connected: &Connected) -> String {
    let granted: String =
        connected.granted.iter().map(|scope| format!("<li><code>{}</code></li>", escaped(scope))).collect();
    let title = if connected.syncs { "Strava is connected" } else { "Strava shows no activities" };
    let next = if connected.syncs {
        "<p>Your activities come in from now on. You can close this page.</p>"
    } else {
        "<p>Nothing is synced until you connect again and tick the box for your activities.</p>"
    };
    let body = format!("<p>Allowed:</p><ul>{granted}</ul>{}{next}", lacking(&connected.missing));
    page(title, &body)
}

/// Why there is no connection.
pub(super) fn failed(error: &Error) -> String {
    let (message, code) = (escaped(&error.message()), escaped(error.code()));
    page("Strava is not connected", &format!("<p>{message} (<code>{code}</code>).</p>{AGAIN}"))
}

fn lacking(missing: &[Missing]) -> String {
    if missing.is_empty() {
        return String::new();
    }
    let line = |one: &Missing| {
        format!("<li><code>{}</code>: without it, {}</li>", escaped(one.scope), escaped(one.without))
    };
    let lines: String = missing.iter().map(line).collect();
    format!("<p>Not allowed, and so missing:</p><ul>{lines}</ul>{AGAIN}")
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} - Paceline</title>\
         </head><body><h1>Paceline</h1><h2>{title}</h2>{body}<p><small>Compatible with Strava</small></p>\
         </body></html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, letter| {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(granted: &str, missing: Vec<Missing>, syncs: bool) -> String {
        connected(&Connected { account: "17".to_owned(), granted: vec![granted.to_owned()], missing, syncs })
    }

    #[test]
    fn a_scope_that_is_markup_stays_text() {
        let page = told("<script>alert('&\"')</script>", Vec::new(), true);
        assert!(page.contains("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"), "{page}");
        assert!(!page.contains("<script"), "{page}");
    }

    #[test]
    fn what_was_not_ticked_is_named_with_what_will_be_missing() {
        let missing = vec![Missing { scope: "profile:read_all", without: "your zones" }];
        let page = told("read", missing, false);
        assert!(page.contains("<code>profile:read_all</code>: without it, your zones"), "{page}");
        assert!(page.contains("Nothing is synced") && page.contains("href=\"connect\""), "{page}");
    }
}
