//! How much is taken at a time.

use super::given::given;
use crate::failure::Failure;

given! {
    /// How much is taken at a time.
    pub(crate) struct Given {
        /// Largest request body, without attachments, in bytes [default: 16777216]
        #[arg(long, env = "LARKA_BODY_LIMIT", value_name = "BYTES")]
        body_limit: Option<usize>,
        /// Most content of attachments in one request, in bytes [default: 268435456]
        #[arg(long, env = "LARKA_ATTACHMENT_LIMIT", value_name = "BYTES")]
        attachment_limit: Option<usize>,
        /// Largest file of answers that the API and the pages take, unpacked too, in bytes [default: 268435456]
        #[arg(long, env = "LARKA_ANSWER_FILE_LIMIT", value_name = "BYTES")]
        answer_file_limit: Option<usize>,
        /// How many events may wait to be written [default: 20000]
        #[arg(long, env = "LARKA_QUEUE", value_name = "EVENTS")]
        queue: Option<usize>,
    }
}

/// How much is taken at a time.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    pub(crate) body: usize,
    pub(crate) attachments: usize,
    pub(crate) answer_file: usize,
    /// In events.
    pub(crate) queue: usize,
}

impl Given {
    pub(super) fn read(self) -> Result<Limits, Failure> {
        let body = self.body_limit.unwrap_or(16 * 1024 * 1024);
        let attachments = self.attachment_limit.unwrap_or(256 * 1024 * 1024);
        let answer_file = self.answer_file_limit.unwrap_or(256 * 1024 * 1024);
        let queue = self.queue.unwrap_or(20_000);
        if body < 1024 {
            return Err(Failure::setting("body-limit", "at least 1024 bytes"));
        }
        if answer_file < 1024 {
            return Err(Failure::setting("answer-file-limit", "at least 1024 bytes"));
        }
        if queue == 0 {
            return Err(Failure::setting("queue", "at least 1 event"));
        }
        Ok(Limits { body, attachments, answer_file, queue })
    }
}
