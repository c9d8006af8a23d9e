//! The page on which answers in a file come into a round: the file is sent, what would be taken of it is shown, and then it
//! is taken.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use disclosure::Lang;
use domain::events::{RoundFacts, RoundMode};
use forms::{Refusal, Words};
use maud::{Markup, html};
use render::components::{self, Column, Field};
use serde_json::Value;

use super::answers::{AnswerFiles, AnswersAsked, AnswersFailed, AnswersTold, Received, received};
use super::api::Id;
use super::refusing;
use super::round::{address, files};
use super::words::{SURVEYS, said};
use crate::shell::problem::{Path, Problem};
use crate::shell::{Asked, Reader, Shell, Spoken, answer, frame, other, show, t};

/// The page's address.
pub(super) const ANSWERS: &str = "/surveys/rounds/{id}/answers";

/// `GET /surveys/rounds/{id}/answers`
pub(crate) async fn page(
    reader: Reader,
    State(shell): State<Shell>,
    Path(Id { id }): Path<Id>,
    Asked(wanted): Asked<Spoken>,
) -> Response {
    let lang = wanted.lang();
    let made = async { shown(&shell, &reader, &id, &Shown::default(), lang).await };
    answer(&shell, lang, made.await)
}

/// `POST /surveys/rounds/{id}/answers`: a file, or the name of one that was sent, and what is to be done with it.
pub(crate) async fn send(
    reader: Reader,
    State(shell): State<Shell>,
    State(files): State<Arc<dyn AnswerFiles>>,
    Path(Id { id }): Path<Id>,
    Asked(wanted): Asked<Spoken>,
    request: Request,
) -> Response {
    let lang = wanted.lang();
    let made = async {
        let Received { mut file, mut structure, fields } = received(&shell, &files, request).await?;
        let fields = &fields;
        let given = |name: &str| {
            fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()).map(str::to_owned)
        };
        if file.is_none() {
            file = given("kept");
        }
        if structure.is_none() {
            structure = given("kept_structure");
        }
        let asked = AnswersAsked {
            dry_run: given("action").as_deref() != Some("take"),
            respondent: given("respondent"),
            home_page: given("home_page"),
            unit: given("unit"),
            role: given("role"),
            leave_out: given("leave_out"),
            drop_identities: given("drop_identities").is_some(),
            credential: None,
        };
        let done = match &file {
            Some(file) => files.take(file, structure.as_deref(), &id, &asked).await,
            None => Err(AnswersFailed::Asked(Words::new("Välj en fil.", "Choose a file."))),
        };
        let (mut told, mut failed) = (None, None);
        match done {
            Ok(done) => told = Some(done),
            Err(AnswersFailed::Refused(why)) => {
                // What is no structure is not kept as one: another can be chosen.
                if why.as_array().is_some_and(|all| all.iter().any(|one| one["place"] == "structure")) {
                    structure.take().inspect(|structure| files.forget(structure));
                }
                let json = serde_json::json!({ "refused": why });
                told = Some(AnswersTold { json, whole: false });
            }
            Err(AnswersFailed::Gone) => (file, structure) = (None, None),
            Err(AnswersFailed::Asked(why)) => failed = Some(why),
            Err(problem) => return Err(problem.into()),
        }
        if told.is_none() && failed.is_none() {
            let (sv, en) =
                ("Filen finns inte kvar. Välj den igen.", "The file is not kept any more. Choose it again.");
            failed = Some(Words::new(sv, en));
        }
        if !asked.dry_run && told.as_ref().is_some_and(|told| told.json.get("refused").is_none()) {
            [file.take(), structure.take()].iter().flatten().for_each(|file| files.forget(file));
        }
        shown(&shell, &reader, &id, &Shown { file, structure, asked, told, failed }, lang).await
    };
    answer(&shell, lang, made.await)
}

/// What the page shows.
#[derive(Default)]
struct Shown {
    /// What the file is called that was sent.
    file: Option<String>,
    /// And the survey's structure.
    structure: Option<String>,
    asked: AnswersAsked,
    told: Option<AnswersTold>,
    failed: Option<Words>,
}

