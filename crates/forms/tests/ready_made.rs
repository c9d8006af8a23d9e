//! The surveys in `schemas/surveys` are ones that Lärka takes.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use forms::{Definition, register};

fn ready_made(name: &str) -> Definition {
    let path = format!("{}/../../schemas/surveys/{name}.json", env!("CARGO_MANIFEST_DIR"));
    register(&std::fs::read(path).unwrap(), None).unwrap_or_else(|refusals| panic!("{name}: {refusals:#?}"))
}

#[test]
fn every_ready_made_survey_is_taken_with_all_texts_in_swedish_and_english_and_a_source() {
    for name in ["hme", "digital-competence", "course-evaluation", "pupils-digital-day", "school-digital-day"]
    {
        let definition = ready_made(name);
        assert_eq!(definition.languages, ["sv", "en"], "{name}");
        assert!(definition.sidecar.source.is_some(), "{name}");
        for question in &definition.questions {
            let choices = question.choices().iter().chain(question.rows()).map(|choice| &choice.label);
            for text in choices.chain([&question.title]) {
                let plain = text.default.parse::<u32>().is_ok();
                assert!(plain || text.by_language.contains_key("en"), "{name}: {text:?}");
                assert!(!text.get("sv").is_empty() && !text.get("en").is_empty(), "{name}: {text:?}");
            }
        }
        for pages in definition.pages.iter().map(|page| &page.title) {
            assert!(pages.by_language.contains_key("en"), "{name}");
        }
    }
}

#[test]
fn hme_is_nine_items_in_three_parts_from_nought_to_a_hundred() {
    let hme = ready_made("hme");
    assert_eq!(hme.sidecar.items.len(), 9);
    let (total, parts) = hme.sidecar.indexes.split_last().unwrap();
    assert_eq!(total.parts, ["motivation", "ledarskap", "styrning"]);
    assert!(parts.iter().all(|part| part.items.len() == 3 && part.ends == Some((1, 5))));
}

#[test]
fn digital_competence_asks_for_all_21_competences_of_digcomp_3() {
    let survey = ready_made("digital-competence");
    let path = format!("{}/../../schemas/frameworks/digcomp-3.0.json", env!("CARGO_MANIFEST_DIR"));
    let framework: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let competences = framework["competences"].as_array().unwrap().iter();
    let known: Vec<&str> = competences.map(|competence| competence["code"].as_str().unwrap()).collect();
    let feeds = survey.sidecar.items.values().map(|item| item.feeds.as_ref().unwrap());
    let mut asked: Vec<&str> = feeds.map(|feed| feed.competence.as_str()).collect();
    asked.sort_unstable();
    assert_eq!(asked, known);
    assert_eq!(asked.len(), 21);
}

#[test]
fn the_digital_school_day_asks_each_group_its_own_and_all_of_them_the_same() {
    let survey = ready_made("school-digital-day");
    let asked = |name: &str| survey.asked_of(survey.question(name).unwrap(), None);
    assert!(asked("fungerar").is_empty(), "everybody is asked");
    assert_eq!(asked("forstar"), ["elever"]);
    assert_eq!(asked("plan"), ["larare", "ledare"]);
}
