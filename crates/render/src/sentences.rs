//! The sentences that say what a report has found.

use crate::number::{count, percent};
use crate::texts::t;
use disclosure::{Lang, LevelKind, Measure, Reason};

/// In how many competences at least half of those with a known level are above `bands`.
pub(crate) fn at_target(kind: LevelKind, items: usize, of: usize, bands: &str, lang: Lang) -> String {
    match (kind, lang) {
        (LevelKind::SelfAssessed, Lang::Sv) => {
            format!("I {items} av {of} kompetenser skattar sig minst hälften högre än {bands}.")
        }
        (LevelKind::SelfAssessed, Lang::En) => {
            format!("In {items} of {of} competences at least half rate themselves above {bands}.")
        }
        (_, Lang::Sv) => {
            format!("I {items} av {of} kompetenser är minst hälften av dem med känd nivå över {bands}.")
        }
        (_, Lang::En) => {
            format!(
                "In {items} of {of} competences at least half of those with a known level are above {bands}."
            )
        }
    }
}

/// In how many competences a band is the most common one.
pub(crate) fn most_common(kind: LevelKind, band: &str, items: usize, of: usize, lang: Lang) -> String {
    match (kind, lang) {
        (LevelKind::SelfAssessed, Lang::Sv) => {
            format!("{band} är den vanligaste skattningen i {items} av {of} kompetenser.")
        }
        (LevelKind::SelfAssessed, Lang::En) => {
            format!("{band} is the most common rating in {items} of {of} competences.")
        }
        (_, Lang::Sv) => format!("{band} är den vanligaste nivån i {items} av {of} kompetenser."),
        (_, Lang::En) => format!("{band} is the most common level in {items} of {of} competences."),
    }
}

/// The finding of a section of level bands: the greatest need.
pub(crate) fn need(kind: LevelKind, item: &str, below: u64, known: u64, bands: &str, lang: Lang) -> String {
    let share = percent(below, known, lang);
    let (below, known) = (count(below), count(known));
    let of = match lang {
        Lang::Sv => format!("({below}\u{a0}av\u{a0}{known})"),
        Lang::En => format!("({below}\u{a0}of\u{a0}{known})"),
    };
    match (kind, lang) {
        (LevelKind::SelfAssessed, Lang::Sv) => {
            format!("Störst utbildningsbehov: {item}, där {share} skattar sig på nivån {bands} {of}.")
        }
        (LevelKind::SelfAssessed, Lang::En) => {
            format!("Greatest need for training: {item}, where {share} rate themselves {bands} {of}.")
        }
        (_, Lang::Sv) => format!(
            "Störst utbildningsbehov: {item}, där {share} av dem med känd nivå är på nivån {bands} {of}."
        ),
        (_, Lang::En) => format!(
            "Greatest need for training: {item}, where {share} of those with a known level are at {bands} {of}."
        ),
    }
}

/// The finding of choices: the one that most have chosen, or put first.
pub(crate) fn most_chosen(item: &str, part: u64, of: u64, ranked: bool, lang: Lang) -> String {
    let (share, part, of) = (percent(part, of, lang), count(part), count(of));
    let what = match ranked {
        false => t(lang, "Flest har valt", "Chosen most often"),
        true => t(lang, "Oftast först", "First most often"),
    };
    format!("{what}: {item}, {share} ({part}\u{a0}{}\u{a0}{of}).", t(lang, "av", "of"))
}

/// The finding of a rate; `what` is a section's title that says what those counted have done.
pub(crate) fn rate(measure: Measure, what: &str, part: u64, of: u64, lang: Lang) -> String {
    let (share, part, of) = (percent(part, of, lang), count(part), count(of));
    let mut rest = what.chars();
    let what: String = rest.next().into_iter().flat_map(char::to_lowercase).chain(rest).collect();
    match (measure, lang) {
        (Measure::ResponseRate, Lang::Sv) => format!("{share} har svarat: {part} av {of}."),
        (Measure::ResponseRate, Lang::En) => format!("{share} have answered: {part} of {of}."),
        (_, Lang::Sv) => format!("{share} {what}: {part} av {of}."),
        (_, Lang::En) => format!("{share} {what}: {part} of {of}."),
    }
}

