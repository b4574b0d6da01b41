//! Puts the rooms together: database, plugins, scripts, engine.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use engine::Engine;
use engine::clock::Clock;
use engine::context::Watcher;
use engine::http::Http;
use engine::registry::{Means, Registry};
use engine::script::Library;
use engine::trigger::Signed;
use fitness::records::athlete::{self, Athlete};
use jiff::tz::TimeZone;
use store::Store;
use tracing::warn;

use crate::config::Config;
use crate::error::{self, Problem};
use crate::scripts;

/// Opens the database as it is.
pub(crate) async fn open(config: &Config) -> anyhow::Result<Store> {
    if let Some(folder) = config.db_url.path().and_then(Path::parent) {
        make_folder(folder)?;
    }
    Ok(Store::open(&config.db_url).await?)
}

/// Opens the database and brings its schema up to date.
pub(crate) async fn store(config: &Config) -> anyhow::Result<Store> {
    let store = open(config).await?;
    store.migrate_at(Clock::system().now_ms()).await?;
    Ok(store)
}

/// What the plugins offer.
pub(crate) fn registry(config: &Config) -> anyhow::Result<Registry> {
    let mut registry = Registry::default();
    let files = files::Options { local_paths_over_http: config.local_import, time_zone: own_time_zone() };
    let options = plugins::Options {
        files,
        open_meteo: config.open_meteo.clone(),
        process: config.process.clone(),
        strava: config.strava.clone(),
    };
    plugins::register(&mut registry, options).context("cannot register the plugins")?;
    if let Some(secret) = &config.webhook_secret {
        registry.other_hooks(Signed::new(secret.bytes())?);
    }
    Ok(registry)
}

/// What connections and lines of the doctor work with.
pub(crate) fn means(config: &Config, store: Store) -> Means {
    Means { store, http: Http::default(), clock: Clock::system(), secrets: config.keys.clone() }
}

/// Makes the key for secrets where none was made yet. Who has no secrets can do without.
pub(crate) fn prepare_key(config: &Config) {
    if let Err(error) = config.keys.prepare() {
        warn!(code = error.code(), error = %error, "secrets cannot be kept");
    }
}

/// The time zone of this machine by its IANA name.
fn own_time_zone() -> String {
    TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

/// Everything that runs need.
pub(crate) async fn engine(config: &Config, watcher: Option<Watcher>) -> anyhow::Result<Engine> {
    let engine = assemble(config, store(config).await?, watcher).await?;
    // What was asked for can be done without.
    if let Err(error) = engine.note_scripts().await {
        warn!(%error, "the scripts in force could not be kept for the next start");
    }
    Ok(engine)
}

/// What looks at runs, and starts none. Where scripts cannot be read it knows no pipelines, and still what ran.
pub(crate) async fn onlooker(config: &Config) -> anyhow::Result<Engine> {
    let store = store(config).await?;
    let error = match assemble(config, store.clone(), None).await {
        Ok(engine) => return Ok(engine),
        Err(error) => error,
    };
    warn!(%error, "what runs did is shown without the scripts");
    let (registry, scripts) = (Arc::default(), Arc::<Library>::default());
    let engine = move || Engine::new(store, registry, scripts, Clock::system(), None);
    Ok(tokio::task::spawn_blocking(engine).await?)
}

async fn assemble(config: &Config, store: Store, watcher: Option<Watcher>) -> anyhow::Result<Engine> {
    let registry = Arc::new(registry(config)?);
    let scripts = scripts::in_force(config, &store, &registry).await?;
    let keys = config.keys.clone();
    let engine =
        move || Engine::new(store, registry, scripts, Clock::system(), watcher).keeping_secrets(keys);
    Ok(tokio::task::spawn_blocking(engine).await?)
}

/// Makes sure that the athlete is there; one who is new gets the time zone of this machine.
pub(crate) async fn meet(store: &Store, id: &str) -> store::Result<Athlete> {
    let new = Athlete { id: id.to_owned(), timezone: own_time_zone(), created_ms: Clock::system().now_ms() };
    let ensure = move |tx: &mut store::Tx<'_>| {
        athlete::ensure(tx, &new)?;
        Ok(athlete::get(tx, &new.id)?.unwrap_or_else(|| new.clone()))
    };
    store.write(ensure).await
}

/// The time zone of the athlete, or UTC where nobody of that id is known.
pub(crate) async fn time_zone(store: &Store, id: &str) -> store::Result<TimeZone> {
    let id = id.to_owned();
    let known = store.read(move |tx| athlete::get(tx, &id)).await?;
    Ok(known.and_then(|athlete| TimeZone::get(&athlete.timezone).ok()).unwrap_or(TimeZone::UTC))
}

// Training data is nobody else's business, so a new folder is the owner's alone.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|why| match why.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            store::Error::ReadOnly(folder.display().to_string()).into()
        }
        _ => Problem {
            exit: error::CONFIG,
            ..Problem::new(
                "config_invalid",
                format!("FITNESS_DATA_DIR: cannot make `{}`: {why}", folder.display()),
            )
        }
        .into(),
    })
}
