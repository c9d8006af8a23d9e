//! What is particular to a type: choices, scales, and columns that XLSForm has not.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::choices::{Choice, texts};
use super::places::ROW;
use super::sheet::{Sheet, yes};
use crate::question::Special;
use crate::refusal::Refusals;

/// What the column `special` calls a choice that stands for something.
pub(crate) fn special_name(special: Special) -> &'static str {
    match special {
        Special::DontKnow => "dont_know",
        other => other.code(),
    }
}

/// Fills in the choices of a list.
pub(super) fn choices(
    survey: &Sheet,
    number: usize,
    row: &[String],
    choices: &[Choice],
    element: &mut Json,
    refusals: &mut Refusals,
) -> Option<()> {
    let filter = survey.get(row, "choice_filter");
    // A column compared with a question: each choice is offered where the question's answer is what its column says.
    let mut sides = filter.splitn(2, '=').map(str::trim);
    let (one, other) = (sides.next().unwrap_or_default(), sides.next().unwrap_or_default());
    let (column, question) = if one.starts_with("${") { (other, one) } else { (one, other) };
    let question = question.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let column = column.to_lowercase();
    let compared = !filter.is_empty() && choices.iter().any(|choice| choice.more.contains_key(&column));
    if !filter.is_empty() && (question.is_none() || !compared) {
        refusals.add(
            &survey.place(number, "choice_filter"),
            "ska jämföra en kolumn i choices med en fråga: kommun = ${kommun}",
            "has to compare a column of choices with a question: town = ${town}",
        );
        return None;
    }
    let mut items = Vec::new();
    for choice in choices {
        if let Some(special) = choice.more.get("special") {
            let is_named = |known: &Special| special_name(*known) == special && known.code() == choice.name;
            let known = Special::ALL.into_iter().find(is_named);
            let Some(known) = known.filter(|_| element["type"] != "ranking") else {
                refusals.add(
                    &format!("choices, {}, special", choice.number),
                    "ska vara other, none, refused eller dont_know, med namnen other, none, refused och dontknow, och inte i rank",
                    "has to be other, none, refused or dont_know, with the names other, none, refused and dontknow, and not in rank",
                );
                continue;
            };
            let (shown, text) = known.properties();
            element[shown] = true.into();
            element[text] = choice.label.clone();
            continue;
        }
        let mut item = json!({"value": choice.name, "text": choice.label, ROW: choice.number});
        if let Some(question) = question {
            let wanted = choice.more.get(&column).map_or("", String::as_str);
            item["visibleIf"] = json!(if wanted.is_empty() {
                format!("{{{question}}} empty")
            } else {
                format!("{{{question}}} = '{wanted}'")
            });
        }
        items.push(item);
    }
    element["choices"] = items.into();
    Some(())
}

/// Fills in what columns of our own say.
pub(super) fn own(
    survey: &Sheet,
    number: usize,
    row: &[String],
    element: &mut Json,
    refusals: &mut Refusals,
) {
    let kind = element["type"].as_str().unwrap_or_default().to_owned();
    let mut misplaced = Vec::new();
    for (column, property) in [("lowest", "minRateDescription"), ("highest", "maxRateDescription")] {
        match texts(survey, number, row, column, refusals) {
            Some(text) if kind == "rating" => element[property] = text,
            Some(_) => misplaced.push((column, "range")),
            None => {}
        }
    }
    match survey.get(row, "max_length") {
        "" => {}
        length => match length.parse::<u32>() {
            Ok(length) if ["text", "comment"].contains(&kind.as_str()) && length > 0 => {
                element["maxLength"] = length.into()
            }
            _ => misplaced.push(("max_length", "text")),
        },
    }
    match (yes(survey.get(row, "some")), kind.as_str()) {
        (false, _) => {}
        (true, "ranking") => element["selectToRankEnabled"] = true.into(),
        (true, _) => misplaced.push(("some", "rank")),
    }
    match survey.get(row, "as") {
        "" => {}
        "boolean" if boolean(element) => {}
        _ => misplaced.push(("as", "select_one (true, false)")),
    }
    for (column, of) in misplaced {
        let (sv, en) = (format!("hör till {of}"), format!("belongs to {of}"));
        refusals.add(&survey.place(number, column), sv, en);
    }
}

/// A choice of true and false, as what it is; whether it is one.
fn boolean(element: &mut Json) -> bool {
    let labels = |element: &Json| {
        let choices = element["choices"].as_array()?;
        let label = |code: &str| {
            choices.iter().find(|choice| choice["value"] == code).map(|choice| choice["text"].clone())
        };
        (element["type"] == "radiogroup" && choices.len() == 2).then_some([label("true")?, label("false")?])
    };
    let (Some([yes, no]), Some(fields)) = (labels(element), element.as_object_mut().map(std::mem::take))
    else {
        return false;
    };
    let kept = fields.into_iter().filter(|(name, _)| name != "choices");
    *element = kept.collect();
    element["type"] = "boolean".into();
    element["labelTrue"] = yes;
    element["labelFalse"] = no;
    true
}

/// A scale of numbers.
pub(super) fn range(survey: &Sheet, number: usize, row: &[String], refusals: &mut Refusals) -> Option<Json> {
    let mut limits = BTreeMap::from([("start", 1.0_f64), ("end", 10.0), ("step", 1.0)]);
    for part in survey.get(row, "parameters").split([' ', ';', ',']).filter(|part| !part.is_empty()) {
        let given =
            part.split_once('=').and_then(|(name, value)| Some((limits.get_mut(name)?, value.parse().ok()?)));
        match given {
            Some((limit, value)) => *limit = value,
            None => refusals.add(
                &survey.place(number, "parameters"),
                "ska vara start=1 end=10 step=1",
                "has to be start=1 end=10 step=1",
            ),
        }
    }
    let (start, end, step) = (limits["start"], limits["end"], limits["step"]);
    let steps = ((end - start) / step).floor();
    if !(1.0..=100.0).contains(&steps) {
        refusals.add(
            &survey.place(number, "parameters"),
            "skalan ska ha 2 till 101 steg",
            "the scale has to have 2 to 101 steps",
        );
        return None;
    }
    let values = (0..=steps as u32)
        .map(|at| crate::values::number_json(crate::values::rounded(start + step * f64::from(at), 6)));
    Some(json!({"type": "rating", "rateValues": values.collect::<Vec<Json>>()}))
}
