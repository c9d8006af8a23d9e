//! Every sentence that comes with the program rather than with the data, in Swedish and English.

use crate::number::{count, date, percent_sign};
use disclosure::{Lang, LevelKind, Measure, MustBe, Preset, Reason};

/// The one of two that `lang` asks for.
pub(crate) fn t(lang: Lang, sv: &'static str, en: &'static str) -> &'static str {
    match lang {
        Lang::Sv => sv,
        Lang::En => en,
    }
}

/// A word or short phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Answered,
    Area,
    AsOf,
    Base,
    Cells,
    ConsistentNote,
    Contents,
    Coverage,
    DatedAhead,
    DefinitionHash,
    Higher,
    Horizon,
    How,
    Item,
    Lower,
    Mean,
    Menu,
    NotApplicable,
    NoSum,
    People,
    Position,
    Positive,
    Program,
    Rate,
    RatesOf,
    Rules,
    Same,
    Skip,
    SortedBy,
    TargetTick,
    Unit,
    Unknown,
    WhatIsHidden,
}

pub(crate) fn word(word: Word, lang: Lang) -> &'static str {
    use Word::*;
    let (sv, en) = match word {
        Answered => ("Antal svar", "Answers"),
        Area => ("Område", "Area"),
        AsOf => ("Avser", "As of"),
        Base => ("Av", "Of"),
        Cells => (
            "Rader: egen skattning. Kolumner: visat. Antal personer; mörkare ruta är fler, inramad ruta är samma nivå. Under de inramade skattar man sig högre än visat, över dem lägre.",
            "Rows: self-assessed. Columns: demonstrated. Number of people; a darker cell is more, a framed cell is the same level. Below the framed cells people rate themselves higher than demonstrated, above them lower.",
        ),
        ConsistentNote => (
            "Samma position, definition, program och radering ger samma rapport, tecken för tecken.",
            "The same position, definition, program and erasure give the same report, byte for byte.",
        ),
        Contents => ("Innehåll", "Contents"),
        Coverage => ("Andel av gruppen", "Share of the group"),
        DatedAhead => (
            "Händelser som är daterade senare än de togs emot",
            "Statements dated later than they were received",
        ),
        DefinitionHash => ("Definition", "Definition"),
        Higher => ("Skattar sig högre än visat", "Rate themselves higher than demonstrated"),
        Horizon => ("Senaste radering som följts", "Last erasure honoured"),
        How => ("Så är siffrorna framtagna", "How the figures were made"),
        Item => ("Fråga", "Question"),
        Lower => ("Skattar sig lägre än visat", "Rate themselves lower than demonstrated"),
        Mean => ("Medel", "Mean"),
        Menu => ("Meny", "Menu"),
        NotApplicable => ("inte aktuellt", "not applicable"),
        NoSum => (
            "Andelarna summerar inte alltid till 100 på grund av avrundning.",
            "The shares do not always add up to 100 because of rounding.",
        ),
        People => ("Personer", "People"),
        Position => ("Position i loggen", "Log position"),
        Positive => ("Andel positiva", "Share positive"),
        Program => ("Program", "Program"),
        Rate => ("Andel", "Share"),
        RatesOf => ("Siffrorna på staplarna är procent.", "The numbers on the bars are per cent."),
        Rules => ("Regler för vad som visas", "Rules for what is shown"),
        Same => ("Samma", "The same"),
        Skip => ("Hoppa till innehållet", "Skip to the content"),
        SortedBy => {
            ("Enheterna står i organisationens ordning.", "Units stand in the order of the organisation.")
        }
        TargetTick => ("här börjar målnivån", "the target level begins here"),
        Unit => ("Enhet", "Unit"),
        Unknown => ("Ingen uppgift", "Not known"),
        WhatIsHidden => ("Vad som inte visas", "What is not shown"),
    };
    t(lang, sv, en)
}

/// A kind of level as the head of a column.
pub(crate) fn kind(kind: LevelKind, lang: Lang) -> &'static str {
    match kind {
        LevelKind::SelfAssessed => t(lang, "Egen skattning", "Self-assessed"),
        LevelKind::Demonstrated => t(lang, "Visad nivå", "Demonstrated"),
        LevelKind::Attested => t(lang, "Intygad nivå", "Attested"),
    }
}

