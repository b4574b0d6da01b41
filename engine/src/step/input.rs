//! What a step takes in: a tuple of artifacts, each plain, optional or gathered.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Artifact;

/// A list of artifacts of one type, one for each step named in the array.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gather<A>(pub Vec<A>);

impl<A: JsonSchema> JsonSchema for Gather<A> {
    fn schema_name() -> Cow<'static, str> {
        format!("{GATHER}{}", A::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        <Vec<A>>::json_schema(generator)
    }
}

/// How one place of a step's input may be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Exactly one giver; where it gave nothing, the step is skipped.
    Plain,
    /// One giver that may have given nothing.
    Optional,
    /// Any number of givers in an array; those that gave nothing are left out.
    Gather,
}

/// One place of a step's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Name of the artifact that fits; [`ANY`] where each does.
    pub artifact: String,
    pub shape: Shape,
}

impl Slot {
    /// Whether a step that gives such an artifact can fill it.
    pub fn takes(&self, artifact: &str) -> bool {
        self.artifact == ANY || self.artifact == artifact
    }
}

/// The input of a step: a tuple of up to four artifacts.
pub trait Inputs: Sized + Send {
    /// The places to fill, in order.
    fn slots() -> Vec<Slot>;
    /// Reads one value for each place: null where an optional giver gave nothing, an array for a [`Gather`].
    fn read(values: Vec<Value>) -> Result<Self, serde_json::Error>;
}

/// The name of what is no artifact of a certain kind: a slot of it takes every one. It is that which schemars gives to
/// a JSON value; a test holds it.
pub const ANY: &str = "AnyValue";

const GATHER: &str = "Gather_";
// The name that schemars gives to an `Option`; a test holds it.
const OPTIONAL: &str = "Nullable_";

fn slot<A: Artifact>() -> Slot {
    let name = A::schema_name();
    let (artifact, shape) = match (name.strip_prefix(OPTIONAL), name.strip_prefix(GATHER)) {
        (Some(inner), _) => (inner, Shape::Optional),
        (_, Some(inner)) => (inner, Shape::Gather),
        _ => (&*name, Shape::Plain),
    };
    Slot { artifact: artifact.to_owned(), shape }
}

fn next<A: Artifact>(values: &mut std::vec::IntoIter<Value>) -> Result<A, serde_json::Error> {
    serde_json::from_value(values.next().unwrap_or(Value::Null))
}

impl Inputs for () {
    fn slots() -> Vec<Slot> {
        Vec::new()
    }

    fn read(_: Vec<Value>) -> Result<Self, serde_json::Error> {
        Ok(())
    }
}

impl<A: Artifact> Inputs for (A,) {
    fn slots() -> Vec<Slot> {
        vec![slot::<A>()]
    }

    fn read(values: Vec<Value>) -> Result<Self, serde_json::Error> {
        Ok((next(&mut values.into_iter())?,))
    }
}

impl<A: Artifact, B: Artifact> Inputs for (A, B) {
    fn slots() -> Vec<Slot> {
        vec![slot::<A>(), slot::<B>()]
    }

    fn read(values: Vec<Value>) -> Result<Self, serde_json::Error> {
        let mut values = values.into_iter();
        Ok((next(&mut values)?, next(&mut values)?))
    }
}

impl<A: Artifact, B: Artifact, C: Artifact> Inputs for (A, B, C) {
    fn slots() -> Vec<Slot> {
        vec![slot::<A>(), slot::<B>(), slot::<C>()]
    }

    fn read(values: Vec<Value>) -> Result<Self, serde_json::Error> {
        let mut values = values.into_iter();
        Ok((next(&mut values)?, next(&mut values)?, next(&mut values)?))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema, Debug, PartialEq)]
    struct Count {
        rows: u32,
    }

    #[test]
    fn slots_tell_plain_optional_and_gathered_inputs_apart() {
        let slots = <(Count, Option<Count>, Gather<Count>)>::slots();
        let shapes: Vec<_> = slots.iter().map(|slot| (slot.artifact.as_str(), slot.shape)).collect();
        assert_eq!(shapes, [("Count", Shape::Plain), ("Count", Shape::Optional), ("Count", Shape::Gather)]);
    }

    #[test]
    fn a_slot_of_any_value_takes_every_artifact() {
        let slots = <(Gather<Value>, Count)>::slots();
        assert_eq!((slots[0].artifact.as_str(), slots[0].shape), (ANY, Shape::Gather));
        assert!(slots[0].takes("Count") && slots[1].takes("Count") && !slots[1].takes("Sum"));
    }

    #[test]
    fn absent_givers_are_read_as_none_and_as_a_shorter_list() {
        let values = vec![json!({"rows": 1}), Value::Null, json!([{"rows": 2}])];
        let read = <(Count, Option<Count>, Gather<Count>)>::read(values).unwrap();
        assert_eq!(read, (Count { rows: 1 }, None, Gather(vec![Count { rows: 2 }])));
    }
}
