//! Who is invited to a round, by which links: for administrators, who send them out.
//!
//! Codes are the business of whoever implements [`Invitations`].

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::Text;
use futures_util::future::BoxFuture;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::shell::Administrator;
use crate::shell::problem::{Path, Problem, Query};

/// Invitations could not be read; whoever reads them has said why in the log of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvitationsFailed;

/// Knows the codes of rounds.
pub trait Invitations: Send + Sync {
    /// By what people come in to a round; none where there is no such round, or it is a draft.
    ///
    /// # Errors
    /// They cannot be read.
    fn ways_in(&self, round: &str) -> Result<Option<WaysIn>, InvitationsFailed>;

    /// Everybody on the roll; nobody where guardians answer, none where there is no such round, or it is a draft.
    fn people<'a>(
        &'a self,
        round: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<InvitedPerson>>, InvitationsFailed>>;
}

/// By what people come in to a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaysIn {
    /// The round's title.
    pub title: Text,
    /// The short codes.
    pub doors: Vec<Door>,
}

impl WaysIn {
    /// Whether people have links of their own.
    pub(super) fn has_roll(&self) -> bool {
        self.doors.iter().any(|door| !door.guardians)
    }

    /// Whether guardians are asked.
    pub(super) fn has_guardians(&self) -> bool {
        self.doors.iter().any(|door| door.guardians)
    }
}

/// A short code, with the unit that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The code and name of the unit whose people come by it; none: it is the whole round's.
    pub unit: Option<(String, String)>,
    /// Whether it is for the guardians of the unit's pupils.
    pub guardians: bool,
    /// As it is typed.
    pub code: String,
    /// Where it leads.
    pub link: String,
}

/// Somebody's personal link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InvitedPerson {
    /// First and last name; nothing of a protected identity.
    pub name: String,
    /// The mail address or account by which the roll names them; nothing of a protected identity.
    pub address: String,
    /// The code of the unit of their first duty that makes them be asked.
    pub unit: String,
    /// Its role.
    pub role: String,
    /// The personal code, as it is typed.
    pub code: String,
    /// A link with both codes.
    pub link: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct InvitationsShown {
    title: Text,
    /// The round's and one for each unit of those on its roll, then of guardians one for each unit.
    codes: Vec<ShortCode>,
    people: Vec<InvitedPerson>,
    /// For those who have a personal link; where there is nobody, for guardians.
    email: Emails,
    /// For guardians, where others are asked too.
    #[serde(skip_serializing_if = "Option::is_none")]
    guardians_email: Option<Emails>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ShortCode {
    /// The unit's code; of the whole round none.
    unit: Option<String>,
    unit_name: Option<String>,
    /// Whether it is for the guardians of the unit's pupils.
    guardians: bool,
    /// As it is typed.
    code: String,
    link: String,
    /// The link as a QR code: an SVG image.
    qr: String,
}

/// Texts to copy; `{länk}` and `{link}` stand for the link of whom they are sent to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Emails {
    pub(super) sv: Email,
    pub(super) en: Email,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Email {
    pub(super) subject: String,
    pub(super) text: String,
}

/// The id in an address.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RoundId {
    /// The round's id.
    id: String,
}

/// The form of the answer.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Form {
    /// `csv` for the people alone, a line each.
    format: Option<String>,
}

/// Gives the links of a round: short codes with QR codes, a personal link for each on its roll, and the text of an e-mail.
/// Whoever has them can answer for those people.
#[utoipa::path(get, path = "/api/v1/rounds/{id}/invitations", tag = "surveys", params(RoundId, Form), responses((status = OK, body = InvitationsShown)))]
pub(crate) async fn invitations(
    _: Administrator,
    State(invitations): State<Arc<dyn Invitations>>,
    Path(RoundId { id }): Path<RoundId>,
    Query(Form { format }): Query<Form>,
) -> Result<Response, Problem> {
    let none = || Problem::NotFound("round that may be answered");
    let ways = invitations.ways_in(&id)?.ok_or_else(none)?;
    let people = invitations.people(&id).await?.ok_or_else(none)?;
    let unkept = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match format.as_deref() {
        None | Some("json") => Ok(([unkept], Json(shown(ways, people)?)).into_response()),
        Some("csv") => {
            let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
            Ok(([unkept, kind], csv(&people)).into_response())
        }
        Some(_) => Err(Problem::Invalid { at: "format".to_owned(), expected: "json or csv".to_owned() }),
    }
}