/// The place at the end of a competence report's heading, with the preposition that Swedish has for its kind.
pub(crate) fn in_place(place: &str, kind: &str, lang: Lang) -> String {
    let area = matches!(kind, "huvudman" | "rektorsomrade");
    let preposition = if area { t(lang, "i", "in") } else { t(lang, "på", "at") };
    format!("{preposition} {place}")
}

/// The heading over whom a competence report is about.
pub(crate) fn about_whom(lang: Lang) -> &'static str {
    t(lang, "Vilka siffrorna gäller", "Whom the figures are about")
}

/// The heading over the units of the place.
pub(crate) fn units_of(lang: Lang) -> &'static str {
    t(lang, "Enheterna: hur många siffrorna gäller", "The units: how many the figures are about")
}

/// The heading over the chart of all competences.
pub(crate) fn levels_in_place(lang: Lang) -> &'static str {
    t(lang, "Nivå i varje kompetens", "Level in each competence")
}

/// The heading over the areas by unit.
pub(crate) fn areas_by_unit(kind: LevelKind, lang: Lang) -> &'static str {
    match kind {
        LevelKind::SelfAssessed => {
            t(lang, "Egen skattning per område och enhet", "Self-assessed, by area and unit")
        }
        LevelKind::Demonstrated => {
            t(lang, "Visad nivå per område och enhet", "Demonstrated, by area and unit")
        }
        LevelKind::Attested => t(lang, "Intygad nivå per område och enhet", "Attested, by area and unit"),
    }
}

/// The heading over what opens to each item by unit.
pub(crate) fn each_by_unit(measure: Measure, lang: Lang) -> &'static str {
    match measure {
        Measure::Levels { .. } | Measure::SelfVsDemonstrated => {
            t(lang, "Varje kompetens per enhet", "Each competence by unit")
        }
        Measure::Index => t(lang, "Varje index per enhet", "Each index by unit"),
        Measure::Coverage => t(lang, "Enhet för enhet", "Unit by unit"),
        _ => t(lang, "Varje fråga per enhet", "Each question by unit"),
    }
}

/// The heading over single levels.
pub(crate) fn single_levels(lang: Lang) -> &'static str {
    t(lang, "Enskilda nivåer", "Single levels")
}

/// What opens a chart's table.
pub(crate) fn as_table(caption: &str, lang: Lang) -> String {
    format!("{}: {caption}", t(lang, "Siffrorna i tabell", "The figures as a table"))
}

/// Where nothing of a kind is shown for any unit.
pub(crate) fn kind_hidden(kind: LevelKind, lang: Lang) -> String {
    format!(
        "{}: {}.",
        self::kind(kind, lang),
        t(lang, "visas inte för någon enhet här", "not shown for any unit here")
    )
}

/// A sentence that begins with a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// What the rows of a section are called.
pub(crate) fn item_head(measure: Measure, lang: Lang) -> &'static str {
    match measure {
        Measure::Levels { .. } | Measure::SelfVsDemonstrated => t(lang, "Kompetens", "Competence"),
        Measure::Index => t(lang, "Index", "Index"),
        Measure::Coverage => t(lang, "Vilka", "Who"),
        _ => word(Word::Item, lang),
    }
}

/// What n counts in a section, as the head of a column.
pub(crate) fn n_head(measure: Measure, lang: Lang) -> &'static str {
    match measure {
        Measure::Levels { .. } => t(lang, "Känd nivå, antal", "Level known, number"),
        Measure::SelfVsDemonstrated => t(lang, "Båda kända, antal", "Both known, number"),
        Measure::Coverage => t(lang, "Antal personer", "Number of people"),
        Measure::PairedChange | Measure::PairedChoices => {
            t(lang, "Kända båda gångerna, antal", "Known both times, number")
        }
        Measure::Likert | Measure::Choices | Measure::ResponseRate | Measure::Index | Measure::Change => {
            word(Word::Answered, lang)
        }
    }
}

/// The share of the first category where several choices are one answer: who chose it, or put it first.
pub(crate) fn first_share(lang: Lang) -> &'static str {
    t(lang, "Andel som valde eller satte först", "Share who chose it or put it first")
}

