//! What a heading stands for: in LimeSurvey's spelling, in that of its expression manager, or in SurveyJS's.

use super::row::Format;
use crate::definition::Definition;
use crate::question::{Kind, RESPONDENT_GROUP, Special};

/// What is not an answer, by why it is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beside {
    /// Who answered, or from where: token, address, referrer, name.
    Identity,
    /// When.
    Time,
    /// In which order: number and seed.
    Order,
    /// Language, last page.
    Other,
    /// A file that was uploaded, or how many: the file itself is not there.
    Upload,
    /// What the definition computes by itself.
    Computed,
    /// The column that says who answered, as was asked for.
    Respondent,
    /// The column that says of which unit or role respondents are, as was asked for.
    Place,
    /// The group of respondents that somebody is of.
    Group,
    /// Left out as was asked for.
    AsAsked,
}

impl Beside {
    /// Its name, as answers of commands have it.
    pub fn name(self) -> &'static str {
        match self {
            Beside::Identity => "identity",
            Beside::Group => "group",
            Beside::Time => "time",
            Beside::Order => "order",
            Beside::Other => "other",
            Beside::Upload => "upload",
            Beside::Computed => "computed",
            Beside::Respondent => "respondent",
            Beside::Place => "place",
            Beside::AsAsked => "as-asked",
        }
    }
}

/// What a column's cells are, by the question's place among the questions.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Target {
    Beside(Beside),
    /// The whole answer.
    Whole(usize),
    /// Whether one of several choices was made, by its place.
    Choice(usize, usize),
    /// The text of "other".
    Other(usize),
    /// The text beside the answer.
    Comment(usize),
    /// The answer in a row of a matrix, by the row's place.
    Row(usize, usize),
    /// What was ranked in this place, counted from 1.
    Rank(usize, usize),
    /// No question is called so.
    Unknown,
}

/// Finds out what a heading stands for among the file's others.
pub(super) fn target(definition: &Definition, format: Format, heading: &str, headings: &[String]) -> Target {
    if heading == RESPONDENT_GROUP && !definition.sidecar.groups.is_empty() {
        return Target::Beside(Beside::Group);
    }
    if format.is_limesurveys()
        && let Some(beside) = limesurveys(heading, headings)
    {
        return Target::Beside(beside);
    }
    if let Some(target) = whole(definition, heading) {
        return target;
    }
    if let Some(at) = heading.strip_suffix("-Comment").and_then(|name| asked(definition, name)) {
        return Target::Comment(at);
    }
    let codes = |code: &str| format!("{heading}{code}");
    if format.is_limesurveys()
        && ["[filecount]", "_filecount"].iter().any(|code| headings.contains(&codes(code)))
    {
        return Target::Beside(Beside::Upload);
    }
    if let Some(part) = split(heading).into_iter().find_map(|(base, rest)| part(definition, base, rest)) {
        return part;
    }
    let scale = split_scale(heading).and_then(|(base, row, scale)| {
        let at = asked(definition, &format!("{base}_{scale}"))?;
        row_of(definition, at, &row)
    });
    if let Some(target) = scale {
        return target;
    }
    // A question for each part, called as LimeSurvey's expression manager calls it.
    let plain = heading.replace("][", "_").replace('[', "_").replace(']', "");
    if let Some(target) = whole(definition, &plain) {
        return target;
    }
    if format.is_limesurveys() && is_participants(heading) {
        return Target::Beside(Beside::Identity);
    }
    Target::Unknown
}

/// The columns that LimeSurvey adds.
fn limesurveys(heading: &str, headings: &[String]) -> Option<Beside> {
    let timed = || headings.iter().any(|heading| heading == "interviewtime");
    Some(match heading {
        "id" | "seed" => Beside::Order,
        "submitdate" | "startdate" | "datestamp" | "interviewtime" => Beside::Time,
        "token" | "ipaddr" | "refurl" => Beside::Identity,
        "lastpage" | "startlanguage" => Beside::Other,
        _ if heading.ends_with("[filecount]") || heading.ends_with("_filecount") => Beside::Upload,
        _ => {
            let group = heading.strip_prefix("groupTime");
            if group.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) && timed() {
                return Some(Beside::Time);
            }
            let question = heading.strip_suffix("Time").filter(|_| timed())?;
            let known = |name: &String| {
                name.strip_prefix(question)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '_']))
            };
            headings.iter().any(known).then_some(Beside::Time)?
        }
    })
}

/// What LimeSurvey adds of its participants, where it is asked to.
fn is_participants(heading: &str) -> bool {
    matches!(heading, "firstname" | "lastname" | "email") || heading.starts_with("attribute_")
}

fn asked(definition: &Definition, name: &str) -> Option<usize> {
    let at = definition.by_name.get(&name.to_lowercase()).copied()?;
    let question = &definition.questions[at];
    (question.name == name && question.is_asked()).then_some(at)
}

fn whole(definition: &Definition, name: &str) -> Option<Target> {
    if let Some(at) = asked(definition, name) {
        return Some(Target::Whole(at));
    }
    let shown = definition.question(name).is_some_and(|question| question.name == name);
    let computed = shown || definition.calculated.iter().any(|value| value.name == name);
    computed.then_some(Target::Beside(Beside::Computed))
}

/// Every way to take a heading apart into a question and a part of it, the longest question first.
fn split(heading: &str) -> Vec<(&str, &str)> {
    if let Some((base, rest)) = heading.split_once('[') {
        return rest.strip_suffix(']').map(|rest| (base, rest)).into_iter().collect();
    }
    if let Some(parts) = heading.rsplit_once('.') {
        return vec![parts];
    }
    let cuts = heading.rmatch_indices('_').map(|(at, _)| at);
    cuts.map(|at| (&heading[..at], &heading[at + 1..])).collect()
}

/// A question, a row and a scale: `dual[row][1]`, or with the scales counted from 0 `dual_row_0`.
fn split_scale(heading: &str) -> Option<(&str, String, usize)> {
    if let Some((base, rest)) = heading.split_once('[') {
        let (row, scale) = rest.strip_suffix(']')?.split_once("][")?;
        return Some((base, row.to_owned(), scale.parse().ok()?));
    }
    let (front, scale) = heading.rsplit_once('_')?;
    let (base, row) = front.split_once('_')?;
    Some((base, row.to_owned(), scale.parse::<usize>().ok()? + 1))
}

fn part(definition: &Definition, base: &str, rest: &str) -> Option<Target> {
    let at = asked(definition, base)?;
    let question = &definition.questions[at];
    if rest == "comment" && question.takes_comment() {
        return Some(Target::Comment(at));
    }
    let others = |special| special == Some(Special::Other);
    if rest == "other" && question.choices().iter().any(|choice| others(choice.special)) {
        return Some(Target::Other(at));
    }
    match &question.kind {
        Kind::Choice(choice) if choice.several => {
            let place = choice.choices.iter().position(|choice| choice.code() == rest)?;
            Some(Target::Choice(at, place))
        }
        Kind::Ranking(ranking) => {
            let place = rest.parse().ok().filter(|place| (1..=ranking.choices.len()).contains(place))?;
            Some(Target::Rank(at, place))
        }
        Kind::Matrix(_) => row_of(definition, at, rest),
        _ => None,
    }
}

fn row_of(definition: &Definition, at: usize, row: &str) -> Option<Target> {
    let place = definition.questions[at].rows().iter().position(|known| known.code() == row)?;
    Some(Target::Row(at, place))
}
