//! The settings, and the only place that reads the environment.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::secret::Keys;
use engine::trigger::SECRET_BYTES;
use engine::upkeep::Keep;
use engine::worker::Settings;
use store::Url;

use crate::error::{self, Problem};

mod file;
mod open_meteo;
mod strava;

use file::Given;

const DB_URL: &str = "FITNESS_DB_URL";
const OTHER_DB_URL: &str = "DATABASE_URL";
const DATA_DIR: &str = "FITNESS_DATA_DIR";
const LISTEN: &str = "FITNESS_LISTEN";
const LOG: &str = "FITNESS_LOG";
const LOG_LEVEL: &str = "FITNESS_LOG_LEVEL";
const OTLP: &str = "FITNESS_OTLP_ENDPOINT";
const SCRIPTS_DIR: &str = "FITNESS_SCRIPTS_DIR";
const PROGRAMS: &str = "FITNESS_PROCESS_PROGRAMS";
pub(crate) const IMPORT_DIR: &str = "FITNESS_IMPORT_DIR";
const KEEP_RUNS: &str = "FITNESS_KEEP_RUNS_DAYS";
const KEEP_FAILED_RUNS: &str = "FITNESS_KEEP_FAILED_RUNS_DAYS";
pub(crate) const LOCAL_IMPORT: &str = "FITNESS_ENABLE_LOCAL_ARTIFACT_IMPORT";
const SYNC_AGE: &str = "FITNESS_SYNC_AGE";
const WEBHOOK_SECRET: &str = "FITNESS_WEBHOOK_SECRET";
const SECRET_KEY: &str = "FITNESS_SECRET_KEY";
const SECRET_KEY_FILE: &str = "FITNESS_SECRET_KEY_FILE";

const WORKER_SLOTS: &str = "FITNESS_WORKER_SLOTS";
const LEASE: &str = "FITNESS_LEASE";
const HEARTBEAT: &str = "FITNESS_HEARTBEAT";
const POLL: &str = "FITNESS_POLL";
const LOCK: &str = "FITNESS_PIPELINE_LOCK_PATH";

/// For tests of crashes: `before:7` kills the process before its seventh commit, `after:7` right after it.
#[cfg(debug_assertions)]
const FAILPOINT: &str = "PACELINE_FAILPOINT";

const DEFAULT_DATA_DIR: &str = "./data";
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
const DB_FILE: &str = "paceline.db";
const KEY_FILE: &str = "secret.key";

/// What can be set from outside.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) db_url: Url,
    pub(crate) listen: SocketAddr,
    pub(crate) log: Log,
    /// Where an OpenTelemetry collector takes spans over HTTP.
    pub(crate) otlp: Option<String>,
    /// Holds `pipelines` and `scripts`; those inside the program are used where there is none.
    pub(crate) scripts_dir: Option<PathBuf>,
    /// Whether a run that was asked for over HTTP may read files of this machine, and any the former system's artifacts.
    pub(crate) local_import: bool,
    /// What is put into it is imported while the server runs; whether it is there is looked at then.
    pub(crate) import_dir: Option<PathBuf>,
    /// Which programs scripts may name.
    pub(crate) process: plugins::process::Options,
    /// Where the weather service is asked.
    pub(crate) open_meteo: plugins::open_meteo::Options,
    /// The Strava application, and where it is asked.
    pub(crate) strava: plugins::strava::Options,
    /// What seals tokens in the database.
    pub(crate) keys: Keys,
    /// Where the database and the key lie if nothing else is set.
    pub(crate) data_dir: PathBuf,
    /// A sync that succeeded more recently stands for one that is asked for.
    pub(crate) sync_age: Duration,
    /// What deliveries of webhooks are signed with; without it only plugins receive any.
    pub(crate) webhook_secret: Option<Secret>,
    /// How runs are worked off.
    pub(crate) worker: Settings,
    /// How long the history of runs is kept.
    pub(crate) keep: Keep,
}

/// Bytes that are shown to nobody.
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) form: LogForm,
    /// Each command has its own where none is set.
    pub(crate) level: Option<tracing::Level>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogForm {
    Readable,
    Json,
}

impl Config {
    /// Reads this process's environment.
    #[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
    pub(crate) fn from_env() -> Result<Self, Problem> {
        #[cfg(debug_assertions)]
        arm_failpoint(std::env::var_os(FAILPOINT))?;
        Self::read(|name| std::env::var_os(name))
    }

