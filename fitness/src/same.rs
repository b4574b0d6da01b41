//! Which records tell of the same activity, and which of them is the one that counts.
//!
//! Pure: the answer depends on the records and on what a person said of them, never on the order in which they came.

mod choice;

use std::cmp::Reverse;
use std::collections::BTreeMap;

pub use choice::{Choices, pair};

use crate::load::is_cycling;
use crate::scope::STRAVA_API;

/// Records of one activity start within this.
pub const START_MS: i64 = 60_000;
/// Their durations and distances differ by at most this share of the larger one.
pub const DIFFER: f64 = 0.05;
/// Where a record of the API names a file, both start within this: devices use names again.
pub const NAMED_MS: i64 = 86_400_000;

const DAY_S: i64 = 86_400;
/// What stands for a time of day that its athlete hides.
const HIDDEN_S: i64 = 1;

/// What the rule looks at of an athlete's record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub id: String,
    /// Of the file that holds it: records of one file are never the same activity.
    pub sha256: String,
    pub provenance: String,
    pub sport: String,
    pub sub_sport: Option<String>,
    pub start_ms: i64,
    pub elapsed_s: Option<f64>,
    pub timer_s: Option<f64>,
    pub distance_m: Option<f64>,
    /// How many kinds of samples were measured, as heart rate and position are; time, distance and speed follow from them.
    pub measured: u32,
    pub samples: u32,
    /// Ids at Strava: its own where the API told it, else those of the rows of an export that tell of it.
    pub strava_ids: Vec<String>,
    /// As [`file_name`] has it: of the file, or of the one that the API says was uploaded.
    pub file_name: Option<String>,
}

/// By what is it known that two records are of one activity; the surer comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    Id,
    FileName,
    Figures,
}

/// The name of a recording by which uploads of it are known: without folders and `.gz`, in small letters.
///
/// Nothing for what no recording is called, such as the ids that devices' makers make up.
pub fn file_name(path: &str) -> Option<String> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default().to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let (stem, ending) = name.rsplit_once('.')?;
    let is_recording = !stem.is_empty() && matches!(ending, "fit" | "gpx" | "tcx");
    is_recording.then(|| name.to_owned())
}

impl Record {
    /// True where both tell of the same activity: one names the other, or they start within 60 s in the same group of
    /// sports, and neither their durations nor their distances differ by more than 5 %.
    pub fn is_same(&self, other: &Self) -> bool {
        self.proof(other).is_some()
    }

    fn proof(&self, other: &Self) -> Option<Proof> {
        let by_name = self.names(other);
        by_name.or_else(|| self.agrees_with(other).then_some(Proof::Figures))
    }

    /// Whether one is of the API and the other is what it names, whatever the figures of both say.
    fn names(&self, other: &Self) -> Option<Proof> {
        let is_api = |record: &Self| record.provenance == STRAVA_API;
        if is_api(self) == is_api(other) || self.sha256 == other.sha256 {
            return None;
        }
        if self.strava_ids.iter().any(|id| other.strava_ids.contains(id)) {
            return Some(Proof::Id);
        }
        let is_near = self.start_ms.abs_diff(other.start_ms) <= NAMED_MS.unsigned_abs();
        let is_named = self.file_name.is_some() && self.file_name == other.file_name;
        (is_near && is_named).then_some(Proof::FileName)
    }

    fn agrees_with(&self, other: &Self) -> bool {
        self.sha256 != other.sha256
            && self.start_ms.abs_diff(other.start_ms) <= START_MS.unsigned_abs()
            && !self.hides_start()
            && !other.hides_start()
            && self.has_sport_of(other)
            && self.lasts_as_long_as(other)
            && self.goes_as_far_as(other)
    }

    /// Strava writes 00:00:01 UTC for a start that is hidden, which says nothing of when it was.
    fn hides_start(&self) -> bool {
        self.start_ms.div_euclid(1000).rem_euclid(DAY_S) == HIDDEN_S
    }

