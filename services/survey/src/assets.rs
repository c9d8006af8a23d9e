//! The style sheet, the script and the font, which are built in and may be kept for good: their addresses hold their
//! hashes.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::packed::{gzip, takes_gzip};

/// Where they lie.
const UNDER: &str = "/s/assets/";

struct Asset {
    path: String,
    kind: &'static str,
    bytes: Vec<u8>,
    packed: Option<Vec<u8>>,
}

/// The style sheet first, then the script and the font.
static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    // One weight, so that a page stays small: browsers make the other.
    let font = render::assets().into_iter().find(|asset| asset.path.starts_with("source-sans-3-latin-400"));
    let face = font.as_ref().map_or_else(String::new, |font| {
        format!(
            "@font-face{{font-family:\"Source Sans 3\";font-weight:400;font-display:swap;src:url({}) format(\"woff2\")}}\n",
            font.path
        )
    });
    let css = format!("{face}{}{}", render::colours(), include_str!("../assets/survey.css"));
    let style = asset("survey.css", "text/css; charset=utf-8", css.into_bytes());
    let script = include_bytes!("../assets/survey.js").to_vec();
    let script = asset("survey.js", "text/javascript; charset=utf-8", script);
    let font =
        font.map(|font| Asset { path: font.path, kind: font.content_type, bytes: font.bytes, packed: None });
    [style, script].into_iter().chain(font).collect()
});

fn asset(name: &str, kind: &'static str, bytes: Vec<u8>) -> Asset {
    let hash = Sha256::digest(&bytes);
    let short: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Asset { path: format!("{short}.{name}"), kind, packed: gzip(&bytes), bytes }
}

/// Where the style sheet is.
pub(crate) fn style() -> String {
    place(0)
}

/// Where the script is.
pub(crate) fn script() -> String {
    place(1)
}

fn place(at: usize) -> String {
    format!("{UNDER}{}", ASSETS.get(at).map_or("", |asset| &asset.path))
}

/// A file by its name; none where there is none.
pub(crate) fn file(name: &str, asked: &HeaderMap) -> Option<Response<Body>> {
    let asset = ASSETS.iter().find(|asset| asset.path == name)?;
    let packed = asset.packed.as_ref().filter(|_| takes_gzip(asked));
    let mut answer = Response::new(Body::from(packed.unwrap_or(&asset.bytes).clone()));
    *answer.status_mut() = StatusCode::OK;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if packed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Some(answer)
}
