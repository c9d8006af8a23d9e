//! What was measured, as a table and as JSON, beside what was to be reached.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use crate::flags::Backend;
use crate::process::Memory;
use crate::size::Disk;

/// So many in so many seconds.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Rate {
    pub(crate) count: u64,
    pub(crate) seconds: f64,
}

impl Rate {
    pub(crate) fn a_second(&self) -> f64 {
        self.count as f64 / self.seconds.max(1e-9)
    }

    fn best(self, other: Self) -> Self {
        if other.a_second() > self.a_second() { other } else { self }
    }
}

/// A run over HTTP.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Http {
    /// How many were acknowledged.
    pub(crate) statements: u64,
    /// By how much the log grew.
    pub(crate) stored: u64,
    pub(crate) seconds: f64,
    /// Events in a transaction, on average.
    pub(crate) batch: f64,
    /// The share of the time in which the log's writer has a batch at hand.
    pub(crate) writer_busy: f64,
    pub(crate) client_cpu: f64,
    pub(crate) server_cpu: f64,
    /// Of PostgreSQL's processes.
    pub(crate) database_cpu: f64,
    /// From a request to its answer.
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
}

impl Http {
    pub(crate) fn rate(&self) -> Rate {
        Rate { count: self.statements, seconds: self.seconds }
    }

    /// The client's share of all processor time.
    fn client_share(&self) -> f64 {
        self.client_cpu / (self.client_cpu + self.server_cpu + self.database_cpu).max(1e-9)
    }

    pub(crate) fn best(self, other: Self) -> Self {
        if other.rate().a_second() > self.rate().a_second() { other } else { self }
    }

    pub(crate) fn json(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        value["a_second"] = self.rate().a_second().into();
        value["client_share"] = self.client_share().into();
        value
    }
}

/// Events a second out of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Folding {
    /// Read, and nothing else.
    pub(crate) scan: Rate,
    pub(crate) progress: Rate,
    pub(crate) competence: Rate,
}

/// All figures of one database.
pub(crate) struct Figures {
    pub(crate) database: Backend,
    pub(crate) statement_bytes: f64,
    /// Bare inserts in batches as large as those of `http_50`.
    pub(crate) bare_50: Rate,
    /// Bare inserts, one commit per statement.
    pub(crate) bare_1: Rate,
    /// 50 a request, 8 connections.
    pub(crate) http_50: Http,
    /// The same while views are folded and the lake is written beside it.
    pub(crate) http_50_worker: Http,
    /// 1 a request, 64 connections.
    pub(crate) http_1: Http,
    /// Sealed events appended, 1 a request from 64 tasks.
    pub(crate) append_1: Rate,
    /// Statements parsed, sealed and appended, 50 a request from 8 tasks.
    pub(crate) ingest_50: Rate,
    /// The same, 1 a request from 64 tasks.
    pub(crate) ingest_1: Rate,
    pub(crate) folding: Folding,
    pub(crate) memory: Memory,
    pub(crate) disk: Disk,
}

/// A ratio that was asked for.
struct Target {
    name: &'static str,
    wanted: f64,
    measured: f64,
}

impl Figures {
    /// The better of each figure; memory and disk as they were last.
    pub(crate) fn best(self, other: Self) -> Self {
        Self {
            bare_50: self.bare_50.best(other.bare_50),
            bare_1: self.bare_1.best(other.bare_1),
            http_50: self.http_50.best(other.http_50),
            http_50_worker: self.http_50_worker.best(other.http_50_worker),
            http_1: self.http_1.best(other.http_1),
            append_1: self.append_1.best(other.append_1),
            ingest_50: self.ingest_50.best(other.ingest_50),
            ingest_1: self.ingest_1.best(other.ingest_1),
            folding: Folding {
                scan: self.folding.scan.best(other.folding.scan),
                progress: self.folding.progress.best(other.folding.progress),
                competence: self.folding.competence.best(other.folding.competence),
            },
            ..other
        }
    }

    fn targets(&self) -> [Target; 4] {
        let http_1 = self.http_1.rate().a_second();
        [
            Target {
                name: "50 a request, of bare inserts",
                wanted: 0.7,
                measured: self.http_50.rate().a_second() / self.bare_50.a_second(),
            },
            Target {
                name: "1 a request, of bare inserts in those batches",
                wanted: 0.4,
                measured: http_1 / self.bare_50.a_second(),
            },
            Target {
                name: "1 a request, of the writer without HTTP",
                wanted: 0.6,
                measured: http_1 / self.append_1.a_second(),
            },
            Target {
                name: "1 a request, of one commit per statement",
                wanted: 2.0,
                measured: http_1 / self.bare_1.a_second(),
            },
        ]
    }