    /// A sport that nobody named may be any.
    fn has_sport_of(&self, other: &Self) -> bool {
        match (self.group(), other.group()) {
            (Some(group), Some(others)) => group == others,
            _ => true,
        }
    }

    fn group(&self) -> Option<&str> {
        if is_cycling(&self.sport, self.sub_sport.as_deref()) {
            return Some("cycling");
        }
        match self.sport.as_str() {
            "other" | "generic" | "all" => None,
            "running" | "walking" | "hiking" | "mountaineering" | "snowshoeing" => Some("on foot"),
            "alpine_skiing" | "cross_country_skiing" | "snowboarding" => Some("on snow"),
            "ice_skating" | "inline_skating" => Some("on skates"),
            "rowing" | "kayaking" | "paddling" | "rafting" | "stand_up_paddleboarding" => Some("on water"),
            "training" | "fitness_equipment" | "hiit" => Some("indoors"),
            sport => Some(sport),
        }
    }

    // A file's time may be the timer's where another's counts the pauses too, so any two of them may agree.
    fn lasts_as_long_as(&self, other: &Self) -> bool {
        let known = |record: &Self| [record.elapsed_s, record.timer_s].map(positive);
        let (ours, theirs) = (known(self), known(other));
        ours.into_iter()
            .flatten()
            .any(|ours| theirs.into_iter().flatten().any(|theirs| is_close(ours, theirs)))
    }

    fn goes_as_far_as(&self, other: &Self) -> bool {
        match (positive(self.distance_m), positive(other.distance_m)) {
            (Some(ours), Some(theirs)) => is_close(ours, theirs),
            (None, None) => true,
            _ => false,
        }
    }

    /// The lower, the better it stands for the activity: what was measured more fully comes first, and of equals a file
    /// before an export, and an export before the Strava API.
    pub(crate) fn rank(&self) -> impl Ord + use<> {
        let provenance = match self.provenance.as_str() {
            "file" => 0,
            "bulk_export" => 1,
            STRAVA_API => 3,
            _ => 2,
        };
        (
            Reverse(self.measured),
            provenance,
            self.group().is_none(),
            Reverse(self.samples),
            self.start_ms,
            self.id.clone(),
        )
    }
}

fn positive(figure: Option<f64>) -> Option<f64> {
    figure.filter(|figure| *figure > 0.0)
}

fn is_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= DIFFER * one.max(other)
}

/// By which ranking records are linked; another one links all of them anew.
pub const VERSION: i64 = 1;

/// Which records count in the stead of one, by their places; nothing where it counts itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link {
    /// Of all records.
    pub all: Option<usize>,
    /// Of those that may be shared; nothing for a record that may not.
    pub shareable: Option<usize>,
}

/// What counts in the stead of each record for the athlete, and what for everybody else, who sees nothing of the API: an
/// activity of which the API knows more than a file does is not lost to what may be shared.
pub fn links(records: &[Record], choices: &Choices) -> Vec<Link> {
    let mut links: Vec<Link> =
        primaries(records, choices).into_iter().map(|all| Link { all, shareable: None }).collect();
    let is_open = |place: &usize| records[*place].provenance != STRAVA_API;
    let open: Vec<usize> = (0..records.len()).filter(is_open).collect();
    if open.len() == records.len() {
        links.iter_mut().for_each(|link| link.shareable = link.all);
        return links;
    }
    let among: Vec<Record> = open.iter().map(|place| records[*place].clone()).collect();
    for (place, primary) in open.iter().zip(primaries(&among, choices)) {
        links[*place].shareable = primary.map(|primary| open[primary]);
    }
    links
}

