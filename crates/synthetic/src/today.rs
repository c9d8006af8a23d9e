//! Rounds of a day that is given, whose answers are no statements of the year: people fill them in on the answer pages.

use domain::Date;
use domain::events::RoundMode;
use domain::input::{AudienceInput, GuardianLinkInput, GuardiansInput, RoundInput};

use crate::activities::survey_iri;
use crate::content::surveys::{GUARDIANS, Survey, WORKING_LIFE};
use crate::content::{Text, t};
use crate::dice::{Concern, Dice};
use crate::input::{both, staff};
use crate::rounds::registration;
use crate::sheets::agreement;
use crate::world::World;

/// Registrations of these rounds and their links are numbered from here, between those of rounds and of attempts.
const FIRST_REGISTRATION: u32 = 8;
/// Those of the guardians' second round stand behind those of all attempts.
const LATER_REGISTRATION: u32 = 1 << 31;
/// Schools whose guardians are asked.
const SCHOOLS: usize = 6;
/// Days that the staff's round and the guardians' first have been open, and that their second will be.
const STAFF_DAYS: i32 = 20;
const GUARDIANS_DAYS: (i32, i32) = (34, 60);
/// Of how many of those who would answer the second has answers when it is looked at.
const SO_FAR: f64 = 0.85;

/// A round, and what is answered in it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// As `POST /api/v1/rounds` takes it; it is open on the day that was given.
    pub round: RoundInput,
    /// What is filled in.
    pub sheets: Vec<Sheet>,
}

/// What somebody fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// By what the roll names them: a mail address or an account. Of guardians the code of the unit whose link they have.
    pub who: String,
    /// The codes chosen, by question.
    pub answers: Vec<(&'static str, &'static str)>,
}

impl World {
    /// The staff about their working day, in a way that nobody can link: a fraction of them, other at each unit. Closes on
    /// the day after.
    pub fn staff(&self, today: Date) -> Asked {
        let title = t("Arbetsdagen, utan namn", "The working day, without names");
        let days = (today.days() - STAFF_DAYS, today.days() + 1);
        let round = self.round("arbetsdagen-utan-namn", &WORKING_LIFE, title, RoundMode::Unlinkable, days);
        let employees = self.people.iter().enumerate().filter(|(_, person)| person.is_employee());
        let sheets = employees.filter_map(|(index, person)| {
            let mut dice = Dice::of(self.plan.seed, Concern::Today, index as u64);
            let who = match &person.mbox {
                Some(address) => address.trim_start_matches("mailto:").to_owned(),
                None => person.account.clone(),
            };
            let answers = dice.chance(self.units[person.unit()].answering);
            answers.then(|| self.sheet(who, &WORKING_LIFE, person.unit(), person.mood, &mut dice))
        });
        Asked { sheets: sheets.collect(), round }
    }

    /// Guardians of some schools, by a link for each: a fraction of as many as there are pupils, which is what is known of
    /// how many they are. Closes on the day after.
    pub fn guardians(&self, today: Date) -> Asked {
        let title = t("Vårdnadshavarna om skoldagen", "Guardians on the school day");
        let days = (today.days() - GUARDIANS_DAYS.0, today.days() + 1);
        let round = self.round("vardnadshavarna", &GUARDIANS, title, RoundMode::Guardians, days);
        self.by_links(round, FIRST_REGISTRATION + 1, 1.0)
    }

    /// The same once more, opened today and answered by some; stays open.
    pub fn guardians_again(&self, today: Date) -> Asked {
        let title = t("Vårdnadshavarna om skoldagen, öppen nu", "Guardians on the school day, open now");
        let days = (today.days(), today.days() + GUARDIANS_DAYS.1);
        let round = self.round("vardnadshavarna-nu", &GUARDIANS, title, RoundMode::Guardians, days);
        self.by_links(round, LATER_REGISTRATION, SO_FAR)
    }

    /// A round with links and what comes by them; registrations are numbered from the one given.
    fn by_links(&self, mut round: RoundInput, first: u32, so_far: f64) -> Asked {
        let (mut links, mut sheets) = (Vec::new(), Vec::new());
        let pupils = |unit| self.people.iter().filter(|one| !one.is_employee() && one.unit() == unit).count();
        let all = (0..self.units.len()).map(|unit| (unit, pupils(unit))).filter(|(_, pupils)| *pupils > 0);
        for (number, (unit, pupils)) in (first + 1..).zip(all.take(SCHOOLS)) {
            let code = &self.units[unit].code;
            links.push(GuardianLinkInput {
                unit: code.clone(),
                registration: uuid(self.plan.seed, number),
                pupils: Some(pupils as u64),
            });
            let mut dice = Dice::of(self.plan.seed, Concern::Today, u64::MAX - u64::from(number));
            for _ in 0..pupils {
                let gladly = dice.normal();
                if dice.chance(0.9 * so_far * self.units[unit].answering) {
                    sheets.push(self.sheet(code.clone(), &GUARDIANS, unit, gladly, &mut dice));
                }
            }
        }
        let source =
            both(&t("Elevregistret, läsårets början", "The pupils' register, start of the school year"));
        round.registration = uuid(self.plan.seed, first);
        round.audience.roles = Vec::new();
        round.guardians = Some(GuardiansInput { source: Some(source), links });
        Asked { round, sheets }
    }

    fn round(&self, id: &str, survey: &Survey, title: Text, mode: RoundMode, days: (i32, i32)) -> RoundInput {
        RoundInput {
            id: id.to_owned(),
            survey: survey_iri(survey),
            version: "1".to_owned(),
            title: both(&title),
            mode,
            registration: uuid(self.plan.seed, FIRST_REGISTRATION),
            opens: Date::from_days(days.0),
            closes: Date::from_days(days.1),
            audience: AudienceInput { unit: self.units[0].code.clone(), roles: staff() },
            without_dont_know: false,
            guardians: None,
            groups: Vec::new(),
            hours: None,
            draft: false,
            again: false,
            grace: 0,
            partial: false,
        }
    }

    /// All questions are answered: the pages ask for that.
    fn sheet(&self, who: String, survey: &Survey, unit: usize, gladly: f64, dice: &mut Dice) -> Sheet {
        let mut code = |item| survey.scale.codes[agreement(self, unit, gladly, item, dice)].code;
        Sheet { who, answers: survey.items.iter().map(|item| (item.name, code(item))).collect() }
    }
}

fn uuid(seed: u64, number: u32) -> Option<String> {
    Some(uuid::Uuid::from_u128(registration(seed, number)).to_string())
}