impl From<InvitationsFailed> for Problem {
    fn from(InvitationsFailed: InvitationsFailed) -> Self {
        Self::Unavailable
    }
}

fn shown(ways: WaysIn, people: Vec<InvitedPerson>) -> Result<InvitationsShown, Problem> {
    let email = emails(&ways.title, ways.has_roll());
    let guardians_email = (ways.has_roll() && ways.has_guardians()).then(|| emails(&ways.title, false));
    let codes = ways.doors.into_iter().map(|Door { unit, guardians, code, link }| {
        let (unit, unit_name) = unit.unzip();
        Ok(ShortCode { unit, unit_name, guardians, code, qr: qr(&link)?, link })
    });
    let codes = codes.collect::<Result<_, Problem>>()?;
    Ok(InvitationsShown { title: ways.title, codes, people, email, guardians_email })
}

/// A link as an SVG image, dark on light with the quiet border that readers need.
pub(super) fn qr(link: &str) -> Result<String, Problem> {
    let code = QrCode::new(link).map_err(|_| Problem::Internal)?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(240, 240).build())
}

/// Texts for those who have a link of their own, or for guardians, who have their unit's.
pub(super) fn emails(title: &Text, personal: bool) -> Emails {
    let (own_sv, own_en) = match personal {
        true => (
            "Länken är din egen. Skicka den inte vidare: den som har den kan svara i ditt ställe.",
            "The link is your own. Do not pass it on: whoever has it can answer in your place.",
        ),
        false => ("Länken är densamma för alla.", "The link is the same for everybody."),
    };
    Emails {
        sv: Email {
            subject: format!("Enkät: {}", title.sv),
            text: format!(
                "Hej!\n\nVi ber dig svara på enkäten ”{}”. Öppna länken i en webbläsare, på dator eller telefon:\n\n{{länk}}\n\n\
                 {own_sv} På första sidan står vem som ser vad av det du svarar.\n\nHar du redan svarat? Tack, då behöver du inte göra något.\n",
                title.sv
            ),
        },
        en: Email {
            subject: format!("Survey: {}", title.english()),
            text: format!(
                "Hello,\n\nplease answer the survey “{}”. Open the link in a browser, on a computer or a phone:\n\n{{link}}\n\n\
                 {own_en} The first page says who sees what of your answers.\n\nHave you answered already? Thank you, there is nothing more to do.\n",
                title.english()
            ),
        },
    }
}

/// In UTF-8 with a byte order mark, `;` between columns, CRLF. What a spreadsheet would run has a `'` before it.
fn csv(people: &[InvitedPerson]) -> String {
    let cell = |text: &str| {
        let runs = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'']);
        format!("\"{}{}\"", if runs { "'" } else { "" }, text.replace('"', "\"\""))
    };
    let mut text = String::from("\u{feff}namn;adress;enhet;roll;kod;länk\r\n");
    for one in people {
        let cells =
            [&one.name, &one.address, &one.unit, &one.role, &one.code, &one.link].map(|one| cell(one));
        text.push_str(&cells.join(";"));
        text.push_str("\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_a_spreadsheet_would_run_is_text_in_the_list() {
        let person = InvitedPerson {
            name: "=1+1 \"Anna\"".into(),
            address: "anna@larkby.example".into(),
            unit: "A".into(),
            role: "Lärare".into(),
            code: "2345-6789-ABCD-EFGH".into(),
            link: "https://larka.example/s/23456789#23456789ABCDEFGH".into(),
        };
        let text = csv(&[person]);
        assert!(
            text.starts_with('\u{feff}') && text.contains("\r\n\"'=1+1 \"\"Anna\"\"\";\"anna@"),
            "{text}"
        );
    }

    #[test]
    fn a_link_is_an_image_of_its_own() {
        let image = qr("https://larka.example/s/23456789").unwrap();
        assert!(image.contains("<svg") && !image.contains("href") && image.len() < 20_000, "{}", image.len());
    }
}
