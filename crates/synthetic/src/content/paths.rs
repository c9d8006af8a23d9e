//! Courses for pupils: paths of their own, in their own time. They feed no competence figure.

use super::{Audience, Course, quiz, t, text, video};

const TRY: super::Text = t("Pröva dig själv", "Try yourself");

pub(crate) const PATHS: &[Course] = &[
    Course {
        slug: "trygg-pa-natet",
        title: t("Trygg på nätet", "Safe online"),
        about: t(
            "Om gränser, vänner och vad du gör när något känns fel.",
            "About limits, friends, and what to do when something feels wrong.",
        ),
        pull: 1.4,
        audience: Audience::Pupils,
        parts: &[
            video("granser", t("Dina gränser", "Your limits"), 5),
            text("om-nagot-kanns-fel", t("Om något känns fel", "If something feels wrong"), 4),
            quiz("prova-dig", TRY, 6, &[]),
        ],
        claims: &[
            (
                t("Du får alltid säga nej till att bli filmad.", "You may always say no to being filmed."),
                true,
            ),
            (t("Det som raderats är alltid borta.", "What has been deleted is always gone."), false),
        ],
    },
    Course {
        slug: "kodresan",
        title: t("Kodresan", "The coding journey"),
        about: t(
            "Styr en lärka genom skogen med block och slingor.",
            "Steer a lark through the forest with blocks and loops.",
        ),
        pull: 1.6,
        audience: Audience::Pupils,
        parts: &[
            video("forsta-flykten", t("Första flykten", "The first flight"), 4),
            quiz("slingor", t("Utmaning: slingor", "Challenge: loops"), 12, &[]),
            quiz("villkor", t("Utmaning: villkor", "Challenge: conditions"), 14, &[]),
        ],
        claims: &[
            (t("En slinga kan köra för evigt.", "A loop can run for ever."), true),
            (t("Block körs i slumpvis ordning.", "Blocks run in random order."), false),
        ],
    },
    Course {
        slug: "sant-eller-falskt",
        title: t("Sant eller falskt?", "True or false?"),
        about: t(
            "Öva dig att granska bilder, filmer och påståenden.",
            "Practise checking images, films and claims.",
        ),
        pull: 1.2,
        audience: Audience::Pupils,
        parts: &[
            video("vem-sager-det", t("Vem säger det?", "Who says so?"), 6),
            text("tre-fragor", t("Tre frågor att ställa", "Three questions to ask"), 4),
            quiz("prova-dig", TRY, 8, &[]),
        ],
        claims: &[
            (t("En film kan vara helt gjord av en dator.", "A film can be made wholly by a computer."), true),
            (
                t(
                    "Många gillamarkeringar betyder att något är sant.",
                    "Many likes mean that something is true.",
                ),
                false,
            ),
        ],
    },
    Course {
        slug: "film-och-berattande",
        title: t("Film och berättande", "Film and storytelling"),
        about: t(
            "Gör en film på tre minuter, ensam eller tillsammans.",
            "Make a film of three minutes, alone or together.",
        ),
        pull: 0.9,
        audience: Audience::Pupils,
        parts: &[
            video("berattelsens-bage", t("Berättelsens båge", "The arc of a story"), 7),
            text("bildmanus", t("Ditt bildmanus", "Your storyboard"), 20),
            quiz("prova-dig", TRY, 6, &[]),
        ],
        claims: &[
            (t("En närbild visar känslor tydligt.", "A close-up shows feelings clearly."), true),
            (t("Ljudet läggs alltid på sist.", "Sound is always added last."), false),
        ],
    },
    Course {
        slug: "skriv-och-presentera",
        title: t("Skriv och presentera", "Write and present"),
        about: t(
            "Disponera, skriv och visa det du kommit fram till.",
            "Plan, write and show what you have found.",
        ),
        pull: 1.0,
        audience: Audience::Pupils,
        parts: &[
            video("disposition", t("En bra disposition", "A good outline"), 5),
            text("bildspel", t("Bildspel som hjälper", "Slides that help"), 6),
            quiz("prova-dig", TRY, 7, &[]),
        ],
        claims: &[
            (t("Mycket text på bilden hjälper åhöraren.", "Much text on a slide helps the listener."), false),
            (t("Källor ska stå med.", "Sources must be named."), true),
        ],
    },
    Course {
        slug: "rakna-med-kalkylblad",
        title: t("Räkna med kalkylblad", "Counting with spreadsheets"),
        about: t(
            "Samla in, räkna och rita diagram med egna data.",
            "Collect, count and draw charts with data of your own.",
        ),
        pull: 0.8,
        audience: Audience::Pupils,
        parts: &[
            video("celler", t("Celler och formler", "Cells and formulas"), 8),
            quiz("formler", t("Utmaning: formler", "Challenge: formulas"), 12, &[]),
            quiz("diagram", t("Utmaning: diagram", "Challenge: charts"), 12, &[]),
        ],
        claims: &[
            (t("En formel börjar med likhetstecken.", "A formula starts with an equals sign."), true),
            (t("Ett cirkeldiagram passar tidsserier bäst.", "A pie chart suits time series best."), false),
        ],
    },
];
