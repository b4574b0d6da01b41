//! `paceline metrics show`: what a metric says, activity by activity or summed up.

use clap::{Args, ValueEnum};
use fitness::Scope;
use fitness::own::{self, By, Per};
use fitness::records::own_metric::{self, OwnMetric};
use fitness::records::own_number::{self, Shows};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::cli::{Form, Whose, date, in_order};
use crate::config::Config;
use crate::error::{self, Problem};
use crate::table::Side::{Left, Right};
use crate::table::Table;
use crate::{cli, output, program, units};

const AFTER_HELP: &str = "\
Examples:
  paceline metrics show beats_per_km --from 2026-05-01
  paceline metrics show hard_minutes --by week
  paceline metrics show hard_minutes --by year --json     one number a line

Weeks begin on Monday.";

/// Tells the numbers of a metric
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Show {
    /// The name of its file without ending
    name: String,
    /// Summed up by
    #[arg(long, value_enum)]
    by: Option<Span>,
    /// The first day
    #[arg(long, value_name = "DATE", value_parser = date)]
    from: Option<Date>,
    /// The last day
    #[arg(long, value_name = "DATE", value_parser = date)]
    to: Option<Date>,
    #[command(flatten)]
    whose: Whose,
    #[command(flatten)]
    pub(super) form: Form,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Span {
    Activity,
    Day,
    Week,
    Month,
    Year,
}

impl Show {
    pub(super) async fn run(self, config: &Config) -> anyhow::Result<u8> {
        in_order(self.from, self.to)?;
        let store = program::store(config).await?;
        let range = (self.from.unwrap_or(Date::ZERO), self.to.unwrap_or(Date::MAX));
        let (athlete, name) = (self.whose.athlete, self.name.clone());
        let read = store.read(move |tx| {
            let metric = own_metric::list(tx, &athlete)?.into_iter().find(|metric| metric.name == name);
            let Some(metric) = metric else { return Ok(None) };
            let shown = match metric.about.per {
                Per::Activity => own_number::activities(tx, &athlete, &name, Scope::All, range)?,
                Per::Day => own_number::days(tx, &athlete, &name, Scope::All, range)?,
            };
            Ok(Some((metric, shown)))
        });
        let (metric, shown) = read.await?.ok_or_else(|| super::unknown(&self.name))?;
        let rows = rows(&metric, shown, self.by.map(By::from))?;
        if self.form.json {
            rows.iter().try_for_each(output::json)?;
        } else if rows.is_empty() {
            cli::nothing("numbers", self.from.is_some() || self.to.is_some());
        } else {
            output::line(table(&metric, &rows))?;
        }
        Ok(error::DONE)
    }
}

/// One row a number: `date`, `value`, and of an activity its id.
fn rows(metric: &OwnMetric, shown: Vec<Shows>, by: Option<By>) -> Result<Vec<Value>, Problem> {
    let usual = if metric.about.per == Per::Activity { By::Activity } else { By::Day };
    let by = by.unwrap_or(usual);
    if by == By::Activity && usual == By::Day {
        let message = "--by: `activity` goes with a metric of activities, this one is of days";
        return Err(Problem { exit: error::USAGE, ..Problem::new("invalid_parameter", message) });
    }
    if by == usual {
        let one = |shown: Shows| match shown.activity {
            Some(activity) => json!({ "date": shown.date, "activity": activity, "value": shown.value }),
            None => json!({ "date": shown.date, "value": shown.value }),
        };
        return Ok(shown.into_iter().map(one).collect());
    }
    let numbers: Vec<(Date, f64)> = shown.iter().map(|shown| (shown.date, shown.value)).collect();
    let spans = own::over(by, metric.about.aggregate, &numbers).into_iter();
    Ok(spans.map(|(date, value)| json!({ "date": date, "value": value })).collect())
}

fn table(metric: &OwnMetric, rows: &[Value]) -> String {
    let of_activities = rows.iter().any(|row| row["activity"].is_string());
    let columns = [("Date", Left), ("Activity", Left), ("Value", Right)];
    let (digits, unit) = (usize::from(metric.about.decimals), &metric.about.unit);
    let mut table =
        if of_activities { Table::new(&columns) } else { Table::new(&[("Date", Left), ("Value", Right)]) };
    for row in rows {
        let value = row["value"].as_f64().map(|value| units::number(value, digits)).unwrap_or_default();
        let activity = row["activity"].as_str().map(str::to_owned);
        let cells = [Some(super::word(&row["date"])), activity, Some(value)];
        table.row(cells.into_iter().flatten());
    }
    format!("{} ({unit})\n\n{table}", metric.about.title)
}

impl From<Span> for By {
    fn from(span: Span) -> Self {
        match span {
            Span::Activity => Self::Activity,
            Span::Day => Self::Day,
            Span::Week => Self::Week,
            Span::Month => Self::Month,
            Span::Year => Self::Year,
        }
    }
}

#[cfg(test)]
mod tests {
    use fitness::own::{About, Aggregate};

    use super::*;

    fn metric(per: Per) -> OwnMetric {
        let about = About {
            per,
            title: "Beats".to_owned(),
            unit: "beats".to_owned(),
            aggregate: Aggregate::Sum,
            sports: Vec::new(),
            decimals: 1,
            replaces_load: false,
        };
        OwnMetric::new("beats".to_owned(), "a".to_owned(), 1, about)
    }

    fn shown(day: i8, value: f64) -> Shows {
        let activity = Some(format!("a{day}"));
        Shows { date: Date::constant(2026, 5, day), activity, value, hash: "a".to_owned() }
    }

    #[test]
    fn numbers_are_summed_up_by_the_metrics_own_word() {
        let metric = metric(Per::Activity);
        let numbers = || vec![shown(4, 1.0), shown(5, 2.5), shown(11, 4.0)];
        let weeks = rows(&metric, numbers(), Some(By::Week)).unwrap();
        assert_eq!(
            weeks,
            [json!({ "date": "2026-05-04", "value": 3.5 }), json!({ "date": "2026-05-11", "value": 4.0 })]
        );
        assert!(table(&metric, &weeks).ends_with("2026-05-11    4.0"), "{}", table(&metric, &weeks));
        assert_eq!(rows(&metric, numbers(), None).unwrap()[1]["activity"], "a5");
    }

    #[test]
    fn a_metric_of_days_knows_no_activity() {
        let refused = rows(&metric(Per::Day), Vec::new(), Some(By::Activity)).unwrap_err();
        assert_eq!((refused.exit, refused.code.as_str()), (2, "invalid_parameter"));
    }
}
