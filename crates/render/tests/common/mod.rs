//! Made-up reports for the tests and the gallery. No real place, unit or person.

#![allow(dead_code, clippy::unwrap_used, missing_docs, unreachable_pub)]

use disclosure::*;
use maud::html;
use render::components::*;
use render::{NavLink, PageFrame, Stylesheet, View, csv, document, json, page, paper, xlsx};

/// Small whole numbers that look like chance and never change.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below.max(1)
    }
}

fn sv(text: &str) -> Text {
    Text::sv(text)
}

fn both(sv: &str, en: &str) -> Text {
    Text::new(sv, en)
}

/// A unit: code, name, and how many people.
type Unit = (&'static str, &'static str, u64);

const AREAS: [(&str, &str, &[Unit]); 5] = [
    (
        "NORR",
        "Rektorsområde Norr",
        &[
            ("F01", "Blåklintens förskola", 34),
            ("F02", "Trollsländans förskola", 28),
            ("F03", "Sädesärlans förskola", 4),
        ],
    ),
    (
        "SODER",
        "Rektorsområde Söder",
        &[("F04", "Åkervindans förskola", 41), ("F05", "Östanvindens förskola", 22)],
    ),
    (
        "CENTRUM",
        "Rektorsområde Centrum",
        &[("S01", "Lärkby centralskola", 96), ("S02", "Kvarnskolan", 58), ("S03", "Ängsskolan", 63)],
    ),
    (
        "LAND",
        "Rektorsområde Landsbygd",
        &[("S04", "Hagby skola", 31), ("S05", "Övre Ljusdals skola", 12), ("S06", "Näs skola", 9)],
    ),
    ("GY", "Gymnasiet", &[("G01", "Lärkby gymnasium", 118)]),
];

fn populations() -> Vec<Population> {
    let unit = |code: &str, label: &str, parent, kind: &str, order, base| Population {
        code: code.into(),
        label: sv(label),
        geometry: Geometry::Tree,
        parent,
        also_in: None,
        kind: kind.into(),
        order,
        base,
    };
    let total = AREAS.iter().flat_map(|area| area.2).map(|unit| unit.2).sum();
    let mut all = vec![unit("LARKBY", "Lärkby kommun", None, "huvudman", 0, total)];
    for (order, (code, label, units)) in AREAS.iter().enumerate() {
        let area = all.len();
        let base = units.iter().map(|unit| unit.2).sum();
        all.push(unit(code, label, Some(0), "rektorsomrade", order as u32, base));
        for (order, (code, label, base)) in units.iter().enumerate() {
            let kind = if code.starts_with('F') { "forskola" } else { "skola" };
            all.push(unit(code, label, Some(area), kind, order as u32, *base));
        }
    }
    all
}

fn identity() -> Identity {
    Identity {
        position: 50_412,
        definition: "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069".into(),
        program: "larka 0.1.0".into(),
        horizon: 0,
        as_of: "2026-06-12".into(),
    }
}

/// Figures for all populations: leaves by `make` (answered of base, then counts), the rest as sums.
fn figures(
    populations: &[Population],
    items: usize,
    mut make: impl FnMut(usize, usize, u64) -> (u64, Vec<u64>),
) -> Vec<Figure> {
    let mut all = Vec::new();
    for item in 0..items {
        let mut of: Vec<(u64, Vec<u64>)> = vec![(0, vec![]); populations.len()];
        for (place, population) in populations.iter().enumerate().rev() {
            if !populations.iter().any(|other| other.parent == Some(place)) {
                of[place] = make(item, place, population.base);
            }
            if let Some(parent) = population.parent {
                let (answered, counts) = of[place].clone();
                of[parent].0 += answered;
                of[parent].1.resize(counts.len(), 0);
                of[parent].1.iter_mut().zip(&counts).for_each(|(sum, count)| *sum += count);
            }
        }
        for (population, (answered, counts)) in of.into_iter().enumerate() {
            let base = populations[population].base;
            all.push(Figure { counts, ..Figure::of(population, item, base, answered) });
        }
    }
    all
}

