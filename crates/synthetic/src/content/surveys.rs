//! The three surveys: what is asked, on which scales.

use super::{Text, t};

/// One answer of a scale. Codes carry no number; the definition says what they are worth.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) code: &'static str,
    pub(crate) label: Text,
    /// Score as a fraction.
    pub(crate) score: Option<(i64, u32)>,
    pub(crate) positive: bool,
    /// The competence level (1 to 8) that the answer stands for.
    pub(crate) level: Option<u8>,
}

/// A scale; its last code is "don't know".
#[derive(Debug)]
pub(crate) struct Scale {
    pub(crate) id: &'static str,
    pub(crate) codes: &'static [Code],
}

/// One question.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: &'static str,
    pub(crate) text: Text,
    pub(crate) reverse: bool,
    pub(crate) competence: Option<&'static str>,
    /// How gladly people agree, for the answers that are made up.
    pub(crate) mood: f64,
}

/// A survey.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) slug: &'static str,
    pub(crate) title: Text,
    pub(crate) intro: Text,
    pub(crate) scale: &'static Scale,
    /// Pages: a heading and how many of the items stand on it.
    pub(crate) pages: &'static [(Text, usize)],
    pub(crate) items: &'static [Item],
}

pub(crate) const SURVEYS: [&Survey; 3] = [&SELF_ASSESSMENT, &WORKING_LIFE, &PUPILS];

const fn level(code: &'static str, level: u8, label: Text) -> Code {
    Code { code, label, score: Some((level as i64, 1)), positive: level >= 5, level: Some(level) }
}

const DONT_KNOW: Code =
    Code { code: "vet-ej", label: t("Vet ej", "Don't know"), score: None, positive: false, level: None };

/// Eight levels of mastery, in our own words.
pub(crate) const MASTERY: Scale = Scale {
    id: "beharskning",
    codes: &[
        level("med-hjalp", 1, t("Enkla saker, om någon visar mig", "Simple things, if somebody shows me")),
        level(
            "med-stod",
            2,
            t("Enkla saker själv, med stöd ibland", "Simple things myself, with support now and then"),
        ),
        level("vardag", 3, t("Vardagens uppgifter på egen hand", "Everyday tasks on my own")),
        level(
            "sjalvstandig",
            4,
            t("Även det som avviker från det vanliga", "Also what differs from the usual"),
        ),
        level("hjalper-andra", 5, t("Jag hjälper kollegor vidare", "I help colleagues along")),
        level(
            "anpassar",
            6,
            t("Jag väljer och anpassar arbetssätt efter läget", "I choose and adapt ways of working"),
        ),
        level(
            "utvecklar",
            7,
            t(
                "Jag löser svåra uppgifter och utvecklar hur vi arbetar",
                "I solve hard tasks and develop how we work",
            ),
        ),
        level(
            "banar-vag",
            8,
            t("Jag prövar nytt och banar väg för andra", "I try new things and pave the way for others"),
        ),
        DONT_KNOW,
    ],
};

/// Four steps of agreement, scored as the Schools Inspectorate's index is.
pub(crate) const AGREEMENT: Scale = Scale {
    id: "instammer",
    codes: &[
        Code {
            code: "inte-alls",
            label: t("Stämmer inte alls", "Not true at all"),
            score: Some((0, 1)),
            positive: false,
            level: None,
        },
        Code {
            code: "ganska-daligt",
            label: t("Stämmer ganska dåligt", "Not very true"),
            score: Some((10, 3)),
            positive: false,
            level: None,
        },
        Code {
            code: "ganska-bra",
            label: t("Stämmer ganska bra", "Fairly true"),
            score: Some((20, 3)),
            positive: true,
            level: None,
        },
        Code {
            code: "helt",
            label: t("Stämmer helt och hållet", "Entirely true"),
            score: Some((10, 1)),
            positive: true,
            level: None,
        },
        DONT_KNOW,
    ],
};

const fn can(name: &'static str, competence: &'static str, text: Text) -> Item {
    Item { name, text, reverse: false, competence: Some(competence), mood: 0.0 }
}

const fn agree(name: &'static str, mood: f64, text: Text) -> Item {
    Item { name, text, reverse: false, competence: None, mood }
}

