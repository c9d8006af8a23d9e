//! Questions of which several choices are one answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made;

use disclosure::*;
use made::{figure, populations, table};

const CHOICES: [&str; 3] = ["a", "b", "c"];

/// A question with three choices, asked of groups: whether each is part of the first, how many answered, how many chose each.
fn question(groups: &[(bool, u64, [u64; 3])]) -> ResultTable {
    let item = |code: &&str| Item {
        code: format!("fraga/{code}"),
        label: Text::sv(*code),
        group: Some(ItemGroup { code: "fraga".into(), label: Text::sv("Vad använder du?") }),
        target: None,
    };
    let mut section =
        Section::new("choices", Text::sv("Val"), Measure::Choices, CHOICES.iter().map(item).collect());
    let category = |code: &str, role| Category { code: code.into(), label: Text::sv(code), role };
    section.categories = vec![category("chosen", Role::Positive), category("not_chosen", Role::Neutral)];
    for (place, (_, n, chosen)) in groups.iter().enumerate() {
        for (item, chosen) in chosen.iter().enumerate() {
            section.figures.push(Figure { item, ..figure(place, *n, &[*chosen, n - chosen]) });
        }
    }
    let groups = groups.iter().map(|(part, n, _)| (part.then_some(0), *n));
    table(ReportKind::Survey, populations(groups), vec![section])
}

/// Of each group how many choices are shown in full.
fn full(released: &Released) -> Vec<usize> {
    let section = &released.sections()[0];
    let is_full = |place, item| matches!(section.figure(place, item), Some(Shown::Full(_)));
    let groups = 0..released.populations().len();
    groups.map(|place| (0..CHOICES.len()).filter(|item| is_full(place, *item)).count()).collect()
}

/// Everybody chose two of the three. In the first school all chose the first, in the others they are divided.
const DIVIDED: [(bool, u64, [u64; 3]); 5] = [
    (false, 90, [60, 60, 60]),
    (true, 20, [20, 12, 8]),
    (true, 20, [10, 14, 16]),
    (true, 20, [12, 14, 14]),
    (true, 30, [18, 20, 22]),
];

#[test]
fn all_choices_of_a_question_are_shown_of_a_group_or_none() {
    let released = Gate::new(Preset::default()).apply(question(&DIVIDED)).unwrap();
    let full = full(&released);
    assert!(full.iter().all(|shown| [0, 3].contains(shown)), "{full:?}");
    assert_eq!((full[0], full[1]), (3, 0), "what everybody chose is not told, of the whole it is");
}

#[test]
fn without_that_a_choice_follows_from_the_others_where_all_have_chosen_as_many() {
    let released = Gate::without(Preset::default(), Rule::Choices).apply(question(&DIVIDED)).unwrap();
    let section = &released.sections()[0];
    let chosen = |item| section.figure(1, item).and_then(|shown| shown.counts()).map(|counts| counts[0]);
    let (hidden, shown): (Vec<_>, Vec<_>) = (0..3).map(chosen).partition(Option::is_none);
    assert_eq!(hidden.len(), 1);
    // Twice 20 are all that was chosen there.
    assert_eq!(40 - shown.into_iter().flatten().sum::<u64>(), 20);
}

#[test]
fn that_nobody_chose_something_is_told_as_of_an_answer_in_a_distribution() {
    let groups = [(false, 60, [35, 25, 1]), (true, 30, [15, 15, 0]), (true, 30, [20, 10, 1])];
    let released = Gate::new(Preset::default()).apply(question(&groups)).unwrap();
    assert_eq!(full(&released), [3, 3, 3]);
    // But for one all have chosen the first.
    let groups = [(false, 60, [49, 25, 1]), (true, 30, [29, 15, 0]), (true, 30, [20, 10, 1])];
    let released = Gate::new(Preset::default()).apply(question(&groups)).unwrap();
    assert_eq!(full(&released)[1], 0);
}

#[test]
fn what_a_group_of_respondents_answered_belongs_to_the_rate_of_its_own() {
    // Two groups in a whole and its schools; of the second hardly anybody answered in the first school.
    let rolls = [[40, 20, 20], [60, 30, 30]];
    let answered = [[40, 20, 20], [34, 4, 30]];
    let item = |code: &str| Item { code: code.into(), label: Text::sv(code), group: None, target: None };
    let mut rate = Section::new(
        "response-rate",
        Text::sv("Svarsfrekvens"),
        Measure::ResponseRate,
        vec![item("a"), item("b")],
    );
    let mut answers =
        Section::new("answers", Text::sv("Svar"), Measure::Likert, vec![item("q/a"), item("q/b")]);
    answers.categories = ["ja", "nej"]
        .map(|code| Category { code: code.into(), label: Text::sv(code), role: Role::Neutral })
        .to_vec();
    answers.within = vec![Nested { section: "response-rate".into(), axis: Axis::Whole }];
    for section in [&mut rate, &mut answers] {
        section.rolls = vec![0, 1];
    }
    for group in 0..2 {
        for place in 0..3 {
            let (base, n) = (rolls[group][place], answered[group][place]);
            rate.figures.push(Figure::of(place, group, base, n));
            answers.figures.push(Figure { item: group, ..figure(place, base, &[n / 2, n - n / 2]) });
        }
    }
    let groups = populations([(None, 100), (Some(0), 50), (Some(0), 50)]);
    let roll = |people: [u64; 3]| -> Vec<Atom> {
        let atom = |school: usize| Atom { populations: vec![0, school], people: people[school] };
        vec![atom(1), atom(2)]
    };
    let mut table = table(ReportKind::Survey, groups, vec![rate, answers]);
    table.rolls = rolls.map(roll).to_vec();
    let released = Gate::new(Preset::default()).apply(table.clone()).unwrap();
    let shown = |item, place| released.sections()[1].figure(place, item).unwrap().answered();
    assert_eq!([shown(0, 0), shown(0, 1), shown(0, 2)], [Some(40), Some(20), Some(20)]);
    assert_eq!(shown(1, 1), None, "four of them");
    // A base that is not of its rate's people contradicts it.
    table.sections[0].rolls = vec![1, 0];
    assert!(Gate::new(Preset::default()).apply(table).is_err());
}