    /// Reads variables by name; an empty one counts as not set.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Problem> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &'static str| text(name, variable(name));
        let data_dir = variable(DATA_DIR).map_or_else(|| DEFAULT_DATA_DIR.into(), PathBuf::from);
        if variable(DB_URL).is_some() && variable(OTHER_DB_URL).is_some() {
            return Err(wrong(
                DB_URL,
                &format!("`{OTHER_DB_URL}` is set too, and Paceline does not guess; unset one"),
            ));
        }
        Ok(Self {
            db_url: db_url(text(DB_URL)?, &data_dir)?,
            listen: text(LISTEN)?.map_or(Ok(DEFAULT_LISTEN), |value| listen(&value))?,
            log: Log {
                form: text(LOG)?.map_or(Ok(LogForm::Readable), |value| log_form(&value))?,
                level: text(LOG_LEVEL)?.map(|value| log_level(&value)).transpose()?,
            },
            otlp: text(OTLP)?.map(|value| otlp(&value)).transpose()?,
            scripts_dir: variable(SCRIPTS_DIR).map(|value| scripts_dir(value.into())).transpose()?,
            local_import: text(LOCAL_IMPORT)?.map_or(Ok(false), |value| switch(LOCAL_IMPORT, &value))?,
            import_dir: variable(IMPORT_DIR).map(PathBuf::from),
            process: plugins::process::Options {
                programs: variable(PROGRAMS).map(|value| programs(value.into())).transpose()?,
            },
            open_meteo: open_meteo::read(text)?,
            strava: strava::read(text)?,
            keys: keys(text, &data_dir)?,
            sync_age: text(SYNC_AGE)?.map_or(Ok(api::SYNC_AGE), |value| time(SYNC_AGE, &value))?,
            webhook_secret: text(WEBHOOK_SECRET)?.map(secret).transpose()?,
            worker: worker(text)?,
            data_dir,
            keep: Keep {
                succeeded_days: days(KEEP_RUNS, text(KEEP_RUNS)?, Keep::STANDARD.succeeded_days)?,
                failed_days: days(KEEP_FAILED_RUNS, text(KEEP_FAILED_RUNS)?, Keep::STANDARD.failed_days)?,
            },
        })
    }
}

#[cfg(debug_assertions)]
fn arm_failpoint(value: Option<OsString>) -> Result<(), Problem> {
    use store::failpoint::{Side, arm};
    let Some(value) = text(FAILPOINT, value)? else { return Ok(()) };
    let (side, number) = value.split_once(':').unwrap_or_default();
    let side = match side {
        "before" => Side::Before,
        "after" => Side::After,
        _ => return Err(wrong(FAILPOINT, "it must be such as `before:7` or `after:7`")),
    };
    let number = number.parse().map_err(|_| wrong(FAILPOINT, "its commit is no number"))?;
    arm(side, number);
    Ok(())
}

/// Whether the person wants no colour on any terminal (<https://no-color.org>: any value but an empty one).
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub(crate) fn is_colour_unwanted() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

fn text(name: &'static str, value: Option<OsString>) -> Result<Option<String>, Problem> {
    value.map(|value| value.into_string().map_err(|_| wrong(name, "it is not UTF-8"))).transpose()
}

