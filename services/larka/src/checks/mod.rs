//! What an instance is looked over for, a subject a file: by `larka verify --all` on an open one, by `larka doctor` without opening it.

mod ages;
pub(crate) mod backup;
pub(crate) mod doctor;
pub(crate) mod everything;
mod guards;
mod host;
mod keys;
mod lake;
mod people;
mod positions;
mod rights;
mod server;
