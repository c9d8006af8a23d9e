//! Names and passwords, whichever way they come: bounded, counted, and a line in the log about each.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use vault::secrets::Account;

use super::attempts::TooMuch;
use super::browser;
use super::problem::Problem;
use super::state::Shell;

/// The way that somebody logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By the form, for a session.
    Page,
    /// With a request of the API.
    Api,
}

/// Where somebody logs in from.
pub(crate) struct Visitor {
    /// The address; where nobody knows, all are one.
    from: IpAddr,
    /// The token of a browser in which the account logged in before.
    browser: Option<Vec<u8>>,
}

impl Visitor {
    /// Where a request comes from that names this account.
    pub(crate) fn of(shell: &Shell, headers: &HeaderMap, extensions: &Extensions, login: &str) -> Self {
        let known = extensions.get::<ConnectInfo<SocketAddr>>();
        let from = known.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(from)| from.ip());
        Self { from, browser: browser::knows(shell, headers, login) }
    }
}

/// The account with this login, if the password is its own.
///
/// # Errors
/// [`Problem::TooOften`] where account or address was wrong too often, or too many log in at once.
pub(crate) async fn enter(
    shell: &Shell,
    way: Way,
    visitor: Visitor,
    login: String,
    password: String,
) -> Result<Option<Account>, Problem> {
    let named = match way {
        Way::Page => "page",
        Way::Api => "api",
    };
    let log_ins = shell.metrics.log_ins.clone();
    let count = move |outcome| log_ins.with_label_values(&[named, outcome]).inc();
    let refused = |bound| {
        let (outcome, seconds) = match bound {
            TooMuch::Often(seconds) => ("too_often", seconds),
            TooMuch::AtOnce(seconds) => ("too_many", seconds),
        };
        count(outcome);
        Problem::TooOften(seconds)
    };
    let Visitor { from, browser } = visitor;
    let begun = shell.attempts.begin(&login, from, browser.as_deref(), shell.clock.elapsed());
    let attempt = begun.map_err(refused)?;
    let let_in = {
        let (attempts, count) = (shell.attempts.clone(), count.clone());
        move |attempt, account: &Account| {
            count("let_in");
            if attempts.right(&attempt) || way == Way::Page {
                tracing::info!(way = named, account = hex(&account.id), "logged in");
            }
        }
    };
    // What needs no hash needs no place for one.
    if let Some(account) = shell.vault.recall_password(&login, &password).await? {
        let_in(attempt, &account);
        return Ok(Some(account));
    }
    let place = shell.attempts.place(&attempt).await.map_err(refused)?;
    // A hash that has begun goes on when its client is gone; so do its place and its count.
    let (vault, attempts) = (shell.vault.clone(), shell.attempts.clone());
    let verified = tokio::spawn(async move {
        let account = vault.verify_password(&login, &password).await?;
        match &account {
            Some(account) => let_in(attempt, account),
            None => {
                count("wrong");
                let wrong = attempts.wrong(&attempt);
                tracing::warn!(way = named, wrong, "log-in refused: the name or the password is wrong");
            }
        }
        drop(place);
        Ok::<_, Problem>(account)
    });
    verified.await.map_err(|_| Problem::Internal)?
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
