//! What of two definitions is not the same.

use serde_json::{Value as Json, json};

use super::condition::one_by_one;
use crate::definition::Definition;
use crate::question::{
    Calculated, Choice, Condition, Conditions, Kind, Page, Panel, Question, Rule, Validator,
};
use crate::readers::plain;
use crate::sidecar::{Sidecar, Wording};
use crate::text::Localised;

/// Something that a sheet cannot say.
#[derive(Debug)]
pub(super) struct Unsaid {
    /// Where it stands (a JSON pointer), and what is called so there.
    pub(super) place: String,
    pub(super) name: String,
    pub(super) property: &'static str,
}

impl Unsaid {
    pub(super) fn of(question: &Question, property: &'static str) -> Unsaid {
        Unsaid { place: question.place.clone(), name: question.name.clone(), property }
    }

    /// The place as people read it: `/elements/3 (q4), validators`.
    pub(super) fn shown(&self) -> String {
        match (self.place.as_str(), self.name.as_str()) {
            ("", _) => format!("/{}", self.property),
            (place, "") => format!("{place}, {}", self.property),
            (place, name) => format!("{place} ({name}), {}", self.property),
        }
    }
}

/// Properties with what they mean.
type Properties = Vec<(&'static str, Json)>;

/// What of the first the second says otherwise.
pub(super) fn differences(one: &Definition, other: &Definition) -> Vec<Unsaid> {
    let (meant, said) = (Meant(one), Meant(other));
    let mut unsaid = Vec::new();
    let mut compare = |place: &str, name: &str, meant: Properties, said: &Properties| {
        let properties = meant.into_iter().filter(|property| !said.contains(property));
        unsaid.extend(properties.map(|(property, _)| Unsaid {
            place: place.to_owned(),
            name: name.to_owned(),
            property,
        }));
    };
    compare("", "", meant.heading(), &said.heading());
    for (at, value) in one.calculated.iter().enumerate() {
        let read = other.calculated.iter().find(|read| read.name == value.name);
        let read = read.map(|read| said.calculated(read)).unwrap_or_default();
        compare(&format!("/calculatedValues/{at}"), &value.name, meant.calculated(value), &read);
    }
    let paged = one.questions.iter().any(|question| question.place.starts_with("/pages"));
    for (at, page) in one.pages.iter().enumerate() {
        let read = other.pages.get(at).map(|page| said.page(page)).unwrap_or_default();
        let place = if paged { format!("/pages/{at}") } else { "/elements".to_owned() };
        let name = if paged { page.name.as_str() } else { "" };
        compare(&place, name, meant.page(page), &read);
    }
    for (at, panel) in one.panels.iter().enumerate() {
        let read = other.panels.get(at).map(|panel| said.panel(panel)).unwrap_or_default();
        compare(&panel.place, &panel.name, meant.panel(panel), &read);
    }
    for question in &one.questions {
        let read = other.question(&question.name).map(|read| said.question(read)).unwrap_or_default();
        compare(&question.place, &question.name, meant.question(question), &read);
    }
    unsaid
}

/// A definition without what makes no difference: how values are typed, in which languages a text is repeated.
struct Meant<'a>(&'a Definition);

