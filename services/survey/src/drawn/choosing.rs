//! Choices: menus, buttons, tables of them, and places in an order.

use forms::answers::{rank_field, row_field};
use forms::question::{Choice, Matrix, Question, Ranking, code};
use maud::{Markup, html};
use serde_json::Value as Json;

use super::sheet::{Control, Drawn};
use crate::live::{Part, is_there};
use crate::tongue::Tongue;

impl Drawn<'_> {
    pub(super) fn menu(&self, question: &Question, control: &Control) -> Markup {
        let chosen = self.view.answers.get(&question.name).map(code).unwrap_or_default();
        html! {
            select id=(format!("q{}-0", control.at)) name=(question.name) disabled[control.off] required[control.required]
                autocomplete="off" aria-invalid=[control.wrong.then_some("true")] aria-describedby=[control.described.as_ref()] {
                option value="" { (self.tongue.bare("– Välj –", "– Choose –")) }
                @for (place, choice) in question.choices().iter().enumerate() {
                    @let part = Part::Choice(control.at, place);
                    @let enabled = is_there(self.view, Part::Enabled(control.at, place));
                    @if self.may_show(part) {
                        @let table = self.live.table(part);
                        @let open = self.live.table(Part::Enabled(control.at, place));
                        @let shown = is_there(self.view, part);
                        option value=(choice.code()) selected[choice.code() == chosen] hidden[!shown] disabled[!shown || !enabled]
                            data-on=[table.map(|table| &table.on)] data-is=[table.map(|table| &table.is)]
                            data-open-on=[open.map(|table| &table.on)] data-open=[open.map(|table| &table.is)]
                            data-shut[!enabled && open.is_none()] {
                            // Nothing but text may stand in an option.
                            (bare_label(choice, self.tongue))
                        }
                    }
                }
            }
        }
    }

    pub(super) fn choices(
        &self,
        question: &Question,
        choices: &[Choice],
        several: bool,
        control: &Control,
    ) -> Markup {
        html! {
            @for (place, choice) in choices.iter().enumerate() {
                @if self.may_show(Part::Choice(control.at, place)) {
                    (self.one(question, control, place, (&choice.code(), self.tongue.label(&choice.label)), several, Part::Choice(control.at, place)))
                }
            }
            @if !several { (self.none(question, control)) }
        }
    }

    /// A choice that is no answer, where none has to be given: what was chosen once can be emptied.
    pub(super) fn none(&self, question: &Question, control: &Control) -> Markup {
        html! {
            @if !control.required {
                label class="choice none" {
                    input type="radio" name=(question.name) value="" disabled[control.off] autocomplete="off";
                    span { (self.tongue.words("Inget svar", "No answer")) }
                }
            }
        }
    }

    /// A choice with its button.
    pub(super) fn one(
        &self,
        question: &Question,
        control: &Control,
        place: usize,
        (value, label): (&str, Markup),
        several: bool,
        part: Part,
    ) -> Markup {
        let answer = self.view.answers.get(&question.name);
        let chosen = match answer {
            Some(Json::Array(items)) => items.iter().any(|item| code(item) == value),
            Some(other) => code(other) == value,
            None => false,
        };
        let conditional = matches!(part, Part::Choice(..));
        let table = self.live.table(part).filter(|_| conditional);
        let open = self.live.table(Part::Enabled(control.at, place)).filter(|_| conditional);
        let shown = !conditional || is_there(self.view, part);
        let enabled = !conditional || is_there(self.view, Part::Enabled(control.at, place));
        html! {
            label class="choice" hidden[!shown]
                data-on=[table.map(|table| &table.on)] data-is=[table.map(|table| &table.is)]
                data-open-on=[open.map(|table| &table.on)] data-open=[open.map(|table| &table.is)]
                data-shut[!enabled && open.is_none()] {
                input id=(format!("q{}-{place}", control.at)) type=(if several { "checkbox" } else { "radio" })
                    name=(question.name) value=(value) checked[chosen] disabled[control.off || !shown || !enabled]
                    autocomplete="off" required[control.required && !several] aria-invalid=[(control.wrong && several).then_some("true")];
                span { (label) }
            }
        }
    }

    pub(super) fn matrix(&self, question: &Question, matrix: &Matrix, control: &Control) -> Markup {
        let at = control.at;
        let given = self.view.answers.get(&question.name).and_then(Json::as_object);
        // What was chosen once can be emptied, where it does not have to be answered.
        let may_be_empty = !control.required && !matrix.every_row;
        html! {
            table class="matrix" {
                thead { tr {
                    td {}
                    @for (place, column) in matrix.columns.iter().enumerate() {
                        th scope="col" id=(format!("q{at}-c{place}")) { (self.tongue.label(&column.label)) }
                    }
                    @if may_be_empty { th scope="col" class="none" id=(format!("q{at}-c")) { (self.tongue.words("Inget svar", "No answer")) } }
                } }
                tbody {
                    @for (row_at, row) in matrix.rows.iter().enumerate().filter(|(row_at, _)| self.may_show(Part::Row(at, *row_at))) {
                        @let table = self.live.table(Part::Row(at, row_at));
                        @let shown = is_there(self.view, Part::Row(at, row_at));
                        @let open = self.live.table(Part::RowOpen(at, row_at));
                        @let enabled = is_there(self.view, Part::RowOpen(at, row_at));
                        @let off = control.off || !shown || !enabled;
                        @let fault = self.faults.iter().find(|fault| fault.name == question.name && fault.row.as_deref() == Some(row.code().as_str()));
                        @let chosen = given.and_then(|rows| rows.get(&row.code())).map(code).unwrap_or_default();
                        tr hidden[!shown] class=[fault.map(|_| "wrong")]
                            data-on=[table.map(|table| &table.on)] data-is=[table.map(|table| &table.is)]
                            data-open-on=[open.map(|table| &table.on)] data-open=[open.map(|table| &table.is)]
                            data-shut[!enabled && open.is_none()] {
                            th scope="row" id=(format!("q{at}-r{row_at}")) {
                                (self.tongue.said(&row.label))
                                @if let Some(fault) = fault { " " span class="error" id=(format!("q{at}-r{row_at}-e")) { (self.fault(fault)) } }
                            }
                            @for (place, column) in matrix.columns.iter().enumerate() {
                                td { label class="choice" {
                                    input id=(format!("q{at}-{row_at}-{place}")) type="radio" name=(row_field(&question.name, &row.code()))
                                        value=(column.code()) checked[column.code() == chosen] disabled[off] autocomplete="off"
                                        aria-labelledby=(format!("q{at}-r{row_at} q{at}-c{place}"));
                                    span { (self.tongue.label(&column.label)) }
                                } }
                            }
                            @if may_be_empty {
                                td { label class="choice none" {
                                    input type="radio" name=(row_field(&question.name, &row.code())) value="" disabled[off]
                                        autocomplete="off" aria-labelledby=(format!("q{at}-r{row_at} q{at}-c"));
                                    span { (self.tongue.words("Inget svar", "No answer")) }
                                } }
                            }
                        }
                    }
                }
            }
        }
    }

    pub(super) fn ranking(&self, question: &Question, ranking: &Ranking, control: &Control) -> Markup {
        let at = control.at;
        let places = self.ranks(question);
        let last = ranking.at_most.map_or(ranking.choices.len(), |most| most.min(ranking.choices.len()));
        html! {
            @for (place, choice) in ranking.choices.iter().enumerate().filter(|(place, _)| self.may_show(Part::Choice(at, *place))) {
                @let table = self.live.table(Part::Choice(at, place));
                @let shown = is_there(self.view, Part::Choice(at, place));
                @let open = self.live.table(Part::Enabled(at, place));
                @let enabled = is_there(self.view, Part::Enabled(at, place));
                @let value = choice.code();
                @let rank = places.iter().find(|(_, code)| *code == value).map_or("", |(rank, _)| rank);
                div class="rank" hidden[!shown] data-on=[table.map(|table| &table.on)] data-is=[table.map(|table| &table.is)]
                    data-open-on=[open.map(|table| &table.on)] data-open=[open.map(|table| &table.is)]
                    data-shut[!enabled && open.is_none()] {
                    select id=(format!("q{at}-{place}")) name=(rank_field(&question.name, &value)) disabled[control.off || !shown || !enabled]
                        autocomplete="off" aria-invalid=[control.wrong.then_some("true")] {
                        option value="" { "–" }
                        @for number in 1..=last {
                            option value=(number) selected[rank == number.to_string()] { (number) }
                        }
                    }
                    label for=(format!("q{at}-{place}")) { (self.tongue.label(&choice.label)) }
                }
            }
        }
    }

    /// The places of a ranking's choices: as they were put in order, or as they were sent where that is no order.
    pub(super) fn ranks(&self, question: &Question) -> Vec<(String, String)> {
        let items = self.view.answers.get(&question.name).and_then(Json::as_array);
        let read = |(place, item): (usize, &Json)| match item {
            Json::Array(pair) => {
                (pair.first().map(code).unwrap_or_default(), pair.get(1).map(code).unwrap_or_default())
            }
            other => ((place + 1).to_string(), code(other)),
        };
        items.map(|items| items.iter().enumerate().map(read).collect()).unwrap_or_default()
    }
}

fn bare_label(choice: &Choice, tongue: Tongue<'_>) -> String {
    let text = &choice.label;
    let ours = choice.special.is_some() && !text.by_language.contains_key(tongue.tag);
    if ours && tongue.lang() == forms::Lang::En {
        text.get("en").to_owned()
    } else {
        text.get(tongue.tag).to_owned()
    }
}
