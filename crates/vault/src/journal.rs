//! The erasure journal: who was erased, and when. It lies beside the keys, and a copy of it apart from all backups.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use eventlog::clock::Micros;
use sha2::{Digest as _, Sha256};

use crate::{AgentId, VaultError, files};

const TITLE: &str = "larka erasures 1";

/// A journal as text: the title, the instance where it is a copy, and a line for each agent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Journal {
    /// Whose it is; the one beside the keys does not say.
    pub instance: Option<[u8; 16]>,
    /// Who was erased, and when.
    pub erased: BTreeMap<AgentId, Micros>,
}

impl Journal {
    /// Reads a journal. Of the one beside the keys a last line without its end counts for nothing: a crash left it so. A
    /// copy, which names its instance, is whole to its last line, which says how many there are and what hash they have.
    ///
    /// # Errors
    /// It is none: what was expected.
    pub fn read(text: &str) -> Result<Self, VaultError> {
        let expected = VaultError::Invalid(
            "is no erasure journal: expected the title `larka erasures 1` first, and lines of an agent's 32 hexadecimal \
             digits and a number",
        );
        // A crash may have left less than the title, and no erasure with it.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let mut lines = whole.lines();
        let Some(title) = lines.next() else { return Ok(Self::default()) };
        let instance = match title.strip_prefix(TITLE).map(str::trim) {
            Some("") => None,
            Some(digits) => {
                let mut instance = [0; 16];
                hex::decode_to_slice(digits, &mut instance).map_err(|_| expected)?;
                Some(instance)
            }
            None => return Err(expected),
        };
        let line = |line: &str| {
            let (agent, at) = line.split_once(' ')?;
            Some((agent.parse().ok()?, Micros(at.trim().parse().ok()?)))
        };
        if instance.is_none() {
            return Ok(Self { instance, erased: lines.filter_map(line).collect() });
        }
        let journal = Self { instance, erased: lines.filter_map(line).collect() };
        // Somebody who is missing from it, or is another, would be back.
        if journal.text() == text {
            Ok(journal)
        } else {
            Err(VaultError::Invalid("is damaged, or not whole: its last line does not fit those before it"))
        }
    }

    /// The journal as text.
    pub fn text(&self) -> String {
        let mut text = TITLE.to_owned();
        if let Some(instance) = self.instance {
            text.push_str(&format!(" {}", hex::encode(instance)));
        }
        text.push('\n');
        self.erased.iter().for_each(|(agent, at)| text.push_str(&line(*agent, *at)));
        if self.instance.is_some() {
            let hash = hex::encode(Sha256::digest(text.as_bytes()));
            text.push_str(&format!("end {} {hash}\n", self.erased.len()));
        }
        text
    }
}

/// Adds a line for each agent to the journal beside the keys.
pub(crate) fn add(file: &Path, agents: &[AgentId], at: Micros) -> Result<(), VaultError> {
    let new = !file.exists();
    let mut open = OpenOptions::new();
    open.read(true).append(true).create(true).mode(0o600);
    let mut journal = open.open(file).map_err(files::at(file))?;
    let mut before = Vec::new();
    journal.read_to_end(&mut before).map_err(files::at(file))?;
    let mut lines = String::new();
    if !before.contains(&b'\n') {
        // A crash left less than the title.
        journal.set_len(0).map_err(files::at(file))?;
        lines.push_str(&format!("{TITLE}\n"));
    } else if !before.ends_with(b"\n") {
        lines.push('\n');
    }
    agents.iter().for_each(|agent| lines.push_str(&line(*agent, at)));
    journal.write_all(lines.as_bytes()).and_then(|()| journal.sync_all()).map_err(files::at(file))?;
    if new { files::sync_dir_of(file) } else { Ok(()) }
}

/// The journal beside the keys; empty where there is none.
pub(crate) fn read(file: &Path) -> Result<BTreeMap<AgentId, Micros>, VaultError> {
    let content = match std::fs::read_to_string(file) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(files::at(file)(error)),
    };
    let journal = Journal::read(&content)
        .map_err(|error| VaultError::KeyFile { file: file.to_owned(), problem: error.to_string() })?;
    Ok(journal.erased)
}

fn line(agent: AgentId, at: Micros) -> String {
    format!("{agent} {}\n", at.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_reads_what_it_writes_and_refuses_other_files() {
        let erased = BTreeMap::from([(AgentId([1; 16]), Micros(5)), (AgentId([2; 16]), Micros(6))]);
        for instance in [None, Some([9; 16])] {
            let journal = Journal { instance, erased: erased.clone() };
            assert_eq!(Journal::read(&journal.text()).unwrap(), journal);
        }
        let copy = Journal { instance: Some([9; 16]), erased: erased.clone() }.text();
        let lines: Vec<&str> = copy.split_inclusive('\n').collect();
        let without = |line: usize| {
            lines.iter().enumerate().filter(|(at, _)| *at != line).map(|(_, line)| *line).collect::<String>()
        };
        let cut = (1..copy.len()).filter(|end| copy[..*end].contains('\n')).map(|end| copy[..end].to_owned());
        let other = copy.replacen("01", "03", 1);
        for damaged in cut.chain((1..lines.len()).map(without)).chain([other]) {
            assert!(Journal::read(&damaged).is_err(), "{damaged}");
        }
        let cut = Journal { instance: None, erased }.text();
        assert_eq!(Journal::read(&cut[..cut.len() - 1]).unwrap().erased.len(), 1, "a line without its end");
        for other in ["larka erasures 2\n", "larka erasures 1 abc\n", "{}\n"] {
            assert!(Journal::read(other).is_err(), "{other}");
        }
    }
}
