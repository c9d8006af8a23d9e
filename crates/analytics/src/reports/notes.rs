//! What is said of every figure of a kind.

use disclosure::{Measure, Section, Text};

/// What is said of figures of releases, where `k` people have to change: that they may be behind, but not how many are.
pub(super) fn of_releases(sections: &mut [Section], k: u64) {
    let note = Text::new(
        format!(
            "Siffrorna kan släpa efter: i varje grupp som har visats, och i det som blir kvar av den när grupperna under den \
             räknas bort, står människor kvar som de senast visades tills minst {k} har ändrats, så att ingen skillnad mellan \
             två rapporter visar någon enskild."
        ),
        format!(
            "Figures may lag behind: in each group that has been shown, and in what remains of it without the groups below it, \
             people stand as they were last shown until at least {k} have changed, so that no difference between two reports \
             shows anybody."
        ),
    );
    let is_rate =
        |section: &&mut Section| matches!(section.measure, Measure::Coverage | Measure::ResponseRate);
    sections.iter_mut().find(is_rate).into_iter().for_each(|section| section.notes.push(note.clone()));
}
