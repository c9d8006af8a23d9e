//! All that typst may look at: the layout, the document, two fonts. No files, no network, no clock.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{DiagSpan, FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Feature, Library, LibraryExt, World, WorldExt};

const FONTS: [&[u8]; 2] = [
    include_bytes!("../assets/fonts/SourceSans3-Regular.ttf"),
    include_bytes!("../assets/fonts/SourceSans3-Semibold.ttf"),
];

/// The fonts that are built in, and no others.
pub struct Fonts(Vec<Font>);

impl Fonts {
    /// Reads them; `None` where one of them cannot be.
    pub fn built_in() -> Option<Fonts> {
        FONTS.iter().map(|bytes| Font::new(Bytes::new(*bytes), 0)).collect::<Option<_>>().map(Fonts)
    }

    /// Whether a character can be set in every weight.
    pub(crate) fn have(&self, c: char) -> bool {
        self.0.iter().all(|font| font.info().coverage.contains(u32::from(c)))
    }
}

/// A document with its layout.
pub struct Paper {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Fonts,
    layout: Source,
    document: (FileId, Bytes),
}

impl Paper {
    /// A document as JSON, with the layout that reads it as `report.json`.
    pub fn new(fonts: Fonts, layout: &str, document: Vec<u8>) -> Paper {
        let file = |name: &str| {
            // The names are ours and good.
            let path = VirtualPath::new(name).unwrap_or_else(|_| unreachable!("{name}"));
            RootedPath::new(VirtualRoot::Project, path).intern()
        };
        Paper {
            library: LazyHash::new(
                Library::builder().with_features([Feature::A11yExtras].into_iter().collect()).build(),
            ),
            book: LazyHash::new(FontBook::from_fonts(&fonts.0)),
            fonts,
            layout: Source::new(file("report.typ"), layout.to_owned()),
            document: (file("report.json"), Bytes::new(document)),
        }
    }

    /// The line of the layout that something stands in, from 1.
    pub(crate) fn line(&self, span: DiagSpan) -> Option<usize> {
        let range = self.range(span)?;
        Some(self.layout.lines().byte_to_line(range.start)? + 1)
    }
}

impl World for Paper {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.layout.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.layout.id() { Ok(self.layout.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let (document, bytes) = &self.document;
        if id == *document { Ok(bytes.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.0.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
