//! Style sheet and fonts, built in.

use sha2::{Digest, Sha256};

/// The mark as a picture of its own, for the browser's tab.
const ICON: &str = include_str!("../assets/mark.svg");
const CSS: &str = include_str!("../assets/style.css");

/// A file that pages refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The path under which pages expect it, relative to the prefix of [`crate::Stylesheet::Linked`]; has the
    /// beginning of the hash in it, so that it can be cached for good.
    pub path: String,
    /// Its media type.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// SHA-256 in lower-case hex.
    pub hash: String,
}

struct Font {
    name: &'static str,
    weight: u32,
    range: &'static str,
    bytes: &'static [u8],
}

const LATIN: &str = "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,\
                     U+2000-206F,U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD";
const LATIN_EXT: &str = "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,\
                         U+1D00-1DBF,U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C4,U+2113,U+2C60-2C7F,\
                         U+A720-A7FF";

const FONTS: [Font; 4] = [
    Font {
        name: "source-sans-3-latin-400",
        weight: 400,
        range: LATIN,
        bytes: include_bytes!("../assets/fonts/source-sans-3-latin-400-normal.woff2"),
    },
    Font {
        name: "source-sans-3-latin-600",
        weight: 600,
        range: LATIN,
        bytes: include_bytes!("../assets/fonts/source-sans-3-latin-600-normal.woff2"),
    },
    Font {
        name: "source-sans-3-latin-ext-400",
        weight: 400,
        range: LATIN_EXT,
        bytes: include_bytes!("../assets/fonts/source-sans-3-latin-ext-400-normal.woff2"),
    },
    Font {
        name: "source-sans-3-latin-ext-600",
        weight: 600,
        range: LATIN_EXT,
        bytes: include_bytes!("../assets/fonts/source-sans-3-latin-ext-600-normal.woff2"),
    },
];

/// Everything that pages with a linked style sheet need, the style sheet first. Each file's path contains its hash.
pub fn assets() -> Vec<Asset> {
    let style = asset("style", "css", "text/css; charset=utf-8", linked_css().into_bytes());
    std::iter::once(style).chain(FONTS.iter().map(font_asset)).chain([icon()]).collect()
}

/// The colours of the house by their names, light and dark, as CSS: what a page with a style sheet of its own begins with.
pub fn colours() -> &'static str {
    CSS.split_once("/* Ground */").map_or(CSS, |(colours, _)| colours)
}

/// The path of the style sheet among [`assets`].
pub(crate) fn style_path() -> String {
    asset("style", "css", "text/css; charset=utf-8", linked_css().into_bytes()).path
}

/// The path of the picture for the browser's tab among [`assets`].
pub(crate) fn icon_path() -> String {
    icon().path
}

fn icon() -> Asset {
    asset("mark", "svg", "image/svg+xml", ICON.as_bytes().to_vec())
}

/// The style sheet with the two fonts of Swedish and English in it, for a document that stands alone.
pub(crate) fn inline_css() -> String {
    let face = |font: &Font| {
        let source = format!("data:font/woff2;base64,{}", base64(font.bytes));
        font_face(font, &source)
    };
    let faces: String = FONTS.iter().filter(|font| font.range == LATIN).map(face).collect();
    format!("{faces}{CSS}")
}

fn linked_css() -> String {
    let faces: String = FONTS.iter().map(|font| font_face(font, &font_asset(font).path)).collect();
    format!("{faces}{CSS}")
}

/// The style of drawings that stand alone: light, on white.
pub(crate) fn drawing_css() -> String {
    let rules = CSS.split_once("/* Drawings */").and_then(|(_, rest)| rest.split_once("/* Tables */"));
    let mut style = ".drawing text { font-family: \"Source Sans 3\"; }".to_owned();
    for (place, piece) in rules.map_or("", |(rules, _)| rules).split("var(").enumerate() {
        match piece.split_once(')').filter(|_| place > 0) {
            Some((name, rest)) => {
                style.push_str(token(name).unwrap_or_default());
                style.push_str(rest);
            }
            None => style.push_str(piece),
        }
    }
    style
}

/// The colour of a mark's class where it is one flat colour, on white.
pub(crate) fn colour(class: &str) -> Option<&'static str> {
    let rule = CSS.split_once(&format!("\n.{class} {{ fill: var("))?.1;
    token(rule.split_once(')')?.0)
}

/// What a name of the light colours stands for. Paper is white.
fn token(name: &str) -> Option<&'static str> {
    if name == "--paper" {
        return Some("#ffffff");
    }
    let light = CSS.split_once('}')?.0;
    light.split_once(&format!("\n  {name}: "))?.1.split_once(';').map(|(value, _)| value)
}

fn font_face(font: &Font, source: &str) -> String {
    let Font { weight, range, .. } = font;
    format!(
        "@font-face{{font-family:\"Source Sans 3\";font-style:normal;font-weight:{weight};font-display:swap;\
         src:url({source}) format(\"woff2\");unicode-range:{range}}}\n"
    )
}

fn font_asset(font: &Font) -> Asset {
    asset(font.name, "woff2", "font/woff2", font.bytes.to_vec())
}

fn asset(name: &str, extension: &str, content_type: &'static str, bytes: Vec<u8>) -> Asset {
    let hash = hex::encode(Sha256::digest(&bytes));
    let short = hash.get(..12).unwrap_or_default();
    Asset { path: format!("{name}.{short}.{extension}"), content_type, bytes, hash }
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_in_the_rfc() {
        assert_eq!(
            ["", "f", "fo", "foo", "foobar"].map(|text| base64(text.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]
        );
    }

    #[test]
    fn the_style_of_a_drawing_that_stands_alone_has_its_colours_in_it() {
        let style = drawing_css();
        assert!(style.contains(".l1 { fill: #669a9c;") && !style.contains("var("), "{style}");
        assert_eq!([colour("l4"), colour("mid-answer")], [Some("#04302f"), Some("#8d9194")]);
        assert_eq!(colour("unknown"), None);
    }

    #[test]
    fn the_style_sheet_refers_to_fonts_that_are_there() {
        let assets = assets();
        let style = String::from_utf8(assets[0].bytes.clone()).unwrap();
        assert!(style_path() == assets[0].path && assets.len() == 6);
        for font in &assets[1..5] {
            assert!(style.contains(&format!("url({})", font.path)), "{}", font.path);
        }
    }
}
