//! `paceline segments`: ways of your own whose times are compared.

mod add;
mod show;

use clap::{Args, Subcommand};
use fitness::Scope;
use fitness::records::segment::{self, Listed, SegmentError};
use store::{Store, Tx};

use crate::cli::{Form, Whose};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline segments
  paceline segments add Lakeside --activity 2447hfyga3vqdfsd6h5bdll3ly --from-km 3.2 --to-km 5.1
  paceline segments add Lakeside --gpx ./lakeside.gpx --sport running
  paceline segments add --starred 1109718
  paceline segments show Lakeside
  paceline segments rename Lakeside Shore
  paceline segments remove Shore

Times are interpolated between samples, in the direction of the line; docs/NUMBERS.md tells how.";
const RENAME_HELP: &str = "\
Examples:
  paceline segments rename Lakeside Shore";
const REMOVE_HELP: &str = "\
Examples:
  paceline segments remove Lakeside

Its efforts go with it; the activities stay.";

/// Compares times on segments of your own
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(crate) struct Segments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Add(add::Add),
    Show(show::Show),
    Rename(Rename),
    Remove(Remove),
}

/// Gives a segment another name
#[derive(Debug, Args)]
#[command(after_help = RENAME_HELP)]
struct Rename {
    /// Its id or its name
    segment: String,
    /// The new name
    name: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

/// Forgets a segment
#[derive(Debug, Args)]
#[command(after_help = REMOVE_HELP)]
struct Remove {
    /// Its id or its name
    segment: String,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    form: Form,
}

impl Segments {
    pub(crate) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        match self.verb {
            Some(Verb::Add(add)) => add.run(config).await,
            Some(Verb::Show(show)) => show.run(config).await,
            Some(Verb::Rename(rename)) => rename.run(config).await,
            Some(Verb::Remove(remove)) => remove.run(config).await,
            None => self.list(config).await,
        }
    }

    pub(crate) fn form(&self) -> Form {
        match &self.verb {
            Some(Verb::Add(add)) => add.form,
            Some(Verb::Show(show)) => show.form,
            Some(Verb::Rename(rename)) => rename.form,
            Some(Verb::Remove(remove)) => remove.form,
            None => self.form,
        }
    }

    async fn list(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let athlete = self.whose.athlete;
        let listed = store.read(move |tx| segment::list(tx, &athlete, Scope::All)).await?;
        if self.form.json {
            listed.iter().try_for_each(output::json)?;
        } else if listed.is_empty() {
            output::note("no segments yet; `paceline segments add --help` shows how to make one");
        } else {
            output::line(table(&listed).to_string())?;
        }
        Ok(error::DONE)
    }
}

impl Rename {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let name = segment::checked_name(&self.name).map_err(|refused| problem(&refused))?;
        let store = program::store(config).await?;
        let id = named(&store, &self.whose.athlete, &self.segment).await?;
        let (athlete, of, new) = (self.whose.athlete.clone(), id.clone(), name.clone());
        store.write(move |tx| segment::rename(tx, &athlete, &of, &new)).await?;
        told(&store, &self.whose.athlete, &id, self.form, &format!("it is `{name}` now")).await
    }
}

impl Remove {
    async fn run(self, config: &Config) -> anyhow::Result<u8> {
        let store = program::store(config).await?;
        let id = named(&store, &self.whose.athlete, &self.segment).await?;
        let (athlete, of) = (self.whose.athlete.clone(), id.clone());
        store.write(move |tx| segment::remove(tx, &athlete, &of)).await?;
        if self.form.json {
            output::json(&serde_json::json!({ "removed": id }))?;
        } else {
            output::line(format!("segment `{}` is gone", self.segment))?;
        }
        Ok(error::DONE)
    }
}

/// Says what became of a segment.
async fn told(store: &Store, athlete: &str, id: &str, form: Form, line: &str) -> anyhow::Result<u8> {
    if form.json {
        let (athlete, of) = (athlete.to_owned(), id.to_owned());
        store.read(move |tx| find(tx, &athlete, &of)).await?.iter().try_for_each(output::json)?;
    } else {
        output::line(line)?;
    }
    Ok(error::DONE)
}

