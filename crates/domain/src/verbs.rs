//! IRIs of the verbs that mean something here: ADL's vocabulary and cmi5's.

/// `initialized`
pub const INITIALIZED: &str = "http://adlnet.gov/expapi/verbs/initialized";
/// `experienced`
pub const EXPERIENCED: &str = "http://adlnet.gov/expapi/verbs/experienced";
/// `attempted`
pub const ATTEMPTED: &str = "http://adlnet.gov/expapi/verbs/attempted";
/// `progressed`
pub const PROGRESSED: &str = "http://adlnet.gov/expapi/verbs/progressed";
/// `completed`
pub const COMPLETED: &str = "http://adlnet.gov/expapi/verbs/completed";
/// `passed`
pub const PASSED: &str = "http://adlnet.gov/expapi/verbs/passed";
/// `failed`
pub const FAILED: &str = "http://adlnet.gov/expapi/verbs/failed";
/// `answered`
pub const ANSWERED: &str = "http://adlnet.gov/expapi/verbs/answered";
/// `launched` (cmi5 9.3.1)
pub const LAUNCHED: &str = "http://adlnet.gov/expapi/verbs/launched";
/// `terminated` (cmi5 9.3.8)
pub const TERMINATED: &str = "http://adlnet.gov/expapi/verbs/terminated";
/// `abandoned` (cmi5 9.3.6)
pub const ABANDONED: &str = "https://w3id.org/xapi/adl/verbs/abandoned";
/// `waived` (cmi5 9.3.7)
pub const WAIVED: &str = "https://w3id.org/xapi/adl/verbs/waived";
/// `satisfied` (cmi5 9.3.9)
pub const SATISFIED: &str = "https://w3id.org/xapi/adl/verbs/satisfied";
/// `voided`, reserved by the standard (1.0.3 Data 2.3.2)
pub const VOIDED: &str = xapi::VOIDED;
