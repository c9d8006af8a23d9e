//! What follows from a survey's definition: its items, their scales, its indexes.

use std::collections::{BTreeMap, BTreeSet};

use forms::question::{Choice, Kind, Question, Special, code};
use forms::{Definition, Localised, sidecar};

use super::{Problems, is_iri};
use crate::events::{Code, Feed, Index, Scale, SurveyFacts, SurveyGroup, SurveyItem};
use crate::instruments::{self, Scoring};
use crate::{Text, frameworks, iris};

/// A survey whose definition was read.
pub(super) struct Source<'a> {
    pub(super) id: &'a str,
    pub(super) version: &'a str,
    pub(super) title: Option<&'a Text>,
    pub(super) activities: &'a BTreeMap<String, String>,
    pub(super) definition: &'a Definition,
}

/// The facts of a survey; what is wrong goes to `problems`, with its `place` in the definition.
pub(super) fn facts(
    source: Source<'_>,
    problems: &mut Problems,
    place: impl Fn(&str) -> String,
) -> SurveyFacts {
    let definition = source.definition;
    let title = source.title.cloned().unwrap_or_else(|| text(&definition.title, &definition.language));
    problems.check(!title.sv.trim().is_empty(), || place("/title"), "a title, or one beside the definition");
    let (scales, items) = scales_and_items(&source);
    let facts = SurveyFacts {
        id: source.id.to_owned(),
        version: source.version.to_owned(),
        title,
        definition_sha256: definition.sha256,
        scales,
        items,
        indexes: indexes(definition),
        instrument: definition.sidecar.instrument.clone(),
        question_set: Some(definition.question_set),
        groups: groups(definition),
    };
    for (i, scale) in facts.scales.iter().enumerate() {
        for (k, _) in scale.codes.iter().enumerate().filter(|(_, code)| code.dont_know && code.positive) {
            let at = || place(&format!("/larka/scales/{i}/codes/{k}"));
            problems.check(false, at, "no `positive` beside `dont_know`");
        }
    }
    check_items(&source, &facts, problems, &place);
    check_indexes(&facts, problems, &place);
    check_instrument(&facts, problems, &place);
    for (i, group) in facts.groups.iter().enumerate() {
        let at = || place(&format!("/larka/groups/{i}/title"));
        problems.check(!group.title.sv.is_empty(), at, "a title");
    }
    facts
}

