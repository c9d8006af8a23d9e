//! The page's name, and how the system stands, in a reader's words.

use disclosure::Lang;

use super::followers::Standing;
use crate::shell::{Page, t};

pub(super) const SYSTEM: Page = Page { path: "/system", sv: "Drift", en: "System" };

/// What follows the log; a name that is not known here as it is.
pub(super) fn follower(name: &str, lang: Lang) -> &str {
    match name {
        "statement_index" => t(lang, "Sökregister över händelser", "Index of statements"),
        "progress" => t(lang, "Genomförda kurser", "Progress in courses"),
        "competence" => t(lang, "Underlag om kompetens", "Evidence of competence"),
        "lake" => t(lang, "Rapportunderlag", "Basis of reports"),
        other => other,
    }
}

/// How the followers stand, in one sentence.
pub(super) fn finding(standing: &[Standing], lang: Lang) -> String {
    let stopped = standing.iter().filter(|s| s.stopped.is_some()).count();
    let behind = standing.iter().map(|s| s.lag_events).max().unwrap_or(0);
    let without: u64 = standing.iter().map(|s| s.set_aside).sum();
    match (stopped, behind, lang) {
        (0, 0, Lang::Sv) if without == 1 => {
            "Allt är genomgånget, men en händelse har lagts åt sidan.".to_owned()
        }
        (0, 0, Lang::En) if without == 1 => {
            "All has been gone through, but one event was set aside.".to_owned()
        }
        (0, 0, Lang::Sv) if without > 0 => {
            format!("Allt är genomgånget, men {} händelser har lagts åt sidan.", render::count(without))
        }
        (0, 0, Lang::En) if without > 0 => {
            format!("All has been gone through, but {} events were set aside.", render::count(without))
        }
        (0, 0, Lang::Sv) => "Allt som har kommit in syns i sidor och rapporter.".to_owned(),
        (0, 0, Lang::En) => "Everything that has come in shows in pages and reports.".to_owned(),
        (0, n, Lang::Sv) => {
            format!("Sidor och rapporter ligger som mest {} händelser efter.", render::count(n))
        }
        (0, n, Lang::En) => format!("Pages and reports are at most {} events behind.", render::count(n)),
        (1, _, Lang::Sv) => "Ett av underlagen har stannat och behöver en tekniker.".to_owned(),
        (1, _, Lang::En) => "One of the views has stopped and needs a technician.".to_owned(),
        (n, _, Lang::Sv) => format!("{n} av underlagen har stannat och behöver en tekniker."),
        (n, _, Lang::En) => format!("{n} of the views have stopped and need a technician."),
    }
}
