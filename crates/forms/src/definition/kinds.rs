//! Reading what is particular to each type of question.

use serde_json::Value as Json;

use super::advice;
use super::reader::{Object, Reader};
use crate::question::{
    Boolean, Choice, ChoiceKind, CommentField, Input, Kind, Matrix, Ranking, Rating, Rule, Special,
    TextField, Validator, code,
};
use crate::text::{Localised, composed};

const MOST_CHOICES: usize = 1_000;
/// Longest pattern, in bytes, and the size that it may be compiled to.
const LONGEST_PATTERN: usize = 1_000;
const PATTERN_SIZE: usize = 1 << 20;

/// Every question's properties.
pub(super) const COMMON: &[&str] = &[
    "type",
    "name",
    "title",
    "description",
    "visible",
    "visibleIf",
    "enableIf",
    "requiredIf",
    "isRequired",
    "readOnly",
    "requiredErrorText",
    "validators",
];
const COMMENT: &[&str] = &["hasComment", "showCommentArea", "commentText"];
const SPECIAL: &[&str] = &[
    "choices",
    "hasOther",
    "showOtherItem",
    "otherText",
    "hasNone",
    "showNoneItem",
    "noneText",
    "showDontKnowItem",
    "dontKnowText",
    "showRefuseItem",
    "refuseText",
];
const SELECTED: &[&str] = &["minSelectedChoices", "maxSelectedChoices"];

/// Reads what is particular to a type and refuses properties that it has not. `None` where there is no such type.
pub(super) fn read(reader: &mut Reader, object: Object<'_>, kind: &str) -> Option<Kind> {
    match kind {
        "radiogroup" | "dropdown" => {
            reader.only(object, &[COMMON, COMMENT, SPECIAL, &["placeholder"]]);
            Some(choice(reader, object, false, kind == "dropdown"))
        }
        "checkbox" | "tagbox" => {
            reader.only(object, &[COMMON, COMMENT, SPECIAL, SELECTED, &["placeholder"]]);
            Some(choice(reader, object, true, kind == "tagbox"))
        }
        "rating" => {
            let own = &[
                "rateValues",
                "rateMin",
                "rateMax",
                "rateStep",
                "rateCount",
                "minRateDescription",
                "maxRateDescription",
            ];
            reader.only(object, &[COMMON, COMMENT, own]);
            Some(rating(reader, object))
        }
        "boolean" => {
            reader.only(
                object,
                &[COMMON, COMMENT, &["valueTrue", "valueFalse", "labelTrue", "labelFalse", "label"]],
            );
            Some(Kind::Boolean(Boolean {
                yes: object.get("valueTrue").cloned().unwrap_or(Json::Bool(true)),
                no: object.get("valueFalse").cloned().unwrap_or(Json::Bool(false)),
                yes_label: reader.localised(object, "labelTrue").unwrap_or_else(yes),
                no_label: reader.localised(object, "labelFalse").unwrap_or_else(no),
            }))
        }
        "text" => {
            reader.only(
                object,
                &[COMMON, &["inputType", "min", "max", "maxLength", "placeholder", "placeHolder", "step"]],
            );
            Some(text(reader, object))
        }
        "comment" => {
            reader.only(object, &[COMMON, &["maxLength", "rows", "placeholder", "placeHolder"]]);
            Some(Kind::Comment(CommentField {
                max_length: reader.count(object, "maxLength"),
                lines: reader.count(object, "rows").unwrap_or(4).min(50),
                placeholder: placeholder(reader, object),
            }))
        }
        "matrix" => {
            reader.only(
                object,
                &[COMMON, COMMENT, &["rows", "columns", "eachRowRequired", "isAllRowRequired"]],
            );
            let rows = choices(reader, object, "rows", true);
            let columns = choices(reader, object, "columns", false);
            for (name, list) in [("rows", &rows), ("columns", &columns)] {
                if list.is_empty() {
                    reader.refusals.add(
                        &object.at(name),
                        "matrisen saknar rader eller kolumner",
                        "the matrix has no rows or no columns",
                    );
                }
            }
            let every_row =
                ["eachRowRequired", "isAllRowRequired"].map(|name| reader.bool(object, name) == Some(true));
            Some(Kind::Matrix(Matrix { rows, columns, every_row: every_row.contains(&true) }))
        }
        "ranking" => {
            reader.only(object, &[COMMON, COMMENT, SELECTED, &["choices", "selectToRankEnabled"]]);
            Some(Kind::Ranking(Ranking {
                choices: some(reader, object, "choices"),
                selected: reader.bool(object, "selectToRankEnabled") == Some(true),
                at_least: reader.count(object, "minSelectedChoices"),
                at_most: reader.count(object, "maxSelectedChoices"),
            }))
        }
        "html" => {
            reader.only(object, &[&["type", "name", "html", "visible", "visibleIf"]]);
            let mut html = reader.localised(object, "html").unwrap_or_default();
            if let Some(tag) = html.all().find_map(|(_, text)| forbidden(text)) {
                reader.refusals.instead(
                    &object.at("html"),
                    (format!("{tag} tas inte emot"), format!("{tag} is not taken")),
                    (
                        "text, rubriker, listor, betoning och länkar",
                        "text, headings, lists, emphasis and links",
                    ),
                );
            }
            html.default = clean(&html.default);
            html.by_language.values_mut().for_each(|text| *text = clean(text));
            Some(Kind::Html(html))
        }
        "expression" => {
            reader.only(
                object,
                &[&["type", "name", "title", "description", "visible", "visibleIf", "expression"]],
            );
            Some(Kind::Expression(reader.condition(object, "expression")))
        }
        _ => {
            let what = (
                format!("frågetypen {kind} tas inte emot"),
                format!("the question type {kind} is not taken"),
            );
            reader.refusals.instead(&object.at("type"), what, advice::of_type(kind));
            None
        }
    }
}

