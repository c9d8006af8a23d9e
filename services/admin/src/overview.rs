//! The sentences of the overview, each with number, base, date and a link. All figures come from released
//! reports, so what is hidden there is hidden here.

use disclosure::{Geometry, Lang, Measure, Released, Shown};
use domain::Municipality;
use render::components::Card;

use crate::problem::Problem;
use crate::words::{Page, t};
use crate::{Admin, Ask, Question, ReportFailure};

/// At most this many rounds of surveys stand on the overview, the latest first.
const ROUNDS: usize = 2;

/// What the overview says.
pub(crate) async fn cards(
    admin: &Admin,
    municipality: &Municipality,
    lang: Lang,
) -> Result<Vec<Card>, Problem> {
    let mut cards = Vec::new();
    if let Some(released) = make(admin, Question::Competence).await? {
        cards.extend(competence(&released, lang));
    }
    let mut rounds: Vec<_> = municipality.surveys.rounds().collect();
    rounds.sort_by_key(|round| std::cmp::Reverse((round.opens, round.id.clone())));
    for round in rounds.into_iter().take(ROUNDS) {
        let question = Question::Survey { round: Some(round.id.clone()) };
        if let Some(released) = make(admin, question).await? {
            cards.extend(response(&released, &round.id, lang));
        }
    }
    Ok(cards)
}

async fn make(admin: &Admin, question: Question) -> Result<Option<std::sync::Arc<Released>>, Problem> {
    match admin.reports.make(Ask { question, at: None }).await {
        Ok(released) => Ok(Some(released)),
        // Nothing to count yet is not a fault of the overview.
        Err(ReportFailure::Asked(_)) => Ok(None),
        Err(failure) => Err(failure.into()),
    }
}

/// How many have a known level, self-assessed and demonstrated.
fn competence(released: &Released, lang: Lang) -> Vec<Card> {
    let sections = released.sections().iter().filter(|section| section.measure() == Measure::Coverage);
    sections
        .flat_map(|section| {
            section.items().iter().enumerate().map(move |(place, item)| (section, place, item))
        })
        .filter_map(|(section, place, item)| {
            let shown = section.figure(root(released)?, place)?;
            let sentence = match lang {
                Lang::Sv => "har ett känt läge i minst en kompetens.",
                Lang::En => "have a known level in at least one competence.",
            };
            Some(Card {
                heading: item.label.get(lang).to_owned(),
                link: Some((
                    t(lang, "Digital kompetens", "Digital competence").to_owned(),
                    Page::Competence.href(lang),
                )),
                ..card(released, shown, sentence, lang)
            })
        })
        .take(2)
        .collect()
}

/// How many have answered a round.
fn response(released: &Released, round: &str, lang: Lang) -> Option<Card> {
    let section = released.sections().iter().find(|section| section.measure() == Measure::ResponseRate)?;
    let shown = section.figure(root(released)?, 0)?;
    let address = format!("{}?lang={}&round={round}", Page::Survey.path(), lang.tag());
    Some(Card {
        heading: released.title().get(lang).to_owned(),
        link: Some((t(lang, "Svaren", "The answers").to_owned(), address)),
        ..card(released, shown, t(lang, "har svarat.", "have answered."), lang)
    })
}

/// The population of the whole organisation.
fn root(released: &Released) -> Option<usize> {
    released.populations().iter().position(|p| p.geometry == Geometry::Tree && p.parent.is_none())
}

fn card(released: &Released, shown: &Shown, sentence: &str, lang: Lang) -> Card {
    let date = render::date(&released.identity().as_of, lang);
    let (number, base) = match (shown.answered(), shown.base()) {
        (Some(part), Some(of)) => (
            render::percent(part, of, lang),
            match lang {
                Lang::Sv => format!("{} av {}, {date}.", render::count(part), render::count(of)),
                Lang::En => format!("{} of {}, {date}.", render::count(part), render::count(of)),
            },
        ),
        _ => (
            "..".to_owned(),
            t(lang, "Visas inte för att skydda enskilda.", "Not shown, to protect individuals.").to_owned(),
        ),
    };
    Card { heading: String::new(), number, sentence: sentence.to_owned(), base, change: None, link: None }
}
