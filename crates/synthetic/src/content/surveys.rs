//! The surveys: what is asked, on which scales.

use std::sync::LazyLock;

use serde_json::Value;

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
    /// The definition with its scoring, where it is not put together from the above.
    pub(crate) ready: Option<&'static str>,
}

pub(crate) static SURVEYS: LazyLock<[&Survey; 4]> =
    LazyLock::new(|| [&*SELF_ASSESSMENT, &WORKING_LIFE, &PUPILS, &GUARDIANS]);

const DONT_KNOW: Code =
    Code { code: "vet-ej", label: t("Vet ej", "Don't know"), score: None, positive: false, level: None };

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

const fn agree(name: &'static str, mood: f64, text: Text) -> Item {
    Item { name, text, reverse: false, competence: None, mood }
}

/// The ready-made self-assessment of digital competence.
const READY: &str = include_str!("../../../../schemas/surveys/digital-competence.json");
static SELF_ASSESSMENT: LazyLock<Survey> = LazyLock::new(|| {
    static DEFINITION: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(READY).unwrap_or_default());
    let definition: &'static Value = &DEFINITION;
    let questions: Vec<&Value> =
        list(&definition["pages"]).iter().flat_map(|page| list(&page["elements"])).collect();
    let feeds = |question: &'static Value| &definition["larka"]["items"][word(&question["name"])]["feeds"];
    let item = |question: &&'static Value| Item {
        name: word(&question["name"]),
        text: both(&question["title"]),
        reverse: false,
        competence: feeds(question)["competence"].as_str(),
        mood: 0.0,
    };
    let items: Vec<Item> = questions.iter().map(item).collect();
    let mut codes = Vec::new();
    // All questions have the answers of the first.
    if let Some(first) = questions.first() {
        codes.extend(list(&first["choices"]).iter().map(|choice| Code {
            code: word(&choice["value"]),
            label: both(&choice["text"]),
            score: None,
            positive: false,
            level: feeds(first)["levels"][word(&choice["value"])].as_u64().map(|level| level as u8),
        }));
        codes.push(Code { code: "dontknow", label: both(&first["dontKnowText"]), ..DONT_KNOW });
    }
    Survey {
        slug: "digital-sjalvskattning",
        title: both(&definition["title"]),
        intro: both(&definition["description"]),
        scale: Box::leak(Box::new(Scale { id: "niva", codes: codes.leak() })),
        pages: &[],
        items: items.leak(),
        ready: Some(READY),
    }
});

fn list(of: &'static Value) -> &'static [Value] {
    of.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn word(of: &'static Value) -> &'static str {
    of.as_str().unwrap_or_default()
}

fn both(of: &'static Value) -> Text {
    t(word(&of["sv"]), word(&of["en"]))
}

pub(crate) const WORKING_LIFE: Survey = Survey {
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
    ready: None,
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
    ready: None,
};

pub(crate) const GUARDIANS: Survey = Survey {
    slug: "hemmets-digitala-skoldag",
    title: t("Ditt barns digitala skoldag", "Your child's digital school day"),
    intro: t(
        "Sex påståenden om skolans digitala arbete, för dig som är vårdnadshavare.",
        "Six claims about the school's digital work, for you who are a guardian.",
    ),
    scale: &AGREEMENT,
    pages: &[(t("Hemmet och skolan", "Home and school"), 6)],
    items: &[
        agree(
            "information",
            0.5,
            t(
                "Jag får den information jag behöver genom skolans digitala kanaler.",
                "I get the information I need through the school's digital channels.",
            ),
        ),
        agree(
            "inloggning",
            -0.2,
            t(
                "Det är enkelt att logga in i skolans tjänster för hemmet.",
                "It is easy to log in to the school's services for homes.",
            ),
        ),
        agree(
            "kontakt",
            0.7,
            t(
                "Det är lätt att nå lärarna när jag behöver.",
                "It is easy to reach the teachers when I need to.",
            ),
        ),
        agree(
            "larande",
            0.3,
            t(
                "Datorn eller plattan hjälper mitt barn att lära sig.",
                "The computer or tablet helps my child learn.",
            ),
        ),
        agree(
            "balans",
            -0.1,
            t(
                "Skolan hittar en bra balans mellan skärm och papper.",
                "The school finds a good balance between screen and paper.",
            ),
        ),
        agree(
            "trygg",
            0.6,
            t(
                "Jag känner mig trygg med hur skolan hanterar mitt barns uppgifter.",
                "I feel safe with how the school handles my child's data.",
            ),
        ),
    ],
    ready: None,
};