/// The first thing in a text that does something, is fetched from elsewhere, or is not text.
fn forbidden(html: &str) -> Option<&'static str> {
    let lower = html.to_lowercase();
    let tags = [
        "<script", "<iframe", "<object", "<embed", "<form", "<input", "<style", "<link", "<img", "<svg",
        "<video", "<audio",
    ];
    tags.into_iter().find(|tag| lower.contains(tag)).map(|tag| &tag[1..])
}

fn clean(html: &str) -> String {
    let tags = [
        "a",
        "p",
        "br",
        "b",
        "strong",
        "i",
        "em",
        "u",
        "ul",
        "ol",
        "li",
        "h2",
        "h3",
        "h4",
        "span",
        "div",
        "blockquote",
    ];
    ammonia::Builder::default()
        .tags(tags.into())
        .url_schemes(["https", "http", "mailto", "tel"].into())
        .generic_attributes(["lang", "dir"].into())
        .clean(html)
        .to_string()
}

fn placeholder(reader: &mut Reader, object: Object<'_>) -> Localised {
    let names = ["placeholder", "placeHolder"];
    names.into_iter().find_map(|name| reader.localised(object, name)).unwrap_or_default()
}

fn both(sv: &str, en: &str) -> Localised {
    let mut text = Localised::default();
    text.by_language.insert("sv".to_owned(), sv.to_owned());
    text.by_language.insert("en".to_owned(), en.to_owned());
    text.default = sv.to_owned();
    text
}

fn yes() -> Localised {
    both("Ja", "Yes")
}

fn no() -> Localised {
    both("Nej", "No")
}

fn choice(reader: &mut Reader, object: Object<'_>, several: bool, menu: bool) -> Kind {
    let mut choices = some(reader, object, "choices");
    for special in Special::ALL {
        let (switch, label) = special.properties();
        let (older, words) = match special {
            Special::NoneOfThem => (Some("hasNone"), both("Inget av detta", "None of these")),
            Special::Refused => (None, both("Vill inte svara", "Prefer not to say")),
            Special::DontKnow => (None, both("Vet inte", "Do not know")),
            Special::Other => (Some("hasOther"), both("Annat", "Other")),
        };
        let value = special.code();
        let on = [switch].into_iter().chain(older).any(|switch| reader.bool(object, switch) == Some(true));
        let written = reader.localised(object, label);
        if !on {
            continue;
        }
        if choices.iter().any(|choice| choice.code() == value) {
            reader.refusals.add(
                &object.at("choices"),
                format!("{value} står två gånger: som alternativ och som särskilt svar"),
                format!("{value} is there twice: as a choice and as a special answer"),
            );
        }
        choices.push(Choice {
            value: Json::from(value),
            label: written.unwrap_or(words),
            special: Some(special),
            visible_if: None,
            enable_if: None,
        });
    }
    if choices.iter().any(|choice| choice.special == Some(Special::Other)) && comment_area(reader, object) {
        reader.refusals.add(
            &object.at("showCommentArea"),
            "ett textfält för \"annat\" och ett för kommentar kan inte stå i samma fråga",
            "a text for \"other\" and one for a comment cannot be in one question",
        );
    }
    Kind::Choice(ChoiceKind {
        several,
        menu,
        choices,
        at_least: if several { reader.count(object, "minSelectedChoices") } else { None },
        at_most: if several { reader.count(object, "maxSelectedChoices") } else { None },
    })
}

