//! What the system says of processes.

use anyhow::{Context, Result};
use serde::Serialize;

/// Ticks of processor time in a second; the same on every Linux that this runs on.
const TICKS: f64 = 100.0;

/// Memory of a process in bytes.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Memory {
    /// The most that it ever had (`VmHWM`).
    pub(crate) peak: u64,
    /// What it has now (`VmRSS`).
    pub(crate) resident: u64,
    /// What of that is its own and not a file that is mapped, which the system takes back as it likes (`RssAnon`).
    pub(crate) own: u64,
}

/// What a running process takes.
pub(crate) fn memory(pid: u32) -> Result<Memory> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let of = |name: &str| -> Result<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
        let kilobytes: u64 = line.split_whitespace().next().context("no number")?.parse()?;
        Ok(kilobytes * 1024)
    };
    Ok(Memory { peak: of("VmHWM:")?, resident: of("VmRSS:")?, own: of("RssAnon:")? })
}

/// How many connections a server on this port has, in the whole system.
pub(crate) fn connections(port: u16) -> Result<usize> {
    let (here, listening) = (format!(":{port:04X}"), "0A");
    let text = std::fs::read_to_string("/proc/self/net/tcp")?;
    let is_open = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let field = |index: usize| fields.get(index).copied().unwrap_or_default();
        // Those that only the system still knows belong to no file.
        field(1).ends_with(&here) && field(3) != listening && field(9) != "0"
    };
    Ok(text.lines().filter(is_open).count())
}

/// Processor time of a process so far, in seconds.
pub(crate) fn cpu(pid: u32) -> Result<f64> {
    let stat = Stat::read(pid)?;
    Ok((stat.own) as f64 / TICKS)
}

/// Processor time of a process and its children, living and dead, in seconds.
pub(crate) fn cpu_with_children(parent: u32) -> Result<f64> {
    let stat = Stat::read(parent)?;
    let mut ticks = stat.own + stat.reaped;
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process may end between listing and reading; then it is among the reaped the next time.
        if let Ok(child) = Stat::read(pid)
            && child.parent == parent
        {
            ticks += child.own;
        }
    }
    Ok(ticks as f64 / TICKS)
}

/// The parent of a process.
pub(crate) fn parent(pid: u32) -> Result<u32> {
    Ok(Stat::read(pid)?.parent)
}

struct Stat {
    parent: u32,
    own: u64,
    reaped: u64,
}

impl Stat {
    fn read(pid: u32) -> Result<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The name, in parentheses, may hold anything.
        let fields: Vec<&str> = text.rsplit(')').next().context("no fields")?.split_whitespace().collect();
        let field = |index: usize| -> Result<u64> { Ok(fields.get(index).context("too short")?.parse()?) };
        Ok(Self {
            parent: u32::try_from(field(1)?)?,
            own: field(11)? + field(12)?,
            reaped: field(13)? + field(14)?,
        })
    }
}
