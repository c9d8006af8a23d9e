//! The kinds of events besides statements, and what each says in the clear.
//!
//! All of them carry the whole state of the thing they name: the last event about a unit, a person or a course
//! is what holds. Names of people and of groups are never among the facts; they stand in a sealed slot, as
//! [`PersonPersonal`] and [`GroupPersonal`]. Key numbers: `docs/formats/facts.md`.

mod catalogue;
mod cause;
mod kept;
mod organisation;
mod outside;
mod reports;
mod rounds;
mod surveys;
mod system;
#[cfg(test)]
mod tests;

pub use catalogue::{
    ActivityKind, CompetenceRulesFacts, CompetenceTargetsFacts, CourseActivity, CourseFacts, Origin,
    RuleFacts,
};
pub use cause::{cause_of, caused_by};
pub use kept::{KeptDiscardedFacts, KeptReplayedFacts, RuleKind, Settled, StatementRefusedFacts};
pub use organisation::{
    Duty, Enrolment, GroupFacts, GroupPersonal, Membership, PersonFacts, PersonPersonal, UnitFacts,
};
pub use outside::{OutsideFacts, OutsideFigure, Statistic};
pub use reports::{
    ReportOrderedFacts, ReportRemovedFacts, ReportScheduleRemovedFacts, ReportScheduleSetFacts,
};
pub use rounds::{
    Answered, Ballot, BallotTexts, GuardianLink, Guardians, Hours, RoundBallotsFacts, RoundFacts, RoundGroup,
    RoundMode, RoundOpenedFacts, Stratum,
};
pub use surveys::{Code, Feed, Index, Scale, SurveyDocuments, SurveyFacts, SurveyGroup, SurveyItem};
pub use system::{
    ActivityDefinedFacts, AgentErasedFacts, AgentsLinkedFacts, CredentialCreatedFacts,
    CredentialRevokedFacts, CredentialRotatedFacts, CredentialRulesFacts, ForwardRemovedFacts,
    ForwardSetFacts, FrameworkFacts, ImportCounts, ImportRunFacts,
};

/// The names of the kinds, as the log knows them.
pub mod kind {
    /// [`StatementFacts`](crate::StatementFacts)
    pub const STATEMENT: &str = "statement";
    /// [`UnitFacts`](super::UnitFacts)
    pub const UNIT: &str = "unit";
    /// [`PersonFacts`](super::PersonFacts)
    pub const PERSON: &str = "person";
    /// [`GroupFacts`](super::GroupFacts)
    pub const GROUP: &str = "group";
    /// [`CourseFacts`](super::CourseFacts)
    pub const COURSE: &str = "course";
    /// [`CompetenceRulesFacts`](super::CompetenceRulesFacts)
    pub const COMPETENCE_RULES: &str = "competence_rules";
    /// [`CompetenceTargetsFacts`](super::CompetenceTargetsFacts)
    pub const COMPETENCE_TARGETS: &str = "competence_targets";
    /// [`SurveyFacts`](super::SurveyFacts)
    pub const SURVEY: &str = "survey";
    /// [`RoundFacts`](super::RoundFacts)
    pub const ROUND: &str = "round";
    /// [`RoundOpenedFacts`](super::RoundOpenedFacts)
    pub const ROUND_OPENED: &str = "round_opened";
    /// [`RoundBallotsFacts`](super::RoundBallotsFacts)
    pub const ROUND_BALLOTS: &str = "round_ballots";
    /// [`OutsideFacts`](super::OutsideFacts)
    pub const OUTSIDE_FIGURES: &str = "outside_figures";
    /// [`AgentErasedFacts`](super::AgentErasedFacts)
    pub const AGENT_ERASED: &str = "agent_erased";
    /// [`AgentsLinkedFacts`](super::AgentsLinkedFacts)
    pub const AGENTS_LINKED: &str = "agents_linked";
    /// [`CredentialCreatedFacts`](super::CredentialCreatedFacts)
    pub const CREDENTIAL_CREATED: &str = "credential_created";
    /// [`CredentialRotatedFacts`](super::CredentialRotatedFacts)
    pub const CREDENTIAL_ROTATED: &str = "credential_rotated";
    /// [`CredentialRevokedFacts`](super::CredentialRevokedFacts)
    pub const CREDENTIAL_REVOKED: &str = "credential_revoked";
    /// [`CredentialRulesFacts`](super::CredentialRulesFacts)
    pub const CREDENTIAL_RULES: &str = "credential_rules";
    /// [`ImportRunFacts`](super::ImportRunFacts)
    pub const IMPORT_RUN: &str = "import_run";
    /// [`ForwardSetFacts`](super::ForwardSetFacts)
    pub const FORWARD_SET: &str = "forward_set";
    /// [`ForwardRemovedFacts`](super::ForwardRemovedFacts)
    pub const FORWARD_REMOVED: &str = "forward_removed";
    /// [`StatementRefusedFacts`](super::StatementRefusedFacts)
    pub const STATEMENT_REFUSED: &str = "statement_refused";
    /// [`KeptReplayedFacts`](super::KeptReplayedFacts)
    pub const KEPT_REPLAYED: &str = "kept_replayed";
    /// [`KeptDiscardedFacts`](super::KeptDiscardedFacts)
    pub const KEPT_DISCARDED: &str = "kept_discarded";
    /// [`FrameworkFacts`](super::FrameworkFacts)
    pub const FRAMEWORK: &str = "framework";
    /// [`ActivityDefinedFacts`](super::ActivityDefinedFacts)
    pub const ACTIVITY_DEFINED: &str = "activity_defined";
    /// [`DocumentStoredFacts`](crate::documents::DocumentStoredFacts)
    pub const DOCUMENT_STORED: &str = "document_stored";
    /// [`DocumentDeletedFacts`](crate::documents::DocumentDeletedFacts)
    pub const DOCUMENT_DELETED: &str = "document_deleted";

    /// [`DocumentsDroppedFacts`](crate::documents::DocumentsDroppedFacts)
    pub const DOCUMENTS_DROPPED: &str = "documents_dropped";

    /// [`ReportOrderedFacts`](super::ReportOrderedFacts)
    pub const REPORT_ORDERED: &str = "report_ordered";
    /// [`ReportRemovedFacts`](super::ReportRemovedFacts)
    pub const REPORT_REMOVED: &str = "report_removed";
    /// [`ReportScheduleSetFacts`](super::ReportScheduleSetFacts)
    pub const REPORT_SCHEDULE_SET: &str = "report_schedule_set";
    /// [`ReportScheduleRemovedFacts`](super::ReportScheduleRemovedFacts)
    pub const REPORT_SCHEDULE_REMOVED: &str = "report_schedule_removed";

    /// The kinds that [`OrderedReports`](crate::ordered::OrderedReports) folds.
    pub const ORDERED: &[&str] =
        &[REPORT_ORDERED, REPORT_REMOVED, REPORT_SCHEDULE_SET, REPORT_SCHEDULE_REMOVED];

    /// The kinds that [`Municipality`](crate::Municipality) folds: all but statements and their definitions.
    pub const MUNICIPALITY: &[&str] = &[
        UNIT,
        PERSON,
        GROUP,
        COURSE,
        COMPETENCE_RULES,
        COMPETENCE_TARGETS,
        SURVEY,
        ROUND,
        ROUND_OPENED,
        ROUND_BALLOTS,
        OUTSIDE_FIGURES,
        AGENT_ERASED,
        AGENTS_LINKED,
    ];
}
