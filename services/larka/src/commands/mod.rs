//! A file a command: what it takes, and how it is run.

pub(crate) mod anchor;
pub(crate) mod backup;
pub(crate) mod credential;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod erase;
pub(crate) mod forward;
pub(crate) mod import;
pub(crate) mod migrate;
pub(crate) mod outside;
pub(crate) mod person;
pub(crate) mod rebuild;
pub(crate) mod report;
pub(crate) mod restore;
pub(crate) mod retention;
pub(crate) mod round;
pub(crate) mod serve;
pub(crate) mod statement;
pub(crate) mod survey;
pub(crate) mod twins;
pub(crate) mod user;
pub(crate) mod verify;