const BANDS: [(&str, &str, &str); 4] = [
    ("1", "Bas", "Basic"),
    ("2", "Medel", "Intermediate"),
    ("3", "Avancerad", "Advanced"),
    ("4", "Mycket avancerad", "Highly advanced"),
];

fn bands() -> Vec<Category> {
    BANDS
        .map(|(code, sv, en)| Category { code: code.into(), label: both(sv, en), role: Role::Level })
        .to_vec()
}

const COMPETENCES: [(&str, &str, &str); 21] = [
    ("1.1", "Surfa, söka och filtrera information", "Browsing, searching and filtering information"),
    ("1.2", "Utvärdera information", "Evaluating information"),
    ("1.3", "Hantera information", "Managing information"),
    ("2.1", "Interagera med digital teknik", "Interacting through digital technologies"),
    ("2.2", "Dela med digital teknik", "Sharing through digital technologies"),
    ("2.3", "Delta i samhället med digital teknik", "Engaging in citizenship through digital technologies"),
    ("2.4", "Samarbeta med digital teknik", "Collaborating through digital technologies"),
    ("2.5", "Digitalt uppförande", "Digital behaviour"),
    ("2.6", "Hantera sin digitala identitet", "Managing digital identity"),
    ("3.1", "Utveckla digitalt innehåll", "Developing digital content"),
    ("3.2", "Integrera och omarbeta digitalt innehåll", "Integrating and re-elaborating digital content"),
    ("3.3", "Upphovsrätt och licenser", "Copyright and licences"),
    ("3.4", "Datalogiskt tänkande och programmering", "Computational thinking and programming"),
    ("4.1", "Skydda enheter", "Protecting devices"),
    ("4.2", "Skydda personuppgifter och integritet", "Protecting personal data and privacy"),
    ("4.3", "Stödja välbefinnande", "Supporting well-being"),
    ("4.4", "Skydda miljön", "Protecting the environment"),
    ("5.1", "Lösa tekniska problem", "Solving technical problems"),
    ("5.2", "Identifiera behov och tekniska lösningar", "Identifying needs and technological responses"),
    ("5.3", "Kreativa lösningar med digital teknik", "Creative solutions using digital technology"),
    ("5.4", "Identifiera behov av digital kompetens", "Identifying digital competence needs"),
];

const GROUPS: [(&str, &str); 5] = [
    ("Sökning, bedömning och hantering av information", "Information search, evaluation and management"),
    ("Kommunikation och samarbete", "Communication and collaboration"),
    ("Skapande av innehåll", "Content creation"),
    ("Säkerhet, välbefinnande och ansvarsfullt användande", "Safety, well-being and responsible use"),
    ("Problemidentifiering och problemlösning", "Problem identification and solving"),
];

fn competences() -> Vec<Item> {
    COMPETENCES
        .map(|(code, sv, en)| {
            let group = &code[..1];
            let label = GROUPS[group.parse::<usize>().unwrap() - 1];
            let group = Some(ItemGroup { code: group.into(), label: both(label.0, label.1) });
            Item { code: code.into(), label: both(sv, en), group, target: Some(1) }
        })
        .to_vec()
}

fn section(
    id: &str,
    title: Text,
    measure: Measure,
    categories: Vec<Category>,
    items: Vec<Item>,
    figures: Vec<Figure>,
) -> Section {
    Section { categories, figures, ..Section::new(id, title, measure, items) }
}

