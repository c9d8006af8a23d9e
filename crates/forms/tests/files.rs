//! Answers in files from elsewhere, on what LimeSurvey writes (`limesurvey/README.md`), and by hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Cursor;

use chrono::{NaiveDate, NaiveDateTime};
use forms::files::{Beside, Came, Count, File, Filed, Format, Reading, Structure, Terms};
use forms::{Definition, Refusal, register};
use serde_json::{Map, Value as Json, json};

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/limesurvey/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn survey() -> Definition {
    register(&bytes("definition.json"), None).unwrap_or_else(|refused| panic!("{refused:#?}"))
}

fn now() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2026, 12, 1).unwrap().and_hms_opt(10, 0, 0).unwrap()
}

fn terms() -> Terms {
    Terms { now: now(), ..Terms::default() }
}

fn file(bytes: &[u8]) -> Result<File, Refusal> {
    File::open(Box::new(Cursor::new(bytes.to_vec())))
}

/// What came of a file, with the reading that counted.
fn read<'d>(
    definition: &'d Definition,
    bytes: &[u8],
    terms: Terms,
) -> Result<(Vec<Filed>, Reading<'d>), Refusal> {
    let mut reading = Reading::open(definition, file(bytes)?, terms)?;
    let mut all = Vec::new();
    while let Some(filed) = reading.answer()? {
        all.push(filed);
    }
    Ok((all, reading))
}

fn named(name: &str) -> Vec<Filed> {
    let survey = survey();
    read(&survey, &bytes(name), terms()).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}")).0
}

fn refused(bytes: &[u8]) -> Refusal {
    let survey = survey();
    match read(&survey, bytes, terms()) {
        Ok((all, _)) => panic!("taken: {all:#?}"),
        Err(refusal) => refusal,
    }
}

fn taken(filed: &Filed) -> Json {
    Json::Object(filed.answers.clone().unwrap_or_else(|wrong| panic!("{wrong:?}")))
}

/// The first respondent's answers, all that there are.
fn first() -> Json {
    json!({
        "kon": "F", "roll": "A1", "amnen": ["SV", "MA", "other"], "amnen-Comment": "Bild; \"form\", {x}", "trivsel": 4, "dator": true,
        "komp": {"SQ001": "A3", "SQ002": "A2"}, "dual_1": {"SQ001": 2, "SQ002": 1}, "dual_2": {"SQ001": 3}, "rang": ["R2", "R4"],
        "antal": 12.5, "heltal": 7, "sakerhet_SQ001": 50, "datum": "2026-09-01",
        "fritext": "Rad ett\twith tab\nrad två \"citat\" och ; semikolon, komma {TOKEN:FIRSTNAME} {newline} \\\" slut åäö ÅÄÖ <b>fet</b> 😀",
        "lkom": "A1", "lkom-Comment": "\"Inledande citat", "fkom": ["SQ1"], "fkom_SQ1comment": "  mellanslag runt  ",
        "txtarr_Y1_X1": "=1+1", "txtarr_Y2_X2": "'apostrof", "larare": "Läraren svarar", "larval": ["P"], "lartal": 0, "larja": false, "ekv": 25
    })
}

const CODED: [&str; 9] = [
    "named-web-code-short.csv",
    "named-web-code-short-tab.csv",
    "named-web-code-short-with-times.csv",
    "named-rc-code-short.csv",
    "named-rc-codetext-short.csv",
    "named-rc-emcode-short.csv",
    "named-rc-code-short.json",
    "named-vv2.csv",
    "anonymous-dates-participants-rc-code-short.csv",
];

#[test]
fn every_export_with_codes_gives_the_same_answers() {
    for name in CODED {
        let all = named(name);
        let mut wanted = first();
        if name.ends_with("vv2.csv") {
            // VV cuts outer blanks off.
            wanted["fkom_SQ1comment"] = json!("mellanslag runt");
        }
        let mut sent = taken(&all[0]);
        // Sheets and CSV write line breaks in their own way.
        sent["fritext"] = json!(sent["fritext"].as_str().unwrap().replace("\r\n", "\n"));
        assert_eq!(sent, wanted, "{name}");
        assert!(all.iter().all(|filed| filed.answers.is_ok()), "{name}: {all:#?}");
    }
}

