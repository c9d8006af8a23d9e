//! How reports are made.

use std::path::PathBuf;

use super::given::given;
use crate::failure::Failure;

given! {
    /// How reports are made.
    pub(crate) struct Given {
        /// Program that makes PDF of reports [default: larka-pdf beside this program, where it is]
        #[arg(long, env = "LARKA_PDF_PROGRAM", global = true, value_name = "FILE")]
        pdf_program: Option<PathBuf>,
    }
}

/// How reports are made.
#[derive(Debug, Clone)]
pub(crate) struct Reports {
    /// The program that makes PDF, where one is named.
    pub(crate) pdf_program: Option<PathBuf>,
}

impl Given {
    pub(super) fn read(self) -> Result<Reports, Failure> {
        match self.pdf_program {
            Some(program) if !program.is_file() => {
                Err(Failure::setting("pdf-program", "the path of a program, such as larka-pdf"))
            }
            pdf_program => Ok(Reports { pdf_program }),
        }
    }
}
