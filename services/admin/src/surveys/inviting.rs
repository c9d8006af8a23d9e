//! What of a round's page is for inviting: short codes with QR codes, the list of personal links, texts to copy.

use disclosure::Lang;
use maud::{Markup, PreEscaped, html};

use super::invitations::{Door, WaysIn, emails, qr};
use crate::shell::problem::Problem;
use crate::shell::{escape, t};

/// The part of the page of the round with this id.
pub(super) fn section(id: &str, ways: &WaysIn, lang: Lang) -> Result<Markup, Problem> {
    let (has_roll, has_guardians) = (ways.has_roll(), ways.has_guardians());
    let email = |personal: bool| match lang {
        Lang::Sv => emails(&ways.title, personal).sv,
        Lang::En => emails(&ways.title, personal).en,
    };
    let mut texts = Vec::new();
    if has_roll {
        texts.push((t(lang, "Text till ett e-brev", "Text for an e-mail"), email(true)));
    }
    if has_guardians {
        let heading = match has_roll {
            true => t(lang, "Text till vårdnadshavare", "Text for guardians"),
            false => t(lang, "Text till ett e-brev", "Text for an e-mail"),
        };
        texts.push((heading, email(false)));
    }
    let list = format!("/api/v1/rounds/{}/invitations?format=csv", escape(id));
    let doors =
        ways.doors.iter().map(|one| door(one, has_roll, lang)).collect::<Result<Vec<_>, Problem>>()?;
    Ok(html! {
        h2 { (t(lang, "Bjud in", "Invite")) }
        @if has_roll {
            p {
                (t(
                    lang,
                    "Var och en har en egen länk. Listan har namn, adress, enhet, roll, kod och länk, men varken namn eller adress för skyddade identiteter; den som har en länk kan svara i den personens ställe.",
                    "Everybody has a link of their own. The list has name, address, unit, role, code and link, but neither name nor address of protected identities; whoever has a link can answer in that person's place.",
                ))
            }
            p { a href=(list) download={ "inbjudna-" (id) ".csv" } { (t(lang, "Hämta listan över personliga länkar (CSV)", "Get the list of personal links (CSV)")) } }
            p { (t(
                lang,
                "I ett klassrum eller på ett möte: visa adressen eller QR-koden, så skriver var och en sin personliga kod. En enhets egen adress leder till samma omgång och säger enhetens namn.",
                "In a classroom or at a meeting: show the address or the QR code, and everybody types their personal code. A unit's own address leads to the same round and says the unit's name.",
            )) }
        }
        @if has_guardians {
            p {
                @if has_roll { (t(lang, "Vårdnadshavare har en adress för varje enhet. ", "Guardians have an address for each unit. ")) }
                (t(
                    lang,
                    "Den som har adressen kan svara, utan konto. Skicka var enhets adress till just den enhetens vårdnadshavare.",
                    "Whoever has the address can answer, without an account. Send each unit's address to that unit's guardians.",
                ))
            }
        }
        ul class="doors" { @for door in &doors { li { (door) } } }
        @for (heading, email) in &texts {
            h3 { (heading) }
            p { strong { (email.subject) } }
            @for paragraph in email.text.split("\n\n") { p { (paragraph) } }
        }
    })
}

/// An address to show: for whom, where and as what it is typed, and as a picture.
fn door(door: &Door, beside: bool, lang: Lang) -> Result<Markup, Problem> {
    let whom = door.unit.as_ref().map_or(t(lang, "Alla", "Everybody"), |(_, name)| name);
    let whom = match door.guardians && beside {
        true => format!("{whom}, {}", t(lang, "vårdnadshavare", "guardians")),
        false => whom.to_owned(),
    };
    let image = qr(&door.link)?;
    // The picture alone, as a part of the page.
    let picture = image.find("<svg").map_or("", |at| &image[at..]);
    let label = match lang {
        Lang::Sv => format!("QR-kod som leder till {}", door.link),
        Lang::En => format!("QR code that leads to {}", door.link),
    };
    Ok(html! {
        strong { (whom) } br;
        a href=(door.link) { (door.link) } br;
        (t(lang, "Kod", "Code")) " " strong { (door.code) }
        div role="img" aria-label=(label) { (PreEscaped(picture)) }
    })
}
