//! What is given for settings: once as flags and variables, once in the file.

use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// A subject's settings as they may be given. Each field is an `Option`, a flag and a `LARKA_…` variable (by its
/// `#[arg(…)]`) and a name in the file (its own): there is nothing else to do for a setting to be read.
macro_rules! given {
    ($(#[$about:meta])* pub(crate) struct $name:ident { $($(#[$of:meta])* $field:ident: Option<$type:ty>,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, clap::Args)]
        #[group(skip)]
        pub(crate) struct $name {
            $($(#[$of])* pub(crate) $field: Option<$type>,)*
        }

        impl $name {
            /// Their names, as the file has them.
            pub(super) const NAMES: &[&str] = &[$(stringify!($field)),*];

            /// Flags and variables over what the file has, which is taken out of it.
            ///
            /// # Errors
            /// What the file has is of another kind.
            pub(super) fn over(&self, file: &mut toml::Table) -> Result<Self, String> {
                $(let $field = $crate::settings::given::take(file, stringify!($field))?;)*
                Ok(Self { $($field: self.$field.clone().or($field),)* })
            }
        }
    };
}

pub(super) use given;

/// Takes a setting out of the file. Where a list of `NAME=VALUE` is expected, the file may have a table.
pub(super) fn take<T: DeserializeOwned>(file: &mut Table, name: &str) -> Result<Option<T>, String> {
    let Some(value) = file.remove(name) else { return Ok(None) };
    let pair = |(name, value): (String, Value)| match value {
        Value::String(text) => Value::String(format!("{name}={text}")),
        other => other,
    };
    let value = match value {
        Value::Table(table) => Value::Array(table.into_iter().map(pair).collect()),
        other => other,
    };
    value.try_into().map(Some).map_err(|error: toml::de::Error| format!("{name}: {}", error.message()))
}
