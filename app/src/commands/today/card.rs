//! An insight as a card of eighty columns.

use fitness::weather::Outlook;
use jiff::civil::Date;
use serde::Deserialize;

use super::ink::{Page, Style};
use crate::commands::weather::{age, in_short};
use crate::units;

const WIDTH: usize = 80;
const LABEL_WIDTH: usize = 14;

/// What a card shows of an insight.
#[derive(Debug, Deserialize)]
pub(crate) struct Insight {
    date: String,
    today: Option<Advice>,
    trend: Option<Trend>,
    predictions: Option<Predictions>,
    forecast: Option<Outlook>,
    #[serde(default)]
    contributors: Vec<Contributor>,
    counted: Option<Counted>,
    next: Option<Next>,
    #[serde(default)]
    rules: Vec<Rule>,
    #[serde(default)]
    missing: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Advice {
    text: String,
    why: String,
    rule: String,
    source: Option<Place>,
    cap: Option<Cap>,
}

#[derive(Debug, Deserialize)]
struct Cap {
    #[serde(default)]
    estimated: bool,
}

#[derive(Debug, Deserialize)]
struct Place {
    path: String,
    line: u32,
}

#[derive(Debug, Deserialize)]
struct Trend {
    word: String,
    number: f64,
    period_days: u32,
}

#[derive(Debug, Deserialize)]
struct Predictions {
    #[serde(default)]
    items: Vec<Prediction>,
    needs: Option<Needs>,
}

#[derive(Debug, Deserialize)]
struct Prediction {
    distance: String,
    seconds: f64,
    low: f64,
    high: f64,
    change_s: Option<f64>,
    confidence: String,
    basis: Basis,
}

#[derive(Debug, Deserialize)]
struct Basis {
    window_days: i64,
    hard_efforts: u32,
    newest_days: i64,
}

#[derive(Debug, Deserialize)]
struct Needs {
    message: String,
}

#[derive(Debug, Deserialize)]
struct Contributor {
    name: String,
    value: f64,
    unit: String,
    usual: Option<Usual>,
    word: Option<String>,
    from: String,
    to: String,
}

#[derive(Debug, Deserialize)]
struct Usual {
    low: f64,
    high: f64,
}

#[derive(Debug, Deserialize)]
struct Counted {
    days: u32,
    sports: Vec<Sport>,
    left_out: Vec<LeftOut>,
    notes: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Sport {
    sport: String,
    activities: usize,
    hours: f64,
    load: f64,
}

#[derive(Debug, Deserialize)]
struct LeftOut {
    sport: Option<String>,
    activities: u32,
    why: String,
}

#[derive(Debug, Deserialize)]
struct Next {
    pick: String,
    minutes: Option<u32>,
    why: String,
    rule: String,
}

#[derive(Debug, Deserialize)]
struct Rule {
    id: String,
    verdict: String,
    pick: Option<String>,
    weight: Option<u32>,
    why: Option<String>,
}

impl Insight {
    /// The card; with a date it is of that day, else of today, and its forecast is as old as it is at that moment.
    pub(super) fn card(&self, asked_for: Option<Date>, now_ms: i64) -> Page {
        let mut page = Page::default();
        let day = self
            .date
            .parse::<Date>()
            .map_or_else(|_| self.date.clone(), |day| day.strftime("%a %-d %b %Y").to_string());
        page.line([(Style::Dim, if asked_for.is_some() { day } else { format!("TODAY · {day}") })]);
        match &self.today {
            Some(advice) => {
                page.line([(Style::Bold, advice.text.clone())]);
                for line in wrapped(&advice.why, WIDTH) {
                    page.line([(Style::Plain, line)]);
                }
            }
            None => page.line([(Style::Bold, "No rule had anything to say.".to_owned())]),
        }
        page.blank();
        self.contributors.iter().for_each(|contributor| contributor.show(&mut page));
        if let Some(Trend { word, number, period_days }) = &self.trend {
            let text = format!("{word}: fitness {} in {period_days} days", units::signed(*number, 1));
            labelled(&mut page, "Trend", &text);
        }
        if let Some(predictions) = &self.predictions {
            predictions.show(&mut page);
        }
        if let Some(counted) = &self.counted {
            counted.show(&mut page);
        }
        if let Some(outlook) = &self.forecast {
            let age = asked_for.is_none().then(|| format!(" · {}", age(outlook, now_ms)));
            let told = format!("{}{} · {}", in_short(outlook), age.unwrap_or_default(), outlook.attribution);
            labelled(&mut page, "Weather", &told);
        }
        page.blank();
        self.trace(&mut page);
        page
    }