impl Meant<'_> {
    fn text(&self, text: &Localised) -> Json {
        self.0.languages.iter().map(|language| plain(text.get(language))).collect()
    }

    fn wording(&self, text: &Wording) -> Json {
        self.text(&text.localised())
    }

    fn heading(&self) -> Properties {
        let whole = self.0;
        let questions = whole.questions.iter().map(|question| &question.name).collect::<Vec<_>>();
        vec![
            ("title", self.text(&whole.title)),
            ("description", self.text(&whole.description)),
            ("locale", json!(whole.languages)),
            ("clearInvisibleValues", json!(format!("{:?}", whole.hidden_answers))),
            ("mode", json!(whole.read_only)),
            ("pages", json!(whole.pages.len())),
            ("elements", json!(questions)),
            ("calculatedValues", json!(whole.calculated.len())),
            ("larka", self.scoring()),
        ]
    }

    fn calculated(&self, value: &Calculated) -> Properties {
        vec![("expression", condition(value.expression.as_ref())), ("includeIntoResult", json!(value.kept))]
    }

    fn page(&self, page: &Page) -> Properties {
        // A page alone needs no name.
        let name = if self.0.pages.len() > 1 { page.name.as_str() } else { "" };
        let mut properties = self.conditions(&page.conditions);
        properties.extend([
            ("name", json!(name)),
            ("title", self.text(&page.title)),
            ("description", self.text(&page.description)),
        ]);
        properties
    }

    fn panel(&self, panel: &Panel) -> Properties {
        let mut properties = self.conditions(&panel.conditions);
        properties.extend([
            ("name", json!(panel.name)),
            ("title", self.text(&panel.title)),
            ("description", self.text(&panel.description)),
            ("elements", json!([panel.page, panel.panels])),
        ]);
        properties
    }

    fn scoring(&self) -> Json {
        let sidecar = &self.0.sidecar;
        let mut scales: Vec<Json> = Vec::new();
        for scale in &sidecar.scales {
            let mut codes: Vec<Json> = scale
                .codes
                .iter()
                .map(|code| {
                    json!([
                        code.code,
                        code.score.map(|score| score.fraction()),
                        code.positive,
                        code.dont_know
                    ])
                })
                .collect();
            codes.sort_by_key(Json::to_string);
            scales.push(json!([scale.id, codes]));
        }
        scales.sort_by_key(Json::to_string);
        let indexes = sidecar.indexes.iter().map(|index| {
            json!([
                index.id,
                self.wording(&index.title),
                index.items,
                index.parts,
                index.by_items,
                index.ends
            ])
        });
        let indexes: Vec<Json> = indexes.collect();
        let source = sidecar.source.as_ref().map(|source| self.wording(source));
        let rest = Sidecar { source: None, scales: Vec::new(), indexes: Vec::new(), ..sidecar.clone() };
        json!([source, scales, indexes, rest])
    }

    fn question(&self, question: &Question) -> Properties {
        let mut properties = self.conditions(&question.conditions);
        properties.extend(self.kind(question));
        let title = if question.is_asked() { self.text(&question.title) } else { Json::Null };
        properties.extend([
            ("title", title),
            ("description", self.text(&question.description)),
            ("validators", question.validators.iter().map(|validator| self.validator(validator)).collect()),
            ("showCommentArea", question.comment.as_ref().map(|text| self.text(text)).into()),
            ("elements", json!([question.page, question.panels])),
        ]);
        properties
    }

    fn conditions(&self, conditions: &Conditions) -> Properties {
        vec![
            ("visible", json!(conditions.hidden)),
            ("readOnly", json!(conditions.read_only)),
            ("isRequired", json!(conditions.required)),
            ("visibleIf", condition(conditions.visible_if.as_ref())),
            ("enableIf", condition(conditions.enable_if.as_ref())),
            ("requiredIf", condition(conditions.required_if.as_ref())),
            ("requiredErrorText", conditions.required_text.as_ref().map(|text| self.text(text)).into()),
        ]
    }

    fn validator(&self, validator: &Validator) -> Json {
        let rule = match &validator.rule {
            Rule::Expression(expression) => condition(expression.as_ref()),
            rule => json!(format!("{rule:?}")),
        };
        json!([rule, validator.text.as_ref().map(|text| self.text(text))])
    }

    fn kind(&self, question: &Question) -> Properties {
        let choices = |choices: &[Choice]| -> Json {
            let choice = |choice: &Choice| {
                let conditions =
                    [&choice.visible_if, &choice.enable_if].map(|known| condition(known.as_ref()));
                json!([choice.code(), self.text(&choice.label), format!("{:?}", choice.special), conditions])
            };
            choices.iter().map(choice).collect()
        };
        let limits = |least: Option<usize>, most: Option<usize>| {
            [("minSelectedChoices", json!(least)), ("maxSelectedChoices", json!(most))]
        };
        let name = match &question.kind {
            Kind::Rating(_) => "rateValues",
            Kind::Matrix(_) => "columns",
            _ => "choices",
        };
        let mut properties = vec![("type", json!(question.kind.name())), (name, choices(question.choices()))];
        match &question.kind {
            Kind::Choice(choice) => properties.extend(limits(choice.at_least, choice.at_most)),
            Kind::Rating(rating) => properties.extend([
                ("minRateDescription", self.text(&rating.lowest)),
                ("maxRateDescription", self.text(&rating.highest)),
            ]),
            Kind::Matrix(matrix) => properties
                .extend([("rows", choices(&matrix.rows)), ("eachRowRequired", json!(matrix.every_row))]),
            Kind::Ranking(ranking) => {
                properties.push(("selectToRankEnabled", json!(ranking.selected)));
                properties.extend(limits(ranking.at_least, ranking.at_most));
            }
            Kind::Html(text) => properties.push(("html", self.text(text))),
            Kind::Boolean(boolean) => properties.extend([
                ("valueTrue", boolean.yes.clone()),
                ("valueFalse", boolean.no.clone()),
                ("labelTrue", self.text(&boolean.yes_label)),
                ("labelFalse", self.text(&boolean.no_label)),
            ]),
            Kind::Text(field) => properties.extend([
                ("inputType", json!(format!("{:?}", field.input))),
                ("min", json!(field.least)),
                ("max", json!(field.most)),
                ("maxLength", json!(field.max_length)),
                ("placeholder", self.text(&field.placeholder)),
            ]),
            Kind::Comment(field) => properties.extend([
                ("rows", json!(field.lines)),
                ("maxLength", json!(field.max_length)),
                ("placeholder", self.text(&field.placeholder)),
            ]),
            Kind::Expression(expression) => {
                properties.push(("expression", condition(expression.as_ref())));
            }
        }
        properties
    }
}

fn condition(condition: Option<&Condition>) -> Json {
    let said = |condition: &Condition| format!("{:?} {:?}", one_by_one(condition), condition.parsed.names);
    condition.map_or(Json::Null, |condition| json!(said(condition)))
}
