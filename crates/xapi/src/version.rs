//! The versions of the standard that are served, and which of them a request asks for.

/// A served version of the standard: the latest patch of each major.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// xAPI 1.0.3, which stands for all of 1.0.x.
    V1_0_3,
    /// xAPI 2.0.0 (IEEE 9274.1.1-2023), which stands for all of 2.0.x.
    V2_0_0,
}

/// The request's `X-Experience-API-Version` names no version that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnsupportedVersion {
    /// There was no header, and no default is configured.
    #[error("the header X-Experience-API-Version is required: 1.0, 1.0.x, 2.0 or 2.0.x")]
    Missing,
    /// The header names a version that is not served.
    #[error(
        "the header X-Experience-API-Version names a version that is not served: expected 1.0, 1.0.x, 2.0 or 2.0.x"
    )]
    NotServed,
}

impl Version {
    /// Every version served, oldest first.
    pub const ALL: [Self; 2] = [Self::V1_0_3, Self::V2_0_0];

    /// The version that serves a request with this `X-Experience-API-Version` header; `default` is for
    /// requests without one (1.0.3 Communication 3.3; IEEE 9274.1.1 4.1.7).
    pub fn negotiate(header: Option<&str>, default: Option<Self>) -> Result<Self, UnsupportedVersion> {
        let Some(header) = header else {
            return default.ok_or(UnsupportedVersion::Missing);
        };
        Self::of_number(header.trim()).ok_or(UnsupportedVersion::NotServed)
    }

    /// The version that a number such as `1.0`, `1.0.2` or `2.0.0` belongs to, if it is served.
    pub fn of_number(number: &str) -> Option<Self> {
        let (version, patch) = if let Some(patch) = number.strip_prefix("1.0") {
            (Self::V1_0_3, patch)
        } else {
            (Self::V2_0_0, number.strip_prefix("2.0")?)
        };
        let valid = match patch.strip_prefix('.') {
            Some(digits) => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()),
            None => patch.is_empty(),
        };
        valid.then_some(version)
    }

    /// The value of `X-Experience-API-Version` in answers: the latest patch of this version.
    pub fn header_value(self) -> &'static str {
        match self {
            Self::V1_0_3 => "1.0.3",
            Self::V2_0_0 => "2.0.0",
        }
    }

    /// The `version` that a statement gets which came without one (1.0.3 Data 2.4.10, IEEE 4.2.4.3).
    pub fn statement_default(self) -> &'static str {
        match self {
            Self::V1_0_3 => "1.0.0",
            Self::V2_0_0 => "2.0.0",
        }
    }

    /// A number for this version that never changes, for storage.
    pub fn code(self) -> u8 {
        match self {
            Self::V1_0_3 => 1,
            Self::V2_0_0 => 2,
        }
    }

    /// The version with this [`code`](Self::code).
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_of_both_majors_are_served_and_nothing_else() {
        for (header, expected) in [
            ("1.0", Some(Version::V1_0_3)),
            ("1.0.0", Some(Version::V1_0_3)),
            ("1.0.32", Some(Version::V1_0_3)),
            ("2.0", Some(Version::V2_0_0)),
            ("2.0.7", Some(Version::V2_0_0)),
            ("", None),
            ("1", None),
            ("1.0.", None),
            ("1.00", None),
            ("1.1.0", None),
            ("0.95", None),
            ("2.1.0", None),
            ("3.0.0", None),
            ("2.0.x", None),
        ] {
            assert_eq!(Version::negotiate(Some(header), None).ok(), expected, "{header}");
        }
    }

    #[test]
    fn a_request_without_the_header_takes_the_default_or_is_refused() {
        assert_eq!(Version::negotiate(None, None), Err(UnsupportedVersion::Missing));
        assert_eq!(Version::negotiate(None, Some(Version::V2_0_0)), Ok(Version::V2_0_0));
    }
}
