//! The step `process::exec`: records to a program, and what it prints as records of its own.

use std::path::PathBuf;

use engine::context::StepContext;
use engine::step::{ConfigError, Gather, Step, StepError};
use fitness::outside::Records;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::feed::{Feed, merged};
use crate::form::{Form, check_key};
use crate::group::Order;
use crate::intake::{Intake, Manner};
use crate::limits::{Limits, LimitsConfig};
use crate::room::{Room, apart};
use crate::said::Masks;
use crate::talk::{Terms, talk};
use crate::tap::OnSchemaChange;
use crate::{Options, programs};

/// Runs a program that reads and prints JSON lines.
pub struct Exec {
    programs: Option<PathBuf>,
    config: ExecConfig,
    limits: Limits,
}

/// Which program is run, and how.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecConfig {
    /// Its name in the folder of programs.
    pub(crate) program: String,
    /// What it is called with.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// Whether lines are bare records or messages of Singer.
    #[serde(default)]
    pub(crate) form: Form,
    /// Fields that tell the printed records apart; without any their content does.
    #[serde(default)]
    pub(crate) key: Vec<String>,
    /// Whether it may end well without printing anything.
    #[serde(default)]
    pub(crate) silent: bool,
    /// How much it may take.
    #[serde(default)]
    pub(crate) limits: LimitsConfig,
}

/// What a program may read about its run.
#[derive(Serialize)]
struct About<'a> {
    run: &'a str,
    pipeline: &'a str,
    step: &'a str,
    attempt: u32,
    partition: &'a str,
    params: &'a Value,
    inputs: &'a [Records],
    state: Option<&'a Value>,
}

impl Step for Exec {
    const KIND: &'static str = "process.exec";
    const ABOUT: &'static str =
        "Runs a program that reads records as JSON lines and prints records of its own.";
    type Config = ExecConfig;
    type Input = (Gather<Records>,);
    type Output = Records;

    fn build(config: ExecConfig) -> Result<Self, ConfigError> {
        Self::with(config, &Options::default())
    }

    async fn run(&self, ctx: &StepContext, (given,): (Gather<Records>,)) -> Result<Records, StepError> {
        let (folder, name) = (self.programs.clone(), self.config.program.clone());
        let program = apart(move || programs::find(folder.as_deref(), &name)).await?;
        let manner = Manner {
            form: self.config.form,
            key: self.config.key.clone().into(),
            may_be_bare: true,
            on_schema_change: OnSchemaChange::Keep,
        };
        let mut intake = Intake::begin(ctx, manner).await?;
        let given = merged(&intake.take_up(&given.0).await?);
        let room = Room::new().await?;
        let talked = self.talk(ctx, program, &room, &given, &mut intake).await;
        room.leave().await;
        talked?;
        Ok(intake.artifact(ctx))
    }
}

impl Exec {
    async fn talk(
        &self,
        ctx: &StepContext,
        program: PathBuf,
        room: &Room,
        given: &[Records],
        intake: &mut Intake<'_>,
    ) -> Result<(), StepError> {
        let about = room.put("run.json", &about(ctx, given, intake)).await?;
        let order = Order {
            program,
            arguments: self.config.args.clone(),
            folder: room.path().to_owned(),
            environment: vec![("PACELINE_RUN", about)],
            memory_bytes: self.limits.memory_bytes,
        };
        let masks = Masks::default();
        let terms = Terms { limits: self.limits, may_be_silent: self.config.silent, masks: &masks };
        talk(order, &terms, Feed::Records(ctx, given, self.config.form), intake, ctx.cancelled()).await
    }

    pub(crate) fn with(config: ExecConfig, options: &Options) -> Result<Self, ConfigError> {
        programs::check_name("program", &config.program)?;
        check_arguments(&config.args)?;
        if config.form == Form::Singer && !config.key.is_empty() {
            return Err(ConfigError::at(
                "key",
                "`key` is for lines: with Singer the program tells it itself",
            ));
        }
        check_key(&config.key).map_err(|why| ConfigError::at("key", format!("`key`: {why}")))?;
        Ok(Self { programs: options.programs.clone(), limits: config.limits.check()?, config })
    }

    /// The same with limits that no configuration could say.
    #[cfg(test)]
    pub(crate) fn within(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(&mut self.limits);
        self
    }
}

/// The system refuses an argument with a NUL, and with it the start.
pub(crate) fn check_arguments(arguments: &[String]) -> Result<(), ConfigError> {
    match arguments.iter().position(|argument| argument.contains('\0')) {
        None => Ok(()),
        Some(place) => Err(ConfigError {
            path: vec!["args".to_owned(), place.to_string()],
            message: "an argument must not contain a NUL".to_owned(),
        }),
    }
}

fn about<'a>(ctx: &'a StepContext, inputs: &'a [Records], intake: &'a Intake<'_>) -> About<'a> {
    About {
        run: &ctx.run.id,
        pipeline: &ctx.run.pipeline,
        step: &ctx.step,
        attempt: ctx.attempt,
        partition: &ctx.run.partition,
        params: &ctx.run.params,
        inputs,
        state: intake.state(),
    }
}
