//! The step `singer::tap`: a program that reads some source and tells its records, as Singer describes it.

mod catalog;

use std::path::{Path, PathBuf};

use engine::context::StepContext;
use engine::step::{ConfigError, Step, StepError};
use fitness::outside::Records;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use tracing::warn;

use crate::exec::check_arguments;
use crate::feed::Feed;
use crate::form::Form;
use crate::group::Order;
use crate::intake::{Intake, Manner};
use crate::limits::{Limits, LimitsConfig};
use crate::room::{Room, apart};
use crate::said::Masks;
use crate::talk::{Terms, talk};
use crate::trouble::Trouble;
use crate::{Options, programs};

/// Runs a tap of Singer and keeps its records and its state.
pub struct Tap {
    programs: Option<PathBuf>,
    config: TapConfig,
    limits: Limits,
}

/// Which tap is run, and how.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TapConfig {
    /// Its name in the folder of programs.
    pub(crate) program: String,
    /// What it is called with besides its files.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// The tap's own configuration; nothing secret, because scripts are stored with their runs.
    #[serde(default)]
    pub(crate) config: Map<String, Value>,
    /// The name of a JSON file in the folder of programs that `config` is laid over; secrets belong there.
    pub(crate) config_file: Option<String>,
    /// The name of a catalog in the folder of programs.
    pub(crate) catalog_file: Option<String>,
    /// Streams to read, out of the catalog that the tap itself gives; without any the tap decides.
    #[serde(default)]
    pub(crate) streams: Vec<String>,
    /// What to do where a stream is described otherwise than when the state was saved.
    #[serde(default)]
    pub(crate) on_schema_change: OnSchemaChange,
    /// How much it may take.
    #[serde(default)]
    pub(crate) limits: LimitsConfig,
}

/// What to do with a state that is older than its schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnSchemaChange {
    /// Fail, so that somebody decides.
    #[default]
    Fail,
    /// Forget the state and read everything anew.
    Restart,
    /// Go on: records that came before stay as they were.
    Keep,
}

impl Step for Tap {
    const KIND: &'static str = "singer.tap";
    const ABOUT: &'static str =
        "Runs a tap of Singer, keeps its records, and goes on where it ended last time.";
    type Config = TapConfig;
    type Input = ();
    type Output = Records;

    fn build(config: TapConfig) -> Result<Self, ConfigError> {
        Self::with(config, &Options::default())
    }

    async fn run(&self, ctx: &StepContext, (): ()) -> Result<Records, StepError> {
        let (folder, name) = (self.programs.clone(), self.config.program.clone());
        let program = apart(move || programs::find(folder.as_deref(), &name)).await?;
        let config = self.config().await?;
        let masks = match &self.config.config_file {
            Some(_) => Masks::of(&config),
            None => Masks::default(),
        };
        let room = Room::new().await?;
        let call = Call { ctx, program, room: &room, masks: &masks };
        let intake = self.take_in(ctx, &call, &config).await;
        room.leave().await;
        let intake = intake?;
        ctx.meter.rows_in(intake.records());
        Ok(intake.artifact(ctx))
    }
}

/// What all calls of a tap in one attempt share.
struct Call<'a> {
    ctx: &'a StepContext,
    program: PathBuf,
    room: &'a Room,
    masks: &'a Masks,
}

impl Tap {
    async fn take_in<'c>(
        &self,
        ctx: &'c StepContext,
        call: &Call<'_>,
        config: &Value,
    ) -> Result<Intake<'c>, StepError> {
        let mut arguments = vec!["--config".to_owned(), shown(&call.room.put("config.json", config).await?)];
        if let Some(catalog) = self.catalog(call, &arguments).await? {
            arguments
                .extend(["--catalog".to_owned(), shown(&call.room.put("catalog.json", &catalog).await?)]);
        }
        let manner = Manner {
            form: Form::Singer,
            key: Vec::<String>::new().into(),
            may_be_bare: false,
            on_schema_change: self.config.on_schema_change,
        };
        let mut intake = Intake::begin(ctx, manner).await?;
        let mut read = self.read(call, &arguments, &mut intake).await;
        if intake.is_outdated() && self.config.on_schema_change == OnSchemaChange::Restart {
            warn!("the state is older than the schema: everything is read anew");
            intake.forget().await?;
            read = self.read(call, &arguments, &mut intake).await;
        }
        read.map(|()| intake)
    }

    pub(crate) fn with(config: TapConfig, options: &Options) -> Result<Self, ConfigError> {
        programs::check_name("program", &config.program)?;
        check_arguments(&config.args)?;
        for (key, file) in [("config_file", &config.config_file), ("catalog_file", &config.catalog_file)] {
            file.iter().try_for_each(|name| programs::check_name(key, name))?;
        }
        if config.catalog_file.is_some() && !config.streams.is_empty() {
            let message = "`streams` picks out of the tap's own catalog, and `catalog_file` is another one";
            return Err(ConfigError::at("streams", message));
        }
        Ok(Self { programs: options.programs.clone(), limits: config.limits.check()?, config })
    }

    /// The operator's file with what the script says over it.
    async fn config(&self) -> Result<Value, Trouble> {
        let mut config = match &self.config.config_file {
            Some(name) => self.file(name).await?,
            None => Map::new(),
        };
        config.extend(self.config.config.clone());
        Ok(Value::Object(config))
    }

    async fn file(&self, name: &str) -> Result<Map<String, Value>, Trouble> {
        let (folder, name) = (self.programs.clone(), name.to_owned());
        apart(move || {
            let content = programs::read(folder.as_deref(), &name)?;
            serde_json::from_slice(&content).map_err(|error| {
                // Where it is broken, and nothing of what it holds.
                let why = format!("no JSON object, at line {} column {}", error.line(), error.column());
                Trouble::TapFile { what: format!("`{name}`"), why }
            })
        })
        .await
    }

    async fn catalog(&self, call: &Call<'_>, arguments: &[String]) -> Result<Option<Value>, StepError> {
        if let Some(name) = &self.config.catalog_file {
            return Ok(Some(Value::Object(self.file(name).await?)));
        }
        if self.config.streams.is_empty() {
            return Ok(None);
        }
        let arguments = [arguments, &["--discover".to_owned()]].concat();
        let mut told = catalog::Told::default();
        self.talk(call, arguments, &mut told).await?;
        Ok(Some(told.select(&self.config.streams)?))
    }

    async fn read(
        &self,
        call: &Call<'_>,
        arguments: &[String],
        intake: &mut Intake<'_>,
    ) -> Result<(), StepError> {
        let mut arguments = arguments.to_vec();
        if let Some(state) = intake.state() {
            arguments.extend(["--state".to_owned(), shown(&call.room.put("state.json", state).await?)]);
        }
        self.talk(call, arguments, intake).await
    }

    async fn talk<L: crate::talk::Listener>(
        &self,
        call: &Call<'_>,
        mut arguments: Vec<String>,
        listener: &mut L,
    ) -> Result<(), StepError> {
        arguments.extend(self.config.args.iter().cloned());
        let order = Order {
            program: call.program.clone(),
            arguments,
            folder: call.room.path().to_owned(),
            environment: Vec::new(),
            memory_bytes: self.limits.memory_bytes,
        };
        let terms = Terms { limits: self.limits, may_be_silent: false, masks: call.masks };
        talk(order, &terms, Feed::Nothing, listener, call.ctx.cancelled()).await
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
