//! LimeSurvey's structure of a survey (`.lss`): which question a column's internal name is of.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::refusal::Refusal;
use crate::words::Words;

/// Largest structure, in bytes.
pub const LONGEST_STRUCTURE: usize = 16 << 20;

/// Questions by the numbers that LimeSurvey gives them.
#[derive(Debug, Default)]
pub struct Structure {
    /// Group, number, code.
    questions: Vec<(String, String, String)>,
}

impl Structure {
    /// Reads the questions of a structure.
    ///
    /// # Errors
    /// It is none.
    pub fn read(bytes: &[u8]) -> Result<Structure, Refusal> {
        let none = || Refusal {
            place: "structure".to_owned(),
            what: Words::new(
                "är ingen struktur av LimeSurvey (.lss)",
                "is no structure of LimeSurvey (.lss)",
            ),
            instead: None,
        };
        if bytes.len() > LONGEST_STRUCTURE {
            return Err(none());
        }
        let mut reader = Reader::from_reader(bytes);
        let mut path: Vec<String> = Vec::new();
        let mut row: [String; 3] = Default::default();
        let mut found = Structure::default();
        loop {
            let text = match reader.read_event().map_err(|_| none())? {
                Event::Start(start) => {
                    path.push(String::from_utf8_lossy(start.name().as_ref()).into_owned());
                    continue;
                }
                Event::End(_) => {
                    let within: Vec<&str> = path.iter().map(String::as_str).collect();
                    if within == ["document", "questions", "rows", "row"] {
                        let [group, number, code] = std::mem::take(&mut row);
                        found.questions.push((group, number, code));
                    }
                    path.pop();
                    continue;
                }
                Event::CData(text) => String::from_utf8_lossy(&text).into_owned(),
                Event::Text(text) => String::from_utf8_lossy(&text).into_owned(),
                Event::Eof => break,
                _ => continue,
            };
            let within: Vec<&str> = path.iter().map(String::as_str).collect();
            if let ["document", "questions", "rows", "row", field] = within.as_slice() {
                let place = ["gid", "qid", "title"].iter().position(|name| name == field);
                place.into_iter().for_each(|place| row[place].push_str(&text));
            }
        }
        if found.questions.is_empty() { Err(none()) } else { Ok(found) }
    }

    /// The code that LimeSurvey's expression manager has for an internal name (`111111X2X6SQ001`, `111111X2X7SQ001#0`); none
    /// for what is no internal name, or of no question.
    pub(super) fn code(&self, heading: &str) -> Option<String> {
        let mut parts = heading.splitn(3, 'X');
        let (_, group, rest) = (number(parts.next()?)?, number(parts.next()?)?, parts.next()?);
        let questions =
            self.questions.iter().filter(|(of, number, _)| of == group && rest.starts_with(number.as_str()));
        let (_, number, code) = questions.max_by_key(|(_, number, _)| number.len())?;
        let part = rest[number.len()..].trim_start_matches('_').replace('#', "_");
        Some(if part.is_empty() { code.clone() } else { format!("{code}_{part}") })
    }
}

fn number(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}