/// A competence report of a whole municipality.
pub fn competence() -> ResultTable {
    let populations = populations();
    let mut dice = Dice(7);
    let spread = |dice: &mut Dice, n: u64, weights: [u64; 4]| {
        let mut counts = vec![0; 4];
        for _ in 0..n {
            let mut throw = dice.roll(weights.iter().sum());
            let band = weights.iter().position(|weight| {
                let hit = throw < *weight;
                throw = throw.wrapping_sub(*weight);
                hit
            });
            counts[band.unwrap()] += 1;
        }
        counts
    };
    let lean =
        |item: usize| [[6, 8, 4, 1], [3, 7, 6, 2], [9, 7, 2, 1], [4, 9, 5, 1], [12, 6, 2, 1]][item * 7 % 5];
    let own = figures(&populations, 21, |item, _, base| {
        let answered = base * (62 + dice.roll(30)) / 100;
        (answered, spread(&mut dice, answered, lean(item)))
    });
    let mut dice = Dice(11);
    let shown = figures(&populations, 21, |item, _, base| {
        let answered = base * (20 + item as u64 * 3 % 40 + dice.roll(20)) / 100;
        let [a, b, c, d] = lean(item);
        (answered, spread(&mut dice, answered, [a + 4, b, c, d]))
    });
    let mut dice = Dice(13);
    let crossed = figures(&populations, 21, |item, _, base| {
        let n = base * (15 + dice.roll(20)) / 100;
        let mut counts = vec![0; 16];
        for _ in 0..n {
            let demonstrated = dice.roll(4 - item as u64 % 2);
            let own = (demonstrated + dice.roll(3)).saturating_sub(1).min(3);
            counts[(own * 4 + demonstrated) as usize] += 1;
        }
        (n, counts)
    });
    let items = competences;
    let levels = |kind| Measure::Levels { kind };
    let mut known = shown.clone();
    for figure in &mut known {
        figure.counts.clear();
    }
    ResultTable {
        kind: ReportKind::Competence,
        title: both("Digital kompetens", "Digital competence"),
        subtitle: both("Enligt ett påhittat ramverk", "By a made-up framework"),
        sources: vec![both("Ramverket är påhittat, CC BY 4.0.", "The framework is made up, CC BY 4.0.")],
        place: sv("Lärkby kommun"),
        period: both("läsåret 2025/26", "school year 2025/26"),
        identity: identity(),
        dated_ahead: 3,
        weights: None,
        outside: Vec::new(),
        rolls: vec![Atom::of_tree(&populations)],
        sections: vec![
            section(
                "visad",
                both("Visad kompetens", "Demonstrated competence"),
                levels(LevelKind::Demonstrated),
                bands(),
                items(),
                shown,
            ),
            section(
                "skattad",
                both("Egen skattning", "Self-assessment"),
                levels(LevelKind::SelfAssessed),
                bands(),
                items(),
                own,
            ),
            section(
                "jamforelse",
                both("Egen skattning bredvid visad nivå", "Self-assessed beside demonstrated"),
                Measure::SelfVsDemonstrated,
                bands(),
                items(),
                crossed,
            ),
        ],
        populations,
    }
}

