//! What was found by looking at an instance: a line each, whether it is well, and what to do where it is not. The start, `verify` and
//! `doctor` say the same of the same.

use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::terminal;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    /// What was looked at; a name that stays.
    check: &'static str,
    pub(crate) found: String,
    /// What has to be done; none where it is well.
    to_do: Option<String>,
    /// What programs read of it.
    about: Map<String, Value>,
}

impl Finding {
    /// It is as it should be.
    pub(crate) fn well(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, found: found.into(), to_do: None, about: Map::new() }
    }

    /// Something has to be done.
    pub(crate) fn wrong(check: &'static str, found: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { to_do: Some(to_do.into()), ..Self::well(check, found) }
    }

    /// The same with a figure or a name that programs read.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.about.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn is_well(&self) -> bool {
        self.to_do.is_none()
    }

    fn json(&self) -> Value {
        let mut json = json!({ "check": self.check, "well": self.is_well(), "found": self.found });
        if let Some(to_do) = &self.to_do {
            json["do"] = to_do.as_str().into();
        }
        if !self.about.is_empty() {
            json["about"] = Value::Object(self.about.clone());
        }
        json
    }
}

/// All of it, as `--json` prints it.
pub(crate) fn answer(findings: &[Finding]) -> Value {
    let all: Vec<Value> = findings.iter().map(Finding::json).collect();
    json!({ "well": findings.iter().all(Finding::is_well), "findings": all })
}

/// Prints an answer with findings: JSON for programs, a line for each for people. Ends with 2 where something has to be done.
pub(crate) fn tell(json: bool, answer: &Value) -> Result<(), Failure> {
    let findings = answer["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    if json {
        terminal::say(json, answer)?;
    } else {
        let mut text = String::new();
        for one in findings {
            let word = |name: &str| one[name].as_str().unwrap_or_default();
            match one["do"].as_str() {
                None => text.push_str(&format!("well  {}: {}\n", word("check"), word("found"))),
                Some(to_do) => {
                    text.push_str(&format!(
                        "MEND  {}: {}\n      do: {to_do}\n",
                        word("check"),
                        word("found")
                    ));
                }
            }
        }
        terminal::print(text.as_bytes())?;
    }
    match findings.iter().filter(|one| one["well"] != true).count() {
        0 => Ok(()),
        1 => Err(Failure::differing("one thing has to be mended, see above")),
        more => Err(Failure::differing(&format!("{more} things have to be mended, see above"))),
    }
}

/// The first few of many names, and how many more there are.
pub(crate) fn some<T: ToString>(all: &[T]) -> String {
    const SHOWN: usize = 8;
    let mut shown = all.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if all.len() > SHOWN {
        shown.push_str(&format!(" and {} more", all.len() - SHOWN));
    }
    shown
}