/// The finding of a rate of guardians.
pub(crate) fn estimated(part: u64, of: u64, lang: Lang) -> String {
    let (share, part, of) = (percent(part, of, lang), count(part), count(of));
    match lang {
        Lang::Sv => format!("Uppskattad svarsfrekvens {share}: {part} svar av {of}."),
        Lang::En => format!("Estimated response rate {share}: {part} answers out of {of}."),
    }
}

/// The finding of a rate by item.
pub(crate) fn rate_range(low: (&str, u64, u64), high: (&str, u64, u64), lang: Lang) -> String {
    let (low_share, high_share) = (percent(low.1, low.2, lang), percent(high.1, high.2, lang));
    match lang {
        Lang::Sv => {
            format!("Störst andel: {}, {high_share}. Minst: {}, {low_share}.", high.0, low.0)
        }
        Lang::En => {
            format!("Largest share: {}, {high_share}. Smallest: {}, {low_share}.", high.0, low.0)
        }
    }
}

/// The finding of two rates that are read one after the other.
pub(crate) fn rates(all: &[(String, u64, u64)], lang: Lang) -> String {
    let one = |(name, part, of): &(String, u64, u64)| {
        let share = percent(*part, *of, lang);
        format!("{name}: {share} ({}\u{a0}{}\u{a0}{}).", count(*part), t(lang, "av", "of"), count(*of))
    };
    all.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// The finding of levels against a target: the greatest need.
pub(crate) fn below_the_target(kind: LevelKind, item: &str, below: u64, known: u64, lang: Lang) -> String {
    let share = percent(below, known, lang);
    let of = format!("({}\u{a0}{}\u{a0}{})", count(below), t(lang, "av", "of"), count(known));
    match (kind, lang) {
        (LevelKind::SelfAssessed, Lang::Sv) => {
            format!("Störst utbildningsbehov: {item}, där {share} skattar sig under målet {of}.")
        }
        (LevelKind::SelfAssessed, Lang::En) => {
            format!(
                "Greatest need for training: {item}, where {share} rate themselves below the target {of}."
            )
        }
        (_, Lang::Sv) => {
            format!("Störst utbildningsbehov: {item}, där {share} av dem med känd nivå är under målet {of}.")
        }
        (_, Lang::En) => format!(
            "Greatest need for training: {item}, where {share} of those with a known level are below the target {of}."
        ),
    }
}

/// The finding of a section of questions: the one with the most positive answers and the one with the fewest.
///
/// To questions that are put negatively it is positive not to agree.
pub(crate) fn answers(
    high: (&str, u64, u64),
    low: Option<(&str, u64, u64)>,
    negative: bool,
    lang: Lang,
) -> String {
    let one = |(name, part, of): (&str, u64, u64)| {
        let name = name.trim_end_matches('.');
        let (share, part, of) = (percent(part, of, lang), count(part), count(of));
        match lang {
            Lang::Sv => format!("”{name}”, {share} ({part}\u{a0}av\u{a0}{of})"),
            Lang::En => format!("“{name}”, {share} ({part}\u{a0}of\u{a0}{of})"),
        }
    };
    let about = match negative {
        false => t(lang, "Störst andel positiva svar:", "Most positive answers:"),
        true => t(
            lang,
            "Störst andel positiva svar, det vill säga som inte håller med:",
            "Most positive answers, that is, who do not agree:",
        ),
    };
    let high = format!("{about} {}.", one(high));
    match low {
        None => high,
        Some(low) => format!("{high} {} {}.", t(lang, "Minst:", "Fewest:"), one(low)),
    }
}

/// The finding of a comparison of self-assessed and demonstrated levels.
pub(crate) fn gap(item: &str, higher: bool, part: u64, of: u64, lang: Lang) -> String {
    let (share, part, of) = (percent(part, of, lang), count(part), count(of));
    match (lang, higher) {
        (Lang::Sv, true) => format!(
            "Störst skillnad: {item}, där {share} skattar sig högre än de har visat ({part}\u{a0}av\u{a0}{of})."
        ),
        (Lang::Sv, false) => format!(
            "Störst skillnad: {item}, där {share} skattar sig lägre än de har visat ({part}\u{a0}av\u{a0}{of})."
        ),
        (Lang::En, true) => format!(
            "Greatest gap: {item}, where {share} rate themselves higher than they have demonstrated ({part}\u{a0}of\u{a0}{of})."
        ),
        (Lang::En, false) => format!(
            "Greatest gap: {item}, where {share} rate themselves lower than they have demonstrated ({part}\u{a0}of\u{a0}{of})."
        ),
    }
}

/// The finding of a part of which the place shows nothing, though its units may.
pub(crate) fn nothing_here(lang: Lang) -> &'static str {
    t(lang, "För hela gruppen kan inget visas här.", "Nothing can be shown here for the whole group.")
}