const SELF_ASSESSMENT: Survey = Survey {
    slug: "digital-sjalvskattning",
    title: t("Min digitala kompetens – självskattning", "My digital competence: a self-assessment"),
    intro: t(
        "Välj det som bäst beskriver dig i ditt arbete just nu. Det finns inga rätta svar.",
        "Choose what describes you best in your work right now. There are no right answers.",
    ),
    scale: &MASTERY,
    pages: &[
        (
            t(
                "Sökning, bedömning och hantering av information",
                "Information search, evaluation and management",
            ),
            3,
        ),
        (t("Kommunikation och samarbete", "Communication and collaboration"), 6),
        (t("Skapande av innehåll", "Content creation"), 4),
        (
            t("Säkerhet, välbefinnande och ansvarsfullt användande", "Safety, wellbeing and responsible use"),
            4,
        ),
        (t("Problemidentifiering och problemlösning", "Problem identification and solving"), 4),
    ],
    items: &[
        can(
            "soka",
            "1.1",
            t(
                "Söka och sålla fram den information jag behöver",
                "Search for and sift out the information I need",
            ),
        ),
        can(
            "vardera",
            "1.2",
            t("Bedöma om en källa går att lita på", "Judge whether a source can be trusted"),
        ),
        can(
            "ordna",
            "1.3",
            t(
                "Spara och ordna material så att det går att hitta igen",
                "Save and arrange material so that it can be found again",
            ),
        ),
        can(
            "kommunicera",
            "2.1",
            t(
                "Välja rätt kanal när jag kommunicerar digitalt",
                "Choose the right channel when I communicate digitally",
            ),
        ),
        can(
            "dela",
            "2.2",
            t(
                "Dela material med dem som ska ha det, och inga andra",
                "Share material with those who should have it, and nobody else",
            ),
        ),
        can(
            "delta",
            "2.3",
            t(
                "Använda digitala tjänster för att delta i samhället",
                "Use digital services to take part in society",
            ),
        ),
        can(
            "samarbeta",
            "2.4",
            t(
                "Arbeta tillsammans i gemensamma dokument och ytor",
                "Work together in shared documents and spaces",
            ),
        ),
        can(
            "uppforande",
            "2.5",
            t(
                "Hålla en god ton och hantera konflikter digitalt",
                "Keep a good tone and handle conflicts digitally",
            ),
        ),
        can(
            "identitet",
            "2.6",
            t(
                "Ha koll på mina konton och hur jag framstår på nätet",
                "Keep track of my accounts and how I appear online",
            ),
        ),
        can(
            "skapa",
            "3.1",
            t(
                "Skapa text, bild, ljud eller film för undervisning eller arbete",
                "Create text, image, sound or film for teaching or work",
            ),
        ),
        can(
            "bearbeta",
            "3.2",
            t(
                "Bearbeta och förbättra material som redan finns",
                "Rework and improve material that already exists",
            ),
        ),
        can(
            "upphovsratt",
            "3.3",
            t(
                "Veta vad jag får använda och hur jag anger upphov",
                "Know what I may use and how to credit it",
            ),
        ),
        can(
            "programmera",
            "3.4",
            t(
                "Dela upp ett problem i steg som en dator kan följa",
                "Break a problem down into steps a computer can follow",
            ),
        ),
        can(
            "skydda-enheter",
            "4.1",
            t(
                "Skydda dator, telefon och konton mot intrång",
                "Protect computer, phone and accounts against intrusion",
            ),
        ),
        can(
            "skydda-uppgifter",
            "4.2",
            t(
                "Hantera personuppgifter rätt, mina egna och andras",
                "Handle personal data rightly, my own and others'",
            ),
        ),
        can(
            "valmaende",
            "4.3",
            t(
                "Använda digitala verktyg så att jag och andra mår bra",
                "Use digital tools so that I and others feel well",
            ),
        ),
        can(
            "miljo",
            "4.4",
            t(
                "Väga in miljöpåverkan när jag använder teknik",
                "Consider the environment when I use technology",
            ),
        ),
        can(
            "felsoka",
            "5.1",
            t("Hitta och lösa tekniska fel som uppstår", "Find and solve technical faults that arise"),
        ),
        can(
            "valja-verktyg",
            "5.2",
            t("Se ett behov och välja ett verktyg som passar", "See a need and choose a tool that fits"),
        ),
        can(
            "tanka-nytt",
            "5.3",
            t(
                "Använda digital teknik för att göra något på ett nytt sätt",
                "Use digital technology to do something in a new way",
            ),
        ),
        can(
            "lara-vidare",
            "5.4",
            t(
                "Märka vad jag behöver lära mig och göra något åt det",
                "Notice what I need to learn and do something about it",
            ),
        ),
    ],
};

