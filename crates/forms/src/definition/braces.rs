//! Answers in texts: other programs put them where a text names them in braces, Lärka shows texts as they are written.

use std::collections::BTreeSet;

use crate::question::RESPONDENT_GROUP;
use crate::refusal::Refusals;

/// What survey-core puts into texts beside answers.
const OF_SURVEY_CORE: [&str; 3] = ["pageno", "pagecount", "locale"];

/// What is said of a name in a text.
pub(crate) fn refuse(refusals: &mut Refusals, place: &str, written: &str) {
    let what = (
        format!("{written} visas som det står: svar sätts inte in i texter"),
        format!("{written} is shown as it is written: answers are not put into texts"),
    );
    refusals.instead(place, what, ("skriv texten utan svaret", "write the text without the answer"));
}

/// Refuses names in texts: `${…}`, which stands for an answer whatever its name, and `{…}` of what is known. Other braces
/// are text, to survey-core too.
pub(super) fn check(
    braces: &BTreeSet<(String, bool, String)>,
    known: impl Fn(&str) -> bool,
    refusals: &mut Refusals,
) {
    for (place, sheets, name) in braces {
        let lower = name.to_lowercase();
        // A row or an item of an answer, the text beside it.
        let whole = lower.split(['.', '[']).next().unwrap_or_default();
        let answer = whole.strip_suffix("-comment").unwrap_or(whole);
        let other = OF_SURVEY_CORE.contains(&lower.as_str()) || lower == RESPONDENT_GROUP;
        if *sheets || other || [&lower, whole, answer].into_iter().any(&known) {
            let dollar = if *sheets { "$" } else { "" };
            refuse(refusals, place, &format!("{dollar}{{{name}}}"));
        }
    }
}
