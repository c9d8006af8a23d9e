//! Writes a gallery of made-up reports and pages to a directory: `cargo run -p larka-render --example gallery -- DIR`.

#[path = "../tests/common/mod.rs"]
mod common;

fn main() -> std::io::Result<()> {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/gallery".into()));
    std::fs::create_dir_all(&dir)?;
    for (name, bytes) in common::gallery() {
        std::fs::write(dir.join(name), bytes)?;
    }
    std::fs::create_dir_all(dir.join("assets"))?;
    for asset in render::assets() {
        std::fs::write(dir.join("assets").join(&asset.path), &asset.bytes)?;
    }
    Ok(())
}