/// The short reason for something hidden, as on a mark or in a cell.
pub(crate) fn reason(reason: Reason, k: u64, preset: &Preset, lang: Lang) -> String {
    match (reason, lang) {
        (Reason::SmallGroup, Lang::Sv) => format!("visas inte: färre än {k} personer"),
        (Reason::SmallGroup, Lang::En) => format!("not shown: fewer than {k} people"),
        (Reason::LowRate, Lang::Sv) => format!("visas inte: för få av gruppen{}", limit(preset, lang)),
        (Reason::LowRate, Lang::En) => format!("not shown: too few of the group{}", limit(preset, lang)),
        (Reason::Protected, Lang::Sv) => "visas inte för att skydda andra grupper".into(),
        (Reason::Protected, Lang::En) => "not shown, to protect other groups".into(),
        (Reason::Merged, Lang::Sv) => "visas inte: små grupper räknas här ihop med andra".into(),
        (Reason::Merged, Lang::En) => "not shown: small groups are counted together with others here".into(),
    }
}

/// The short reason where only the distribution is hidden.
pub(crate) fn no_distribution(why: Reason, preset: &Preset, lang: Lang) -> String {
    match (why, lang) {
        (Reason::SmallGroup, Lang::Sv) => {
            format!("fördelningen visas inte: färre än {} personer", preset.k_full)
        }
        (Reason::SmallGroup, Lang::En) => {
            format!("distribution not shown: fewer than {} people", preset.k_full)
        }
        (why, Lang::Sv) => format!("fördelningen {}", reason(why, preset.k_full, preset, lang)),
        (why, Lang::En) => format!("distribution {}", reason(why, preset.k_full, preset, lang)),
    }
}

fn limit(preset: &Preset, lang: Lang) -> String {
    let Some(minimum) = preset.minimum_rate else { return String::new() };
    let rate = percent_sign(&minimum.percent.to_string(), lang);
    match (minimum.must_be, lang) {
        (MustBe::Exceeded, Lang::Sv) => format!(" (gränsen är mer än {rate})"),
        (MustBe::Exceeded, Lang::En) => format!(" (the limit is more than {rate})"),
        (MustBe::Reached, Lang::Sv) => format!(" (gränsen är {rate})"),
        (MustBe::Reached, Lang::En) => format!(" (the limit is {rate})"),
    }
}

/// The rules of the gate in words.
pub(crate) fn rules(preset: &Preset, lang: Lang) -> String {
    let Preset { k_summary, k_full, .. } = preset;
    match lang {
        Lang::Sv => {
            let rate = if preset.minimum_rate.is_some() {
                format!(" Av gruppen måste tillräckligt många ingå{}.", limit(preset, lang))
            } else {
                String::new()
            };
            format!(
                "Antal visas för grupper med minst {k_summary} personer, fördelningar, medelvärden och andelar för minst \
                 {k_full}.{rate} Grupper där alla eller alla utom en har samma värde visas inte. När en grupp \
                 inte visas döljs vid behov en grupp till, så att ingen kan räkna ut den. Rapporter gäller fasta dagar."
            )
        }
        Lang::En => {
            let rate = if preset.minimum_rate.is_some() {
                format!(" Enough of the group must be included{}.", limit(preset, lang))
            } else {
                String::new()
            };
            format!(
                "Numbers of people are shown for groups of at least {k_summary}, distributions, means and shares for at \
                 least {k_full}.{rate} Groups where everyone, or everyone but one, has the same value are not shown. \
                 Where a group is not shown, another one is hidden too where needed, so that nobody can work it out. \
                 Reports are of fixed days."
            )
        }
    }
}

/// When statements count, and for how many that is not when they say that they happened.
pub(crate) fn dated_ahead(statements: u64, lang: Lang) -> String {
    let rule = t(
        lang,
        "En händelse räknas när den inträffade, och aldrig senare än den togs emot.",
        "A statement counts when it happened, and never later than it was received.",
    );
    let number = count(statements);
    let such = match (statements, lang) {
        (0, Lang::Sv) => "Ingen händelse i loggen är daterad senare än den togs emot.".to_owned(),
        (1, Lang::Sv) => "1 händelse i loggen är daterad senare, och räknas när den togs emot.".to_owned(),
        (_, Lang::Sv) => {
            format!("{number} händelser i loggen är daterade senare, och räknas när de togs emot.")
        }
        (0, Lang::En) => "No statement in the log is dated later than it was received.".to_owned(),
        (1, Lang::En) => "1 statement in the log is dated later, and counts when it was received.".to_owned(),
        (_, Lang::En) => {
            format!("{number} statements in the log are dated later, and count when they were received.")
        }
    };
    format!("{rule} {such}")
}