/// Whether a text may always be written beside the answer.
pub(super) fn comment_area(reader: &mut Reader, object: Object<'_>) -> bool {
    ["hasComment", "showCommentArea"].into_iter().any(|name| reader.bool(object, name) == Some(true))
}

fn some(reader: &mut Reader, object: Object<'_>, name: &str) -> Vec<Choice> {
    let list = choices(reader, object, name, true);
    if list.is_empty() {
        reader.refusals.add(
            &object.at(name),
            "frågan har inga svarsalternativ",
            "the question has no choices",
        );
    }
    list
}

/// Choices, rows or columns: values, or objects with value, text and, where `conditional`, conditions.
fn choices(reader: &mut Reader, object: Object<'_>, name: &str, conditional: bool) -> Vec<Choice> {
    let mut read: Vec<Choice> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let items = reader.list(object, name);
    if items.len() > MOST_CHOICES {
        reader.refusals.add(
            &object.at(name),
            format!("fler än {MOST_CHOICES}"),
            format!("more than {MOST_CHOICES}"),
        );
        return read;
    }
    for (index, item) in items.iter().enumerate() {
        let place = format!("{}/{index}", object.at(name));
        let mut choice = Choice {
            value: item.clone(),
            label: Localised::default(),
            special: None,
            visible_if: None,
            enable_if: None,
        };
        if let Json::Object(map) = item {
            let item = Object { map, place: &place };
            let own: &[&str] =
                if conditional { &["value", "text", "visibleIf", "enableIf"] } else { &["value", "text"] };
            reader.only(item, &[own]);
            choice.value = item.get("value").cloned().unwrap_or(Json::Null);
            choice.label = reader.localised(item, "text").unwrap_or_default();
            choice.visible_if = reader.condition(item, "visibleIf");
            choice.enable_if = reader.condition(item, "enableIf");
        }
        let code = code(&choice.value);
        if !(choice.value.is_string() || choice.value.is_number()) || code.is_empty() {
            reader.refusals.add(
                &place,
                "värdet ska vara en text eller ett tal",
                "the value has to be a text or a number",
            );
        } else if code.trim() != code || code.chars().any(char::is_control) || code.chars().count() > 200 {
            reader.refusals.add(
                &place,
                "värdet har blanktecken ytterst, styrtecken eller är längre än 200 tecken",
                "the value has blanks at its ends, control characters or more than 200 characters",
            );
        } else if !seen.insert(if reader.registered { code.clone() } else { composed(&code) }) {
            reader.refusals.add(&place, format!("{code} står två gånger"), format!("{code} is there twice"));
        }
        if choice.label.is_empty() {
            choice.label = Localised::plain(code);
        }
        read.push(choice);
    }
    read
}

fn rating(reader: &mut Reader, object: Object<'_>) -> Kind {
    let mut values = choices(reader, object, "rateValues", false);
    let least = reader.number(object, "rateMin").unwrap_or(1.0);
    let step = reader.number(object, "rateStep").unwrap_or(1.0);
    let count = reader.count(object, "rateCount");
    let most = reader.number(object, "rateMax").unwrap_or(match count {
        Some(count) => least + step * (count as f64 - 1.0),
        None => 5.0,
    });
    if values.is_empty() {
        let steps = (most - least) / step;
        if !(step > 0.0 && (1.0..=100.0).contains(&steps)) {
            reader.refusals.add(
                object.place,
                "skalan ska ha 2 till 101 steg",
                "the scale has to have 2 to 101 steps",
            );
        } else {
            for index in 0..=steps.floor() as u32 {
                let value = crate::values::rounded(least + step * f64::from(index), 6);
                let label = Localised::plain(crate::values::number_text(value));
                let value = crate::values::number_json(value);
                values.push(Choice { value, label, special: None, visible_if: None, enable_if: None });
            }
        }
    }
    Kind::Rating(Rating {
        values,
        lowest: reader.localised(object, "minRateDescription").unwrap_or_default(),
        highest: reader.localised(object, "maxRateDescription").unwrap_or_default(),
    })
}

