//! A maintenance script's examples, which prove that it asks for what it is meant to.

use engine::script::Diagnostic;
use engine::script::formula::Part;
use engine::script::rule::{self, Panel, Subject};
use fitness::gear::Urgency;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::script::{Said, Script};

const UNPROVEN: &str = "due_unproven";
const FORM: &str = "an example is `#{ item: #{ … }, what: \"replace\", urgency: \"soon\" }` or \
    `#{ item: #{ … }, silent: true }`";

/// An example as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    item: Map<String, Value>,
    what: Option<String>,
    urgency: Option<Urgency>,
    #[serde(default)]
    silent: bool,
}

/// What an example says must come out.
enum Expected {
    Due { what: String, urgency: Urgency },
    Silent,
}

/// Everything that is wrong with a maintenance script. Runs script code.
pub(crate) fn mistakes(path: &str, text: &str) -> Vec<Diagnostic> {
    let (script, examples) = match compiled(path, text) {
        Ok(compiled) => compiled,
        Err(found) => return found,
    };
    let proven = rule::panel(|panel| prove(panel, &script, &examples));
    proven.unwrap_or_else(|| {
        let message = "there is no thread to prove it".to_owned();
        script.formula.wrong("script_error", Part::Function("examples"), message)
    })
}

fn compiled(path: &str, text: &str) -> Result<(Script, Vec<Value>), Vec<Diagnostic>> {
    let script = Script::compile(path, text)?;
    let examples = script.formula.examples()?;
    Ok((script, examples))
}

fn prove(panel: &mut Panel, script: &Script, examples: &[Value]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let (mut speaks, mut is_silent) = (false, false);
    for (index, example) in examples.iter().enumerate() {
        let wrong = |message| script.formula.wrong(UNPROVEN, Part::Example(index), message);
        let (item, expected) = match read(example) {
            Ok(read) => read,
            Err(message) => {
                found.extend(wrong(message));
                continue;
            }
        };
        speaks |= matches!(expected, Expected::Due { .. });
        is_silent |= matches!(expected, Expected::Silent);
        match script.ask(panel, &item) {
            // What stopped the script stands there, and not in the example.
            Said::Failed(stopped) => found.extend(stopped),
            said => found.extend(difference(&said, &expected).map(wrong).unwrap_or_default()),
        }
    }
    if found.is_empty() && !(speaks && is_silent) {
        let message =
            "a maintenance script proves itself by an item of which something is due and a silent one";
        found = script.formula.wrong(UNPROVEN, Part::Function("examples"), message.to_owned());
    }
    found
}

/// The item of an example, and what must come out.
fn read(example: &Value) -> Result<(Subject, Expected), String> {
    let Example { item, what, urgency, silent } =
        serde_json::from_value(example.clone()).map_err(|error| format!("{error}: {FORM}"))?;
    let expected = match (what, urgency, silent) {
        (Some(what), Some(urgency), false) => Expected::Due { what, urgency },
        (None, None, true) => Expected::Silent,
        _ => return Err(FORM.to_owned()),
    };
    Ok((Subject::new(&Value::Object(item)), expected))
}

/// In what an answer and an example differ; nothing where they do not.
fn difference(said: &Said, expected: &Expected) -> Option<String> {
    let found = match (said, expected) {
        (Said::Nothing, Expected::Silent) => return None,
        (Said::Due(asked), Expected::Due { what, urgency })
            if asked.what == *what && asked.urgency == *urgency =>
        {
            return None;
        }
        (Said::Nothing, _) => "nothing is due".to_owned(),
        (Said::Missing(paths), _) => format!("missing {}", paths.join(", ")),
        (Said::Due(asked), _) => format!("`{}` is due {}", asked.what, asked.urgency.as_str()),
        (Said::Failed(_), _) => "it fails".to_owned(),
    };
    let wanted = match expected {
        Expected::Due { what, urgency } => format!("expected `{what}` to be due {}", urgency.as_str()),
        Expected::Silent => "expected nothing to be due".to_owned(),
    };
    Some(format!("{found}, {wanted}"))
}
