//! A tap of Singer that counts: `numbers` is what there is up to a number, and `squares` are theirs.
//!
//! Its configuration says how far it counts, what else it tells of each number, and where it breaks off or stands
//! still.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// The last number there is.
    count: u64,
    /// Fields besides `id` and `value`, which change the schema.
    #[serde(default)]
    columns: Vec<String>,
    /// Ends with code 3 after so many records.
    break_after: Option<u64>,
    /// Where it stands still, until it is killed.
    hold: Option<Hold>,
    /// Told on stderr, where no token should be.
    #[serde(default)]
    token: String,
    /// How much memory it asks for, in MiB.
    #[serde(default)]
    memory_mib: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    /// After so many records.
    after: u64,
    /// It makes this file before, and where it is there already, it goes on.
    file: PathBuf,
}

impl Hold {
    fn keep(&self, told: u64, out: &mut impl Write) -> anyhow::Result<()> {
        if told < self.after || self.file.exists() {
            return Ok(());
        }
        out.flush()?;
        std::fs::write(&self.file, "")?;
        loop {
            std::thread::park();
        }
    }
}

const STREAMS: [&str; 2] = ["numbers", "squares"];

#[derive(Default)]
struct Call {
    config: Option<Value>,
    catalog: Option<Value>,
    state: Option<Value>,
    is_discovery: bool,
}

fn main() -> anyhow::Result<()> {
    let call = Call::read(std::env::args().skip(1))?;
    let config: Config = serde_json::from_value(call.config.clone().context("`--config` is missing")?)?;
    say(&format!("INFO counts to {} with {}", config.count, config.token));
    let taken = vec![1_u8; config.memory_mib << 20];
    let mut out = BufWriter::new(std::io::stdout().lock());
    if call.is_discovery {
        serde_json::to_writer_pretty(&mut out, &catalog(&config))?;
        return Ok(out.flush()?);
    }
    let mut told = 0;
    for stream in STREAMS.into_iter().filter(|stream| call.is_selected(stream)) {
        let is_cut = tell(stream, &config, &call, &mut told, &mut out)?;
        out.flush()?;
        if is_cut {
            say("ERROR breaks off");
            drop(taken);
            bail!("it was told to break off");
        }
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "what a tap says goes to stderr")]
fn say(text: &str) {
    eprintln!("{text}");
}

impl Call {
    fn read(mut words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut call = Self::default();
        while let Some(word) = words.next() {
            if word == "--discover" {
                call.is_discovery = true;
                continue;
            }
            let path = words.next().with_context(|| format!("`{word}` names no file"))?;
            let value = serde_json::from_slice(&std::fs::read(path)?)?;
            match &*word {
                "--config" => call.config = Some(value),
                "--catalog" => call.catalog = Some(value),
                "--state" => call.state = Some(value),
                _ => bail!("`{word}` is no option"),
            }
        }
        Ok(call)
    }

    fn is_selected(&self, stream: &str) -> bool {
        let Some(catalog) = &self.catalog else { return true };
        let streams = catalog["streams"].as_array().into_iter().flatten();
        streams.into_iter().any(|one| one["stream"] == stream && one["schema"]["selected"] == true)
    }

    fn last(&self, stream: &str) -> u64 {
        let state = self.state.as_ref();
        state.and_then(|state| state["bookmarks"][stream]["id"].as_u64()).unwrap_or(0)
    }
}

/// Tells what is new of a stream; answers whether it broke off.
fn tell(
    stream: &str,
    config: &Config,
    call: &Call,
    told: &mut u64,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let schema = schema(config);
    line(out, &json!({ "type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"] }))?;
    let mut bookmarks = call.state.as_ref().map_or_else(|| json!({}), |state| state["bookmarks"].clone());
    for id in call.last(stream) + 1..=config.count {
        if config.break_after.is_some_and(|most| *told >= most) {
            return Ok(true);
        }
        if let Some(hold) = &config.hold {
            hold.keep(*told, out)?;
        }
        line(out, &json!({ "type": "RECORD", "stream": stream, "record": record(stream, id, config) }))?;
        *told += 1;
        bookmarks[stream] = json!({ "id": id });
        if id % 2 == 0 || id == config.count {
            line(out, &json!({ "type": "STATE", "value": { "bookmarks": bookmarks } }))?;
        }
    }
    Ok(false)
}

fn record(stream: &str, id: u64, config: &Config) -> Value {
    let value = if stream == "squares" { id * id } else { id };
    let mut record = Map::from_iter([("id".to_owned(), json!(id)), ("value".to_owned(), json!(value))]);
    record.extend(config.columns.iter().map(|column| (column.clone(), json!(format!("{column} of {id}")))));
    Value::Object(record)
}

fn schema(config: &Config) -> Value {
    let number = json!({ "type": "integer" });
    let mut fields = Map::from_iter([("id".to_owned(), number.clone()), ("value".to_owned(), number)]);
    fields.extend(config.columns.iter().map(|column| (column.clone(), json!({ "type": "string" }))));
    json!({ "type": "object", "properties": fields })
}

fn catalog(config: &Config) -> Value {
    let stream = |name: &str| json!({ "tap_stream_id": name, "stream": name, "schema": schema(config), "metadata": [] });
    json!({ "streams": STREAMS.map(stream) })
}

fn line(out: &mut impl Write, message: &Value) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, message)?;
    Ok(out.write_all(b"\n")?)
}