    fn rates(&self) -> [(&'static str, &'static str, Rate); 9] {
        [
            ("bare_50", "bare inserts, batches as below", self.bare_50),
            ("bare_1", "bare inserts, a commit each", self.bare_1),
            ("append_1", "writer without HTTP, 1 x 64", self.append_1),
            ("ingest_50", "ingest without HTTP, 50 x 8", self.ingest_50),
            ("ingest_1", "ingest without HTTP, 1 x 64", self.ingest_1),
            ("scan", "scan of the log", self.folding.scan),
            ("progress", "log to progress", self.folding.progress),
            ("competence", "log to competence", self.folding.competence),
            ("http_50_rate", "HTTP, 50 x 8", self.http_50.rate()),
        ]
    }

    fn runs(&self) -> [(&'static str, &'static str, &Http); 3] {
        [
            ("http_50", "50 x 8", &self.http_50),
            ("http_1", "1 x 64", &self.http_1),
            ("http_50_worker", "50 x 8, worker beside", &self.http_50_worker),
        ]
    }

    pub(crate) fn json(&self) -> Value {
        let mut value = json!({
            "database": self.database,
            "statement_bytes": self.statement_bytes,
            "memory": self.memory,
            "disk": self.disk,
        });
        for (name, _, rate) in self.rates() {
            value[name] =
                json!({ "count": rate.count, "seconds": rate.seconds, "a_second": rate.a_second() });
        }
        for (name, _, run) in self.runs() {
            value[name] = run.json();
        }
        let targets = self.targets();
        value["targets"] = targets
            .iter()
            .map(|t| json!({ "name": t.name, "wanted": t.wanted, "measured": t.measured, "met": t.met() }))
            .collect();
        value
    }
}

impl Target {
    fn met(&self) -> bool {
        self.measured >= self.wanted
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}, statements of {:.0} bytes", self.database.name(), self.statement_bytes)?;
        writeln!(
            f,
            "\nover HTTP               a second  batch  writer busy  median    99 %  CPU client  server  database  client's share"
        )?;
        for (_, name, run) in self.runs() {
            writeln!(
                f,
                "  {name:<21}{:>9.0}{:>7.1}{:>11.0} %{:>6.1} ms{:>6.1} ms{:>9.2} s{:>6.2} s{:>8.2} s{:>12.0} %",
                run.rate().a_second(),
                run.batch,
                run.writer_busy * 100.0,
                run.median_ms,
                run.p99_ms,
                run.client_cpu,
                run.server_cpu,
                run.database_cpu,
                run.client_share() * 100.0
            )?;
        }
        writeln!(f, "\nwithout HTTP            a second")?;
        for (_, name, rate) in &self.rates()[..5] {
            writeln!(f, "  {name:<31}{:>9.0}", rate.a_second())?;
        }
        writeln!(f, "\ntargets                                      measured  wanted")?;
        for target in self.targets() {
            let word = if target.met() { "PASS" } else { "MISS" };
            writeln!(f, "  {:<43}{:>8.2}{:>8.2}  {word}", target.name, target.measured, target.wanted)?;
        }
        writeln!(f, "\nout of the log          a second  of a scan")?;
        let scan = self.folding.scan.a_second();
        for (_, name, rate) in &self.rates()[5..8] {
            writeln!(f, "  {name:<21}{:>9.0}{:>9.0} %", rate.a_second(), rate.a_second() / scan * 100.0)?;
        }
        writeln!(
            f,
            "\nmemory of the server after 50 x 8: {} MB, {} of them its own, at most {} MB",
            self.memory.resident >> 20,
            self.memory.own >> 20,
            self.memory.peak >> 20
        )?;
        let each = |bytes: u64| bytes as f64 / self.disk.statements.max(1) as f64;
        writeln!(f, "\non disk, bytes a statement ({} of them)", self.disk.statements)?;
        writeln!(f, "  {:<31}{:>9.0}", "their JSON", each(self.disk.json))?;
        writeln!(
            f,
            "  {:<31}{:>9.0}  {:.2} times the JSON",
            "log, indexes included",
            each(self.disk.log),
            self.disk.log as f64 / self.disk.json.max(1) as f64
        )?;
        for (table, bytes) in &self.disk.tables {
            writeln!(f, "    {table:<29}{:>9.0}", each(*bytes))?;
        }
        write!(f, "  {:<31}{:>9.0}", "vault", each(self.disk.vault))
    }
}
