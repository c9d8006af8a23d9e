//! Under which address others know this instance.

use super::given::given;
use crate::failure::Failure;

given! {
    /// Under which address others know this instance.
    pub(crate) struct Given {
        /// Address that this instance is known by; stands in authorities [default: http://localhost:8080]
        #[arg(long, env = "LARKA_BASE_URL", global = true, value_name = "URL")]
        base_url: Option<String>,
    }
}

/// Under which address others know this instance.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    /// Ends without a slash.
    pub(crate) base_url: String,
}

impl Given {
    pub(super) fn read(self) -> Result<Address, Failure> {
        let base_url = self.base_url.unwrap_or_else(|| "http://localhost:8080".to_owned());
        if !(base_url.starts_with("http://") || base_url.starts_with("https://")) {
            return Err(Failure::setting("base-url", "an address that begins with http:// or https://"));
        }
        Ok(Address { base_url: base_url.trim_end_matches('/').to_owned() })
    }
}
