//! The address that is meant, where a tool writes one of xAPI's otherwise: `/xAPI/statements`, `/xapi/statements/`,
//! `/xapi//activities/state`. Other addresses are those that they are: what stands before this program may let some of
//! them through and others not, by how they are written.

use axum::http::Uri;
use axum::http::uri::PathAndQuery;

const XAPI: &str = "xapi";

/// The address that is meant; none where it is written as it should be, or is none of xAPI's.
pub(crate) fn meant(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let parts = || path.split('/').filter(|part| !part.is_empty());
    let plain = path.starts_with("/xapi") && !path.ends_with('/') && !path.contains("//");
    if plain || !parts().next().is_some_and(|first| first.eq_ignore_ascii_case(XAPI)) {
        return None;
    }
    let mut meant = format!("/{XAPI}");
    for part in parts().skip(1) {
        meant.push('/');
        meant.push_str(part);
    }
    if let Some(query) = uri.query() {
        meant.push('?');
        meant.push_str(query);
    }
    PathAndQuery::try_from(meant).ok().map(Uri::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resource_that_is_meant_is_found_however_its_address_is_written() {
        for (written, meaning) in [
            ("/xAPI/statements", "/xapi/statements"),
            ("/XAPI/statements?a=//b/", "/xapi/statements?a=//b/"),
            ("/xapi/statements/", "/xapi/statements"),
            ("/xapi/statements/?limit=1", "/xapi/statements?limit=1"),
            ("/xapi//activities///state//", "/xapi/activities/state"),
            ("//xapi/about", "/xapi/about"),
            ("/xapi/", "/xapi"),
            ("//xApi", "/xapi"),
            ("/xapi/a%2F%2Fb/", "/xapi/a%2F%2Fb"),
        ] {
            assert_eq!(meant(&written.parse().unwrap()).unwrap().to_string(), meaning, "{written}");
        }
    }

    #[test]
    fn other_addresses_stay_as_they_are() {
        for written in [
            "/",
            "//",
            "/xapi",
            "/xapi/statements?more=//x/",
            "/xapis/",
            "//metrics",
            "/api//v1/status",
            "/login/",
            "*",
        ] {
            assert_eq!(meant(&written.parse().unwrap()), None, "{written}");
        }
    }
}