const WORKING_LIFE: Survey = Survey {
    slug: "digitala-arbetsdagen",
    title: t("Den digitala arbetsdagen", "The digital working day"),
    intro: t(
        "Tolv påståenden om verktyg, stöd och arbetsmiljö. Svaren visas bara för grupper.",
        "Twelve claims about tools, support and working environment. Answers are shown for groups only.",
    ),
    scale: &AGREEMENT,
    pages: &[
        (t("Verktygen", "The tools"), 4),
        (t("Stöd och lärande", "Support and learning"), 4),
        (t("Arbetsmiljö", "Working environment"), 4),
    ],
    items: &[
        agree(
            "verktyg-fungerar",
            0.5,
            t(
                "De digitala verktygen fungerar när jag behöver dem.",
                "The digital tools work when I need them.",
            ),
        ),
        agree(
            "natet",
            0.3,
            t("Nätet räcker till för det vi ska göra.", "The network is good enough for what we are to do."),
        ),
        agree(
            "tillgang",
            0.6,
            t(
                "Jag har tillgång till den utrustning mitt arbete kräver.",
                "I have the equipment my work requires.",
            ),
        ),
        agree(
            "inloggning",
            -0.2,
            t(
                "Det är enkelt att logga in i de system jag använder.",
                "It is easy to log in to the systems I use.",
            ),
        ),
        agree(
            "stod",
            0.2,
            t(
                "Jag vet vart jag vänder mig när något krånglar.",
                "I know whom to turn to when something is not working.",
            ),
        ),
        agree(
            "kollegor",
            0.9,
            t(
                "Vi hjälper varandra med det digitala i arbetslaget.",
                "We help each other with digital matters in the team.",
            ),
        ),
        agree(
            "tid",
            -0.6,
            t("Jag får tid att lära mig nya arbetssätt.", "I get time to learn new ways of working."),
        ),
        agree(
            "kurser",
            0.2,
            t(
                "Kurserna jag erbjuds är till nytta i mitt arbete.",
                "The courses I am offered are useful in my work.",
            ),
        ),
        agree(
            "chef",
            0.4,
            t(
                "Min chef visar vad som förväntas av mig digitalt.",
                "My manager shows what is expected of me digitally.",
            ),
        ),
        Item {
            name: "stress",
            text: t("Mängden digitala kanaler stressar mig.", "The number of digital channels stresses me."),
            reverse: true,
            competence: None,
            mood: 0.1,
        },
        agree(
            "balans",
            0.0,
            t("Jag kan låta bli jobbmejlen när jag är ledig.", "I can leave work mail alone when I am off."),
        ),
        agree(
            "trygg",
            0.7,
            t(
                "Jag känner mig trygg med hur vi hanterar elevers uppgifter.",
                "I feel safe with how we handle pupils' data.",
            ),
        ),
    ],
};

const PUPILS: Survey = Survey {
    slug: "elevernas-digitala-vardag",
    title: t("Din digitala skoldag", "Your digital school day"),
    intro: t("Sex påståenden. Svara som du känner.", "Six claims. Answer as you feel."),
    scale: &AGREEMENT,
    pages: &[(t("I skolan", "At school"), 6)],
    items: &[
        agree(
            "datorn",
            0.6,
            t("Datorn eller plattan hjälper mig att lära mig.", "The computer or tablet helps me learn."),
        ),
        agree(
            "hjalp",
            0.5,
            t("Jag får hjälp när något inte fungerar.", "I get help when something does not work."),
        ),
        agree(
            "arbetsro",
            -0.1,
            t("Jag har arbetsro när vi jobbar digitalt.", "I can concentrate when we work digitally."),
        ),
        agree(
            "kallor",
            0.3,
            t(
                "Vi får lära oss att granska det vi läser på nätet.",
                "We learn to check what we read on the web.",
            ),
        ),
        agree("trygg", 0.5, t("Jag känner mig trygg på nätet i skolan.", "I feel safe online at school.")),
        agree("egen-takt", 0.4, t("Jag kan arbeta i min egen takt.", "I can work at my own pace.")),
    ],
};
