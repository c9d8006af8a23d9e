//! The central courses for employees.

use super::{Audience, Course, Shows, quiz, shows, t, text, video};

const CHECK: super::Text = t("Kontrollfrågor", "Check questions");
const DEEPER: super::Text = t("Fördjupning: fall att lösa", "Going deeper: cases to solve");

pub(crate) const COURSES: &[Course] = &[
    Course {
        slug: "introduktion-nyanstallda",
        title: t("Introduktion för nyanställda", "Introduction for new employees"),
        about: t(
            "Hur förvaltningen är uppbyggd, vilka system du möter första veckan och vart du vänder dig.",
            "How the administration is organised, which systems you meet in your first week, and whom to ask.",
        ),
        pull: 1.0,
        audience: Audience::Newcomers,
        parts: &[
            video("valkommen", t("Välkommen till Lärkby kommun", "Welcome to Lärkby"), 6),
            text("dina-forsta-dagar", t("Dina första dagar", "Your first days"), 8),
            video("systemen", t("Systemen du möter", "The systems you meet"), 9),
            quiz("kontrollfragor", CHECK, 6, &[shows("2.1", 1, 2), shows("2.5", 2, 2), shows("4.1", 1, 2)]),
        ],
        claims: &[
            (
                t(
                    "Ett lånat passerkort ska anmälas samma dag.",
                    "A borrowed access card must be reported the same day.",
                ),
                true,
            ),
            (
                t(
                    "Privat e-post får användas för elevuppgifter.",
                    "Private e-mail may be used for pupils' data.",
                ),
                false,
            ),
            (
                t("Servicedesk når du även på telefon.", "The service desk can also be reached by phone."),
                true,
            ),
        ],
    },
    Course {
        slug: "digital-grundkurs",
        title: t("Digital grundkurs för alla medarbetare", "Digital basics for every employee"),
        about: t(
            "Fem områden, tjugoen kompetenser: ett prov för varje område visar var du står i dag.",
            "Five areas, twenty-one competences: one test for each area shows where you are today.",
        ),
        pull: 1.0,
        audience: Audience::EveryEmployee,
        parts: &[
            video("soka-och-ordna", t("Att söka, värdera och ordna", "Searching, evaluating, organising"), 6),
            quiz(
                "prov-information",
                t("Grundprov: information", "Basic test: information"),
                8,
                &[shows("1.1", 2, 2), shows("1.2", 2, 2), shows("1.3", 2, 2)],
            ),
            video("tillsammans", t("Att mötas och dela på nätet", "Meeting and sharing online"), 6),
            quiz(
                "prov-samarbete",
                t("Grundprov: kommunikation och samarbete", "Basic test: communication and collaboration"),
                10,
                &[
                    shows("2.1", 2, 2),
                    shows("2.2", 2, 2),
                    shows("2.3", 2, 2),
                    shows("2.4", 2, 2),
                    shows("2.5", 2, 2),
                    shows("2.6", 2, 2),
                ],
            ),
            video("skapa", t("Att skapa eget material", "Making material of your own"), 6),
            quiz(
                "prov-innehall",
                t("Grundprov: skapa innehåll", "Basic test: creating content"),
                8,
                &[shows("3.1", 2, 2), shows("3.2", 2, 2), shows("3.3", 2, 2), shows("3.4", 1, 2)],
            ),
            video("tryggt", t("Trygga vanor för dig och andra", "Safe habits for you and others"), 6),
            quiz(
                "prov-sakerhet",
                t("Grundprov: säkerhet och välmående", "Basic test: safety and wellbeing"),
                8,
                &[shows("4.1", 2, 2), shows("4.2", 2, 2), shows("4.3", 2, 2), shows("4.4", 2, 2)],
            ),
            video("nar-det-kranglar", t("När det krånglar", "When things go wrong"), 5),
            quiz(
                "prov-losa-problem",
                t("Grundprov: lösa problem", "Basic test: solving problems"),
                8,
                &[shows("5.1", 2, 2), shows("5.2", 2, 2), shows("5.3", 2, 2), shows("5.4", 1, 2)],
            ),
            quiz(
                "slutprov",
                t("Slutprov: en arbetsvecka", "Final test: a week at work"),
                20,
                &[
                    shows("1.1", 3, 4),
                    shows("1.2", 3, 4),
                    shows("1.3", 3, 4),
                    shows("2.1", 3, 4),
                    shows("2.2", 3, 4),
                    shows("2.4", 3, 4),
                    shows("2.5", 3, 3),
                    shows("3.1", 3, 3),
                    shows("3.3", 3, 3),
                    shows("4.1", 3, 4),
                    shows("4.2", 3, 4),
                    shows("4.3", 3, 4),
                    shows("5.1", 3, 4),
                    shows("5.2", 3, 3),
                ],
            ),
        ],
        claims: &[
            (
                t(
                    "En länk som ser rätt ut kan ändå leda fel.",
                    "A link that looks right may still lead astray.",
                ),
                true,
            ),
            (
                t(
                    "Bilder på nätet är fria att använda i undervisning.",
                    "Pictures on the web are free to use in teaching.",
                ),
                false,
            ),
            (t("Starta om innan du ringer servicedesk.", "Restart before you call the service desk."), true),
        ],
    },
    Course {
        slug: "gdpr-i-skolan",
        title: t("GDPR i skolan", "GDPR in school"),
        about: t(
            "Personuppgifter i vardagen: vad som får sparas, var, hur länge och vem som får se det.",
            "Personal data in everyday work: what may be kept, where, for how long, and who may see it.",
        ),
        pull: 1.0,
        audience: Audience::Educators,
        parts: &[
            video("personuppgifter", t("Vad är en personuppgift?", "What is personal data?"), 7),
            text("rattslig-grund", t("Rättslig grund och samtycke", "Legal basis and consent"), 10),
            text(
                "skyddad-identitet",
                t("Elever med skyddad identitet", "Pupils with a protected identity"),
                7,
            ),
            quiz("kontrollfragor", CHECK, 8, &[shows("4.2", 2, 3), shows("2.6", 2, 3)]),
            quiz("fordjupning", DEEPER, 15, &[shows("4.2", 5, 6), shows("2.6", 4, 5)]),
        ],
        claims: &[
            (t("En bild på en elev är en personuppgift.", "A picture of a pupil is personal data."), true),
            (
                t(
                    "Samtycke behövs alltid för att föra närvaro.",
                    "Consent is always needed to take attendance.",
                ),
                false,
            ),
            (
                t("En incident ska anmälas inom 72 timmar.", "A breach is to be reported within 72 hours."),
                true,
            ),
        ],
    },
    Course {
        slug: "office-365-grunder",
        title: t("Office 365 grunder", "Office 365 basics"),
        about: t(
            "Spara, hitta och ordna dina filer, boka möten och skriva tillsammans.",
            "Save, find and arrange your files, book meetings and write together.",
        ),
        pull: 1.3,
        audience: Audience::Staff,
        parts: &[
            video("filerna", t("Var bor filerna?", "Where do the files live?"), 8),
            video("kalendern", t("Kalender och möten", "Calendar and meetings"), 6),
            text("mappar", t("Mappar som går att hitta i", "Folders you can find things in"), 6),
            quiz("kontrollfragor", CHECK, 8, &[shows("1.3", 2, 3), shows("2.1", 2, 3)]),
            quiz("fordjupning", DEEPER, 14, &[shows("1.3", 4, 5), shows("2.1", 4, 5), shows("3.1", 3, 4)]),
        ],
        claims: &[
            (
                t(
                    "En fil i arbetsgruppens yta syns för hela gruppen.",
                    "A file in the team's space is visible to the whole team.",
                ),
                true,
            ),
            (t("En raderad fil går aldrig att återställa.", "A deleted file can never be restored."), false),
            (
                t("Versionshistoriken visar vem som ändrat.", "The version history shows who made a change."),
                true,
            ),
        ],
    },
    Course {
        slug: "digital-kallkritik",
        title: t("Digital källkritik", "Evaluating digital sources"),
        about: t(
            "Söka klokt, läsa sidledes och avgöra vad som håller, i text, bild och film.",
            "Search wisely, read laterally and decide what holds, in text, image and film.",
        ),
        pull: 1.2,
        audience: Audience::Staff,
        parts: &[
            video("soka", t("Söka så att du hittar", "Searching so that you find"), 9),
            text("lasa-sidledes", t("Läsa sidledes", "Reading laterally"), 8),
            quiz("kontrollfragor", CHECK, 9, &[shows("1.1", 2, 3), shows("1.2", 3, 3)]),
            video("manipulerade-bilder", t("Manipulerade bilder", "Manipulated images"), 11),
            quiz("fordjupning", DEEPER, 16, &[shows("1.1", 5, 5), shows("1.2", 5, 6)]),
        ],
        claims: &[
            (
                t(
                    "En sida som ligger först i sökresultatet är mest trovärdig.",
                    "The page ranked first is the most trustworthy.",
                ),
                false,
            ),
            (
                t(
                    "Bildsökning kan visa var en bild först publicerades.",
                    "Reverse image search can show where an image first appeared.",
                ),
                true,
            ),
            (
                t(
                    "Datum saknar betydelse för en källas värde.",
                    "A date says nothing about a source's worth.",
                ),
                false,
            ),
        ],
    },
    Course {
        slug: "ai-i-undervisningen",
        title: t("AI i undervisningen", "AI in teaching"),
        about: t(
            "Vad språkmodeller kan och inte kan, hur uppgifter utformas och vad som är tillåtet hos oss.",
            "What language models can and cannot do, how to design tasks, and what is allowed here.",
        ),
        pull: 1.8,
        audience: Audience::Staff,
        parts: &[
            video("sa-fungerar-det", t("Så fungerar en språkmodell", "How a language model works"), 12),
            text("riktlinjer", t("Riktlinjer för AI i Lärkby", "Guidelines for AI in Lärkby"), 9),
            quiz("kontrollfragor", CHECK, 9, &[shows("5.2", 3, 3), shows("5.3", 3, 4)]),
            video("planera-med-ai", t("Planera en lektion med AI", "Planning a lesson with AI"), 14),
            quiz("fordjupning", DEEPER, 18, &[shows("5.3", 6, 7), shows("3.2", 5, 6)]),
        ],
        claims: &[
            (
                t(
                    "En språkmodell kan hitta på källor som inte finns.",
                    "A language model can invent sources that do not exist.",
                ),
                true,
            ),
            (
                t(
                    "Elevers namn får skrivas in i öppna AI-tjänster.",
                    "Pupils' names may be typed into open AI services.",
                ),
                false,
            ),
            (
                t(
                    "Ett AI-verktyg kan förstärka fördomar i sina data.",
                    "An AI tool can amplify bias in its data.",
                ),
                true,
            ),
        ],
    },
    Course {
        slug: "sakra-losenord",
        title: t("Säkra lösenord", "Strong passwords"),
        about: t(
            "Lösenord, tvåfaktor och hur du känner igen ett bluffmejl innan du klickar.",
            "Passwords, two-factor log-in, and how to spot a phishing mail before you click.",
        ),
        pull: 1.4,
        audience: Audience::Staff,
        parts: &[
            video("lang-ar-stark", t("Långt är starkt", "Long is strong"), 5),
            text("tvafaktor", t("Inloggning i två steg", "Logging in in two steps"), 5),
            quiz(
                "kontrollfragor",
                CHECK,
                6,
                &[Shows { competence: "4.1", low: 3, high: 3, weight: 1000, months: 8 }],
            ),
            quiz("fordjupning", DEEPER, 12, &[shows("4.1", 5, 6), shows("2.6", 3, 4)]),
        ],
        claims: &[
            (
                t(
                    "Fyra slumpade ord är starkare än åtta tecken.",
                    "Four random words are stronger than eight characters.",
                ),
                true,
            ),
            (
                t("Samma lösenord kan användas om det är långt.", "A password may be reused if it is long."),
                false,
            ),
            (
                t("Banken ber aldrig om din kod via e-post.", "The bank never asks for your code by e-mail."),
                true,
            ),
        ],
    },
    Course {
        slug: "delning-och-samarbete",
        title: t("Delning och samarbete i molnet", "Sharing and collaborating in the cloud"),
        about: t(
            "Dela med rätt personer, skriva tillsammans och hålla ordning på vem som kommer åt vad.",
            "Share with the right people, write together, and keep track of who can reach what.",
        ),
        pull: 1.1,
        audience: Audience::Staff,
        parts: &[
            video("dela-ratt", t("Dela med rätt personer", "Sharing with the right people"), 7),
            video("skriva-tillsammans", t("Skriva tillsammans", "Writing together"), 6),
            quiz("kontrollfragor", CHECK, 8, &[shows("2.2", 2, 3), shows("2.4", 3, 3)]),
            quiz("fordjupning", DEEPER, 15, &[shows("2.2", 5, 5), shows("2.4", 5, 6)]),
        ],
        claims: &[
            (
                t("En länk för alla kan öppnas utan inloggning.", "An open link works without logging in."),
                true,
            ),
            (
                t("Delningen upphör när du stänger dokumentet.", "Sharing ends when you close the document."),
                false,
            ),
            (
                t("Kommentarer syns för alla som kan redigera.", "Comments are visible to all who can edit."),
                true,
            ),
        ],
    },
    Course {
        slug: "skapa-film-med-elever",
        title: t("Skapa film med elever", "Making films with pupils"),
        about: t(
            "Från bildmanus till visning, med ljud som hörs och musik du får använda.",
            "From storyboard to screening, with sound that carries and music you may use.",
        ),
        pull: 0.8,
        audience: Audience::Staff,
        parts: &[
            video("bildmanus", t("Bildmanus på en kvart", "A storyboard in fifteen minutes"), 10),
            video("klippa", t("Klippa enkelt", "Simple editing"), 12),
            text("musik-och-bild", t("Musik och bild du får använda", "Music and images you may use"), 7),
            quiz("kontrollfragor", CHECK, 8, &[shows("3.1", 3, 4), shows("3.3", 3, 3)]),
            quiz(
                "fordjupning",
                t("Fördjupning: er film", "Going deeper: your film"),
                25,
                &[shows("3.1", 6, 6), shows("3.3", 5, 6)],
            ),
        ],
        claims: &[
            (t("CC BY kräver att upphovspersonen anges.", "CC BY requires naming the author."), true),
            (
                t(
                    "All musik på nätet är fri i undervisning.",
                    "All music on the web is free to use in teaching.",
                ),
                false,
            ),
            (
                t("En extern mikrofon gör mest för ljudet.", "An external microphone helps the sound most."),
                true,
            ),
        ],
    },
    Course {
        slug: "tillgangliga-dokument",
        title: t("Tillgängliga dokument", "Accessible documents"),
        about: t(
            "Rubriker, kontrast, alternativtext och tabeller som alla kan läsa.",
            "Headings, contrast, alternative text and tables that everybody can read.",
        ),
        pull: 0.9,
        audience: Audience::Staff,
        parts: &[
            text("rubriker", t("Riktiga rubriker", "Real headings"), 6),
            video("alternativtext", t("Skriva alternativtext", "Writing alternative text"), 7),
            quiz("kontrollfragor", CHECK, 8, &[shows("3.2", 3, 4), shows("3.1", 2, 3)]),
            quiz("fordjupning", DEEPER, 14, &[shows("3.2", 5, 5), shows("2.3", 3, 4)]),
        ],
        claims: &[
            (t("Fet stil är samma sak som en rubrik.", "Bold text is the same as a heading."), false),
            (
                t(
                    "En dekorativ bild kan lämnas utan alternativtext.",
                    "A decorative image may go without alternative text.",
                ),
                true,
            ),
            (
                t(
                    "Rött och grönt räcker för att skilja val åt.",
                    "Red and green are enough to tell choices apart.",
                ),
                false,
            ),
        ],
    },
    Course {
        slug: "programmering-fran-grunden",
        title: t("Programmering från grunden", "Programming from scratch"),
        about: t(
            "Dela upp ett problem, upprepa, välja och felsöka, först med papper och sedan med block.",
            "Break down a problem, repeat, choose and debug, first on paper and then with blocks.",
        ),
        pull: 0.6,
        audience: Audience::Staff,
        parts: &[
            video("dela-upp", t("Dela upp problemet", "Breaking down the problem"), 9),
            video("slingor", t("Slingor och villkor", "Loops and conditions"), 11),
            quiz("kontrollfragor", CHECK, 10, &[shows("3.4", 2, 3)]),
            quiz(
                "fordjupning",
                t("Fördjupning: ett eget program", "Going deeper: a program of your own"),
                30,
                &[shows("3.4", 4, 5)],
            ),
        ],
        claims: &[
            (t("En slinga upprepar samma steg.", "A loop repeats the same steps."), true),
            (
                t(
                    "Ett program gör det du menar, inte det du skrev.",
                    "A program does what you mean, not what you wrote.",
                ),
                false,
            ),
            (t("En variabel kan byta värde.", "A variable can change its value."), true),
        ],
    },
    Course {
        slug: "digital-arbetsmiljo",
        title: t("Digital balans och hållbarhet", "Digital balance and sustainability"),
        about: t(
            "Aviseringar, ergonomi, återhämtning och vad tekniken kostar i energi och råvaror.",
            "Notifications, ergonomics, recovery, and what technology costs in energy and materials.",
        ),
        pull: 0.9,
        audience: Audience::Staff,
        parts: &[
            video("aviseringar", t("Ta makten över aviseringarna", "Take charge of notifications"), 6),
            text("ergonomi", t("Skärm, stol och paus", "Screen, chair and break"), 5),
            quiz("kontrollfragor", CHECK, 7, &[shows("4.3", 3, 3), shows("4.4", 2, 3)]),
            quiz("fordjupning", DEEPER, 12, &[shows("4.3", 5, 5), shows("4.4", 5, 6)]),
        ],
        claims: &[
            (
                t(
                    "Att använda datorn längre minskar dess avtryck.",
                    "Using a computer longer reduces its footprint.",
                ),
                true,
            ),
            (t("Aviseringar stör inte om ljudet är av.", "Notifications do not disturb when muted."), false),
            (t("En kort paus i timmen räcker långt.", "A short break every hour goes a long way."), true),
        ],
    },
    Course {
        slug: "felsok-sjalv",
        title: t("Felsök själv innan du ringer", "Troubleshoot before you call"),
        about: t(
            "Nätverk, projektor och inloggning: en ordning att pröva i, och när du ska be om hjälp.",
            "Network, projector and log-in: an order to try things in, and when to ask for help.",
        ),
        pull: 0.8,
        audience: Audience::Staff,
        parts: &[
            video("ordningen", t("Ordningen att pröva i", "The order to try things in"), 7),
            text("vanliga-fel", t("De tio vanligaste felen", "The ten most common faults"), 8),
            quiz("kontrollfragor", CHECK, 7, &[shows("5.1", 3, 3), shows("5.4", 2, 3)]),
            quiz("fordjupning", DEEPER, 14, &[shows("5.1", 5, 6), shows("5.4", 4, 5)]),
        ],
        claims: &[
            (
                t("Börja med att ändra flera saker samtidigt.", "Start by changing several things at once."),
                false,
            ),
            (t("En skärmbild av felet hjälper supporten.", "A screenshot of the fault helps support."), true),
            (t("Omstart löser aldrig något.", "Restarting never solves anything."), false),
        ],
    },
    Course {
        slug: "digitalt-medborgarskap",
        title: t("Digitalt medborgarskap i klassrummet", "Digital citizenship in the classroom"),
        about: t(
            "Delaktighet, e-tjänster, ton och ansvar: samtal att föra med barn och elever.",
            "Taking part, e-services, tone and responsibility: talks to have with children and pupils.",
        ),
        pull: 0.7,
        audience: Audience::Staff,
        parts: &[
            video("delaktighet", t("Delaktighet på riktigt", "Taking part for real"), 8),
            text("ton-och-ansvar", t("Ton och ansvar", "Tone and responsibility"), 7),
            quiz("kontrollfragor", CHECK, 8, &[shows("2.3", 3, 3), shows("2.5", 4, 4)]),
            quiz("fordjupning", DEEPER, 15, &[shows("2.3", 5, 6), shows("2.5", 6, 6)]),
        ],
        claims: &[
            (t("Skolan kan ingripa mot kränkningar på nätet.", "School can act on abuse online."), true),
            (t("E-tjänster är bara för vuxna.", "E-services are for adults only."), false),
            (t("Medborgarförslag kan lämnas digitalt.", "Citizens' proposals can be made digitally."), true),
        ],
    },
    Course {
        slug: "leda-digital-utveckling",
        title: t("Leda digital utveckling", "Leading digital development"),
        about: t(
            "Nuläge, behov och prioritering: att leda kompetensutveckling på en enhet.",
            "Present state, needs and priorities: leading competence development in a unit.",
        ),
        pull: 0.9,
        audience: Audience::Leaders,
        parts: &[
            video("nulage", t("Nuläge med data", "The present state, with data"), 12),
            text("behov", t("Från behov till plan", "From needs to a plan"), 12),
            quiz("kontrollfragor", CHECK, 10, &[shows("5.4", 4, 5), shows("5.2", 5, 6)]),
            quiz(
                "fordjupning",
                t("Fördjupning: din enhets plan", "Going deeper: your unit's plan"),
                30,
                &[shows("5.4", 7, 8), shows("5.2", 7, 7)],
            ),
        ],
        claims: &[
            (
                t("En plan bör utgå från behov, inte verktyg.", "A plan should start from needs, not tools."),
                true,
            ),
            (t("Svarsfrekvensen saknar betydelse.", "The response rate does not matter."), false),
            (t("Små grupper kan röja enskilda svar.", "Small groups can reveal single answers."), true),
        ],
    },
];

/// Parts that an area adds to its copy of a course.
pub(crate) const LOCAL_PARTS: &[super::Part] = &[
    text("hos-oss", t("Så gör vi hos oss", "How we do it here"), 6),
    video("kollegans-exempel", t("En kollegas exempel", "A colleague's example"), 7),
    text("samtala-i-arbetslaget", t("Att samtala om i arbetslaget", "To talk about in the team"), 10),
];
