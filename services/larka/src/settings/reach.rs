//! Which other machines are connected to.

use forward::Reach;

use super::given::given;
use crate::failure::Failure;

given! {
    /// Which other machines are connected to.
    pub(crate) struct Given {
        /// Let forwards and pulls go to loopback and private addresses too, over plain http, and by way of the system's
        /// proxies [default: false]
        #[arg(
            long,
            env = "LARKA_REACH_PRIVATE",
            global = true,
            num_args = 0..=1,
            require_equals = true,
            default_missing_value = "true",
            value_name = "true|false"
        )]
        reach_private: Option<bool>,
    }
}

impl Given {
    pub(super) fn read(self) -> Result<Reach, Failure> {
        Ok(if self.reach_private.unwrap_or(false) { Reach::Private } else { Reach::Public })
    }
}
