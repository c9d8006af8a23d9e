//! Erasures that are under way: who was found by what, until the receipt is given and the ratchet has turned. One that a
//! crash cut short can then be asked for again by the same identifier, though nothing leads from that to the agents any more.

use std::path::Path;

use crate::{AgentId, VaultError, files};

const TITLE: &str = "larka erasures under way 1";

/// An agent of an erasure under way: one line of the file. Those of one erasure have the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnderWay {
    /// Which erasure.
    pub(crate) number: u64,
    pub(crate) agent: AgentId,
    /// What the agent was found by, under the lookup key of the time; none where nobody is found by it any more.
    pub(crate) lookup: Option<[u8; 32]>,
}

/// All that are noted.
pub(crate) fn read(file: &Path) -> Result<Vec<UnderWay>, VaultError> {
    let Some(content) = files::read_private(file)? else { return Ok(Vec::new()) };
    let expected = || VaultError::KeyFile {
        file: file.to_owned(),
        problem: format!(
            "is no list of erasures under way: expected the line `{TITLE}` and lines of three fields"
        ),
    };
    let content = String::from_utf8(content).map_err(|_| expected())?;
    let mut lines = content.lines();
    if lines.next() != Some(TITLE) {
        return Err(expected());
    }
    lines.map(|line| of_line(line).ok_or_else(expected)).collect()
}

/// Adds an erasure to those that are noted.
pub(crate) fn add(file: &Path, agents: &[(AgentId, Option<[u8; 32]>)]) -> Result<(), VaultError> {
    let known = read(file)?;
    let number = known.iter().map(|one| one.number).max().unwrap_or(0) + 1;
    let added = agents.iter().map(|(agent, lookup)| UnderWay { number, agent: *agent, lookup: *lookup });
    let mut text = format!("{TITLE}\n");
    for UnderWay { number, agent, lookup } in known.iter().copied().chain(added) {
        let lookup = lookup.map_or_else(|| "-".to_owned(), hex::encode);
        text.push_str(&format!("{number} {agent} {lookup}\n"));
    }
    if file.exists() { files::replace(file, text.as_bytes()) } else { files::create(file, text.as_bytes()) }
}

/// Forgets all.
pub(crate) fn clear(file: &Path) -> Result<(), VaultError> {
    match std::fs::remove_file(file) {
        Ok(()) => files::sync_dir_of(file),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(files::at(file)(error)),
    }
}

fn of_line(line: &str) -> Option<UnderWay> {
    let mut fields = line.split(' ');
    let (number, agent, lookup) = (fields.next()?, fields.next()?, fields.next()?);
    let mut bytes = [0; 32];
    let lookup = match lookup {
        "-" => None,
        digits => hex::decode_to_slice(digits, &mut bytes).ok().map(|()| Some(bytes))?,
    };
    Some(UnderWay { number: number.parse().ok()?, agent: agent.parse().ok()?, lookup })
}
