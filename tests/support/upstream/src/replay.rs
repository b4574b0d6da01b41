//! Answers that somebody recorded, given again to whoever asks the same.
//!
//! Three forms are read: an exchange `{request: {method, uri}, response: {status, headers, body}}`, which answers
//! its own address; an error `{status, body}`, which is a [`Fault`](crate::Fault) by its file's name; and the bare
//! body of one place's weather, which answers for that place, those days and those variables.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::{fs, io};

use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::{frame, open_meteo};

/// What is asked, whatever the order: method, path in this server, query.
type Question = (String, String, Vec<(String, String)>);

#[derive(Default)]
pub(crate) struct Replay(Mutex<Book>);

#[derive(Default)]
struct Book {
    exchanges: HashMap<Question, Recorded>,
    errors: HashMap<String, Recorded>,
    places: Vec<Value>,
}

#[derive(Clone, Deserialize)]
struct Recorded {
    status: u16,
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
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
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
        let question = question(method, path.to_owned(), query.to_vec());
        self.with(|book| {
            let exchange = book.exchanges.get(&question).map(Recorded::answer);
            exchange.or_else(|| {
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
                self.exchanges.insert(question, response);
            }
            Form::Error(error) => drop(self.errors.insert(name, error)),
            Form::Body(body) if body["hourly"]["time"].is_array() => self.places.push(body),
            Form::Body(_) => return false,
        }
        true
    }
}

impl Request {
    fn question(&self) -> Option<Question> {
        let uri: Uri = self.uri.parse().ok()?;
        let path = open_meteo::path_of(uri.host()?, uri.path())?;
        let query = axum::extract::Query::try_from_uri(&uri).ok()?;
        Some(question(&self.method, path, query.0))
    }
}

impl Recorded {
    fn answer(&self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        frame::json(status, self.body.to_string())
    }
}

fn question(method: &str, path: String, mut query: Vec<(String, String)>) -> Question {
    query.sort();
    (method.to_owned(), path, query)
}