async fn shown(
    shell: &Shell,
    reader: &Reader,
    id: &str,
    page: &Shown,
    lang: Lang,
) -> Result<Response, Problem> {
    let known = shell.municipality.refresh().await?.municipality;
    let facts = &known.surveys.round(id).ok_or(Problem::NotFound("round"))?.facts;
    let done = !page.asked.dry_run && page.told.is_some() && page.file.is_none();
    let body = html! {
        p class="quiet" { a href=(address(id, lang)) { (said(&facts.title, lang)) } }
        @if let Some(failed) = &page.failed { (components::notice(&refusing::words(failed, lang), true)) }
        @if let Some(told) = &page.told { (report(&told.json, page.asked.dry_run, lang)) }
        @if !done { (form(facts, page, lang)) }
    };
    let there = files(id, other(lang));
    let mut frame = frame(shell, SURVEYS, lang, reader, &known, there, body);
    frame.title = t(lang, "Svar från en fil", "Answers from a file").to_owned();
    let mut response = show(frame);
    if page.failed.is_some() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    Ok(response)
}

fn form(facts: &RoundFacts, page: &Shown, lang: Lang) -> Markup {
    let text = |name: &str, label: &str, value: &Option<String>, hint: Option<&str>, required: bool| {
        components::field(&Field {
            name: name.into(),
            label: label.into(),
            value: value.clone().unwrap_or_default(),
            hint: hint.map(str::to_owned),
            required,
            ..Field::default()
        })
    };
    let AnswersAsked { respondent, home_page, unit, role, leave_out, drop_identities, .. } = &page.asked;
    let can_take = page.told.as_ref().is_some_and(|told| {
        told.json.get("refused").is_none() && told.json["taken"].as_u64().is_some_and(|taken| taken > 0)
    });
    let anonymous = matches!(facts.mode, RoundMode::Unlinkable | RoundMode::Guardians);
    // A file where the unit alone is named is guardians'.
    let beside = facts.guardians.is_some() && facts.mode != RoundMode::Guardians;
    let of_guardians = t(
        lang,
        "Vårdnadshavares svar tas in för sig: säg bara vilken kolumn som har enhetens kod.",
        "Guardians' answers are taken in by themselves: say only which column has the unit's code.",
    );
    html! {
        @if page.told.is_none() {
            p class="lead" { (t(
                lang,
                "Svar som har getts någon annanstans prövas mot enkäten som svar på sidorna. Först visas vad som skulle tas och vad som inte kan tas.",
                "Answers that were given elsewhere are checked against the survey as answers on the pages are. What would be taken and what cannot be is shown first.",
            )) }
        }
        form class="form" method="post" action=(files(&facts.id, lang)) enctype="multipart/form-data" {
            @match &page.file {
                Some(file) => input type="hidden" name="kept" value=(file);,
                None => (upload("file", t(lang, "Fil", "File"), t(
                    lang,
                    "LimeSurvey (CSV med koder, JSON, VV, Excel), SurveyJS-resultat, eller en tabell med kolumnerna respondent, question och answer.",
                    "LimeSurvey (CSV with codes, JSON, VV, Excel), SurveyJS results, or a table with the columns respondent, question and answer.",
                ), true)),
            }
            @if beside { p class="quiet" { (of_guardians) } }
            @if beside && !anonymous {
                (text("unit", t(lang, "Kolumn med enhetens kod, för vårdnadshavare", "Column with the unit's code, for guardians"), unit, None, false))
            }
            @if beside || anonymous {
                div class="field" { label class="option" {
                    input type="checkbox" name="drop_identities" value="on" checked[*drop_identities];
                    (t(lang, "Filen pekar ut eller spårar människor; det är känt och ska bort", "The file names or traces people; this is known and to be dropped"))
                } }
            }
            @if anonymous {
                (text("unit", t(lang, "Kolumn med enhetens kod", "Column with the unit's code"), unit, None, true))
                @if facts.mode == RoundMode::Unlinkable {
                    (text("role", t(lang, "Kolumn med rollen", "Column with the role"), role, None, !beside))
                }
            } @else {
                (text("respondent", t(lang, "Kolumn som säger vem som svarade", "Column that says who answered"), respondent,
                    Some(t(lang, "Kolumnens rubrik i filen, till exempel email. Den har e-postadresser.", "The column's heading in the file, such as email. It has e-mail addresses.")), !beside))
            }
            details open[page.told.is_some()] {
                summary { (t(lang, "När filen behöver mer", "Where the file needs more")) }
                @if !anonymous {
                    (text("home_page", t(lang, "Vad konton hör till (homePage)", "What accounts are of (homePage)"), home_page,
                        Some(t(lang, "Om kolumnen har konton och inte e-postadresser.", "Where the column has accounts, not e-mail addresses.")), false))
                }
                (text("leave_out", t(lang, "Kolumner att lämna", "Columns to leave out"), leave_out,
                    Some(t(lang, "Med komman mellan: det som varken är svar eller säger vem.", "With commas between: what is neither answers nor says who.")), false))
                @match &page.structure {
                    Some(structure) => input type="hidden" name="kept_structure" value=(structure);,
                    None => (upload("structure", t(lang, "Enkätens struktur (.lss)", "The survey's structure (.lss)"), t(
                        lang,
                        "Bara för LimeSurveys VV version 1: utan den säger filen inte vilken fråga som är vilken.",
                        "For LimeSurvey's VV version 1 alone: without it the file does not say which question is which.",
                    ), false)),
                }
            }
            button class=(if can_take { "" } else { "main" }) type="submit" name="action" value="look" {
                @if page.file.is_some() { (t(lang, "Pröva igen", "Try again")) } @else { (t(lang, "Visa vad som skulle tas", "Show what would be taken")) }
            }
            @if can_take && page.file.is_some() {
                " " button class="main" type="submit" name="action" value="take" { (t(lang, "Ta in svaren", "Take the answers in")) }
            }
        }
        @if page.file.is_some() { p { a href=(files(&facts.id, lang)) { (t(lang, "Välj en annan fil", "Choose another file")) } } }
    }
}

