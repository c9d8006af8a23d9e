//! What was expected of a survey, in Swedish, for those who write one.

use forms::Words;

use super::Problem;

/// Each rule's words, and the same in Swedish.
const BOTH: &[(&str, &str)] = &[
    ("a title, or one beside the definition", "en titel, i definitionen eller bredvid den"),
    ("a title", "en titel"),
    ("an id", "ett id"),
    ("an IRI", "en IRI"),
    ("a version", "en version"),
    ("a version that stands once in the body", "en version som står en gång"),
    ("no `positive` beside `dont_know`", "inget `positive` bredvid `dont_know`"),
    (
        "at least one question with given answers",
        "minst en fråga med svarsalternativ: av bara fritext blir inga siffror",
    ),
    ("an IRI in `activities`", "en IRI i `activities`"),
    ("an IRI in `activities` that no other item has", "en IRI i `activities` som ingen annan fråga har"),
    ("answers whose values are without [,] and [.]", "svar vars värden är utan [,] och [.]"),
    ("no `feeds`: the answer is several choices", "inget `feeds`: svaret är flera alternativ"),
    ("the id of a framework", "ett ramverks id"),
    ("the code of a competence of the framework", "koden för en kompetens i ramverket"),
    ("levels of the framework", "nivåer i ramverket"),
    ("the name of a question with given answers", "namnet på en fråga med svarsalternativ"),
    ("names of items with scores", "namn på frågor med poäng"),
    ("each name once", "varje namn en gång"),
    ("a lower and a higher score", "en lägre och en högre poäng"),
    ("the id of an instrument", "ett instruments id"),
    ("the framework of the instrument", "instrumentets ramverk"),
    ("codes and levels of the instrument", "instrumentets koder och nivåer"),
    ("none: areas are scored", "inga: områden får poäng"),
    ("a scale with two scores or more", "en skala med minst två poäng"),
];

/// What was expected, in Swedish, where there are words for it.
pub fn in_swedish(expected: &str) -> Option<&'static str> {
    BOTH.iter().find(|(english, _)| *english == expected).map(|(_, swedish)| *swedish)
}

impl Problem {
    /// What was expected, in both languages; in English where there are no other words for it.
    pub fn words(&self) -> Words {
        let expected = &self.expected;
        Words::new(
            format!("väntat: {}", in_swedish(expected).unwrap_or(expected)),
            format!("expected {expected}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_what_follows_from_a_definition_is_said_in_swedish() {
        let rules = include_str!("derived.rs");
        let said_there = rules.split("problems.check(").skip(1).filter_map(|rule| {
            let (_, rest) = rule.split_once(", \"")?;
            rest.split_once("\")").map(|(words, _)| words)
        });
        let all: Vec<&str> = said_there.collect();
        assert!(all.len() > 20, "{all:?}");
        for words in all {
            assert!(in_swedish(words).is_some(), "{words} is not said in Swedish");
        }
    }
}