fn text(reader: &mut Reader, object: Object<'_>) -> Kind {
    let input = match reader.text(object, "inputType") {
        None | Some("text") => Input::Text,
        Some("number") => Input::Number,
        Some("date") => Input::Date,
        Some("month") => Input::Month,
        Some("email") => Input::Email,
        Some("tel") => Input::Tel,
        Some("url") => Input::Url,
        Some(other) => {
            let what =
                (format!("inputType {other} tas inte emot"), format!("inputType {other} is not taken"));
            reader.refusals.instead(&object.at("inputType"), what, advice::of_type("range"));
            Input::Text
        }
    };
    for name in ["min", "max"] {
        let fits = match (object.get(name), input) {
            (None, _) => true,
            (Some(value), Input::Number) => value.is_number(),
            (Some(Json::String(day)), Input::Date) => crate::values::date(day).is_some(),
            (Some(Json::String(month)), Input::Month) => {
                crate::values::date(&format!("{month}-01")).is_some()
            }
            _ => false,
        };
        if !fits {
            reader.refusals.add(
                &object.at(name),
                format!("{name} ska vara ett tal, en dag (2026-05-03) eller en månad (2026-05), som frågan"),
                format!(
                    "{name} has to be a number, a day (2026-05-03) or a month (2026-05), as the question is"
                ),
            );
        }
    }
    Kind::Text(TextField {
        input,
        least: object.get("min").cloned(),
        most: object.get("max").cloned(),
        max_length: reader.count(object, "maxLength"),
        placeholder: placeholder(reader, object),
    })
}

/// Reads what an answer must satisfy.
pub(super) fn validators(reader: &mut Reader, object: Object<'_>) -> Vec<Validator> {
    let mut read = Vec::new();
    for (index, item) in reader.list(object, "validators").iter().enumerate() {
        let place = format!("{}/{index}", object.at("validators"));
        let Some(item) = reader.object(item, &place) else { continue };
        let kind = reader.text(item, "type").unwrap_or_default();
        let own: &[&str] = match kind {
            "numeric" => &["minValue", "maxValue"],
            "text" => &["minLength", "maxLength", "allowDigits"],
            "email" => &[],
            "regex" => &["regex"],
            "answercount" => &["minCount", "maxCount"],
            "expression" => &["expression"],
            other => {
                let what = (
                    format!("kontrollen {other} tas inte emot"),
                    format!("the validator {other} is not taken"),
                );
                let known = "numeric, text, email, regex, answercount, expression";
                reader.refusals.instead(&place, what, (known, known));
                continue;
            }
        };
        reader.only(item, &[&["type", "text"], own]);
        let rule = match kind {
            "numeric" => Rule::Numeric {
                least: reader.number(item, "minValue"),
                most: reader.number(item, "maxValue"),
            },
            "text" => Rule::Text {
                least: reader.count(item, "minLength"),
                most: reader.count(item, "maxLength"),
                digits: reader.bool(item, "allowDigits") != Some(false),
            },
            "email" => Rule::Email,
            "answercount" => Rule::AnswerCount {
                least: reader.count(item, "minCount"),
                most: reader.count(item, "maxCount"),
            },
            "expression" => Rule::Expression(reader.condition(item, "expression")),
            _ => match pattern(reader.text(item, "regex").unwrap_or_default()) {
                Ok(regex) => Rule::Regex(regex),
                Err(why) => {
                    reader.refusals.instead(
                        &item.at("regex"),
                        (
                            format!("mönstret går inte att använda: {}", why.0),
                            format!("the pattern cannot be used: {}", why.1),
                        ),
                        (
                            "ett mönster utan framåt- och bakåtblick och bakåtreferenser",
                            "a pattern without look-around and back-references",
                        ),
                    );
                    continue;
                }
            },
        };
        read.push(Validator { rule, text: reader.localised(item, "text") });
    }
    read
}

/// A pattern that is matched in linear time.
fn pattern(text: &str) -> Result<regex::Regex, (String, String)> {
    if text.is_empty() {
        return Err(("det är tomt".to_owned(), "it is empty".to_owned()));
    }
    if text.len() > LONGEST_PATTERN {
        return Err(("det är för långt".to_owned(), "it is too long".to_owned()));
    }
    regex::RegexBuilder::new(text).size_limit(PATTERN_SIZE).nest_limit(50).build().map_err(|error| {
        let last = error.to_string().lines().last().unwrap_or_default().to_owned();
        (last.clone(), last)
    })
}