/// A field for a file.
fn upload(name: &str, label: &str, hint: &str, required: bool) -> Markup {
    components::field(&Field {
        name: name.into(),
        label: label.into(),
        kind: "file".into(),
        hint: Some(hint.into()),
        required,
        ..Field::default()
    })
}

/// What is said of a file.
fn report(told: &Value, dry_run: bool, lang: Lang) -> Markup {
    let number = |name: &str| told[name].as_u64().unwrap_or_default();
    let words = |text: &Value| {
        let words: Option<Words> = serde_json::from_value(text.clone()).ok();
        words.map(|words| refusing::words(&words, lang)).unwrap_or_default()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| told[name].as_array().cloned().unwrap_or_default();
    let (why_not, dropped) = (list("why_not"), list("dropped"));
    let refused: Vec<Refusal> = serde_json::from_value(told["refused"].clone()).unwrap_or_default();
    let rows: Vec<(&str, u64)> = vec![
        (t(lang, "Svarande i filen", "Respondents in the file"), number("rows")),
        (t(lang, "Har skickat in", "Have sent in"), number("complete")),
        (t(lang, "Har börjat men inte skickat in", "Began and did not send in"), number("incomplete")),
        (t(lang, "Har inte svarat på något", "Answered nothing"), number("empty")),
        (
            if dry_run {
                t(lang, "Skulle tas", "Would be taken")
            } else {
                t(lang, "Finns nu i omgången", "Are in the round now")
            },
            number("taken"),
        ),
        (t(lang, "Tas inte", "Not taken"), number("not_taken")),
    ];
    let mut rows: Vec<Vec<Markup>> =
        rows.into_iter().map(|(label, number)| vec![html! { (label) }, html! { (number) }]).collect();
    if let Some(answers) = told["answers"].as_object() {
        let counted = |name: &str| answers.get(name).and_then(Value::as_u64).unwrap_or_default();
        for (label, name) in [
            (t(lang, "varav nya", "of which new"), "new"),
            (
                t(
                    lang,
                    "varav i stället för ett tidigare svar",
                    "of which in the place of an earlier answer",
                ),
                "replaced",
            ),
            (t(lang, "varav fanns redan", "of which were in already"), "before"),
        ] {
            rows.insert(rows.len() - 1, vec![html! { (label) }, html! { (counted(name)) }]);
        }
    }
    let why_rows = why_not.iter().map(|one| {
        vec![
            html! { (one["row"].as_u64().unwrap_or_default()) },
            html! { (text(&one["at"])) },
            html! { (words(&one["why"])) },
        ]
    });
    let dropped_rows = dropped.iter().map(|one| {
        let why = beside(one["why"].as_str().unwrap_or_default(), lang);
        vec![
            html! { (text(&one["column"])) },
            html! { (why) },
            html! { (one["filled"].as_u64().unwrap_or_default()) },
        ]
    });
    let blind = list("cannot_tell_shown_from_skipped");
    html! {
        @if !refused.is_empty() {
            div class="notice" role="alert" {
                p { strong { (t(lang, "Ingenting i filen kan tas som den är.", "Nothing of the file can be taken as it is.")) } }
                ul { (refusing::items(&refused, lang)) }
            }
        } @else {
            p class="lead" role="status" { @if dry_run {
                (t(lang, "Så skulle filen tas. Ingenting är taget ännu.", "This is how the file would be taken. Nothing is taken yet."))
            } @else {
                (t(lang, "Filen är intagen. Samma fil en gång till ändrar ingenting.", "The file is taken in. The same file once more changes nothing."))
            } }
        }
        @if told.get("rows").is_some() {
            (components::plain_table(
                t(lang, "Vad som tas", "What is taken"),
                &[Column::text(t(lang, "Vad", "What")), Column::number(t(lang, "Antal", "Number"))],
                &rows,
            ))
        }
        @if !why_not.is_empty() {
            h2 { (t(lang, "Det som inte tas", "What is not taken")) }
            (components::plain_table(
                t(lang, "Rader som inte tas, de första hundra", "Rows that are not taken, the first hundred"),
                &[Column::number(t(lang, "Rad", "Row")), Column::text(t(lang, "Fråga eller kolumn", "Question or column")), Column::text(t(lang, "Varför", "Why"))],
                &why_rows.collect::<Vec<_>>(),
            ))
        }
        @if !dropped.is_empty() {
            h2 { (t(lang, "Kolumner som inte är svar", "Columns that are no answers")) }
            (components::plain_table(
                t(lang, "Kolumner som lämnas", "Columns that are left out"),
                &[Column::text(t(lang, "Kolumn", "Column")), Column::text(t(lang, "Varför", "Why")), Column::number(t(lang, "Ifyllda", "Filled in"))],
                &dropped_rows.collect::<Vec<_>>(),
            ))
        }
        @if !blind.is_empty() {
            p class="quiet" {
                (t(lang, "I de här kolumnerna går det inte att veta om en tom cell hoppades över eller aldrig visades: ", "In these columns nobody can tell whether an empty cell was skipped or never shown: "))
                (blind.iter().map(|one| text(&one["column"])).collect::<Vec<_>>().join(", ")) "."
            }
        }
        @if told["advice"].is_object() { p class="quiet" { (words(&told["advice"])) } }
    }
}

/// Why a column is no answer.
fn beside(why: &str, lang: Lang) -> &str {
    match why {
        "identity" => t(lang, "pekar ut eller spårar människor", "names or traces people"),
        "time" => t(lang, "när", "when"),
        "order" => t(lang, "ordning", "order"),
        "upload" => t(lang, "uppladdade filer", "uploaded files"),
        "computed" => t(lang, "räknas ut här", "computed here"),
        "as-asked" => t(lang, "som du bad om", "as you asked"),
        _ => t(lang, "annat än svar", "other than answers"),
    }
}
