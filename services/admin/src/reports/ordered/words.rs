//! The addresses of the pages of ordered reports, and what their states are called.

use disclosure::Lang;

use crate::shell::{Page, t};

pub(crate) const ORDERED: Page =
    Page { path: "/reports/ordered", sv: "Beställda rapporter", en: "Ordered reports" };
/// Pages that are come to from there.
pub(crate) const BELOW: [&str; 6] = [
    "/reports/ordered/{id}",
    "/reports/ordered/{id}/name",
    "/reports/ordered/{id}/remove",
    "/reports/ordered/{id}/changes",
    "/reports/schedules",
    "/reports/schedules/{id}/remove",
];

/// How far a report has come.
pub(super) fn stage(stage: &str, lang: Lang) -> &'static str {
    match stage {
        "waiting" => t(lang, "Väntar på andra rapporter", "Waits for other reports"),
        "making" => t(lang, "Räknas", "Being computed"),
        "made" => t(lang, "Klar", "Ready"),
        _ => t(lang, "Görs när den öppnas", "Made when it is opened"),
    }
}

/// What a report is about.
pub(super) fn kind(kind: &str, lang: Lang) -> &'static str {
    if kind == "survey" {
        t(lang, "Enkät", "Survey")
    } else {
        t(lang, "Digital kompetens", "Digital competence")
    }
}

/// When a schedule orders.
pub(super) fn recurrence(every: &str, day: u8, at: &str, lang: Lang) -> String {
    const DAYS: [(&str, &str); 7] = [
        ("måndag", "Monday"),
        ("tisdag", "Tuesday"),
        ("onsdag", "Wednesday"),
        ("torsdag", "Thursday"),
        ("fredag", "Friday"),
        ("lördag", "Saturday"),
        ("söndag", "Sunday"),
    ];
    let (sv, en) = DAYS[usize::from(day.clamp(1, 7)) - 1];
    match (every, lang) {
        ("week", Lang::Sv) => format!("Varje {sv} kl. {at}"),
        ("week", Lang::En) => format!("Every {en} at {at}"),
        ("month", Lang::Sv) => format!("Varje månad, dag {day}, kl. {at}"),
        ("month", Lang::En) => format!("Every month, day {day}, at {at}"),
        (_, Lang::Sv) => format!("Varje dag kl. {at}"),
        (_, Lang::En) => format!("Every day at {at}"),
    }
}