/// A text of the definition as readers see it: in Swedish, and in English where there is any; one line.
fn text(localised: &Localised, language: &str) -> Text {
    let line = |text: &str| {
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let own = (language.split('-').next() == Some("en")).then_some(&localised.default);
    let english = localised.by_language.get("en").or(own).map(|text| line(text));
    Text { sv: line(localised.get("sv")), en: english.filter(|text| !text.is_empty()) }
}

/// The sidecar's scales and those of questions that it does not name, and an item for each question with closed answers.
fn scales_and_items(source: &Source<'_>) -> (Vec<Scale>, Vec<SurveyItem>) {
    let definition = source.definition;
    let sidecar = &definition.sidecar;
    let mut scales: Vec<Scale> = sidecar.scales.iter().map(scale).collect();
    let lower: BTreeMap<String, &sidecar::Item> =
        sidecar.items.iter().map(|(name, item)| (name.to_lowercase(), item)).collect();
    let mut items = Vec::new();
    for question in definition.questions.iter().filter(|question| question.is_asked()) {
        let codes = answers(question, &definition.language);
        if codes.is_empty() {
            continue;
        }
        let title = text(&question.title, &definition.language);
        for (name, text, row) in named(question, title, &definition.language) {
            let scored = sidecar.items.get(&name).or_else(|| lower.get(&name.to_lowercase()).copied());
            let scale = match scored {
                Some(scored) => {
                    scales
                        .iter_mut()
                        .filter(|scale| scale.id == scored.scale)
                        .for_each(|scale| join(scale, &codes));
                    scored.scale.clone()
                }
                None => own_scale(&mut scales, sidecar.scales.len(), &question.name, &codes),
            };
            let activity = source.activities.get(&name).cloned();
            items.push(SurveyItem {
                activity: activity.unwrap_or_else(|| format!("{}/{}", source.id, iris::part(&name))),
                text,
                scale,
                reverse: scored.is_some_and(|scored| scored.reverse),
                required: question.conditions.required
                    || matches!(&question.kind, Kind::Matrix(matrix) if matrix.every_row),
                feeds: scored.and_then(|scored| scored.feeds.as_ref()).map(|feed| Feed {
                    framework: feed.framework.clone(),
                    competence: feed.competence.clone(),
                    levels: feed.levels.clone(),
                }),
                several: is_several(&question.kind),
                ranked: matches!(question.kind, Kind::Ranking(_)),
                groups: definition.asked_of(question, row),
                name,
            });
        }
    }
    for scale in &mut scales {
        for code in scale.codes.iter_mut().filter(|code| code.label.sv.is_empty()) {
            code.label.sv.clone_from(&code.code);
        }
    }
    (scales, items)
}

/// A scale of the sidecar; its labels are in the questions.
fn scale(scale: &sidecar::Scale) -> Scale {
    let code = |code: &sidecar::Code| Code {
        code: code.code.clone(),
        label: Text { sv: String::new(), en: None },
        score: code.score.map(sidecar::Score::fraction),
        positive: code.positive,
        dont_know: code.dont_know,
    };
    Scale { id: scale.id.clone(), codes: scale.codes.iter().map(code).collect() }
}

/// Gives a scale the labels of a question's answers, and at its end the answers that it does not score.
fn join(scale: &mut Scale, codes: &[Code]) {
    for answer in codes {
        match scale.codes.iter_mut().find(|code| code.code == answer.code) {
            Some(code) if code.label.sv.is_empty() => code.label.clone_from(&answer.label),
            Some(_) => {}
            None => scale.codes.push(Code { score: None, positive: false, ..answer.clone() }),
        }
    }
}

/// The id of the scale with these answers, beyond those of the sidecar; a new one is named after the question.
fn own_scale(scales: &mut Vec<Scale>, of_sidecar: usize, name: &str, codes: &[Code]) -> String {
    if let Some(scale) = scales.iter().skip(of_sidecar).find(|scale| scale.codes == codes) {
        return scale.id.clone();
    }
    let mut id = name.to_owned();
    while scales.iter().any(|scale| scale.id == id) {
        id.push('*');
    }
    scales.push(Scale { id: id.clone(), codes: codes.to_vec() });
    id
}

/// What a question may be answered with, where that is given; a rating's whole numbers are its scores.
fn answers(question: &Question, language: &str) -> Vec<Code> {
    let of_choice = |choice: &Choice| {
        let whole = choice.value.as_i64().filter(|_| matches!(question.kind, Kind::Rating(_)));
        Code {
            code: choice.code(),
            label: text(&choice.label, language),
            score: whole.map(|number| (number, 1)),
            positive: false,
            dont_know: choice.special == Some(Special::DontKnow),
        }
    };
    let of_boolean = |value: &serde_json::Value, label: &Localised, sv: &str, en: &str| {
        let own = text(label, language);
        let label = if own.sv.is_empty() { Text::new(sv, en) } else { own };
        Code { code: code(value), label, score: None, positive: false, dont_know: false }
    };
    match &question.kind {
        Kind::Boolean(boolean) => vec![
            of_boolean(&boolean.yes, &boolean.yes_label, "Ja", "Yes"),
            of_boolean(&boolean.no, &boolean.no_label, "Nej", "No"),
        ],
        _ => question.choices().iter().map(of_choice).collect(),
    }
}

/// A question's items by name: itself, or each row of a matrix.
fn named<'q>(question: &'q Question, title: Text, language: &str) -> Vec<(String, Text, Option<&'q Choice>)> {
    let rows = question.rows();
    if rows.is_empty() {
        return vec![(question.name.clone(), title, None)];
    }
    let row = |row: &'q Choice| {
        let own = text(&row.label, language);
        let both = |title: &str, row: &str| format!("{title}: {row}");
        let english = (title.en.is_some() || own.en.is_some()).then(|| both(title.english(), own.english()));
        let text = Text { sv: both(&title.sv, &own.sv), en: english };
        (format!("{}.{}", question.name, row.code()), text, Some(row))
    };
    rows.iter().map(row).collect()
}

fn is_several(kind: &Kind) -> bool {
    matches!(kind, Kind::Ranking(_)) || matches!(kind, Kind::Choice(choice) if choice.several)
}

fn groups(definition: &Definition) -> Vec<SurveyGroup> {
    let group = |group: &sidecar::Group| SurveyGroup {
        id: group.id.clone(),
        title: text(&group.title.localised(), &definition.language),
    };
    definition.sidecar.groups.iter().map(group).collect()
}

fn indexes(definition: &Definition) -> Vec<Index> {
    let index = |index: &sidecar::Index| Index {
        id: index.id.clone(),
        title: text(&index.title.localised(), &definition.language),
        items: index.items.clone(),
        parts: index.parts.clone(),
        by_items: index.by_items,
        ends: index.ends,
    };
    definition.sidecar.indexes.iter().map(index).collect()
}

