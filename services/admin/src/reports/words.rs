//! The names of the pages of reports.

use crate::shell::Page;

pub(super) const OVERVIEW: Page = Page { path: "/", sv: "Översikt", en: "Overview" };
pub(super) const COMPETENCE: Page =
    Page { path: "/reports/competence", sv: "Digital kompetens", en: "Digital competence" };
pub(super) const SURVEY: Page = Page { path: "/reports/survey", sv: "Enkätresultat", en: "Survey results" };
