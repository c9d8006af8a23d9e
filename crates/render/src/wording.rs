//! The words of numbers beside counts, and how everything is worked out.

use crate::number::{count, percent};
use crate::texts::t;
use disclosure::{Lang, LevelKind, Measure, Share, ValueKind};

/// A number's name, as the head of a column.
pub(crate) fn name(kind: ValueKind, lang: Lang) -> &'static str {
    let (sv, en) = match kind {
        ValueKind::Mean => ("Medel", "Mean"),
        ValueKind::Deviation => ("Standardavvikelse", "Standard deviation"),
        ValueKind::NetPromoterScore => ("NPS", "NPS"),
        ValueKind::Alpha => ("Cronbachs alfa", "Cronbach's alpha"),
        ValueKind::ShareChange => ("Ändrad andel, procentenheter", "Change of share, percentage points"),
        ValueKind::CohensH => ("Cohens h", "Cohen's h"),
        ValueKind::MeanChange => ("Ändrat medel", "Change of mean"),
        ValueKind::HedgesG => ("Hedges g", "Hedges' g"),
        ValueKind::CliffsDelta => ("Cliffs delta", "Cliff's delta"),
        ValueKind::DAv => ("d (medelspridning)", "d (mean deviation)"),
        ValueKind::AtTarget => ("Når målet", "Reach the target"),
        ValueKind::WeightedPositive => ("Andel, viktad", "Share, weighted"),
        ValueKind::WeightedMean => ("Medel, viktat", "Mean, weighted"),
        ValueKind::DesignEffect => ("Designeffekt", "Design effect"),
        ValueKind::AnswersPerPupil => ("Svar per elev, procent", "Answers per pupil, per cent"),
    };
    t(lang, sv, en)
}

/// The head of a column that has a 95 % interval in parentheses beside each number.
pub(crate) fn with_interval(name: &str, lang: Lang) -> String {
    format!("{name} {}", t(lang, "(95\u{a0}%)", "(95%)"))
}

/// The head of a column of shares at the target of those known, with the bounds of all in parentheses beside each.
pub(crate) fn at_target(lang: Lang) -> &'static str {
    t(lang, "Når målet, av kända (av alla)", "Reach the target, of those known (of all)")
}

/// What the two ends beside a number are, in files.
pub(crate) fn ends(kind: ValueKind, lang: Lang) -> [&'static str; 2] {
    match kind {
        ValueKind::AtTarget => {
            [t(lang, "av alla, minst", "of all, least"), t(lang, "av alla, mest", "of all, most")]
        }
        _ => [
            t(lang, "95 %-intervall, från", "95% interval, from"),
            t(lang, "95 %-intervall, till", "95% interval, to"),
        ],
    }
}

/// The head of what was shown to people and skipped.
pub(crate) fn skipped(lang: Lang) -> &'static str {
    t(lang, "Hoppade över", "Skipped")
}

/// Whether a change is certain, as the head of a column and in words.
pub(crate) fn verdict(up: Option<bool>, lang: Lang) -> &'static str {
    match up {
        Some(true) => t(lang, "högre", "higher"),
        Some(false) => t(lang, "lägre", "lower"),
        None => t(lang, "ingen säker skillnad", "no certain difference"),
    }
}

/// The head over those words.
pub(crate) fn verdicts(lang: Lang) -> &'static str {
    t(lang, "Jämfört med förra gången", "Compared with last time")
}

/// That the answers speak for some more than for others: a group's share of those who were asked and of the answers.
pub(crate) fn uneven(groups: &[(String, Share, Share)], lang: Lang) -> String {
    let one = |(name, asked, answered): &(String, Share, Share)| {
        let [asked, answered] = [asked, answered].map(|share| percent(share.part, share.of, lang));
        match lang {
            Lang::Sv => format!("{name} är {asked} av de tillfrågade och {answered} av svaren"),
            Lang::En => format!("{name} is {asked} of those asked and {answered} of the answers"),
        }
    };
    let groups: Vec<String> = groups.iter().map(one).collect();
    let said = t(
        lang,
        "Svaren speglar inte alla lika mycket, vilket kan missleda om grupperna tycker olika",
        "The answers do not speak for all alike, which can mislead where the groups think differently",
    );
    format!("{said}: {}.", groups.join("; "))
}

