//! The doctor's line about programs from outside.

use std::path::PathBuf;

use engine::registry::{Check, Checkup, Means};
use engine::step::BoxFuture;

use crate::room::apart;
use crate::{Options, programs};

const NAME: &str = "programs from outside";

/// Says which programs scripts may name, or that none is run.
#[derive(Clone)]
pub(crate) struct Programs(Option<PathBuf>);

impl Programs {
    pub(crate) fn of(options: &Options) -> Self {
        Self(options.programs.clone())
    }

    fn line(&self) -> Checkup {
        let Some(folder) = &self.0 else { return Checkup::well(NAME, "none may be run") };
        let told = folder.display();
        if let Err(trouble) = programs::check_folder(folder) {
            return Checkup::ill(NAME, format!("`{told}`: {trouble}"));
        }
        match programs::list(folder) {
            names if names.is_empty() => Checkup::ill(NAME, format!("`{told}` holds no program")),
            names => Checkup::well(NAME, format!("`{told}`: {}", names.join(", "))),
        }
    }
}

impl Check for Programs {
    fn name(&self) -> &'static str {
        NAME
    }

    fn examine<'a>(&'a self, _: &'a Means) -> BoxFuture<'a, Vec<Checkup>> {
        let programs = self.clone();
        // A folder may lie on a disk that is slow.
        Box::pin(async move {
            let line = apart(move || Ok(programs.line())).await;
            vec![line.unwrap_or_else(|trouble| Checkup::ill(NAME, trouble.to_string()))]
        })
    }
}
