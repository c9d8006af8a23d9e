//! How the program speaks to who operates it.

use super::given::given;
use crate::failure::Failure;

given! {
    /// How the program speaks to who operates it.
    pub(crate) struct Given {
        /// How the program's own log is written: text or json [default: text]
        #[arg(long, env = "LARKA_LOG_FORMAT", global = true, value_name = "FORMAT")]
        log_format: Option<String>,
    }
}

/// How the program speaks to who operates it.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) log_json: bool,
}

impl Given {
    pub(super) fn read(self) -> Result<Operation, Failure> {
        let log_json = match self.log_format.as_deref().unwrap_or("text") {
            "text" => false,
            "json" => true,
            _ => return Err(Failure::setting("log-format", "text or json")),
        };
        Ok(Operation { log_json })
    }
}
