//! Every activity's JSON, written once: what a statement says of its object, and the context it stands in.

use std::fmt::Write;

use crate::catalogue::{Catalogue, Offer, OfferPart, central};
use crate::content::surveys::{Item, SURVEYS, Survey};
use crate::content::{Kind, Text};
use crate::json::{Quoted, texts};

/// Where surveys' addresses begin.
pub(crate) const SURVEY_ROOT: &str = "https://larande.larkby.example/enkater/";

const COURSE: &str = "http://adlnet.gov/expapi/activities/course";
const INTERACTION: &str = "http://adlnet.gov/expapi/activities/cmi.interaction";
const SURVEY: &str = "http://id.tincanapi.com/activitytype/survey";

/// What stands in a statement about an activity.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// The statement's `object`.
    pub(crate) object: String,
    /// The members of `context` that are always the same: contextActivities, platform, language.
    pub(crate) context: String,
    pub(crate) kind: PieceKind,
}

/// What an activity is, as far as a statement's result and timestamp depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceKind {
    Course,
    Part(Kind),
    /// A question about a claim, which is true or not.
    Claim {
        is_true: bool,
    },
    /// An item of the survey with this number.
    Item(u8),
}

/// The pieces, and where those of each offer begin.
#[derive(Clone, Debug)]
pub(crate) struct Activities {
    pub(crate) pieces: Vec<Piece>,
    /// By offer: the course's own piece, and by part its piece and the first of its claims' pieces.
    pub(crate) offers: Vec<OfferPieces>,
    /// By survey: its first item's piece.
    pub(crate) items: Vec<u32>,
}

/// Where the pieces of an offer are.
#[derive(Clone, Debug)]
pub(crate) struct OfferPieces {
    pub(crate) course: u32,
    pub(crate) parts: Vec<(u32, u32)>,
}

impl Activities {
    /// Writes the pieces of a catalogue and of the surveys.
    pub(crate) fn new(catalogue: &Catalogue) -> Activities {
        let mut pieces = Vec::new();
        let offers =
            catalogue.offers.iter().map(|offer| offer_pieces(catalogue, offer, &mut pieces)).collect();
        let items = SURVEYS
            .iter()
            .enumerate()
            .map(|(number, survey)| {
                let first = pieces.len() as u32;
                pieces.extend(survey.items.iter().map(|item| item_piece(survey, number, item)));
                first
            })
            .collect();
        Activities { pieces, offers, items }
    }
}

/// A survey's address.
pub(crate) fn survey_iri(survey: &Survey) -> String {
    format!("{SURVEY_ROOT}{}", survey.slug)
}

/// An item's address, under the survey's version, which is always 1.
pub(crate) fn item_iri(survey: &Survey, item: &Item) -> String {
    format!("{}/1/{}", survey_iri(survey), item.name)
}

fn offer_pieces(catalogue: &Catalogue, offer: &Offer, pieces: &mut Vec<Piece>) -> OfferPieces {
    let course = central(offer.course);
    let brief = brief(&offer.iri, COURSE, &offer.title.0);
    let root = &catalogue.offers[offer.course];
    let root_brief = self::brief(&root.iri, COURSE, &root.title.0);
    let about = (course.about.sv, course.about.en);
    let platform = if course.claims.len() > 2 { "Kursrummet" } else { "Elevstigen" };
    let at = pieces.len() as u32;
    pieces.push(Piece {
        object: activity(&offer.iri, COURSE, (&offer.title.0, &offer.title.1), Some(about), ""),
        context: context("", &root_brief, CMI5, platform),
        kind: PieceKind::Course,
    });
    let parts = offer
        .parts
        .iter()
        .map(|part| {
            let object = part_object(offer, part);
            let category = if part.part.kind == Kind::Video { VIDEO } else { CMI5 };
            let piece = pieces.len() as u32;
            pieces.push(Piece {
                object,
                context: context(&brief, &root_brief, category, platform),
                kind: PieceKind::Part(part.part.kind),
            });
            let first_claim = pieces.len() as u32;
            if part.part.kind == Kind::Quiz {
                let above =
                    if offer.copied.is_some() { format!("{brief},{root_brief}") } else { brief.clone() };
                let parent = self::brief(&part.iri, part_type(Kind::Quiz), &part.title.0);
                for (number, (claim, right)) in course.claims.iter().enumerate() {
                    pieces.push(Piece {
                        object: claim_object(&part.iri, number + 1, claim, *right),
                        context: context(&parent, &above, CMI5, platform),
                        kind: PieceKind::Claim { is_true: *right },
                    });
                }
            }
            (piece, first_claim)
        })
        .collect();
    OfferPieces { course: at, parts }
}