#[test]
fn other_negative_numbers_old_days_and_lone_rows_are_taken_as_they_are() {
    for name in &CODED[..8] {
        let all = named(name);
        assert_eq!(all.len(), 7, "{name}: a blank line is no row");
        let fourth = taken(&all[3]);
        assert_eq!(
            (&fourth["roll"], &fourth["roll-Comment"]),
            (&json!("other"), &json!("Vaktmästare")),
            "{name}"
        );
        assert_eq!((&fourth["amnen"], &fourth["amnen-Comment"]), (&json!(["other"]), &json!("0")), "{name}");
        assert_eq!((&fourth["antal"], &fourth["sakerhet_SQ001"]), (&json!(-3), &json!(0)), "{name}");
        assert_eq!(fourth["datum"], "1899-12-31", "{name}");
        // CSV has a line break for U+2028.
        let line = if name.contains("-vv2.") || name.ends_with("json") { '\u{2028}' } else { '\n' };
        assert_eq!(fourth["txtarr_Y1_X1"], format!("a{line}b\u{a0}cd"), "{name}");
        assert!(fourth["fritext"].as_str().unwrap().contains("{lbrace}ledande"), "{name}");
        assert_eq!(taken(&all[1]), json!({ "roll": "A2" }), "{name}");
        assert_eq!(taken(&all[6]), json!({ "kon": "M" }), "{name}");
    }
}

fn counts(name: &str, heading: &str) -> [u64; 4] {
    let survey = survey();
    let (_, reading) = read(&survey, &bytes(name), terms()).unwrap();
    let found = reading.counts().find(|(known, _)| *known == heading);
    let Count { answered, skipped, not_shown, unknown } = found.unwrap().1.clone();
    [answered, skipped, not_shown, unknown]
}

#[test]
fn shown_and_skipped_is_kept_apart_from_not_shown_where_the_file_tells() {
    for name in ["named-web-code-short.csv", "named-rc-code-short.csv", "named-rc-code-short.json"] {
        assert_eq!(counts(name, "larare"), [1, 1, 5, 0], "{name}");
        assert_eq!(counts(name, "komp[SQ001]"), [3, 2, 2, 0], "{name}");
        assert_eq!(counts(name, "larval[P]"), [1, 1, 5, 0], "{name}");
    }
    assert_eq!(counts("named-vv2.csv", "larare"), [1, 1, 5, 0]);
    assert_eq!(counts("named-vv2.csv", "komp_SQ001"), [3, 2, 2, 0]);
}

#[test]
fn numbers_and_days_that_were_skipped_are_not_known_from_those_that_were_not_shown() {
    for name in ["named-web-code-short.csv", "named-rc-code-short.json", "named-vv2.csv"] {
        assert_eq!(counts(name, "antal"), [2, 0, 0, 5], "{name}");
        assert_eq!(counts(name, "datum"), [2, 0, 0, 5], "{name}");
        assert_eq!(counts(name, "lartal"), [1, 0, 0, 6], "{name}");
    }
}