/// The finding of changes: in how many comparisons the figures are higher and lower for certain.
pub(crate) fn changes(higher: usize, lower: usize, of: usize, lang: Lang) -> String {
    let (higher, lower, of) = (count(higher as u64), count(lower as u64), count(of as u64));
    match lang {
        Lang::Sv => format!(
            "Säkert högre än förra gången i {higher} av {of} jämförelser, säkert lägre i {lower}; i övriga ingen säker skillnad."
        ),
        Lang::En => format!(
            "Higher than last time for certain in {higher} of {of} comparisons, lower in {lower}; no certain difference in \
             the others."
        ),
    }
}

/// The finding of what became of the same people: where most went up.
pub(crate) fn most_up(item: &str, up: u64, of: u64, asked: bool, lang: Lang) -> String {
    let (share, up, of) = (percent(up, of, lang), count(up), count(of));
    let item = item.trim_end_matches('.');
    let who = match asked {
        true => t(lang, "som svarade båda gångerna", "who answered both times"),
        false => t(lang, "vars nivå är känd båda gångerna", "whose level is known both times"),
    };
    match lang {
        Lang::Sv => format!("Flest har gått upp i ”{item}”: {share} av dem {who} ({up}\u{a0}av\u{a0}{of})."),
        Lang::En => format!("Most went up in “{item}”: {share} of those {who} ({up}\u{a0}of\u{a0}{of})."),
    }
}

/// The finding of choices of the same people: which is new, or higher up, most often; `what` is the category's name.
pub(crate) fn most_added(what: &str, item: &str, part: u64, of: u64, lang: Lang) -> String {
    let (share, part, of) = (percent(part, of, lang), count(part), count(of));
    let item = item.trim_end_matches('.');
    match lang {
        Lang::Sv => format!(
            "Oftast ”{what}”: {item}, {share} av dem som svarade båda gångerna ({part}\u{a0}av\u{a0}{of})."
        ),
        Lang::En => {
            format!(
                "Most often “{what}”: {item}, {share} of those who answered both times ({part}\u{a0}of\u{a0}{of})."
            )
        }
    }
}

/// The finding of indexes: the highest and the lowest.
pub(crate) fn indexes(high: (&str, &str), low: Option<(&str, &str)>, lang: Lang) -> String {
    let said = format!("{} {}, {}.", t(lang, "Högst index:", "Highest index:"), high.0, high.1);
    match low {
        None => said,
        Some((name, mean)) => format!("{said} {} {name}, {mean}.", t(lang, "Lägst:", "Lowest:")),
    }
}

