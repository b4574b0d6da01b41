//! A maintenance script: it says what is due of a piece of gear or of a component.

use std::time::{Duration, Instant};

use engine::script::formula::{Answer, Argument, Formula, Part, Shape};
use engine::script::rule::{Panel, Subject};
use engine::script::{Diagnostic, Library, version};
use fitness::gear::{Due, Urgency};
use fitness::records::gear::Broken;
use serde::Deserialize;
use serde_json::Value;

use super::item::Item;
use crate::metric::spot;

/// The scripts that are asked.
const SCRIPTS: &str = "gear/*.rhai";
const SHAPE: Shape = Shape {
    what: "a maintenance script",
    code: "due_incomplete",
    functions: &[("due", &["item"]), ("examples", &[])],
};
const FORM: &str =
    "`due` answers nothing, or `#{ what: \"replace\", urgency: \"soon\" or \"now\", why: \"…\" }`";
const WHAT_MOST: usize = 40;
const WHY_MOST: usize = 300;
/// After so long a script is asked about nothing further.
const PATIENCE: Duration = Duration::from_secs(2);

/// A compiled script.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) formula: Formula,
}

/// What a script asks for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    pub(super) what: String,
    pub(super) urgency: Urgency,
    pub(super) why: String,
}

/// What a script says of an item.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Nothing,
    /// It looked at what is not known: the paths.
    Missing(Vec<String>),
    Due(Asked),
    /// It is broken: at least one mistake.
    Failed(Vec<Diagnostic>),
}

impl Script {
    /// Compiles a script.
    pub(super) fn compile(path: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        Ok(Self { formula: Formula::compile(&SHAPE, path, text)? })
    }

    /// The scripts of a library by path, and what is wrong with those that do not compile.
    pub(super) fn all(library: &Library) -> (Vec<Self>, Vec<Broken>) {
        let (mut scripts, mut errors) = (Vec::new(), Vec::new());
        for (path, text) in library.matching(SCRIPTS) {
            match Self::compile(&path, text) {
                Ok(script) => scripts.push(script),
                Err(found) => errors.extend(found.iter().map(broken)),
            }
        }
        (scripts, errors)
    }

    /// Adds what it says is due of each item to that of its gear, and answers the first mistake. Runs script code.
    pub(super) fn ask_all(&self, panel: &mut Panel, items: &[Item], due: &mut [Vec<Due>]) -> Option<Broken> {
        let (began, mut first) = (Instant::now(), None);
        for item in items {
            if began.elapsed() > PATIENCE {
                return first.or_else(|| Some(self.too_slow()));
            }
            match self.ask(panel, &item.given) {
                Said::Nothing | Said::Missing(_) => {}
                Said::Due(asked) => {
                    if let Some(due) = due.get_mut(item.place) {
                        due.push(self.due(item, asked));
                    }
                }
                Said::Failed(found) => first = first.or_else(|| found.first().map(broken)),
            }
        }
        first
    }

    /// Asks about an item. Runs script code.
    pub(super) fn ask(&self, panel: &mut Panel, item: &Subject) -> Said {
        match panel.call(&self.formula, "due", &[Argument::Map(item.clone())]) {
            Answer::Value(Value::Null) => Said::Nothing,
            Answer::Value(value) => match read(value) {
                Ok(asked) => Said::Due(asked),
                Err(why) => {
                    let message = format!("{FORM}: {why}");
                    Said::Failed(self.formula.wrong("due_result", Part::Function("due"), message))
                }
            },
            Answer::Missing(paths) => Said::Missing(paths),
            Answer::Failed(found) => Said::Failed(vec![found]),
        }
    }

    fn due(&self, item: &Item, Asked { what, urgency, why }: Asked) -> Due {
        Due {
            item: item.id.clone(),
            script: self.formula.path().to_owned(),
            version: version::short(self.formula.hash()).to_owned(),
            what,
            urgency,
            why,
        }
    }

    fn too_slow(&self) -> Broken {
        let path = self.formula.path().to_owned();
        let message = format!("{path}: it took longer than 2 s to ask, and was asked no further");
        Broken { path, code: "due_time".to_owned(), message }
    }
}

fn read(value: Value) -> Result<Asked, String> {
    if !value.is_object() {
        return Err("this is no map".to_owned());
    }
    let asked: Asked = serde_json::from_value(value).map_err(|error| error.to_string())?;
    for (key, text, most) in [("what", &asked.what, WHAT_MOST), ("why", &asked.why, WHY_MOST)] {
        if text.trim().is_empty() || text.chars().count() > most || text.chars().any(char::is_control) {
            return Err(format!("`{key}` has 1 to {most} characters in one line"));
        }
    }
    Ok(asked)
}

fn broken(found: &Diagnostic) -> Broken {
    Broken { path: found.path.clone(), code: found.code.to_owned(), message: spot(found) }
}
