//! The scripts: those inside the program, or those of a folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use engine::registry::Registry;
use engine::script::{InForce, Library, version};
use rust_embed::RustEmbed;
use store::Store;

use crate::config::Config;

#[derive(RustEmbed)]
#[folder = "../pipelines"]
struct Pipelines;

#[derive(RustEmbed)]
#[folder = "../scripts"]
struct Scripts;

/// The library that the settings name.
pub(crate) fn library(config: &Config) -> anyhow::Result<Library> {
    match &config.scripts_dir {
        Some(folder) => Library::from_dir(folder)
            .with_context(|| format!("cannot read the scripts in `{}`", folder.display())),
        None => Ok(Library::from_texts(embedded())),
    }
}

/// The same with the last good text in the place of each broken rule. Those inside the program are trusted.
pub(crate) async fn in_force(
    config: &Config,
    store: &Store,
    registry: &Arc<Registry>,
) -> anyhow::Result<InForce> {
    let library = library(config)?;
    if config.scripts_dir.is_none() {
        return Ok(Arc::new(library).into());
    }
    let good = store.read(version::good).await?;
    let registry = registry.clone();
    // Rules prove themselves by running: not on a worker of the runtime.
    Ok(tokio::task::spawn_blocking(move || InForce::of(&registry, library, good)).await?)
}

fn embedded() -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    collect::<Pipelines>("pipelines", &mut texts);
    collect::<Scripts>("scripts", &mut texts);
    texts
}

fn collect<E: RustEmbed>(folder: &str, texts: &mut BTreeMap<String, String>) {
    for path in E::iter().filter(|path| path.ends_with(".rhai")) {
        let file = E::get(&path);
        let text = file.and_then(|file| String::from_utf8(file.data.into_owned()).ok());
        texts.extend(text.map(|text| (format!("{folder}/{path}"), text)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_carries_its_own_pipelines() {
        let library = Library::from_texts(embedded());
        assert!(library.pipelines().contains(&"import".to_owned()));
        assert!(library.pipelines().contains(&"daily".to_owned()));
    }

    #[test]
    fn the_program_carries_its_own_rules() {
        assert!(!Library::from_texts(embedded()).matching("rules/*.rhai").is_empty());
    }

    #[test]
    fn the_program_carries_its_own_maintenance_scripts() {
        assert!(!Library::from_texts(embedded()).matching("gear/*.rhai").is_empty());
    }
}