/// A key that is set is looked at here; one of our own is made when it is needed.
fn keys(
    text: impl Fn(&'static str) -> Result<Option<String>, Problem>,
    data_dir: &Path,
) -> Result<Keys, Problem> {
    let why = |error: engine::secret::SecretError| wrong(SECRET_KEY, &error.to_string());
    match Given::read(text, SECRET_KEY, SECRET_KEY_FILE)? {
        None => Ok(Keys::in_own_file(data_dir.join(KEY_FILE))),
        Some(Given::File { path, .. }) => Ok(Keys::in_file(path)),
        Some(given) => Keys::parse(&given.text()?).map_err(why),
    }
}

// The store's messages never repeat a part that may be a password.
fn db_url(value: Option<String>, data_dir: &Path) -> Result<Url, Problem> {
    let Some(value) = value else {
        return Ok(Url::sqlite(data_dir.join(DB_FILE)));
    };
    value.parse().map_err(|error: store::Error| Problem {
        exit: error::CONFIG,
        ..Problem::new(error.code(), format!("{DB_URL}: {error}"))
    })
}

fn worker(text: impl Fn(&'static str) -> Result<Option<String>, Problem>) -> Result<Settings, Problem> {
    let time = |name| text(name)?.map(|value| time(name, &value)).transpose();
    let standard = Settings::standard();
    let settings = Settings {
        slots: text(WORKER_SLOTS)?.map_or(Ok(standard.slots), |value| slots(&value))?,
        lease: time(LEASE)?.unwrap_or(standard.lease),
        heartbeat: time(HEARTBEAT)?.unwrap_or(standard.heartbeat),
        poll: time(POLL)?.unwrap_or(standard.poll),
        schedules: standard.schedules,
        lock: text(LOCK)?.map(PathBuf::from),
    };
    settings.check().map_err(|slow| wrong(HEARTBEAT, &slow.to_string()))?;
    Ok(settings)
}

fn slots(value: &str) -> Result<usize, Problem> {
    let slots = value.parse().ok().filter(|slots| (1..=256).contains(slots));
    slots.ok_or_else(|| wrong(WORKER_SLOTS, "it must be a whole number from 1 to 256"))
}

fn time(name: &'static str, value: &str) -> Result<Duration, Problem> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000)];
    let parsed = units.into_iter().find_map(|(unit, ms)| {
        let number: u64 = value.strip_suffix(unit)?.parse().ok()?;
        Some(Duration::from_millis(number.checked_mul(ms)?))
    });
    let fits = Duration::from_millis(10)..=Duration::from_secs(3600);
    let time = parsed.filter(|time| fits.contains(time));
    time.ok_or_else(|| wrong(name, "it must be a time from `10ms` to `60m`, such as `30s`"))
}

fn days(name: &'static str, value: Option<String>, standard: u32) -> Result<u32, Problem> {
    let Some(value) = value else { return Ok(standard) };
    let days = value.parse().ok().filter(|days| (1..=36_500).contains(days));
    days.ok_or_else(|| wrong(name, "it must be a whole number of days from 1 to 36500"))
}

fn listen(value: &str) -> Result<SocketAddr, Problem> {
    let with_address = value.replacen("localhost", "127.0.0.1", 1);
    with_address.parse().map_err(|_| wrong(LISTEN, "it is no address with a port, such as `127.0.0.1:8080`"))
}

fn log_form(value: &str) -> Result<LogForm, Problem> {
    match value {
        "readable" => Ok(LogForm::Readable),
        "json" => Ok(LogForm::Json),
        _ => Err(wrong(LOG, "it must be `readable` or `json`")),
    }
}

fn log_level(value: &str) -> Result<tracing::Level, Problem> {
    let known = ["error", "warn", "info", "debug", "trace"].contains(&value);
    let level = value.parse().ok().filter(|_| known);
    level.ok_or_else(|| wrong(LOG_LEVEL, "it must be `error`, `warn`, `info`, `debug` or `trace`"))
}

/// A build that cannot send says so at once: nobody looks for spans that never come.
fn otlp(value: &str) -> Result<String, Problem> {
    if !cfg!(feature = "otel") {
        return Err(wrong(OTLP, "this program was built without the feature `otel`"));
    }
    if value.starts_with("http://") {
        return Ok(value.trim_end_matches('/').to_owned());
    }
    Err(wrong(OTLP, "it must be an address such as `http://127.0.0.1:4318`"))
}

fn scripts_dir(path: PathBuf) -> Result<PathBuf, Problem> {
    if path.join("pipelines").is_dir() {
        return Ok(path);
    }
    Err(wrong(SCRIPTS_DIR, "it names no folder that holds `pipelines`"))
}

fn programs(path: PathBuf) -> Result<PathBuf, Problem> {
    if path.is_dir() {
        return Ok(path);
    }
    Err(wrong(PROGRAMS, "it names no folder"))
}

fn secret(value: String) -> Result<Secret, Problem> {
    if value.len() < SECRET_BYTES {
        return Err(wrong(
            WEBHOOK_SECRET,
            &format!("it must have at least {SECRET_BYTES} bytes, such as `openssl rand -hex 32` gives"),
        ));
    }
    engine::log::mask::learn(&value);
    Ok(Secret(value.into_bytes()))
}

fn switch(name: &'static str, value: &str) -> Result<bool, Problem> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(wrong(name, "it must be `1` or `0`")),
    }
}

// Values are not repeated: whoever mixes two variables up may have put a secret into this one.
pub(crate) fn wrong(name: &'static str, what: &str) -> Problem {
    Problem { exit: error::CONFIG, ..Problem::new("config_invalid", format!("{name}: {what}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Problem> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Config::read(|name| find(name).map(|(_, value)| value.into()))
    }

    fn check_refused(name: &str, value: &str, wanted: &str) {
        let problem = read(&[(name, value)]).unwrap_err();
        assert_eq!((problem.exit, problem.message.as_str()), (78, wanted));
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let config = read(&[]).unwrap();
        assert_eq!(config.db_url.to_string(), "sqlite:./data/paceline.db");
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.log, Log { form: LogForm::Readable, level: None });
        assert!(!config.local_import);
        assert_eq!(config.import_dir, None);
    }

    #[test]
    fn the_watched_folder_need_not_be_there_for_other_commands() {
        let config = read(&[("FITNESS_IMPORT_DIR", "/nowhere")]).unwrap();
        assert_eq!(config.import_dir, Some(PathBuf::from("/nowhere")));
    }

    #[test]
    fn the_database_lies_in_the_data_folder() {
        let config = read(&[("FITNESS_DATA_DIR", "/srv/runs")]).unwrap();
        assert_eq!(config.db_url.to_string(), "sqlite:/srv/runs/paceline.db");
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_its_text() {
        check_refused(
            "FITNESS_SECRET_KEY",
            "changeme",
            "FITNESS_SECRET_KEY: key 1 is not 32 bytes in base64, as `openssl rand -base64 32` gives",
        );
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let inventory = read(&[("FITNESS_SECRET_KEY", key)]).unwrap().keys.inventory().unwrap();
        assert_eq!((inventory.ids.len(), inventory.file), (1, None));
    }

    #[test]
    fn our_own_key_lies_in_the_data_folder_and_another_where_it_is_said() {
        let file = |variables: &[(&str, &str)]| format!("{:?}", read(variables).unwrap().keys);
        assert_eq!(file(&[("FITNESS_DATA_DIR", "/srv/runs")]), r#"Keys(Some("/srv/runs/secret.key"))"#);
        assert_eq!(file(&[("FITNESS_SECRET_KEY_FILE", "/run/key")]), r#"Keys(Some("/run/key"))"#);
    }

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        assert!(read(&[("FITNESS_DB_URL", ""), ("FITNESS_LOG", "")]).is_ok());
    }

    #[test]
    fn an_address_without_a_host_is_refused_by_name() {
        let problem = read(&[("FITNESS_DB_URL", "postgres://")]).unwrap_err();
        assert!(problem.message.starts_with("FITNESS_DB_URL: "), "{}", problem.message);
        assert_eq!(problem.exit, 78);
    }

    #[test]
    fn a_refused_address_does_not_show_its_password() {
        let problem = read(&[("FITNESS_DB_URL", "postgres://me:changeme@host:99999/db")]).unwrap_err();
        assert!(!problem.message.contains("changeme"), "{}", problem.message);
    }

    #[test]
    fn two_database_addresses_are_one_too_many() {
        let problem =
            read(&[("FITNESS_DB_URL", "sqlite:a.db"), ("DATABASE_URL", "postgres://h/db")]).unwrap_err();
        let wanted = "FITNESS_DB_URL: `DATABASE_URL` is set too, and Paceline does not guess; unset one";
        assert_eq!((problem.exit, problem.message.as_str()), (78, wanted));
    }

    #[test]
    fn an_address_without_a_port_is_refused() {
        check_refused(
            "FITNESS_LISTEN",
            "8080",
            "FITNESS_LISTEN: it is no address with a port, such as `127.0.0.1:8080`",
        );
    }

    #[test]
    fn localhost_is_an_address() {
        assert_eq!(read(&[("FITNESS_LISTEN", "localhost:0")]).unwrap().listen.to_string(), "127.0.0.1:0");
    }

    #[test]
    fn an_unknown_log_form_is_refused() {
        check_refused("FITNESS_LOG", "xml", "FITNESS_LOG: it must be `readable` or `json`");
    }

    #[test]
    fn a_level_by_number_is_refused() {
        check_refused(
            "FITNESS_LOG_LEVEL",
            "3",
            "FITNESS_LOG_LEVEL: it must be `error`, `warn`, `info`, `debug` or `trace`",
        );
    }

    #[cfg(not(feature = "otel"))]
    #[test]
    fn spans_that_this_build_cannot_send_are_refused() {
        check_refused(
            "FITNESS_OTLP_ENDPOINT",
            "http://127.0.0.1:4318",
            "FITNESS_OTLP_ENDPOINT: this program was built without the feature `otel`",
        );
    }

    #[cfg(feature = "otel")]
    #[test]
    fn spans_go_over_plain_http() {
        let read = read(&[("FITNESS_OTLP_ENDPOINT", "http://127.0.0.1:4318/")]).unwrap();
        assert_eq!(read.otlp.as_deref(), Some("http://127.0.0.1:4318"));
        check_refused(
            "FITNESS_OTLP_ENDPOINT",
            "127.0.0.1:4318",
            "FITNESS_OTLP_ENDPOINT: it must be an address such as `http://127.0.0.1:4318`",
        );
    }

    #[test]
    fn a_scripts_folder_without_pipelines_is_refused() {
        check_refused(
            "FITNESS_SCRIPTS_DIR",
            "/nowhere",
            "FITNESS_SCRIPTS_DIR: it names no folder that holds `pipelines`",
        );
    }

    #[test]
    fn programs_from_outside_need_a_folder() {
        assert_eq!(read(&[]).unwrap().process.programs, None);
        check_refused("FITNESS_PROCESS_PROGRAMS", "/nowhere", "FITNESS_PROCESS_PROGRAMS: it names no folder");
    }

    #[test]
    fn a_workers_terms_can_be_set() {
        let terms = [("FITNESS_LEASE", "3s"), ("FITNESS_HEARTBEAT", "500ms"), ("FITNESS_WORKER_SLOTS", "9")];
        let worker = read(&terms).unwrap().worker;
        let times = (worker.lease.as_millis(), worker.heartbeat.as_millis(), worker.poll.as_millis());
        assert_eq!((worker.slots, times), (9, (3_000, 500, 1_000)));
    }

    #[test]
    fn a_lease_that_could_run_out_between_two_heartbeats_is_refused() {
        check_refused(
            "FITNESS_HEARTBEAT",
            "11s",
            "FITNESS_HEARTBEAT: the heartbeat (11s) must be at most a third of the lease (30s)",
        );
        check_refused(
            "FITNESS_LEASE",
            "20s",
            "FITNESS_HEARTBEAT: the heartbeat (10s) must be at most a third of the lease (20s)",
        );
    }

    #[test]
    fn a_time_has_a_unit_and_slots_are_a_number() {
        let wanted = "FITNESS_LEASE: it must be a time from `10ms` to `60m`, such as `30s`";
        for value in ["30", "s", "-1s", "0s", "2h", "99999999999999999999s"] {
            check_refused("FITNESS_LEASE", value, wanted);
        }
        for value in ["0", "many", "257"] {
            check_refused(
                "FITNESS_WORKER_SLOTS",
                value,
                "FITNESS_WORKER_SLOTS: it must be a whole number from 1 to 256",
            );
        }
    }

    #[test]
    fn history_is_kept_for_whole_days() {
        let keep = read(&[("FITNESS_KEEP_RUNS_DAYS", "30")]).unwrap().keep;
        assert_eq!((keep.succeeded_days, keep.failed_days), (30, 365));
        for value in ["0", "36501", "1.5", "-1", "a week"] {
            check_refused(
                "FITNESS_KEEP_FAILED_RUNS_DAYS",
                value,
                "FITNESS_KEEP_FAILED_RUNS_DAYS: it must be a whole number of days from 1 to 36500",
            );
        }
    }

    #[test]
    fn a_secret_that_could_be_guessed_is_refused_and_none_is_shown() {
        let wanted =
            "FITNESS_WEBHOOK_SECRET: it must have at least 32 bytes, such as `openssl rand -hex 32` gives";
        check_refused("FITNESS_WEBHOOK_SECRET", "0123456789012345678901234567890", wanted);
        let config = read(&[("FITNESS_WEBHOOK_SECRET", "01234567890123456789012345678901")]).unwrap();
        assert_eq!(config.webhook_secret.as_ref().unwrap().bytes().len(), 32);
        assert!(!format!("{config:?}").contains("0123"));
    }

    #[test]
    fn the_weather_service_is_asked_where_the_operator_says() {
        let settings = [
            ("FITNESS_OPEN_METEO_ARCHIVE_URL", "http://127.0.0.1:8080"),
            ("FITNESS_OPEN_METEO_API_KEY", "0123"),
        ];
        let config = read(&settings).unwrap();
        assert!(config.open_meteo.archive.is_some() && config.open_meteo.forecast.is_none());
        assert!(!format!("{config:?}").contains("0123"));
        check_refused(
            "FITNESS_OPEN_METEO_FORECAST_URL",
            "http://example.org",
            "FITNESS_OPEN_METEO_FORECAST_URL: plain `http` is for this machine alone; an address elsewhere begins with `https`",
        );
        check_refused(
            "FITNESS_OPEN_METEO_HISTORICAL_URL",
            "example.org",
            "FITNESS_OPEN_METEO_HISTORICAL_URL: it is no address such as `https://host/path`",
        );
    }

    #[test]
    fn a_switch_is_on_or_off() {
        assert!(read(&[("FITNESS_ENABLE_LOCAL_ARTIFACT_IMPORT", "TRUE")]).unwrap().local_import);
        check_refused(
            "FITNESS_ENABLE_LOCAL_ARTIFACT_IMPORT",
            "maybe",
            "FITNESS_ENABLE_LOCAL_ARTIFACT_IMPORT: it must be `1` or `0`",
        );
    }
}