#[test]
fn a_sheet_cannot_tell_and_an_answer_that_became_a_formula_is_said_to_be_lost() {
    let survey = survey();
    let (all, reading) = read(&survey, &bytes("named-rc-code-short.xlsx"), terms()).unwrap();
    assert_eq!(reading.format(), Format::Excel);
    let wrong = all[0].answers.clone().unwrap_err();
    assert_eq!(wrong.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>(), ["txtarr[Y1_X1]"]);
    assert!(wrong[0].1.en.contains("formula"), "{wrong:?}");
    // What looks like a number has become one, and is the code again.
    let fourth = taken(&all[3]);
    assert_eq!(
        (&fourth["roll"], &fourth["amnen-Comment"], &fourth["antal"]),
        (&json!("other"), &json!("0"), &json!(-3))
    );
    let larare = reading.counts().find(|(heading, _)| *heading == "larare").unwrap().1;
    assert_eq!((larare.skipped, larare.not_shown, larare.unknown), (0, 0, 6));
    assert_eq!(all.iter().map(|filed| filed.row).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn a_table_that_another_program_wrote_cannot_tell_either() {
    let survey = survey();
    let table = b"id;submitdate;kon;larare\n1;2026-11-29 10:00;F;\n2;2026-11-29 10:00;M;\n";
    let (all, reading) = read(&survey, table, terms()).unwrap();
    let larare = reading.counts().find(|(heading, _)| *heading == "larare").unwrap().1;
    assert_eq!((all.len(), larare.not_shown, larare.unknown), (2, 0, 2));
}

#[test]
fn the_separator_is_what_stands_after_the_first_heading() {
    let survey = survey();
    let separators = [
        ("named-web-code-short.csv", ','),
        ("named-rc-code-short.csv", ';'),
        ("named-web-code-short-tab.csv", '\t'),
    ];
    for (name, wanted) in separators {
        let reading = Reading::open(&survey, file(&bytes(name)).unwrap(), terms()).unwrap();
        assert_eq!(reading.separator(), Some(wanted), "{name}");
    }
}

#[test]
fn what_was_not_sent_in_is_counted_apart_and_taken_only_as_far_as_it_goes() {
    for name in &CODED[..8] {
        let came: Vec<Came> = named(name).iter().map(|filed| filed.came).collect();
        use Came::{Part, Whole};
        assert_eq!(came, [Whole, Whole, Whole, Whole, Part, Part, Whole], "{name}");
    }
    let required = json!({"elements": [
        {"type": "text", "name": "a", "isRequired": true}, {"type": "text", "name": "b", "inputType": "number", "isRequired": true}]});
    let survey = register(required.to_string().as_bytes(), None).unwrap();
    let table = b"\"id\",\"submitdate\",\"a\",\"b\"\r\n\"1\",,\"x\",\r\n\"2\",,,\r\n\"3\",,\"x\",\"abc\"\r\n\"4\",\"1980-01-01 00:00:00\",\"x\",\r\n";
    let with = |incomplete: bool| {
        let all = read(&survey, table, Terms { incomplete, ..terms() }).unwrap().0;
        all.into_iter()
            .map(|filed| (filed.came, filed.answers.map_err(|wrong| wrong.len())))
            .collect::<Vec<_>>()
    };
    let x: Map<String, Json> = json!({ "a": "x" }).as_object().unwrap().clone();
    assert_eq!(with(false)[0], (Came::Part, Err(1)));
    assert_eq!(with(true)[0], (Came::Part, Ok(x)));
    assert_eq!(with(true)[1].0, Came::Empty);
    // What is wrong stays wrong, and what was sent in has to be whole.
    assert_eq!(with(true)[2], (Came::Part, Err(1)));
    assert_eq!(with(true)[3], (Came::Whole, Err(1)));
}

#[test]
fn a_day_in_1980_is_no_day_but_sent_in_all_the_same() {
    let all = named("anonymous-no-dates-rc-code-short.csv");
    let came: Vec<_> = all.iter().map(|filed| (filed.came, filed.at.is_some())).collect();
    // The last came through RemoteControl, and has a real time.
    assert_eq!(came, [(Came::Whole, false), (Came::Whole, false), (Came::Part, false), (Came::Whole, true)]);
    let dated = named("named-rc-code-short.csv");
    let at = NaiveDate::from_ymd_opt(2026, 11, 29).unwrap().and_hms_opt(17, 32, 30);
    assert_eq!((dated[0].at, dated[4].at.is_some()), (at, true));
}

#[test]
fn who_and_when_and_in_which_order_is_known_as_no_answer() {
    let survey = survey();
    let (_, reading) =
        read(&survey, &bytes("anonymous-dates-participants-rc-code-short.csv"), terms()).unwrap();
    let beside: Vec<(&str, &str, u64)> =
        reading.beside().into_iter().map(|(heading, why, filled)| (heading, why.name(), filled)).collect();
    assert_eq!(
        beside,
        [
            ("id", "order", 3),
            ("submitdate", "time", 2),
            ("lastpage", "other", 3),
            ("startlanguage", "other", 3),
            ("seed", "order", 3),
            ("startdate", "time", 3),
            ("datestamp", "time", 3),
            ("ipaddr", "identity", 3),
            ("refurl", "identity", 0),
            ("fil", "upload", 0),
            ("fil[filecount]", "upload", 2),
            ("ekv", "computed", 3),
        ]
    );
    let (_, reading) = read(&survey, &bytes("personal-no-dates-participants-vv2.csv"), terms()).unwrap();
    let token = reading.beside().into_iter().find(|(heading, ..)| *heading == "token").unwrap();
    assert_eq!(token, ("token", Beside::Identity, 3));
    let (_, reading) = read(&survey, &bytes("named-web-code-short-with-times.csv"), terms()).unwrap();
    let timed = reading
        .beside()
        .into_iter()
        .filter(|(heading, ..)| heading.ends_with("Time") || heading.starts_with("groupTime"));
    assert!(timed.clone().count() == 25 && timed.into_iter().all(|(_, why, _)| why == Beside::Time));
    assert_eq!(reading.unknown(), Vec::<&str>::new());
}

#[test]
fn the_column_that_says_who_answered_is_the_one_that_is_asked_for() {
    let survey = survey();
    let terms = Terms { respondent: Some("token".to_owned()), ..terms() };
    let (all, reading) =
        read(&survey, &bytes("personal-no-dates-participants-rc-code-short.csv"), terms).unwrap();
    let who: Vec<_> = all.iter().map(|filed| filed.respondent.as_deref().unwrap()).collect();
    assert_eq!(who, ["2E1ZLUMAa4IH3em", "ALt74dLiwpCuaky", "VdERAHxtHz1ezr2"]);
    assert!(reading.beside().contains(&("token", Beside::Respondent, 3)));
}

#[test]
fn uploads_are_counted_and_left_out() {
    let survey = survey();
    for name in &CODED[..8] {
        let (_, reading) = read(&survey, &bytes(name), terms()).unwrap();
        let fil = reading.beside().into_iter().find(|(heading, ..)| *heading == "fil").unwrap();
        assert_eq!(fil, ("fil", Beside::Upload, 1), "{name}");
    }
}

#[test]
fn headings_that_are_texts_are_refused_with_a_word_on_how_to_export() {
    for name in [
        "named-web-default.csv",
        "named-rc-full-long.csv",
        "named-rc-full-long.json",
        "named-web-default.xlsx",
        "anonymous-no-dates-web-default.csv",
    ] {
        let refusal = refused(&bytes(name));
        assert_eq!(refusal.place, "1", "{name}");
        assert!(refusal.what.en.contains("headings are texts"), "{name}: {refusal:?}");
        assert!(refusal.instead.unwrap().sv.contains("frågekod som rubrik"), "{name}");
    }
}

/// An export with codes as headings, and the answers of another one below them.
fn under_codes(answers: &str) -> Vec<u8> {
    let headings = bytes("named-web-code-short.csv");
    let headings = headings.split_inclusive(|byte| *byte == b'\n').next().unwrap().to_vec();
    let answers = bytes(answers);
    let begins = answers.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    [&headings, &answers[begins..]].concat()
}

#[test]
fn answers_that_are_texts_are_refused_and_not_guessed() {
    let refusal = refused(&under_codes("named-web-default.csv"));
    assert_eq!(refusal.place, "2, kon");
    assert!(refusal.what.en.contains("written out as texts"), "{refusal:?}");
    for answer in ["Ja", "Nej", "N/A", "No"] {
        for column in ["amnen[SV]", "dator"] {
            let table = format!("\"id\",\"{column}\"\r\n\"1\",\"{answer}\"\r\n");
            let refusal = refused(table.as_bytes());
            assert_eq!(refusal.place, format!("2, {column}"), "{answer}");
            assert!(refusal.instead.unwrap().en.contains("answer codes"));
        }
    }
}

#[test]
fn yes_and_no_as_1_and_2_are_refused() {
    let refusal = refused(&bytes("named-web-code-short-y1-n2.csv"));
    assert_eq!(refusal.place, "2, amnen[SV]");
    assert!(refusal.what.sv.contains("omvandlade till 1 och 2"), "{refusal:?}");
    let refusal = refused(b"\"id\",\"dator\"\r\n\"1\",\"2\"\r\n");
    assert_eq!(refusal.place, "2, dator");
}

#[test]
fn vvs_of_version_1_is_refused_with_a_word_on_version_2() {
    let refusal = refused(&bytes("named-vv1.txt"));
    assert!(refusal.instead.unwrap().en.contains("VV version 2"));
}

#[test]
fn vvs_of_version_1_is_read_with_the_surveys_structure_beside() {
    let survey = survey();
    let structure = Structure::read(&bytes("named-structure-trimmed.lss")).unwrap();
    let mut vv = file(&bytes("named-vv1.txt")).unwrap();
    vv.translate(&structure);
    let mut reading = Reading::open(&survey, vv, terms()).unwrap();
    let mut all = Vec::new();
    while let Some(filed) = reading.answer().unwrap() {
        all.push(filed);
    }
    let other = named("named-vv2.csv");
    assert_eq!(all.iter().map(taken).collect::<Vec<_>>(), other.iter().map(taken).collect::<Vec<_>>());
    assert_eq!(reading.unknown(), Vec::<&str>::new());
    for wrong in [&b"<a/>"[..], b"", b"<document><questions>"] {
        assert!(Structure::read(wrong).is_err());
    }
}

#[test]
fn quotes_and_braces_of_each_kind_give_what_was_stored() {
    let source = json!({"elements": [{"type": "comment", "name": "a"}, {"type": "comment", "name": "b"}]});
    let survey = register(source.to_string().as_bytes(), None).unwrap();
    let truth: Vec<Json> = serde_json::from_slice(&bytes("quotes-truth.json")).unwrap();
    for name in ["quotes-rc-code-short.csv", "quotes-vv2.csv"] {
        let all = read(&survey, &bytes(name), terms()).unwrap().0;
        assert_eq!(all.iter().map(taken).collect::<Vec<_>>(), truth, "{name}");
    }
}

#[test]
fn a_column_that_no_question_is_called_by_is_named_and_can_be_left_out() {
    let survey = survey();
    let table = b"\"id\",\"kon\",\"nope\",\"tom\"\r\n\"1\",\"F\",\"x\",\"\"\r\n";
    let (_, reading) = read(&survey, table, terms()).unwrap();
    assert_eq!(reading.unknown(), ["nope"]);
    let left_out = Terms { left_out: vec!["nope".to_owned()], ..terms() };
    let (_, reading) = read(&survey, table, left_out).unwrap();
    assert_eq!(reading.unknown(), Vec::<&str>::new());
    assert!(reading.beside().contains(&("nope", Beside::AsAsked, 1)));
}

#[test]
fn what_cannot_be_taken_is_said_by_row_and_question_and_never_with_the_answer() {
    let survey = survey();
    let table = b"\"id\",\"kon\",\"antal\",\"larare\",\"komp[SQ001]\"\r\n\"1\",\"hemlig\",\"privat\",\"borta\",\"A9\"\r\n";
    let (all, reading) = read(&survey, table, terms()).unwrap();
    assert_eq!(all[0].row, 2);
    let wrong = all[0].answers.clone().unwrap_err();
    assert_eq!(
        wrong.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>(),
        ["kon", "komp.SQ001", "antal"]
    );
    let said = format!("{wrong:?}");
    assert!(!said.contains("hemlig") && !said.contains("privat") && !said.contains("A9"), "{said}");
    assert_eq!(reading.hidden().get("larare"), Some(&1));
    let gap = b"\"id\",\"rang[1]\",\"rang[2]\",\"rang[3]\"\r\n\"1\",\"R1\",\"\",\"R2\"\r\n";
    let wrong = read(&survey, gap, terms()).unwrap().0[0].answers.clone().unwrap_err();
    assert!(wrong[0].1.en.contains("place in the ranking"), "{wrong:?}");
}

#[test]
fn surveyjs_results_are_taken_in_an_array_or_one_a_line() {
    let survey = survey();
    let mut answers = first();
    answers.as_object_mut().unwrap().remove("ekv");
    let other = json!({"roll": "A2", "larare": "borta", "amnen": [], "kon": null});
    for text in [
        json!([answers, other]).to_string(),
        format!("{answers}\n{other}\n"),
        format!("\u{feff}[\n{answers} ,\r\n {other}\n]\n"),
    ] {
        let (all, reading) = read(&survey, text.as_bytes(), terms()).unwrap();
        assert_eq!(reading.format(), Format::SurveyJs);
        assert_eq!(all.iter().map(taken).collect::<Vec<_>>(), [first(), json!({ "roll": "A2" })]);
        assert_eq!(reading.hidden().get("larare"), Some(&1));
    }
    let who = Terms { respondent: Some("mail".to_owned()), ..terms() };
    let text = r#"[{"mail": "a@example.com", "kon": "F"}, {"extra": 1, "kon": "M"}]"#;
    let (all, reading) = read(&survey, text.as_bytes(), who).unwrap();
    assert_eq!((all[0].respondent.as_deref(), reading.unknown()), (Some("a@example.com"), vec!["extra"]));
}

#[test]
fn a_long_table_gives_what_the_others_give() {
    let survey = survey();
    let rows = "\u{feff}Respondent;Question;Answer;Time\r\n\
        a;kon;F;2026-11-29 17:32\r\na;roll;A1;\r\na;amnen;SV;\r\na;amnen;MA;\r\na;amnen;other;\r\na;amnen-Comment;\"Bild; \"\"form\"\", {x}\";\r\n\
        a;trivsel;4;\r\na;dator;true;\r\na;komp.SQ001;A3;\r\na;komp[SQ002];A2;\r\na;rang[1];R2;\r\na;rang[2];R4;\r\na;antal;12,5;\r\na;heltal;;\r\n\
        b;roll;A2;\r\n";
    let (all, reading) =
        read(&survey, rows.as_bytes(), Terms { respondent: Some("respondent".to_owned()), ..terms() })
            .unwrap();
    assert_eq!(reading.format(), Format::Long);
    let wanted = json!({"kon": "F", "roll": "A1", "amnen": ["SV", "MA", "other"], "amnen-Comment": "Bild; \"form\", {x}", "trivsel": 4,
        "dator": true, "komp": {"SQ001": "A3", "SQ002": "A2"}, "rang": ["R2", "R4"], "antal": 12.5, "ekv": 25});
    assert_eq!(taken(&all[0]), wanted);
    assert_eq!(taken(&all[1]), json!({ "roll": "A2" }));
    assert_eq!((all[0].respondent.as_deref(), all[1].row, all[0].at.is_some()), (Some("a"), 16, true));
    assert_eq!(reading.counts().find(|(heading, _)| *heading == "heltal").unwrap().1.unknown, 1);
    let apart = refused(b"respondent,question,answer\na,kon,F\nb,kon,F\na,roll,A1\n");
    assert_eq!((apart.place.as_str(), apart.what.en.contains("sort the table")), ("4", true));
}

#[test]
fn broken_files_are_refused_with_their_row() {
    let whole = bytes("named-web-code-short.csv");
    let cut = refused(&whole[..whole.len() - 20]);
    assert!(cut.what.en.contains("fields and the heading") && cut.place == "12", "{cut:?}");
    let inside = whole.iter().position(|byte| *byte == 0xc3).unwrap();
    assert!(refused(&whole[..inside]).what.en.contains("cut off"));
    let json = bytes("named-rc-code-short.json");
    assert!(refused(&json[..json.len() - 2]).what.en.contains("cut off"));
    assert!(refused(&json[..json.len() / 2]).what.en.contains("cut off"));
    let latin = b"\"id\",\"fritext\"\r\n\"1\",\"r\xe4tt\"\r\n";
    let refusal = refused(latin);
    assert_eq!((refusal.place.as_str(), refusal.what.en.as_str()), ("2", "the text is not UTF-8"));
    assert!(refused(b"\xff\xfei\0d\0").what.en.contains("UTF-16"));
    for nothing in
        [&b""[..], b"\n", b"hej", b"a,b\n1,2\n", b"PK\x03\x04", b"[1]", b"[{\"a\":1} x]", b"{\"a\":"]
    {
        let refusal = refused(nothing);
        assert!(!refusal.what.sv.is_empty() && !refusal.place.is_empty(), "{refusal:?}");
    }
    // Another separator than the headings have, and a quotation mark that is never closed.
    assert!(refused(b"\"id\",\"kon\"\r\n\"1\";\"F\"\r\n").what.en.contains("separator"));
    assert!(refused(b"\"id\",\"kon\"\r\n\"1\",\"F\r\n").what.en.contains("inside a field"));
    assert!(refused(b"\"id\",\"kon\",\"kon\"\r\n").what.en.contains("twice"));
}