fn find(tx: &mut Tx<'_>, athlete: &str, id: &str) -> store::Result<Option<Listed>> {
    Ok(segment::list(tx, athlete, Scope::All)?.into_iter().find(|listed| listed.id == id))
}

/// The id of the one segment of an id or a name.
async fn named(store: &Store, athlete: &str, id_or_name: &str) -> anyhow::Result<String> {
    let (athlete, word) = (athlete.to_owned(), id_or_name.to_owned());
    let mut ids = store.read(move |tx| segment::named(tx, &athlete, &word)).await?;
    match (ids.pop(), ids.is_empty()) {
        (Some(id), true) => Ok(id),
        (None, _) => Err(problem(&SegmentError::Unknown(id_or_name.to_owned())).into()),
        (Some(_), false) => {
            let message = format!("several segments are called `{id_or_name}`");
            let problem =
                Problem::new("invalid_parameter", message).hint("`paceline segments` lists the ids");
            Err(Problem { exit: error::USAGE, ..problem }.into())
        }
    }
}

fn problem(refused: &SegmentError) -> Problem {
    let hint = match refused {
        SegmentError::Unknown(_) => Some("`paceline segments` lists them"),
        SegmentError::UnknownActivity(_) => Some("`paceline activities --json` lists the ids"),
        SegmentError::OfTheApi(_) => Some("take the file of the activity, or draw a GPX line"),
        SegmentError::NotStarred(_) => {
            Some("star it at Strava; the sweep of the night, or `paceline sync --force`, reads it")
        }
        SegmentError::Unread(_) => {
            Some("the sweep of the night reads it, and so does `paceline sync --force`")
        }
        SegmentError::NoTrack(_) => Some("another part of it may do, or another activity of the same way"),
        SegmentError::TooShort(_) | SegmentError::TooLong(_) | SegmentError::Name => None,
    };
    Problem {
        exit: error::USAGE,
        hint: hint.map(str::to_owned),
        ..Problem::new(refused.code(), refused.to_string())
    }
}

fn table(listed: &[Listed]) -> Table {
    let mut table = Table::new(&[
        ("Segment", Left),
        ("Id", Left),
        ("Length", Right),
        ("Sport", Left),
        ("Efforts", Right),
        ("Best", Right),
        ("Last", Left),
    ]);
    for segment in listed {
        table.row([
            segment.name.clone(),
            segment.id.clone(),
            units::distance(segment.meters),
            segment.sports.clone().unwrap_or_default(),
            if segment.is_matched { segment.efforts.to_string() } else { "not yet".to_owned() },
            segment.best_s.map(show::seconds).unwrap_or_default(),
            segment.last_date.map(|date| date.to_string()).unwrap_or_default(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_shows_its_best_and_its_last() {
        let segment = Listed {
            id: "2447hfyga3vqdfsd6h5bdll3ly".to_owned(),
            name: "Lakeside".to_owned(),
            sports: Some("on foot".to_owned()),
            provenance: "file".to_owned(),
            source: "activity".to_owned(),
            source_id: None,
            meters: 1903.0,
            is_matched: true,
            efforts: 31,
            best_s: Some(401.34),
            last_date: Some(jiff::civil::Date::constant(2026, 5, 2)),
        };
        let new = Listed { is_matched: false, best_s: None, last_date: None, ..segment.clone() };
        let wanted = "\
Segment   Id                           Length  Sport    Efforts    Best  Last
Lakeside  2447hfyga3vqdfsd6h5bdll3ly  1.90 km  on foot       31  6:41.3  2026-05-02
Lakeside  2447hfyga3vqdfsd6h5bdll3ly  1.90 km  on foot  not yet";
        assert_eq!(table(&[segment, new]).to_string(), wanted);
    }
}
