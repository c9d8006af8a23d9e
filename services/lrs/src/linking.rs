//! Answers in a round that nobody is to be linked in: they come by its ballot box, and none that says who gave it is taken,
//! stored or kept. Asked of the municipality in memory, and only of what names a registration.

use domain::surveys::Surveys;
use serde_json::Value;
use uuid::Uuid;
use views::municipality::Current;
use xapi::{Object, Statement};

/// What is expected instead.
pub const EXPECTED: &str = "no statement with an answer in this round: nobody is to be linked to what they answer in it, and a \
     statement says who did; it is answered on the survey's own page, by its link or its code";

/// The first of some statements, counted from 0, that would be such an answer.
pub(crate) fn first(municipality: &Current, statements: &[Statement]) -> Option<usize> {
    if !statements.iter().any(|statement| registrations(statement).next().is_some()) {
        return None;
    }
    let snapshot = municipality.snapshot();
    statements.iter().position(|statement| links(&snapshot.municipality.surveys, statement))
}

/// Whether a statement would be such an answer, with whatever verb.
pub(crate) fn links(surveys: &Surveys, statement: &Statement) -> bool {
    let object = match &statement.object {
        Object::SubStatement(sub) => &sub.object,
        object => object,
    };
    let Some(activity) = object.activity() else { return false };
    registrations(statement)
        .any(|registration| surveys.is_for_the_box(&activity.id, registration.into_bytes()))
}

/// Whether what is no statement by the standard names a registration of such a round, whatever it is about.
pub(crate) fn may_link(surveys: &Surveys, text: &str) -> bool {
    let Ok(json) = serde_json::from_str::<Value>(text) else { return false };
    let named = ["/context/registration", "/object/context/registration"].into_iter();
    let registrations = named.filter_map(|path| json.pointer(path)?.as_str()?.trim().parse::<Uuid>().ok());
    registrations.into_iter().any(|registration| surveys.is_of_the_box(registration.into_bytes()))
}

fn registrations(statement: &Statement) -> impl Iterator<Item = Uuid> {
    let sub = match &statement.object {
        Object::SubStatement(sub) => sub.registration,
        _ => None,
    };
    statement.registration.into_iter().chain(sub)
}
