//! What a PostgreSQL server gives: its version, rights of the role, connections, its clock.

use eventlog::clock::SystemClock;
use eventlog::{Look, ServerLook};

use crate::failure::Failure;
use crate::finding::{Finding, some};
use crate::settings::Settings;

/// The oldest version that is tried.
const OLDEST: i64 = 150_000;
/// How far two clocks may be apart.
const CLOCKS: i64 = 2_000_000;

/// Nothing on SQLite.
pub(super) async fn findings(
    log: &mut Look,
    vault: Option<&mut Look>,
    settings: &Settings,
    live: bool,
) -> Result<Vec<Finding>, Failure> {
    let Some(server) = log.server().await? else {
        let found = "SQLite: whoever may write log.db may take its triggers away; signed heads (larka anchor) show what was changed";
        return Ok(vec![Finding::well("role", found).with("could_rewrite", true)]);
    };
    let now = SystemClock::shared().now();
    let other = match vault {
        Some(vault) => vault.server().await?,
        None => None,
    };
    let mut findings = vec![version(&server), role(&server)];
    let shares = settings.storage.shares;
    let of_log = shares.log + shares.ballots + 5 * shares.view;
    match other {
        Some(other) if other.identity != server.identity => {
            findings.push(connections("the log's server", &server, of_log, live));
            findings.push(connections("the vault's server", &other, shares.vault, live));
        }
        _ => findings.push(connections("the server", &server, of_log + shares.vault, live)),
    }
    let apart = (server.clock.0 - now.0).abs();
    findings.push(
        if apart > CLOCKS {
            let found = format!("the server's clock and this one are {} s apart", apart / 1_000_000);
            Finding::wrong("server_clock", found, "set both by one time server (chrony)")
        } else {
            Finding::well("server_clock", "the server's clock and this one agree")
        }
        .with("seconds_apart", apart as f64 / 1e6),
    );
    Ok(findings)
}

fn version(server: &ServerLook) -> Finding {
    let found = format!("PostgreSQL {}", server.version);
    if server.number < OLDEST {
        Finding::wrong("server", found, "15 is the oldest that is tried: move to a newer one")
    } else {
        Finding::well("server", found)
    }
    .with("number", server.number)
}

fn role(server: &ServerLook) -> Finding {
    let finding = match (server.could_rewrite, server.too_much.is_empty()) {
        (true, _) => Finding::well(
            "role",
            "the role owns the log's tables: triggers alone keep them append-only (larka migrate --owner-url takes its rights away)",
        ),
        (false, true) => {
            Finding::well("role", "the role may append to the log, and neither change nor delete")
        }
        (false, false) => Finding::wrong(
            "role",
            format!("the role has rights that it must not have: {}", some(&server.too_much)),
            "larka migrate --owner-url … takes them away again",
        )
        .with("rights", server.too_much.clone()),
    };
    finding.with("could_rewrite", server.could_rewrite)
}

fn connections(whose: &str, server: &ServerLook, takes: u32, live: bool) -> Finding {
    // Where a server runs here, its own are among those that are taken.
    let (given, taken, takes) = (server.connections, server.taken, i64::from(takes));
    let free = if live { given } else { given - taken };
    let found = format!("{whose} gives {given}, of which {taken} are taken; a node takes at most {takes}");
    let finding = if free < takes {
        let to_do = "raise max_connections, or give fewer to each node with --database-connections (docs/operations.md, Connections)";
        Finding::wrong("connections", found, to_do)
    } else {
        Finding::well("connections", found)
    };
    finding.with("given", given).with("taken", taken).with("node", takes)
}