/// The same within a sentence.
pub(crate) fn nothing_short(lang: Lang) -> &'static str {
    t(lang, "visas inte", "not shown")
}

/// The lead of a report that shows nothing of its place.
pub(crate) fn nothing(place: &str, reason: Option<Reason>, k: u64, lang: Lang) -> String {
    match (reason, lang) {
        (Some(Reason::SmallGroup) | None, Lang::Sv) => {
            format!("Inga siffror visas för {place}: färre än {k} personer ingår.")
        }
        (Some(Reason::SmallGroup) | None, Lang::En) => {
            format!("No figures are shown for {place}: fewer than {k} people are in them.")
        }
        (Some(Reason::LowRate), Lang::Sv) => {
            format!("Inga siffror visas för {place}: för få av gruppen ingår.")
        }
        (Some(Reason::LowRate), Lang::En) => {
            format!("No figures are shown for {place}: too few of the group are in them.")
        }
        (Some(Reason::Protected), Lang::Sv) => {
            format!("Inga siffror visas för {place}, för att skydda andra grupper.")
        }
        (Some(Reason::Protected), Lang::En) => {
            format!("No figures are shown for {place}, to protect other groups.")
        }
        (Some(Reason::Merged), Lang::Sv) => {
            format!(
                "Inga siffror visas för {place}: små grupper räknas här ihop med andra, och en del av dem som ingår hör till en \
                 sådan."
            )
        }
        (Some(Reason::Merged), Lang::En) => {
            format!(
                "No figures are shown for {place}: small groups are counted together with others here, and a part of those in it \
                 belong to one."
            )
        }
    }
}

/// The lead of a report of which all figures are in a ballot box.
pub(crate) fn in_the_box(lang: Lang) -> &'static str {
    t(
        lang,
        "Svaren ligger i en valurna tills enkäten har stängt och urnan har tömts. Dessförinnan finns inga siffror, inte heller över hur \
         många som har svarat.",
        "The answers are in a ballot box until the survey has closed and the box has been emptied. Before that there are no figures, not \
         even of how many have answered.",
    )
}

/// What to do about that.
pub(crate) fn in_the_box_to_do(lang: Lang) -> &'static str {
    t(
        lang,
        "Vänta tills enkäten har stängt: dagen efter att urnan har tömts finns rapporten.",
        "Wait until the survey has closed: the report is there the day after the box has been emptied.",
    )
}

/// The heading of a report without a part that may be shown.
pub(crate) fn nothing_heading(lang: Lang) -> &'static str {
    t(lang, "Det finns inget att visa här", "There is nothing to show here")
}

/// What to do about it.
pub(crate) fn nothing_to_do(lang: Lang) -> &'static str {
    t(
        lang,
        "Välj en större del av organisationen, eller vänta tills fler har svarat eller gått en kurs.",
        "Choose a larger part of the organisation, or wait until more people have answered or taken a course.",
    )
}
