//! The lines and bytes of a file, counted.

use std::collections::VecDeque;
use std::io::{BufRead, ErrorKind, Read};

use super::row::{EXPORT, broken, instead};
use crate::refusal::Refusal;

/// A row that is longer than this is none; a quote that is never closed would otherwise fill the memory.
pub(super) const LONGEST: usize = 16 << 20;

/// Where a file's bytes come from.
pub type Input = Box<dyn BufRead + Send>;

/// A file, line by line.
pub(super) struct Lines {
    input: Input,
    /// The line that comes next, counted from 1.
    pub(super) line: u64,
    ahead: VecDeque<Vec<u8>>,
}

impl Lines {
    pub(super) fn new(input: Input) -> Lines {
        Lines { input, line: 1, ahead: VecDeque::new() }
    }

    /// The next line with its end.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        let line = match self.ahead.pop_front() {
            Some(line) => Some(line),
            None => self.read()?,
        };
        self.line += u64::from(line.is_some());
        Ok(line)
    }

    /// A line further on, counted from the next one, left where it is.
    pub(super) fn peek(&mut self, further: usize) -> Result<Option<&[u8]>, Refusal> {
        while self.ahead.len() <= further {
            let Some(line) = self.read()? else { return Ok(None) };
            self.ahead.push_back(line);
        }
        Ok(self.ahead.get(further).map(Vec::as_slice))
    }

    fn read(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        let mut line = Vec::new();
        let row = self.line + self.ahead.len() as u64;
        (&mut self.input)
            .take(LONGEST as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(|error| unreadable(row, &error))?;
        if line.len() > LONGEST {
            return Err(too_long(row));
        }
        Ok((!line.is_empty()).then_some(line))
    }
}

/// What cannot be read on the disk, or unpacked.
pub(super) fn unreadable(row: u64, error: &std::io::Error) -> Refusal {
    let (sv, en) = match error.kind() {
        ErrorKind::UnexpectedEof => ("filen är avbruten", "the file is cut off"),
        ErrorKind::InvalidInput | ErrorKind::InvalidData => {
            ("den packade filen är trasig", "the packed file is broken")
        }
        ErrorKind::FileTooLarge => ("filen är för stor", "the file is too large"),
        _ => ("filen kan inte läsas", "the file cannot be read"),
    };
    broken(row, sv, en)
}

pub(super) fn too_long(row: u64) -> Refusal {
    broken(
        row,
        format!("raden är längre än {LONGEST} byte; fattas ett citattecken?"),
        format!("the row is longer than {LONGEST} bytes; is a quotation mark missing?"),
    )
}

/// Bytes as text, or a word on the encoding.
pub(super) fn text(row: u64, bytes: Vec<u8>) -> Result<String, Refusal> {
    String::from_utf8(bytes).map_err(|_| {
        instead(
            &row.to_string(),
            ("texten är inte UTF-8", "the text is not UTF-8"),
            (
                "Exportera igen utan att spara filen i ett kalkylprogram, eller spara den som CSV UTF-8.",
                "Export it again without saving it in a spreadsheet program, or save it as CSV UTF-8.",
            ),
        )
    })
}

/// A file of which nothing can be made.
pub(super) fn unknown() -> Refusal {
    instead(
        "1",
        (
            "filen har varken LimeSurveys rubriker (id, submitdate …), SurveyJS-svar eller kolumnerna respondent, question och answer",
            "the file has neither LimeSurvey's headings (id, submitdate …), SurveyJS results, nor the columns respondent, question and answer",
        ),
        EXPORT,
    )
}