const CMI5: &str = "https://w3id.org/xapi/cmi5/context/categories/cmi5";
const VIDEO: &str = "https://w3id.org/xapi/video";

fn part_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Video => "https://w3id.org/xapi/video/activity-type/video",
        Kind::Text => "http://adlnet.gov/expapi/activities/lesson",
        Kind::Quiz => "http://adlnet.gov/expapi/activities/assessment",
    }
}

fn part_object(offer: &Offer, part: &OfferPart) -> String {
    let (sv, en) = match part.part.kind {
        Kind::Video => ("Film", "A film"),
        Kind::Text => ("Att läsa", "To read"),
        Kind::Quiz => ("Frågor", "Questions"),
    };
    let described =
        (format!("{sv} i kursen {}.", offer.title.0), format!("{en} in the course {}.", offer.title.1));
    let minutes =
        format!(",\"extensions\":{{\"https://larande.larkby.example/xapi/minuter\":{}}}", part.part.minutes);
    activity(
        &part.iri,
        part_type(part.part.kind),
        (&part.title.0, &part.title.1),
        Some((&described.0, &described.1)),
        &minutes,
    )
}

fn claim_object(quiz: &str, number: usize, claim: &Text, right: bool) -> String {
    let answer = format!(",\"interactionType\":\"true-false\",\"correctResponsesPattern\":[\"{right}\"]");
    let name = (format!("Fråga {number}"), format!("Question {number}"));
    let text = Some((claim.sv, claim.en));
    activity(&format!("{quiz}/fraga-{number}"), INTERACTION, (&name.0, &name.1), text, &answer)
}

fn item_piece(survey: &Survey, number: usize, item: &Item) -> Piece {
    let mut scale = String::from(",\"interactionType\":\"likert\",\"scale\":[");
    for (index, code) in survey.scale.codes.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        // Long labels stand in the survey's definition: what goes with every answer is kept short.
        if item.competence.is_some() {
            let _ = write!(scale, "{comma}{{\"id\":{}}}", Quoted(code.code));
        } else {
            let label = Quoted(code.label.sv);
            let _ =
                write!(scale, "{comma}{{\"id\":{},\"description\":{{\"sv\":{label}}}}}", Quoted(code.code));
        }
    }
    scale.push(']');
    let parent = brief(&survey_iri(survey), SURVEY, survey.title.sv);
    let name = (item.text.sv, item.text.en);
    Piece {
        object: activity(&item_iri(survey, item), INTERACTION, name, None, &scale),
        context: context(&parent, "", "", "Enkätrummet"),
        kind: PieceKind::Item(number as u8),
    }
}

/// An activity object with its definition; `more` are further members of the definition.
fn activity(iri: &str, kind: &str, name: (&str, &str), about: Option<(&str, &str)>, more: &str) -> String {
    let mut out = format!(
        "{{\"objectType\":\"Activity\",\"id\":{},\"definition\":{{\"type\":{},\"name\":{}",
        Quoted(iri),
        Quoted(kind),
        texts(name.0, name.1)
    );
    if let Some((sv, en)) = about {
        let _ = write!(out, ",\"description\":{}", texts(sv, en));
    }
    out.push_str(more);
    out.push_str("}}");
    out
}

/// An activity object as it stands in a context: its type and Swedish name.
fn brief(iri: &str, kind: &str, name: &str) -> String {
    format!(
        "{{\"objectType\":\"Activity\",\"id\":{},\"definition\":{{\"type\":{},\"name\":{{\"sv\":{}}}}}}}",
        Quoted(iri),
        Quoted(kind),
        Quoted(name)
    )
}

fn context(parent: &str, grouping: &str, category: &str, platform: &str) -> String {
    let mut out = String::from("\"contextActivities\":{");
    let category = match category {
        "" => String::new(),
        iri => format!("{{\"id\":{}}}", Quoted(iri)),
    };
    let roles = [("parent", parent), ("grouping", grouping), ("category", &category)];
    for (role, activities) in roles.into_iter().filter(|(_, activities)| !activities.is_empty()) {
        let comma = if out.ends_with('{') { "" } else { "," };
        let _ = write!(out, "{comma}\"{role}\":[{activities}]");
    }
    let _ = write!(out, "}},\"platform\":{},\"language\":\"sv-SE\"", Quoted(platform));
    out
}
