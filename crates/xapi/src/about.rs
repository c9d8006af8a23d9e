//! The about resource (1.0.3 Communication 2.8, IEEE 4.1.6.7).

/// The body of `GET /xapi/about`: the latest patch of each major version that is served.
pub fn about() -> &'static str {
    r#"{"version":["1.0.3","2.0.0"],"extensions":{}}"#
}

#[cfg(test)]
mod tests {
    use crate::Version;

    #[test]
    fn about_lists_every_version_served() {
        let body: serde_json::Value = serde_json::from_str(super::about()).unwrap();
        let served: Vec<_> = Version::ALL.iter().map(|v| v.header_value()).collect();
        assert_eq!(body["version"], serde_json::json!(served));
    }
}
