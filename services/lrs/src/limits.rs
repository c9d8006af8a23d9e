//! How much an LRS takes at once.

/// How much is taken at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of one body, without the content of attachments; more is answered with 413.
    pub body_bytes: usize,
    /// Bytes of the content of attachments in one request; more is answered with 413.
    pub attachment_bytes: usize,
    /// Statements in one request.
    pub batch: usize,
    /// Statements in one page of an answer.
    pub page: usize,
    /// Requests with a body that are worked on at the same time; more are answered with 429.
    pub in_flight: usize,
    /// How many of them one credential has at most.
    pub in_flight_each: usize,
    /// Requests with attachments that arrive at the same time, each of which holds up to a megabyte; more are answered
    /// with 429.
    pub uploads: usize,
    /// How many of them one credential has at most.
    pub uploads_each: usize,
    /// Forms of the alternate request syntax that are read at the same time before they say whose they are; more are
    /// answered with 429.
    pub forms: usize,
    /// Bytes of such a form within which it has to say that.
    pub form_bytes: usize,
    /// How long it may take for that, in seconds.
    pub form_seconds: u64,
    /// Streams of statements that are open at the same time; more are answered with 429.
    pub streams: usize,
    /// How many of them one credential has at most.
    pub streams_each: usize,
    /// How often a stream is heard from at least, and its credential asked for anew, in seconds.
    pub heartbeat_seconds: u64,
    /// How long a body may take to arrive, in seconds; slower is answered with 408. The content of attachments may
    /// take longer, as long as there is no such time in which nothing of it arrives.
    pub body_seconds: u64,
    /// How long a body with attachments may take in all, in seconds. Less than the hour after which chunks without a
    /// statement are swept.
    pub upload_seconds: u64,
    /// How long a `more` address is good for, in seconds.
    pub more_seconds: u64,
    /// Refused statements that are kept of one credential, where its rules say so; more are counted and no more.
    pub kept: usize,
    /// Bytes of them, attachments included.
    pub kept_bytes: usize,
}

impl Default for Limits {
    /// 16 MiB, 256 MiB, 10,000 statements, pages of 100, 1,000 requests, 200 of them with attachments, of both a
    /// quarter one credential's, 32 forms that say within 64 KiB and 5 seconds whose they are, 200 streams
    /// heard from every 15 seconds and 50 of them one credential's, 30 seconds, half an hour, a day, 10,000 statements of 64 MiB kept.
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            attachment_bytes: 256 << 20,
            batch: 10_000,
            page: 100,
            in_flight: 1_000,
            in_flight_each: 250,
            uploads: 200,
            uploads_each: 50,
            forms: 32,
            form_bytes: 64 << 10,
            form_seconds: 5,
            streams: 200,
            streams_each: 50,
            heartbeat_seconds: 15,
            body_seconds: 30,
            upload_seconds: 1_800,
            more_seconds: 86_400,
            kept: 10_000,
            kept_bytes: 64 << 20,
        }
    }
}
