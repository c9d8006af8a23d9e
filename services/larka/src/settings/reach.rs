//! Which other machines are connected to.

use forward::Reach;

use super::given::given;
use crate::failure::Failure;

given! {
    /// Which other machines are connected to.
    pub(crate) struct Given {
        /// Let forwards and pulls go to loopback and private addresses too, and over plain http [default: false]
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
        /// Let forwards and pulls go by way of the system's proxies (HTTPS_PROXY, …) and, as names are then looked up by
        /// these, wherever they lead; and to what --reach-private opens [default: false]
        #[arg(
            long,
            env = "LARKA_REACH_BY_PROXY",
            global = true,
            num_args = 0..=1,
            require_equals = true,
            default_missing_value = "true",
            value_name = "true|false"
        )]
        reach_by_proxy: Option<bool>,
    }
}

impl Given {
    pub(super) fn read(self) -> Result<Reach, Failure> {
        Ok(match (self.reach_by_proxy, self.reach_private) {
            (Some(true), _) => Reach::Proxies,
            (_, Some(true)) => Reach::Private,
            _ => Reach::Public,
        })
    }
}
