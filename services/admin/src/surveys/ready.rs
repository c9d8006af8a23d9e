//! The ready-made surveys (`schemas/surveys`).

/// A ready-made survey: its name and its definition.
pub(super) struct Ready {
    pub(super) name: &'static str,
    pub(super) definition: &'static str,
}

/// All of them.
pub(super) const READY: [Ready; 5] = [
    Ready { name: "hme", definition: include_str!("../../../../schemas/surveys/hme.json") },
    Ready {
        name: "digital-competence",
        definition: include_str!("../../../../schemas/surveys/digital-competence.json"),
    },
    Ready {
        name: "course-evaluation",
        definition: include_str!("../../../../schemas/surveys/course-evaluation.json"),
    },
    Ready {
        name: "pupils-digital-day",
        definition: include_str!("../../../../schemas/surveys/pupils-digital-day.json"),
    },
    Ready {
        name: "school-digital-day",
        definition: include_str!("../../../../schemas/surveys/school-digital-day.json"),
    },
];