fn check_items(
    source: &Source<'_>,
    facts: &SurveyFacts,
    problems: &mut Problems,
    place: &impl Fn(&str) -> String,
) {
    problems.check(!facts.items.is_empty(), || place(""), "at least one question with given answers");
    let mut activities = BTreeSet::new();
    for item in &facts.items {
        let at = || place(&format!("/larka/items/{}", pointer(&item.name)));
        let own = source.definition.question(&item.name).map_or("", |question| &question.place);
        problems.check(is_iri(&item.activity), || place(own), "an IRI in `activities`");
        let unique = activities.insert(&item.activity);
        problems.check(unique, || place(own), "an IRI in `activities` that no other item has");
        let scale = facts.scales.iter().find(|scale| scale.id == item.scale);
        let plain = |code: &Code| !code.code.contains("[,]") && !code.code.contains("[.]");
        let plain = scale.is_none_or(|scale| scale.codes.iter().all(plain));
        problems.check(plain, || place(own), "answers whose values are without [,] and [.]");
        let Some(feeds) = &item.feeds else { continue };
        problems.check(!item.several, at, "no `feeds`: the answer is several choices");
        let framework = frameworks::framework(&feeds.framework);
        let at = |field: &str| format!("{}/feeds/{field}", at());
        problems.check(framework.is_some(), || at("framework"), "the id of a framework");
        let Some(framework) = framework else { continue };
        let known = framework.competence(&feeds.competence).is_some();
        problems.check(known, || at("competence"), "the code of a competence of the framework");
        let levels = 1..=framework.top();
        let within = feeds.levels.values().all(|level| levels.contains(level));
        problems.check(within, || at("levels"), "levels of the framework");
    }
    let known =
        |name: &String| facts.items.iter().any(|item| item.name.to_lowercase() == name.to_lowercase());
    for name in source.definition.sidecar.items.keys().filter(|name| !known(name)) {
        let at = || place(&format!("/larka/items/{}", pointer(name)));
        problems.check(false, at, "the name of a question with given answers");
    }
    for name in source.activities.keys().filter(|name| facts.items.iter().all(|item| item.name != **name)) {
        let at = || format!("{}/activities/{}", place("").trim_end_matches("/definition"), pointer(name));
        problems.check(false, at, "the name of a question with given answers");
    }
}

fn check_indexes(facts: &SurveyFacts, problems: &mut Problems, place: &impl Fn(&str) -> String) {
    for (j, index) in facts.indexes.iter().enumerate() {
        let at = |field: &str| place(&format!("/larka/indexes/{j}/{field}"));
        problems.check(!index.id.is_empty(), || at("id"), "an id");
        problems.check(!index.title.sv.is_empty(), || at("title"), "a title");
        let scored = |name: &String| {
            let item = facts.items.iter().find(|item| item.name == *name && !item.several);
            let scale = item.and_then(|item| facts.scales.iter().find(|scale| scale.id == item.scale));
            scale.is_some_and(|scale| scale.codes.iter().any(|code| code.score.is_some()))
        };
        problems.check(index.items.iter().all(scored), || at("items"), "names of items with scores");
        let once = |names: &[String]| names.iter().collect::<BTreeSet<_>>().len() == names.len();
        problems.check(once(&index.items) && once(&index.parts), || at("items"), "each name once");
        let wide = index.ends.is_none_or(|(low, high)| low < high);
        problems.check(wide, || at("ends"), "a lower and a higher score");
    }
}

fn check_instrument(facts: &SurveyFacts, problems: &mut Problems, place: &impl Fn(&str) -> String) {
    let Some(id) = &facts.instrument else { return };
    let instrument = instruments::instrument(id);
    problems.check(instrument.is_some(), || place("/larka/instrument"), "the id of an instrument");
    let Some(instrument) = instrument else { return };
    for item in &facts.items {
        let at = |rest: &str| place(&format!("/larka/items/{}/{rest}", pointer(&item.name)));
        let Some(feeds) = &item.feeds else { continue };
        let same = feeds.framework == instrument.framework;
        problems.check(same, || at("feeds/framework"), "the framework of the instrument");
        match &instrument.scoring {
            Scoring::Levels(levels) => {
                let scored = feeds.levels.iter().all(|(code, level)| levels.get(code) == Some(level));
                problems.check(scored, || at("feeds/levels"), "codes and levels of the instrument");
            }
            Scoring::AreasInPercent(_) => {
                problems.check(feeds.levels.is_empty(), || at("feeds/levels"), "none: areas are scored");
                let scale = facts.scales.iter().find(|scale| scale.id == item.scale);
                let scores = scale.into_iter().flat_map(|scale| &scale.codes).filter_map(|code| code.score);
                let scores: BTreeSet<_> = scores.collect();
                problems.check(scores.len() > 1, || at("scale"), "a scale with two scores or more");
            }
        }
    }
}

/// A name as part of a JSON pointer.
fn pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
