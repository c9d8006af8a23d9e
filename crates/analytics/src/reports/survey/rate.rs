//! How many of those who were asked have answered.

use super::super::text;
use super::answers::Round;
use super::ballots::Emptied;
use super::respondents::Respondents;
use disclosure::{Figure, Item, Measure, Ratio, Section, Text, Value, ValueKind};
use domain::events::{Guardians, RoundMode};

/// The section that says how many have answered.
pub(super) const RATE: &str = "response-rate";

/// Usable answers out of who was asked.
pub(super) fn response_rate(round: &Round<'_>, respondents: &Respondents<'_>, live: bool) -> Section {
    let groups = 0..respondents.len();
    let item = |group| match respondents.whole(text(&round.survey.title), group) {
        // By themselves the section's title says it.
        item if round.is_estimated(group) && respondents.len() > 1 => {
            Item { label: estimated(&item.label), ..item }
        }
        item => item,
    };
    let title = Text::new("Svarsfrekvens", "Response rate");
    let mut section = Section::new(RATE, title, Measure::ResponseRate, groups.clone().map(item).collect());
    section.rolls = groups.collect();
    let figures = respondents.all_members().map(|(group, population, members)| {
        let answered = members.iter().filter(|&&person| round.answers[person].is_some()).count();
        let mut figure = Figure::of(population, group, members.len() as u64, answered as u64);
        if round.is_estimated(group) {
            let pupils = members.iter().filter(|&&person| round.audience.expected[person]).count();
            let each = Ratio::new(answered as i128, pupils as i128);
            figure.values.extend(each.map(|number| Value {
                kind: ValueKind::AnswersPerPupil,
                number,
                interval: None,
            }));
        }
        figure
    });
    section.figures = figures.collect();
    section.live = live;
    if let Some(guardians) = &round.facts.guardians {
        section.values = vec![ValueKind::AnswersPerPupil];
        section.notes = vec![of_pupils(guardians)];
    }
    if let Some(emptied) = &round.emptied {
        if live {
            // How many have answered is in the ballot box too.
            section.figures.clear();
        }
        section.notes.splice(..0, of_strata(emptied));
    } else if round.facts.mode == RoundMode::Guardians {
        section.title = Text::new("Uppskattad svarsfrekvens", "Estimated response rate");
    } else {
        section.notes.insert(0, usable());
    }
    section.notes.extend(respondents.note());
    section
}

/// The name of a group of which nobody knows how many they are.
fn estimated(label: &Text) -> Text {
    Text::new(
        format!("{} (uppskattad)", label.sv),
        format!("{} (estimated)", label.get(disclosure::Lang::En)),
    )
}

fn usable() -> Text {
    Text::new(
        "Användbara svar av dem som hade tjänst när enkäten öppnade. Ett svar är användbart när minst hälften \
         av de obligatoriska frågorna är besvarade.",
        "Usable answers out of who had a duty when the survey opened. An answer is usable when at least half \
         of the required questions are answered.",
    )
}

/// What is said where nobody can be linked: of whom figures can be, and how many may have voted twice.
fn of_strata(emptied: &Emptied<'_>) -> Vec<Text> {
    let smallest = emptied.smallest;
    let mut notes = vec![
        usable(),
        Text::new(
            format!(
                "Ingen kan kopplas till sitt svar: svaren låg i en valurna tills enkäten hade stängt. Med ett svar följde bara \
                 vilken grupp det kom ur, en roll på en enhet. Grupper med färre än {smallest} personer räknades ihop med andra \
                 innan enkäten öppnade. Den som har flera tjänster räknas på en av dem. En enhet eller roll som bara har en del \
                 av en sådan grupp visas inte, för vilka av gruppens svar som är dess vet ingen."
            ),
            format!(
                "Nobody can be linked to their answer: the answers lay in a ballot box until the survey had closed. With an answer \
                 came only which group it is from, a role at a unit. Groups of fewer than {smallest} people were counted together \
                 with others before the survey opened. Who has several duties counts with one of them. A unit or role that has a \
                 part of such a group is not shown, since nobody knows which of the group's answers are its own."
            ),
        ),
    ];
    let again = (emptied.answers.len() as u64).saturating_sub(emptied.voted.into());
    if again > 0 {
        notes.push(Text::new(
            format!(
                "Vid ett avbrott gick det förlorat att {again} hade svarat. Så många kan som mest ha svarat två gånger; svaren \
                 går inte att ta bort, eftersom ingen vet vilka de är."
            ),
            format!(
                "That {again} had answered was lost in an interruption. At most so many may have answered twice; these answers \
                 cannot be taken out, since nobody knows which they are."
            ),
        ));
    }
    notes
}

/// What is said of a rate that is estimated: by which numbers, and from where.
fn of_pupils(guardians: &Guardians) -> Text {
    let counted = guardians.links.iter().any(|link| link.pupils.is_none());
    let enrolled = Text::new(
        "elever som var inskrivna när enkäten öppnade",
        "pupils who were enrolled when the survey opened",
    );
    let all = guardians.source.as_ref().map(text).into_iter().chain(counted.then_some(enrolled));
    let all: Vec<Text> = all.collect();
    let sources = |lang| all.iter().map(|source| source.get(lang)).collect::<Vec<_>>().join("; ");
    Text::new(
        format!(
            "Vårdnadshavare har svarat genom en länk för varje enhet, och ingen vet hur många de är. Svarsfrekvensen är \
             uppskattad: användbara svar av antalet elever (källa: {}). Där svaren är fler än eleverna är basen antalet svar, och \
             svar per elev är över 100 %. Räknat på två vårdnadshavare per elev är svarsfrekvensen minst hälften av svar per elev.",
            sources(disclosure::Lang::Sv)
        ),
        format!(
            "Guardians answered by a link for each unit, and nobody knows how many they are. The response rate is estimated: \
             usable answers out of the number of pupils (source: {}). Where there are more answers than pupils the base is the \
             number of answers, and answers per pupil are above 100%. Reckoned with two guardians a pupil the response rate is \
             at least half of the answers per pupil.",
            sources(disclosure::Lang::En)
        ),
    )
}