/// For each record the place of the one that counts in its stead; nothing for one that counts itself.
///
/// Taken from the best to the least, each record goes to the counted one that it names, else to the one that starts
/// nearest to it, and counts itself where there is none. So a duplicate always is the same as its primary, however many
/// stand in a row, or names one that the primary stands for. What a person said to be one goes together; what was said
/// to be apart never meets, nor do the legs of one file.
pub fn primaries(records: &[Record], choices: &Choices) -> Vec<Option<usize>> {
    let mut order: Vec<usize> = (0..records.len()).collect();
    order.sort_by_cached_key(|index| records[*index].rank());
    let class_of = choices.classes(records);
    let mut units: Vec<Vec<usize>> = Vec::new();
    let mut unit_of_class = BTreeMap::new();
    for index in order {
        let unit = *unit_of_class.entry(class_of[index]).or_insert(units.len());
        if unit == units.len() {
            units.push(Vec::new());
        }
        units[unit].push(index);
    }
    let mut groups = Groups { records, choices, found: Vec::new() };
    units.iter().for_each(|unit| groups.place(unit));
    groups.primary_of()
}

/// Records of one activity, the one that counts in front.
#[derive(Default)]
struct Group {
    members: Vec<usize>,
    /// The one that counts, and those that a person said to be of it: what agrees with one of them goes to it.
    anchors: Vec<usize>,
}

struct Groups<'a> {
    records: &'a [Record],
    choices: &'a Choices,
    found: Vec<Group>,
}

impl Groups<'_> {
    /// Takes records in that were said to be one, the best in front; most are alone.
    fn place(&mut self, unit: &[usize]) {
        let fits =
            self.found.iter().enumerate().filter_map(|(place, group)| Some((self.fit(unit, group)?, place)));
        // Of those as near the first wins, which is the better one.
        let place = fits.min().map_or(self.found.len(), |(_, place)| place);
        if place == self.found.len() {
            self.found.push(Group::default());
        }
        let mut left = Vec::new();
        for index in unit {
            if !self.is_open(*index, &self.found[place]) {
                left.push(*index);
                continue;
            }
            let group = &mut self.found[place];
            if unit.len() > 1 || group.members.is_empty() {
                group.anchors.push(*index);
            }
            group.members.push(*index);
        }
        left.into_iter().for_each(|index| self.place(&[index]));
    }

    /// How surely, and how near, one of these records is of the activity of a group; nothing where one of them was
    /// said to be none of it.
    fn fit(&self, unit: &[usize], group: &Group) -> Option<(Proof, u64)> {
        if unit.iter().any(|index| self.is_apart(*index, group)) {
            return None;
        }
        unit.iter()
            .filter(|index| self.is_open(**index, group))
            .filter_map(|index| self.proof(*index, group))
            .min()
    }

    fn proof(&self, index: usize, group: &Group) -> Option<(Proof, u64)> {
        let record = &self.records[index];
        let named = group.members.iter().filter_map(|member| record.names(&self.records[*member]));
        let anchors = || group.anchors.iter().map(|anchor| &self.records[*anchor]);
        let proof = anchors().filter_map(|anchor| record.proof(anchor)).chain(named).min()?;
        let away_ms = anchors().map(|anchor| anchor.start_ms.abs_diff(record.start_ms)).min();
        Some((proof, away_ms.unwrap_or_default()))
    }

    fn is_open(&self, index: usize, group: &Group) -> bool {
        let sha256 = &self.records[index].sha256;
        group.members.iter().all(|member| self.records[*member].sha256 != *sha256)
            && !self.is_apart(index, group)
    }

    fn is_apart(&self, index: usize, group: &Group) -> bool {
        let id = &self.records[index].id;
        group.members.iter().any(|member| self.choices.are_apart(&self.records[*member].id, id))
    }

    fn primary_of(&self) -> Vec<Option<usize>> {
        let mut primary_of = vec![None; self.records.len()];
        for group in &self.found {
            for member in &group.members[1..] {
                primary_of[*member] = Some(group.members[0]);
            }
        }
        primary_of
    }
}

#[cfg(test)]
mod tests;