/// A survey report.
pub fn survey() -> ResultTable {
    let populations = populations();
    let mut dice = Dice(3);
    let sent: Vec<u64> = populations.iter().map(|p| p.base * (38 + dice.roll(50)) / 100).collect();
    let rate = figures(&populations, 1, |_, place, _| (sent[place], vec![]));
    let weights = [[2, 4, 12, 14, 2], [5, 9, 9, 4, 5], [1, 3, 14, 19, 1], [8, 11, 6, 3, 4]];
    let mut answers = figures(&populations, 4, |item, place, _| {
        let mut counts = vec![0; 5];
        for _ in 0..sent[place] {
            let mut throw = dice.roll(weights[item].iter().sum());
            let answer = weights[item].iter().position(|weight| {
                let hit = throw < *weight;
                throw = throw.wrapping_sub(*weight);
                hit
            });
            counts[answer.unwrap()] += 1;
        }
        (sent[place], counts)
    });
    for figure in &mut answers {
        let scored: u64 = figure.counts[..4].iter().sum();
        let sum: u64 = figure.counts.iter().zip(1u64..5).map(|(count, score)| count * score).sum();
        figure.score = Some(Score { sum: Ratio::whole(sum as i64), n: scored });
        let part = figure.counts[2] + figure.counts[3];
        figure.positive = Some(Share { part, of: figure.answered });
        // Not a real interval: five points to each side.
        let end = |percent: u64| Ratio::new(percent as i128, 100).unwrap();
        let percent = (part * 100).checked_div(figure.answered).unwrap_or(0);
        figure.interval =
            Some(Interval { low: end(percent.saturating_sub(5)), high: end((percent + 5).min(100)) });
    }
    let answer =
        |code: &str, sv: &str, en: &str, role| Category { code: code.into(), label: both(sv, en), role };
    let scale = vec![
        answer("1", "Stämmer inte alls", "Not at all true", Role::Negative),
        answer("2", "Stämmer dåligt", "Hardly true", Role::Negative),
        answer("3", "Stämmer ganska bra", "Fairly true", Role::Positive),
        answer("4", "Stämmer helt", "Completely true", Role::Positive),
        answer("vet-ej", "Vet ej", "Don't know", Role::DontKnow),
    ];
    let item = |code: &str, sv: &str, en: &str| Item {
        code: code.into(),
        label: both(sv, en),
        group: None,
        target: None,
    };
    let whole = vec![item("svar", "Hela enkäten", "The whole survey")];
    let items = vec![
        item(
            "stod",
            "Jag får det stöd jag behöver för att använda digitala verktyg i arbetet",
            "I get the support I need to use digital tools at work",
        ),
        item("tid", "Jag har tid att lära mig nya verktyg", "I have time to learn new tools"),
        item("trygg", "Jag vet vem jag kan fråga", "I know whom to ask"),
        item(
            "ai",
            "Vi har pratat igenom hur vi använder AI på min arbetsplats",
            "We have talked through how we use AI at my workplace",
        ),
    ];
    let mut likert = section(
        "fragor",
        both("Svar på frågorna", "Answers to the questions"),
        Measure::Likert,
        scale,
        items,
        answers,
    );
    likert.notes = vec![both(
        "”Vet ej” ingår i basen för andelen positiva.",
        "“Don't know” is in the base of the share positive.",
    )];
    ResultTable {
        kind: ReportKind::Survey,
        title: both("Medarbetarnas digitala vardag", "Employees' digital everyday"),
        subtitle: both("", ""),
        sources: vec![],
        place: sv("Lärkby kommun"),
        period: both("våren 2026", "spring 2026"),
        identity: identity(),
        dated_ahead: 3,
        weights: None,
        outside: Vec::new(),
        rolls: vec![Atom::of_tree(&populations)],
        sections: vec![
            section(
                "svarsfrekvens",
                both("Vilka som har svarat", "Who has answered"),
                Measure::ResponseRate,
                vec![],
                whole,
                rate,
            ),
            likert,
        ],
        populations,
    }
}

pub fn gate(preset: &str) -> Gate {
    Gate::new(Preset::named(preset).unwrap())
}

fn nav() -> Vec<NavLink> {
    ["Översikt", "Kompetens", "Enkäter", "Kurser", "Organisation"]
        .iter()
        .enumerate()
        .map(|(place, label)| NavLink {
            label: (*label).into(),
            href: format!("#{place}"),
            current: place == 0,
        })
        .collect()
}

