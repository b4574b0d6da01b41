//! Answers that somebody recorded, given again to whoever asks the same.
//!
//! Three forms are read: an exchange `{request: {method, uri}, response: {status, headers, body}}`, which answers
//! its own address; an error `{status, body}`, which is a [`Fault`](crate::Fault) by its file's name; and the bare
//! body of one place's weather, which answers for that place, those days and those variables.
//!
//! An exchange with Open-Meteo answers exactly its own query. One with Strava answers whoever asks for at least what
//! its query says, the closest one first, and only the first page where it names none; only reads are answered, for
//! what changes something is the state's own. An exchange that failed is a fault by its file's name too, and answers
//! only where none that succeeded does.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use axum::http::{HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{frame, open_meteo, strava};

/// These are about the recorded line and not about what was said on it.
const OF_THE_LINE: [&str; 5] =
    ["content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"];

/// What is asked, whatever the order.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Question {
    method: String,
    /// In this server.
    path: String,
    query: Vec<(String, String)>,
}

#[derive(Default)]
pub(crate) struct Replay(Mutex<Book>);

#[derive(Default)]
struct Book {
    exchanges: HashMap<Question, Recorded>,
    /// By the path in this server.
    reads: HashMap<String, Vec<(Question, Recorded)>>,
    errors: HashMap<String, Recorded>,
    places: Vec<Value>,
}

#[derive(Clone, Deserialize)]
struct Recorded {
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    body: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Exchange { request: Request, response: Recorded },
    Error(Recorded),
    Body(Value),
}

#[derive(Deserialize)]
struct Request {
    method: String,
    uri: String,
}

impl Replay {
    /// Reads all JSON files below a folder, and answers how many of them can be replayed.
    pub(crate) fn read(&self, folder: &Path) -> io::Result<usize> {
        let mut read = 0;
        let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        for path in paths {
            if path.is_dir() {
                read += self.read(&path)?;
            } else if path.extension().is_some_and(|ending| ending == "json") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let form = serde_json::from_slice(&fs::read(&path)?).map_err(|error| {
                    io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display()))
                })?;
                read += usize::from(self.with(|book| book.add(name, form)));
            }
        }
        Ok(read)
    }

    pub(crate) fn error(&self, name: &str) -> Option<Response> {
        self.with(|book| book.errors.get(name).map(Recorded::answer))
    }

    pub(crate) fn answer(&self, method: &str, path: &str, query: &[(String, String)]) -> Option<Response> {
        let question = Question::new(method, path.to_owned(), query.to_vec());
        self.with(|book| {
            let exchange = book.exchanges.get(&question).or_else(|| book.closest(&question));
            exchange.map(Recorded::answer).or_else(|| {
                let place = book.places.iter().find(|place| open_meteo::is_answer_to(place, path, query))?;
                Some(frame::json(StatusCode::OK, place.to_string()))
            })
        })
    }

    fn with<T>(&self, action: impl FnOnce(&mut Book) -> T) -> T {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Book {
    fn add(&mut self, name: String, form: Form) -> bool {
        match form {
            Form::Exchange { request, response } => {
                let Some(question) = request.question() else { return false };
                if !response.is_success() {
                    self.errors.insert(name, response.clone());
                }
                if !question.path.starts_with("/strava/") {
                    self.exchanges.insert(question, response);
                } else if question.method == "GET" {
                    self.add_read(question, response);
                } else {
                    return !response.is_success();
                }
            }
            Form::Error(error) => drop(self.errors.insert(name, error)),
            Form::Body(body) if body["hourly"]["time"].is_array() => self.places.push(body),
            Form::Body(_) => return false,
        }
        true
    }

    fn add_read(&mut self, question: Question, response: Recorded) {
        let reads = self.reads.entry(question.path.clone()).or_default();
        match reads.iter_mut().find(|(other, _)| *other == question) {
            Some((_, known)) if known.is_success() && !response.is_success() => {}
            Some((_, known)) => *known = response,
            None => reads.push((question, response)),
        }
    }

    /// What was recorded for the most of what is asked and for nothing else.
    fn closest(&self, question: &Question) -> Option<&Recorded> {
        let reads = self.reads.get(&question.path)?.iter();
        let closest = reads.filter(|(recorded, _)| recorded.is_part_of(question));
        closest.max_by_key(|(recorded, _)| recorded.query.len()).map(|(_, recorded)| recorded)
    }
}

impl Question {
    fn new(method: &str, path: String, mut query: Vec<(String, String)>) -> Self {
        query.sort();
        Self { method: method.to_owned(), path, query }
    }

    fn is_part_of(&self, asked: &Question) -> bool {
        let names_page = |query: &[(String, String)]| query.iter().any(|(name, _)| name == "page");
        let is_first = asked.query.iter().all(|(name, value)| name != "page" || value == "1");
        self.method == asked.method
            && self.query.iter().all(|pair| asked.query.contains(pair))
            && (is_first || names_page(&self.query))
    }
}

impl Request {
    fn question(&self) -> Option<Question> {
        let uri: Uri = self.uri.parse().ok()?;
        let (host, path) = (uri.host()?, uri.path());
        let path = open_meteo::path_of(host, path).or_else(|| strava::path_of(host, path))?;
        let query = axum::extract::Query::try_from_uri(&uri).ok()?;
        Some(Question::new(&self.method, path, query.0))
    }
}

impl Recorded {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn answer(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = match &self.body {
            // Where nothing came an empty text was recorded.
            Value::String(text) if text.is_empty() => String::new(),
            body => body.to_string(),
        };
        let mut answer = frame::json(status, body);
        for (name, value) in &self.headers {
            let name = name.to_ascii_lowercase();
            let (name, value) = (name.parse::<HeaderName>(), value.as_str().map(HeaderValue::from_str));
            if let (Ok(name), Some(Ok(value))) = (name, value)
                && !OF_THE_LINE.contains(&name.as_str())
            {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}
