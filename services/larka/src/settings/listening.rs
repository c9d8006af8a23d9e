//! Where requests are listened for, and by which services.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::given::given;
use crate::failure::Failure;

given! {
    /// Where requests are listened for, and by which services.
    pub(crate) struct Given {
        /// Address to listen on [default: 127.0.0.1:8080]
        #[arg(long, env = "LARKA_LISTEN", value_name = "ADDRESS")]
        listen: Option<String>,
        /// Address on which /metrics and /readyz are to be asked for, and then only there [default: with all else]
        #[arg(long, env = "LARKA_METRICS_LISTEN", value_name = "ADDRESS")]
        metrics_listen: Option<String>,
        /// Which services run here: lrs, admin, worker, survey [default: all of them]
        #[arg(long, env = "LARKA_ROLES", value_delimiter = ',', value_name = "ROLES")]
        roles: Option<Vec<String>>,
    }
}

/// Where requests are listened for unless it is said otherwise.
pub(crate) const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Where requests are listened for, and by which services.
#[derive(Debug, Clone)]
pub(crate) struct Listening {
    pub(crate) listen: SocketAddr,
    /// Where metrics are listened for, if that is elsewhere.
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) roles: Roles,
}

/// Which services run in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) lrs: bool,
    pub(crate) admin: bool,
    pub(crate) worker: bool,
    pub(crate) survey: bool,
}

impl Given {
    pub(super) fn read(self) -> Result<Listening, Failure> {
        let listen = self.listen.map_or(Ok(USUAL), |given| address("listen", &given))?;
        let metrics = self.metrics_listen.map(|given| address("metrics-listen", &given)).transpose()?;
        Ok(Listening { listen, metrics, roles: Roles::read(self.roles)? })
    }
}

fn address(name: &str, given: &str) -> Result<SocketAddr, Failure> {
    let expected = "an address and a port such as 127.0.0.1:8080 or [::1]:8080";
    given.parse().map_err(|_| Failure::setting(name, expected))
}

impl Roles {
    fn read(names: Option<Vec<String>>) -> Result<Self, Failure> {
        let Some(names) = names else {
            return Ok(Self { lrs: true, admin: true, worker: true, survey: true });
        };
        let mut roles = Self { lrs: false, admin: false, worker: false, survey: false };
        for name in &names {
            match name.trim() {
                "lrs" => roles.lrs = true,
                "admin" => roles.admin = true,
                "worker" => roles.worker = true,
                "survey" => roles.survey = true,
                _ => return Err(Failure::setting("roles", "a list of lrs, admin, worker and survey")),
            }
        }
        Ok(roles)
    }
}
