//! How learning tools are answered.

use axum::http::HeaderValue;
use lrs::Unversioned;
use xapi::Version;

use super::given::given;
use crate::failure::Failure;

given! {
    /// How learning tools are answered.
    pub(crate) struct Given {
        /// xAPI version that serves a request without the header: 1.0.3, 2.0.0 or none; none:1.0.3 names 1.0.3 in
        /// the refusal [default: none, which names 2.0.0]
        #[arg(long, env = "LARKA_DEFAULT_XAPI_VERSION", value_name = "VERSION")]
        default_xapi_version: Option<String>,
        /// Web origins whose pages may use xAPI from a browser: https://tool.example,… or * [default: *]
        #[arg(long, env = "LARKA_XAPI_ORIGINS", value_delimiter = ',', value_name = "ORIGINS")]
        xapi_origins: Option<Vec<String>>,
    }
}

/// How learning tools are answered.
#[derive(Debug, Clone)]
pub(crate) struct Xapi {
    pub(crate) unversioned: Unversioned,
    /// Each an origin, or one `*`.
    pub(crate) origins: Vec<HeaderValue>,
}

impl Given {
    pub(super) fn read(self) -> Result<Xapi, Failure> {
        let unversioned = match self.default_xapi_version.as_deref() {
            None | Some("none" | "none:2.0.0") => Unversioned::Refused(Version::V2_0_0),
            Some("none:1.0.3") => Unversioned::Refused(Version::V1_0_3),
            Some("1.0.3") => Unversioned::Served(Version::V1_0_3),
            Some("2.0.0") => Unversioned::Served(Version::V2_0_0),
            Some(_) => {
                return Err(Failure::setting("default-xapi-version", "1.0.3, 2.0.0, none or none:1.0.3"));
            }
        };
        Ok(Xapi { unversioned, origins: origins(self.xapi_origins.as_deref())? })
    }
}

/// Origins as a browser sends them (RFC 6454): scheme, host and port, and nothing behind.
fn origins(given: Option<&[String]>) -> Result<Vec<HeaderValue>, Failure> {
    let wrong = || Failure::setting("xapi-origins", "origins such as https://tool.example, or * alone");
    let any = ["*".to_owned()];
    let given = given.unwrap_or(&any);
    given
        .iter()
        .map(|origin| {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let sound = match host {
                Some(host) => !host.is_empty() && !host.contains(['/', '*', '@', ' ']),
                None => origin == "*" && given.len() == 1,
            };
            if sound { HeaderValue::from_str(origin).map_err(|_| wrong()) } else { Err(wrong()) }
        })
        .collect()
}