    fn trace(&self, page: &mut Page) {
        if let Some(advice) = &self.today {
            labelled(page, "Rule", &self.winner(advice));
        }
        if let Some(Next { pick, minutes, why, rule }) = &self.next {
            let minutes = minutes.map(|minutes| format!(", {minutes} minutes")).unwrap_or_default();
            labelled(page, "Next best", &format!("{rule}: {pick}{minutes}. {why}"));
        }
        let next = self.next.as_ref().map(|next| next.rule.as_str());
        for rule in self.with_verdict("lost").filter(|rule| Some(rule.id.as_str()) != next) {
            labelled(page, "Outvoted", &rule.outvoted());
        }
        for (verdict, label) in [("failed", "Failed"), ("missing", "Missing")] {
            for rule in self.with_verdict(verdict) {
                let why = rule.why.as_deref().unwrap_or("no reason is told");
                labelled(page, label, &format!("{}: {why}", rule.id));
            }
        }
        let silent: Vec<&str> = self.with_verdict("silent").map(|rule| rule.id.as_str()).collect();
        if !silent.is_empty() {
            labelled(page, "Silent", &silent.join(", "));
        }
        if !self.missing.is_empty() {
            labelled(page, "Not known", &self.missing.join(", "));
        }
        if self.today.as_ref().and_then(|advice| advice.cap.as_ref()).is_some_and(|cap| cap.estimated) {
            labelled(
                page,
                "Estimated",
                "the threshold heart rate; `paceline athlete set --lthr` gives yours",
            );
        }
    }

    fn with_verdict(&self, verdict: &'static str) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.verdict == verdict)
    }

    fn winner(&self, advice: &Advice) -> String {
        let weight = self.rules.iter().find(|rule| rule.id == advice.rule).and_then(|rule| rule.weight);
        let weight = weight.map(|weight| format!(", weight {weight}")).unwrap_or_default();
        let source = advice.source.as_ref().map(|place| format!(", {}:{}", place.path, place.line));
        format!("{}{weight}{}", advice.rule, source.unwrap_or_default())
    }
}

impl Contributor {
    fn show(&self, page: &mut Page) {
        let usual = self.usual.as_ref().map_or_else(
            || "usual not known yet".to_owned(),
            |usual| format!("usual {} to {}", usual.low, usual.high),
        );
        let word = self.word.clone().unwrap_or_default();
        let style = match word.as_str() {
            "low" => Style::Low,
            "high" => Style::High,
            _ => Style::Plain,
        };
        let value = format!(
            "{}{}",
            self.value,
            if self.unit.is_empty() { String::new() } else { format!(" {}", self.unit) }
        );
        page.line([
            (Style::Dim, format!("{:<LABEL_WIDTH$}", self.name)),
            (Style::Plain, format!("{value:>8}  {usual:<21}")),
            (style, format!("{word:<7}")),
            (Style::Dim, format!("{} to {}", self.from, self.to)),
        ]);
    }
}

impl Predictions {
    fn show(&self, page: &mut Page) {
        for item in &self.items {
            let change = item.change_s.map(|change| format!(", {} in 28 days", change_text(change)));
            let (time, low, high) = (clock(item.seconds), clock(item.low), clock(item.high));
            let text = format!("{time:>8}  {low} to {high}{}", change.unwrap_or_default());
            page.line([(Style::Dim, format!("{:<LABEL_WIDTH$}", item.distance)), (Style::Plain, text)]);
        }
        if let Some(Prediction { confidence, basis, .. }) = self.items.first() {
            let efforts = units::count(basis.hard_efforts as usize, "hard effort", "hard efforts");
            let newest = units::count(usize::try_from(basis.newest_days).unwrap_or(0), "day", "days");
            let days = basis.window_days;
            labelled(
                page,
                "",
                &format!("{confidence} confidence: {efforts} in {days} days, newest {newest} old"),
            );
        }
        if let Some(needs) = &self.needs {
            labelled(page, "Predicted", &needs.message);
        }
    }
}

impl Counted {
    fn show(&self, page: &mut Page) {
        let sport = |sport: &Sport| {
            format!("{} {} ({:.1} h, load {:.0})", sport.sport, sport.activities, sport.hours, sport.load)
        };
        let sports: Vec<String> = self.sports.iter().map(sport).collect();
        if !sports.is_empty() {
            labelled(page, "Counted", &format!("in {} days: {}", self.days, sports.join(", ")));
        }
        for left in &self.left_out {
            let what = left.sport.as_deref().unwrap_or("records");
            labelled(page, "Not counted", &format!("{what} {}: {}", left.activities, left.why));
        }
        self.notes.iter().for_each(|note| labelled(page, "", note));
    }
}

impl Rule {
    fn outvoted(&self) -> String {
        let pick = self.pick.as_deref().unwrap_or("nothing");
        let weight = self.weight.map(|weight| format!(", weight {weight}")).unwrap_or_default();
        format!("{} said {pick}{weight}: {}", self.id, self.why.as_deref().unwrap_or_default())
    }
}

fn clock(seconds: f64) -> String {
    units::duration(seconds)
}

fn change_text(seconds: f64) -> String {
    let sign = if seconds < 0.0 { '-' } else { '+' };
    format!("{sign}{}", clock(seconds.abs()))
}

/// A label and a paragraph that hangs beside it.
fn labelled(page: &mut Page, label: &str, text: &str) {
    for (index, line) in wrapped(text, WIDTH - LABEL_WIDTH).into_iter().enumerate() {
        let label = if index == 0 { label } else { "" };
        page.line([(Style::Dim, format!("{label:<LABEL_WIDTH$}")), (Style::Plain, line)]);
    }
}

/// Lines of at most so many letters; a word that is longer stands alone.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let length = |text: &str| text.chars().count();
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if length(line) + 1 + length(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
