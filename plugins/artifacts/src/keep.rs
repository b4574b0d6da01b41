//! Keeps what files say, inside a transaction, and notes what became of each.

use fitness::recording::Warning;
use fitness::records::import_file::{ImportFile, Kind, Outcome};
use fitness::records::old_best::{self, Part, Replaced};
use fitness::records::old_weather::{self, Placed};
use fitness::weather::{Air, Hour};
use jiff::civil::Date;
use store::{Result, Tx};

use crate::artifact::{Artifact, Refusal};

pub(crate) struct Keeper<'a, 'tx> {
    tx: &'a mut Tx<'tx>,
    athlete: &'a str,
    now_ms: i64,
    first_day: Option<Date>,
    has_weather: bool,
}

impl<'a, 'tx> Keeper<'a, 'tx> {
    pub(crate) fn new(tx: &'a mut Tx<'tx>, athlete: &'a str, now_ms: i64) -> Self {
        Self { tx, athlete, now_ms, first_day: None, has_weather: false }
    }

    /// The first local day that got weather.
    pub(crate) fn first_day(&self) -> Option<Date> {
        self.first_day
    }

    /// True where an activity got weather.
    pub(crate) fn has_weather(&self) -> bool {
        self.has_weather
    }

    /// Keeps what a file says.
    pub(crate) fn keep(
        &mut self,
        path: &str,
        read: &std::result::Result<Artifact, Refusal>,
    ) -> Result<ImportFile> {
        match read {
            Err(refusal) => Ok(refused(path, refusal.clone())),
            Ok(Artifact::Weather { source_id, hour, air }) => self.weather(path, source_id, (*hour, *air)),
            Ok(Artifact::Activity { source_id, bests, warnings }) => {
                let replaced = old_best::replace(self.tx, self.athlete, Part::Activity(source_id), bests)?;
                Ok(noted(path, outcome(replaced), warnings.clone()))
            }
            Ok(Artifact::Scopes { scopes, warnings }) => {
                let mut all = Vec::with_capacity(scopes.len());
                for (scope, bests) in scopes {
                    all.push(old_best::replace(self.tx, self.athlete, Part::Scope(scope), bests)?);
                }
                Ok(noted(path, outcome(of_all(&all)), warnings.clone()))
            }
        }
    }

    fn weather(&mut self, path: &str, source_id: &str, told: (Hour, Air)) -> Result<ImportFile> {
        let placed = old_weather::put(self.tx, (self.athlete, source_id), told, self.now_ms)?;
        let (mut file, activity) = match placed {
            Placed::NoActivity => {
                let reason = format!("no activity that its source calls `{source_id}` is stored");
                return Ok(refused(path, Refusal::new("artifact_without_activity", reason)));
            }
            Placed::NotWanted { activity, reason } => {
                let reason = format!("the activity has no weather that is looked up ({reason})");
                (refused(path, Refusal::new("artifact_not_wanted", reason)), activity)
            }
            Placed::OtherHour { activity } => {
                let reason = "it tells of an hour in which the activity was not under way";
                (refused(path, Refusal::new("artifact_of_another_hour", reason)), activity)
            }
            Placed::Known { activity } => (noted(path, Outcome::Unchanged, Vec::new()), activity),
            Placed::New { activity, day } => {
                self.has_weather = true;
                self.first_day = self.first_day.into_iter().chain(day).min();
                (noted(path, Outcome::Imported, Vec::new()), activity)
            }
        };
        file.activities.push(activity);
        Ok(file)
    }
}

fn of_all(all: &[Replaced]) -> Replaced {
    let is_all = |replaced| all.iter().all(|one| *one == replaced);
    match all {
        _ if is_all(Replaced::Same) => Replaced::Same,
        _ if is_all(Replaced::New) => Replaced::New,
        _ => Replaced::Changed,
    }
}

fn outcome(replaced: Replaced) -> Outcome {
    match replaced {
        Replaced::New => Outcome::Imported,
        Replaced::Changed => Outcome::Updated,
        Replaced::Same => Outcome::Unchanged,
    }
}

fn noted(path: &str, outcome: Outcome, warnings: Vec<Warning>) -> ImportFile {
    ImportFile {
        path: path.to_owned(),
        kind: Kind::File,
        source_row: None,
        outcome,
        code: None,
        reason: None,
        warnings,
        activities: Vec::new(),
    }
}

fn refused(path: &str, refusal: Refusal) -> ImportFile {
    let Refusal { code, reason } = refusal;
    let file = noted(path, Outcome::Refused, Vec::new());
    ImportFile { code: Some(code.to_owned()), reason: Some(reason), ..file }
}