fn overview(released: &Released) -> String {
    let card =
        |heading: &str, number: &str, sentence: &str, base: &str, change: Option<&str>, link: &str| Card {
            heading: heading.into(),
            number: number.into(),
            sentence: sentence.into(),
            base: base.into(),
            change: change.map(Into::into),
            link: Some((link.into(), "#".into())),
        };
    let all = [
        card(
            "Nådda",
            "76 %",
            "1 840 av 2 410 medarbetare har påbörjat minst en kurs.",
            "Avser 12 juni 2026.",
            Some("12 fler än i måndags."),
            "Se per enhet",
        ),
        card(
            "Obligatorisk utbildning",
            "91 %",
            "av dem som ska gå GDPR-utbildningen är klara.",
            "Bas: 2 410 medarbetare.",
            None,
            "Se vad som återstår",
        ),
        card(
            "Digital kompetens",
            "43 %",
            "har en känd nivå i minst hälften av kompetenserna.",
            "Bas: 516 medarbetare.",
            None,
            "Till rapporten",
        ),
        card(
            "Öppna enkäter",
            "1",
            "Medarbetarnas digitala vardag: 67 % har svarat.",
            "Stänger 30 juni 2026.",
            None,
            "Till enkäten",
        ),
    ];
    let people = released.sections()[0].figure(0, 0).unwrap();
    let hidden =
        released.sections()[0].figures().iter().find(|figure| figure.shown.answered().is_none()).unwrap();
    let steps = [
        Step { label: "Påbörjat kursen".into(), value: StepValue::People(people) },
        Step { label: "Genomfört kursen".into(), value: StepValue::People(&hidden.shown) },
    ];
    let units = [
        Step { label: "Erbjudna kursen".into(), value: StepValue::Things(60, 60) },
        Step { label: "Har hämtat den".into(), value: StepValue::Things(57, 60) },
        Step { label: "Har anpassat den".into(), value: StepValue::Things(23, 60) },
    ];
    let body = html! {
        p class="lead" { "76 % av medarbetarna har påbörjat kursen; 3 enheter har inte hämtat kursen." }
        (cards(&all))
        h2 { "Från erbjudande till genomförande" }
        (funnel("enheter", "Enheter", "57 av 60 enheter har hämtat kursen.", &units, released.preset(), Lang::Sv))
        (funnel("personer", "Medarbetare", "Två av tre har påbörjat kursen.", &steps, released.preset(), Lang::Sv))
        (empty_state("Inga beslut om gallring än", "När någon har beslutat vad som ska gallras och när syns det här.", Some(("Skriv ett beslut", "#"))))
        form class="form" {
            (field(&Field { name: "q".into(), label: "Skolenhetskod".into(), hint: Some("Åtta siffror".into()), error: Some("Koden har sju siffror. Skriv alla åtta.".into()), value: "1234567".into(), ..Field::default() }))
            (main_button("Spara"))
        }
    };
    let mut frame = PageFrame::new(Lang::Sv, "Översikt", Stylesheet::Linked("assets/".into()), body);
    frame.place = Some("Lärkby kommun".into());
    frame.period = Some("läsåret 2025/26".into());
    frame.nav = nav();
    frame.other_language = Some((Lang::En, "#en".into()));
    frame.corner = Some(html! { form { (button("Logga ut")) } });
    page(&frame)
}

/// Every made-up page and file, by name.
pub fn gallery() -> Vec<(String, Vec<u8>)> {
    let competence = gate("default").apply(competence()).unwrap();
    let survey = gate("gavle").apply(survey()).unwrap();
    let mut files = Vec::new();
    for lang in [Lang::Sv, Lang::En] {
        for (name, released) in [("kompetens", &competence), ("enkat", &survey)] {
            let view = View::new(released, lang);
            let tag = lang.tag();
            files.push((format!("{name}.{tag}.html"), document(&view, Stylesheet::Inline).into_bytes()));
            files.push((format!("{name}.{tag}.csv"), csv(&view)));
            files.push((format!("{name}.{tag}.xlsx"), xlsx(&view).unwrap()));
            files.push((format!("{name}.{tag}.json"), json(&view).into_bytes()));
            files.push((format!("{name}.{tag}.paper.json"), paper(&view).into_bytes()));
        }
    }
    let unit = View::of_unit(&competence, Lang::Sv, "CENTRUM").unwrap();
    files.push(("kompetens.centrum.html".into(), document(&unit, Stylesheet::Inline).into_bytes()));
    files.push(("oversikt.html".into(), overview(&survey).into_bytes()));
    let login = Login {
        lang: Lang::Sv,
        stylesheet: Stylesheet::Linked("assets/".into()),
        place: Some("Lärkby kommun".into()),
        action: "/login".into(),
        other_language: Some((Lang::En, "/login?lang=en".into())),
        hidden: vec![("csrf".into(), "x".into())],
        user: String::new(),
        error: Some("Fel användarnamn eller lösenord. Försök igen.".into()),
    };
    files.push(("login.html".into(), login_page(&login).into_bytes()));
    files
}
