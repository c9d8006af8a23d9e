//! IRIs of activity types, categories and frameworks, and how a name stands in one.

/// Activity type of one question (ADL's vocabulary).
pub const TYPE_INTERACTION: &str = "http://adlnet.gov/expapi/activities/cmi.interaction";
/// Activity type of a survey.
pub const TYPE_SURVEY: &str = "http://id.tincanapi.com/activitytype/survey";
/// Activity type of a course.
pub const TYPE_COURSE: &str = "http://adlnet.gov/expapi/activities/course";
/// Activity type of a test.
pub const TYPE_ASSESSMENT: &str = "http://adlnet.gov/expapi/activities/assessment";
/// Activity type of a part to read.
pub const TYPE_LESSON: &str = "http://adlnet.gov/expapi/activities/lesson";
/// Activity type of a film (the video profile).
pub const TYPE_VIDEO: &str = "https://w3id.org/xapi/video/activity-type/video";
/// The category by which cmi5 marks its own statements.
pub const CATEGORY_CMI5: &str = "https://w3id.org/xapi/cmi5/context/categories/cmi5";
/// The category by which cmi5 marks statements that move on.
pub const CATEGORY_MOVE_ON: &str = "https://w3id.org/xapi/cmi5/context/categories/moveon";
/// The id of DigComp 3.0 among the frameworks.
pub const DIGCOMP_3_0: &str = "digcomp-3.0";

/// A name as it may stand in an IRI's path (RFC 3987 `ipchar`), percent-encoded where it may not.
pub fn part(name: &str) -> String {
    let mut iri = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_ascii_alphanumeric()
            || "-._~!$&'()*+,;=:@".contains(c)
            || (c.is_alphanumeric() && !c.is_ascii())
        {
            iri.push(c);
        } else {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| iri.push_str(&format!("%{byte:02X}")));
        }
    }
    iri
}

/// A text as one part of an address's path or query: all but what needs no encoding (RFC 3986 `unreserved`) is
/// percent-encoded.
pub fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::{escape, part};

    #[test]
    fn an_iri_is_one_part_of_an_address() {
        assert_eq!(escape("https://x.example/å 1"), "https%3A%2F%2Fx.example%2F%C3%A5%201");
    }

    #[test]
    fn a_name_that_is_no_part_of_an_iri_is_written_so_that_it_is() {
        assert_eq!(part("hjälp av/chef?"), "hjälp%20av%2Fchef%3F");
        assert!(xapi::lexical::is_iri(&format!("https://larkby.example/enkat/{}", part("a <b> % 😀 {c}"))));
    }
}
