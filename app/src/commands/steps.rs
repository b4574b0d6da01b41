//! `paceline steps`: the kinds of step that a pipeline may call.

use clap::Args;
use engine::registry::Registry;
use engine::step::{ANY, Kind, Shape, Slot};
use serde_json::{Value, json};

use crate::cli::Form;
use crate::config::Config;
use crate::table::wrapped;
use crate::{error, output, program};

const AFTER_HELP: &str = "\
Examples:
  paceline steps                    what a pipeline may call
  paceline steps --json             with the JSON schema of each configuration";

/// Lists the steps that a pipeline may call
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Steps {
    #[command(flatten)]
    pub(crate) form: Form,
}

impl Steps {
    pub(crate) fn run(self, config: &Config) -> anyhow::Result<u8> {
        let registry = program::registry(config)?;
        if self.form.json {
            let items: Vec<Value> = registry.kinds().map(|kind| to_json(kind)).collect();
            output::json(&json!({ "items": items }))?;
        } else {
            output::line(listing(&registry))?;
        }
        Ok(error::DONE)
    }
}

fn to_json(kind: &Kind) -> Value {
    let slots: Vec<Value> = kind.slots.iter().map(slot_json).collect();
    json!({
        "kind": kind.kind,
        "about": kind.about,
        "inputs": slots,
        "output": kind.output,
        "config_schema": kind.config_schema,
    })
}

fn slot_json(slot: &Slot) -> Value {
    let shape = match slot.shape {
        Shape::Plain => "plain",
        Shape::Optional => "optional",
        Shape::Gather => "list",
    };
    json!({ "artifact": slot.artifact, "shape": shape })
}

fn listing(registry: &Registry) -> String {
    let kinds: Vec<String> = registry.kinds().map(|kind| entry(kind)).collect();
    kinds.join("\n\n")
}

fn entry(kind: &Kind) -> String {
    let inputs: Vec<String> = kind.slots.iter().map(slot_text).collect();
    let call = format!("{}({}) -> {}", kind.kind.replace('.', "::"), inputs.join(", "), kind.output);
    let mut lines = vec![call, wrapped("", kind.about, 2)];
    let keys = kind.config_schema.as_value()["properties"].as_object().cloned().unwrap_or_default();
    for (key, schema) in &keys {
        let about = schema["description"].as_str().unwrap_or_default();
        lines.push(wrapped(&format!("    {key}"), about, 20));
    }
    lines.join("\n")
}

fn slot_text(slot: &Slot) -> String {
    match slot.shape {
        _ if slot.artifact == ANY => "[any]".to_owned(),
        Shape::Plain => slot.artifact.clone(),
        Shape::Optional => format!("{}?", slot.artifact),
        Shape::Gather => format!("[{}]", slot.artifact),
    }
}
