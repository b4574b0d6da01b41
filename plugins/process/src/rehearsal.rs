//! Talks to a program without a store, to measure what the talk itself costs.

use std::path::Path;

use engine::step::StepError;

use crate::feed::Feed;
use crate::form::Form;
use crate::group::Order;
use crate::intake::{Intake, Manner};
use crate::limits::{Limits, LimitsConfig};
use crate::room::Room;
use crate::said::Masks;
use crate::talk::{Terms, talk};
use crate::tap::OnSchemaChange;

/// Gives a program these lines so many times, takes in what it prints as records with the key `id`, and answers how many
/// they were.
pub async fn rehearse(program: &Path, lines: &[u8], times: usize) -> Result<u64, StepError> {
    let most = lines.len().saturating_mul(times) as u64 + 1;
    let standard = LimitsConfig::default();
    let limits = standard.check().map_err(|error| {
        StepError::Hopeless(engine::step::Cause::new("invalid_config", error.to_string()))
    })?;
    let limits = Limits { output_bytes: most, ..limits };
    let manner = Manner {
        form: Form::Lines,
        key: vec!["id".to_owned()].into(),
        may_be_bare: false,
        on_schema_change: OnSchemaChange::Keep,
    };
    let mut intake = Intake::rehearsal(manner);
    let room = Room::new().await?;
    let order = Order {
        program: program.to_owned(),
        arguments: Vec::new(),
        folder: room.path().to_owned(),
        environment: Vec::new(),
        memory_bytes: limits.memory_bytes,
    };
    let masks = Masks::default();
    let terms = Terms { limits, may_be_silent: false, masks: &masks };
    let talked = talk(order, &terms, Feed::Bytes(lines, times), &mut intake, std::future::pending()).await;
    room.leave().await;
    talked?;
    Ok(intake.records())
}