/// How many of a section's figures are not shown, by reason; `None` where all are.
pub(crate) fn hidden_sentence(title: &str, of: usize, by: &[(Reason, usize)], lang: Lang) -> Option<String> {
    let total: usize = by.iter().map(|(_, number)| number).sum();
    if total == 0 {
        return None;
    }
    let part = |(why, number): &(Reason, usize)| {
        let words = match (why, lang) {
            (Reason::SmallGroup, Lang::Sv) => "för att gruppen är för liten",
            (Reason::SmallGroup, Lang::En) => "because the group is too small",
            (Reason::LowRate, Lang::Sv) => "för att andelen är för låg",
            (Reason::LowRate, Lang::En) => "because the share is too low",
            (Reason::Protected, Lang::Sv) => "för att skydda andra grupper",
            (Reason::Protected, Lang::En) => "to protect other groups",
            (Reason::Merged, Lang::Sv) => "för att små grupper räknas ihop med andra",
            (Reason::Merged, Lang::En) => "because small groups are counted together with others",
        };
        format!("{} {words}", count(*number as u64))
    };
    let parts: Vec<String> = by.iter().filter(|(_, number)| *number > 0).map(part).collect();
    let (total, of) = (count(total as u64), count(of as u64));
    Some(match lang {
        Lang::Sv => format!("{title}: {total} av {of} uppgifter visas inte ({}).", parts.join(", ")),
        Lang::En => format!("{title}: {total} of {of} figures are not shown ({}).", parts.join(", ")),
    })
}

/// "n av N" beside a mark.
pub(crate) fn n_of(n: u64, base: u64, lang: Lang) -> String {
    format!("{} {} {}", count(n), t(lang, "av", "of"), count(base))
}

/// "n svar" beside a mark.
pub(crate) fn answers_n(n: u64, lang: Lang) -> String {
    match (n, lang) {
        (_, Lang::Sv) => format!("{} svar", count(n)),
        (1, Lang::En) => "1 answer".into(),
        (_, Lang::En) => format!("{} answers", count(n)),
    }
}

/// Of whom it is estimated how many they are, by pupils.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Estimate {
    /// Of nobody.
    Nobody,
    /// Of guardians, beside others.
    Guardians,
    /// Of all: only guardians are asked.
    All,
}

/// "of whom" under a chart: base and date.
pub(crate) fn base_and_date(
    measure: Measure,
    (base, estimated): (Option<u64>, Estimate),
    as_of: &str,
    lang: Lang,
) -> String {
    let day = date(as_of, lang);
    let Some(base) = base else { return format!("{} {day}.", word(Word::AsOf, lang)) };
    let people = count(base);
    if estimated == Estimate::Guardians {
        return match lang {
            Lang::Sv => {
                format!("Bas: {people} i alla grupper, där vårdnadshavarna är uppskattade. Avser {day}.")
            }
            Lang::En => {
                format!("Base: {people} in all groups, of which the guardians are estimated. As of {day}.")
            }
        };
    }
    match (measure, lang) {
        (Measure::ResponseRate, Lang::Sv) if estimated == Estimate::All => {
            format!("Bas: {people} elever eller svar, det som är flest i varje enhet. Avser {day}.")
        }
        (Measure::ResponseRate, Lang::En) if estimated == Estimate::All => {
            format!("Base: {people} pupils or answers, whichever are more in each unit. As of {day}.")
        }
        (_, Lang::Sv) if estimated == Estimate::All => {
            format!("Bas: de vårdnadshavare som har svarat; uppskattad grupp: {people}. Avser {day}.")
        }
        (_, Lang::En) if estimated == Estimate::All => {
            format!("Base: the guardians who answered; estimated group: {people}. As of {day}.")
        }
        (Measure::PairedChange | Measure::PairedChoices, Lang::Sv) => {
            format!("Bas: de som är kända båda gångerna, av {people} personer. Avser {day}.")
        }
        (Measure::PairedChange | Measure::PairedChoices, Lang::En) => {
            format!("Base: those known both times, of {people} people. As of {day}.")
        }
        (Measure::Likert | Measure::Choices | Measure::Index | Measure::Change, Lang::Sv) => {
            format!("Bas: de som har svarat, av {people} personer. Avser {day}.")
        }
        (Measure::Likert | Measure::Choices | Measure::Index | Measure::Change, Lang::En) => {
            format!("Base: those who answered, of {people} people. As of {day}.")
        }
        (_, Lang::Sv) => format!("Bas: {people} personer. Avser {day}."),
        (_, Lang::En) => format!("Base: {people} people. As of {day}."),
    }
}
