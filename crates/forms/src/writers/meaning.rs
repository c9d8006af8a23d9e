//! What of two definitions is not the same.

use serde_json::{Value as Json, json};

use super::condition::one_by_one;
use crate::definition::Definition;
use crate::question::{Choice, Condition, Conditions, Kind, Question, Rule, Validator};
use crate::readers::plain;
use crate::sidecar::{Sidecar, Wording};
use crate::text::Localised;

/// The places in the first of what the second says otherwise.
pub(super) fn differences(one: &Definition, other: &Definition) -> Vec<String> {
    let (meant, said) = (Meant(one), Meant(other));
    let mut places = Vec::new();
    let parts = |definition: &Meant<'_>| [definition.heading(), definition.pages(), definition.scoring()];
    for ((place, meant), said) in ["", "/pages", "/larka"].into_iter().zip(parts(&meant)).zip(parts(&said)) {
        if meant != said {
            places.push(place.to_owned());
        }
    }
    for question in &one.questions {
        let read = other.question(&question.name).map(|question| said.question(question));
        if read != Some(meant.question(question)) {
            places.push(question.place.clone());
        }
    }
    if one.questions.len() != other.questions.len() {
        places.push(String::new());
    }
    places
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

    fn heading(&self) -> Json {
        let whole = self.0;
        let hidden = format!("{:?}", whole.hidden_answers);
        let calculated: Vec<Json> = whole
            .calculated
            .iter()
            .map(|one| json!([one.name, condition(one.expression.as_ref()), one.kept]))
            .collect();
        json!([
            self.text(&whole.title),
            self.text(&whole.description),
            whole.languages,
            hidden,
            whole.read_only,
            calculated
        ])
    }

    fn pages(&self) -> Json {
        let pages = self.0.pages.iter().map(|page| {
            // A page alone needs no name.
            let name = if self.0.pages.len() > 1 { page.name.as_str() } else { "" };
            json!([
                name,
                self.text(&page.title),
                self.text(&page.description),
                self.conditions(&page.conditions)
            ])
        });
        let panels = self.0.panels.iter().map(|panel| {
            let (title, description) = (self.text(&panel.title), self.text(&panel.description));
            json!([
                panel.name,
                title,
                description,
                self.conditions(&panel.conditions),
                panel.page,
                panel.panels
            ])
        });
        pages.chain(panels).collect()
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

    fn question(&self, question: &Question) -> Json {
        json!([
            question.name,
            self.text(&question.title),
            self.text(&question.description),
            self.kind(question),
            self.conditions(&question.conditions),
            question.validators.iter().map(|validator| self.validator(validator)).collect::<Json>(),
            question.comment.as_ref().map(|text| self.text(text)),
            question.page,
            question.panels,
        ])
    }

    fn conditions(&self, conditions: &Conditions) -> Json {
        let known = [&conditions.visible_if, &conditions.enable_if, &conditions.required_if];
        let known = known.map(|known| condition(known.as_ref()));
        let text = conditions.required_text.as_ref().map(|text| self.text(text));
        json!([conditions.hidden, conditions.read_only, conditions.required, known, text])
    }

    fn validator(&self, validator: &Validator) -> Json {
        let rule = match &validator.rule {
            Rule::Expression(expression) => condition(expression.as_ref()),
            rule => json!(format!("{rule:?}")),
        };
        json!([rule, validator.text.as_ref().map(|text| self.text(text))])
    }

    fn kind(&self, question: &Question) -> Json {
        let choices = |choices: &[Choice]| -> Json {
            let choice = |choice: &Choice| {
                let conditions =
                    [&choice.visible_if, &choice.enable_if].map(|known| condition(known.as_ref()));
                json!([choice.code(), self.text(&choice.label), format!("{:?}", choice.special), conditions])
            };
            choices.iter().map(choice).collect()
        };
        let particular = match &question.kind {
            Kind::Choice(choice) => json!([choice.at_least, choice.at_most]),
            Kind::Rating(rating) => json!([self.text(&rating.lowest), self.text(&rating.highest)]),
            Kind::Matrix(matrix) => json!(matrix.every_row),
            Kind::Ranking(ranking) => json!([ranking.selected, ranking.at_least, ranking.at_most]),
            Kind::Html(text) => self.text(text),
            Kind::Boolean(boolean) => {
                json!([boolean.yes, boolean.no, self.text(&boolean.yes_label), self.text(&boolean.no_label)])
            }
            kind @ (Kind::Text(_) | Kind::Comment(_)) => json!(format!("{kind:?}")),
            Kind::Expression(expression) => condition(expression.as_ref()),
        };
        json!([question.kind.name(), choices(question.choices()), choices(question.rows()), particular])
    }
}

fn condition(condition: Option<&Condition>) -> Json {
    let said = |condition: &Condition| format!("{:?} {:?}", one_by_one(condition), condition.parsed.names);
    condition.map_or(Json::Null, |condition| json!(said(condition)))
}
