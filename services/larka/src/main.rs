//! `larka`: one binary for the learning record store, the worker and the pages.
//!
//! Start reading at [`Command`]; each is a file in `commands/`, what it does on an open instance lies in
//! `tasks/`. `instance.rs` puts the rooms together, `serving.rs` runs them.

mod answering;
mod api;
mod backups;
mod checks;
mod commands;
mod door;
mod failure;
mod finding;
mod handing_in;
mod handing_on;
mod imports;
mod instance;
mod keys;
#[cfg(test)]
mod mounted;
mod openapi;
mod operations;
mod pdf;
mod private;
mod process;
mod serving;
mod settings;
mod socket;
mod tasks;
mod terminal;
mod together;
mod visitors;
mod whole;

use clap::{Parser, Subcommand};
use commands::{
    anchor, backup, credential, demo, doctor, erase, forward, import, migrate, outside, person, rebuild,
    report, restore, retention, round, serve, statement, survey, twins, user, verify,
};
use failure::Failure;
use settings::{Common, ServeFlags, Settings};

/// Learning record store and learning analytics for a municipality.
#[derive(Debug, Parser)]
#[command(name = "larka", version, about, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the services
    Serve(ServeFlags),
    /// Fill a fresh embedded instance with a made-up municipality, make its reports, serve the pages
    Demo(demo::Flags),
    /// Write a report to a file
    Report(report::Flags),
    /// Keys of learning tools
    #[command(subcommand)]
    Credential(credential::Command),
    /// Places that statements are handed on to
    #[command(subcommand)]
    Forward(forward::Command),
    /// People's accounts
    #[command(subcommand)]
    User(user::Command),
    /// Forget a person: destroy the keys to everything personal
    Erase(erase::Flags),
    /// A person's levels with the rule and the evidence behind each, for that person alone
    Person(person::Flags),
    /// Take in what lies in files or in another LRS
    #[command(subcommand)]
    Import(import::Import),
    /// Other people's figures, shown beside a survey's own: from a table, or from Kolada
    Outside(outside::Flags),
    /// Single statements
    #[command(subcommand)]
    Statement(statement::Command),
    /// Surveys as their authors write them
    #[command(subcommand)]
    Survey(survey::Command),
    /// Rounds of surveys: made, listed, opened, closed, by the HTTP API
    #[command(subcommand)]
    Round(round::Command),
    /// Make the views and the lake again from the log, beside those that answer meanwhile
    Rebuild(rebuild::Flags),
    /// Make the tables of a fresh instance, or bring them to this version
    Migrate(migrate::Flags),
    /// Delete what was kept long enough: what was replaced or deleted in tools' documents
    Retention(retention::Flags),
    /// Bring together what is known of one mailbox under several spellings of its domain
    Twins(twins::Flags),
    /// Copy log, vault and keys to a folder or a bucket, beside the server that runs; only what is new of the log
    Backup(backup::Flags),
    /// Make an instance again from its backup, or try whether that can be done
    Restore(restore::Flags),
    /// Walk the log's chain and name the first break; or hold everything that is kept against everything else
    Verify(verify::Flags),
    /// Look an instance or a backup over without changing anything: what is well, and what to do where it is not
    Doctor(Box<doctor::Flags>),
    /// Print the log's head, signed: keep it where whoever changes the log cannot reach it
    Anchor,
}

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    private::begin();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&Failure::from(error)),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

async fn run(cli: Cli) -> Result<(), Failure> {
    let flags = match &cli.command {
        Command::Serve(flags) => flags.clone(),
        Command::Demo(flags) => flags.serve(),
        Command::Doctor(flags) => flags.serve.clone(),
        _ => ServeFlags::default(),
    };
    let settings = Settings::read(&cli.common, &flags)?;
    operations::start_tracing(settings.operation.log_json, matches!(cli.command, Command::Serve(_)));
    match cli.command {
        Command::Serve(_) => serve::run(settings).await,
        Command::Demo(flags) => demo::run(&cli.common, flags).await,
        Command::Report(flags) => report::run(settings, flags).await,
        Command::Credential(command) => credential::run(settings, command).await,
        Command::Forward(command) => forward::run(settings, command).await,
        Command::User(command) => user::run(settings, command).await,
        Command::Erase(flags) => erase::run(settings, flags).await,
        Command::Person(flags) => person::run(settings, flags).await,
        Command::Import(what) => import::run(settings, what).await,
        Command::Outside(flags) => outside::run(settings, flags).await,
        Command::Statement(command) => statement::run(settings, command).await,
        Command::Survey(command) => survey::run(settings, command).await,
        Command::Round(command) => round::run(settings, command).await,
        Command::Rebuild(flags) => rebuild::run(settings, flags).await,
        Command::Migrate(flags) => migrate::run(settings, flags).await,
        Command::Retention(flags) => retention::run(settings, flags).await,
        Command::Twins(flags) => twins::run(settings, flags).await,
        Command::Backup(flags) => backup::run(settings, flags).await,
        Command::Restore(flags) => restore::run(settings, flags).await,
        Command::Verify(flags) => verify::run(settings, flags).await,
        Command::Doctor(flags) => doctor::run(settings, *flags).await,
        Command::Anchor => anchor::run(settings).await,
    }
}

fn fail(failure: &Failure) -> std::process::ExitCode {
    terminal::complain(&failure.to_string());
    std::process::ExitCode::from(failure.code())
}