/// How a measure is computed.
pub(crate) fn method(measure: Measure, lang: Lang) -> &'static str {
    match measure {
        Measure::Levels { kind: LevelKind::Demonstrated } => t(
            lang,
            "Visad nivå är den högsta nivå som godkända och giltiga moment ger underlag för. Att inte ha ett underlag \
             är inte en låg nivå. Staplarna visar alla i gruppen, även dem utan känd nivå.",
            "The demonstrated level is the highest one that passed and valid activities support. Having no evidence is \
             not a low level. The bars show everyone in the group, also those without a known level.",
        ),
        Measure::Levels { kind: LevelKind::SelfAssessed } => t(
            lang,
            "Egen skattning är varje persons senaste fullständiga svar. Staplarna visar alla i gruppen, även dem som \
             inte har svarat.",
            "Self-assessment is each person's latest complete answer. The bars show everyone in the group, also those \
             who have not answered.",
        ),
        Measure::Levels { kind: LevelKind::Attested } => t(
            lang,
            "Intygad nivå är den senaste som en chef har intygat och inte tagit tillbaka.",
            "The attested level is the latest that a leader has attested and not withdrawn.",
        ),
        Measure::Likert => t(
            lang,
            "Staplarna visar alla som har svarat på frågan: negativa svar till vänster om mittlinjen, positiva till \
             höger, ”vet ej” för sig längst till höger. Medelvärdet räknas utan ”vet ej”.",
            "The bars show everyone who answered the question: negative answers left of the middle line, positive ones \
             right of it, “don't know” apart at the far right. The mean leaves “don't know” out.",
        ),
        Measure::Choices => t(
            lang,
            "Där flera val är ett svar visar staplarna hur många av dem som har besvarat frågan som valde varje alternativ, eller \
             satte det först.",
            "Where several choices are one answer the bars show how many of those who answered the question chose each of them, or \
             put it first.",
        ),
        Measure::ResponseRate => t(
            lang,
            "Svarsfrekvens är användbara svar delat med antalet personer i gruppen den dag enkäten öppnade.",
            "The response rate is usable answers divided by the people in the group on the day the survey opened.",
        ),
        Measure::SelfVsDemonstrated => t(
            lang,
            "Jämförelsen gäller bara personer som har både en egen skattning och en visad nivå.",
            "The comparison is of people with both a self-assessment and a demonstrated level only.",
        ),
        Measure::Coverage => t(
            lang,
            "Hur många siffrorna gäller räknas av alla i gruppen. En andel som är nästan ingen eller nästan alla visas \
             inte.",
            "How many the figures are about is out of everyone in the group. A share of almost nobody or almost \
             everybody is not shown.",
        ),
        Measure::Index => t(
            lang,
            "Ett index är ett medelvärde av flera frågor, med poängen vända för frågor som är negativt ställda och utan \
             ”vet ej”. Det visas bara där svaren på alla dess frågor visas. 95 %-intervallet är medelvärdet \
             ± t · s/√n · √(1 − n/N), som om bortfallet vore slumpmässigt. Cronbachs alfa säger hur väl frågorna hänger \
             ihop, k/(k − 1) · (1 − frågornas varianser/summans varians), av dem som har besvarat alla frågor, när de är \
             minst 30.",
            "An index is a mean of several questions, with the scores of negatively put questions turned round and without \
             “don't know”. It is shown only where the answers to all of its questions are. The 95% interval is the mean \
             ± t · s/√n · √(1 − n/N), as if non-response were random. Cronbach's alpha says how well the questions go \
             together, k/(k − 1) · (1 − variances of the questions/variance of the sum), of those who answered all \
             questions, where they are at least 30.",
        ),
        Measure::Change => t(
            lang,
            "Ändringar är det senare minus det tidigare, ur oavrundade värden. Personerna är inte kopplade: andelar jämförs \
             med Newcombes intervall (ur Wilsons för var och en) och Cohens h, medelvärden med Welchs t och Hedges g \
             (skillnaden i gemensamma standardavvikelser, med korrektion för få svar) och Cliffs delta (hur mycket oftare \
             ett senare svar är högre än ett tidigare än lägre). Där intervallet täcker 0 finns ingen säker skillnad. En \
             ändring visas bara där båda gångernas svar visas. Filerna har alla mått, sidan de vanligaste.",
            "Changes are the later minus the earlier, from unrounded values. Nobody is linked: shares are compared with \
             Newcombe's interval (from Wilson's of each) and Cohen's h, means with Welch's t and Hedges' g (the difference in \
             pooled standard deviations, corrected for few answers) and Cliff's delta (how much more often a later answer is \
             above an earlier one than below). Where the interval covers 0 there is no certain difference. A change is shown \
             only where the answers of both times are. Files have all measures, the page the usual ones.",
        ),
        Measure::PairedChange => t(
            lang,
            "Samma personers ändring är av dem som är kända båda gångerna. Medeländringen har ett 95 %-intervall med t; d är \
             medeländringen delad med medelvärdet av de två gångernas standardavvikelser.",
            "The change of the same people is of those who are known both times. The mean change has a 95% interval by t; d is \
             the mean change over the mean of the two times' standard deviations.",
        ),
        Measure::PairedChoices => t(
            lang,
            "Samma personers val är av dem som besvarade frågan båda gångerna.",
            "The choices of the same people are of those who answered the question both times.",
        ),
    }
}
