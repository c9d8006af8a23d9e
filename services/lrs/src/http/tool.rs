//! Which tool a request comes from, as far as that says nothing about a person.

use axum::http::{HeaderMap, header};

/// The longest name or version that is kept, in bytes; a longer one tells no tools apart.
const LONGEST: usize = 40;
/// Tools that do not say what they are.
const UNNAMED: &str = "unnamed";

/// The first product of `User-Agent` (RFC 9110, 10.1.5) as `name/version`: letters, digits and `. _ + -` alone. What
/// else stands there, such as a comment with an address, is left out, and what has another form is no name.
pub(super) fn of(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    said.and_then(product).unwrap_or(UNNAMED).to_owned()
}

fn product(said: &str) -> Option<&str> {
    let product = said.split([' ', '\t', '(']).next()?;
    let (name, version) = product.split_once('/').unwrap_or((product, "0"));
    let good = |part: &str| {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
        !part.is_empty() && part.len() <= LONGEST && part.bytes().all(known)
    };
    // A version begins with a digit; anything else after a name is not told.
    if !good(name) {
        None
    } else if good(version)
        && version.trim_start_matches(['v', 'V']).starts_with(|c: char| c.is_ascii_digit())
    {
        Some(product)
    } else {
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_is_the_first_product_and_nothing_that_points_at_a_person() {
        for (said, tool) in [
            ("Moodle/4.5.1 (anna@larkby.example) curl/8", Some("Moodle/4.5.1")),
            ("H5P", Some("H5P")),
            ("Mozilla/5.0 (X11; Linux x86_64)", Some("Mozilla/5.0")),
            ("python-requests/2.32.0", Some("python-requests/2.32.0")),
            ("tool/v2+a_b", Some("tool/v2+a_b")),
            ("tool/anna", Some("tool")),
            ("tool/1/2", Some("tool")),
            ("anna@larkby.example", None),
            ("mailto:anna/1", None),
            ("(nothing)", None),
            ("", None),
        ] {
            assert_eq!(product(said), tool, "{said}");
        }
        assert_eq!(product(&"a".repeat(LONGEST + 1)), None);
        assert_eq!(of(&HeaderMap::new()), UNNAMED);
    }
}
