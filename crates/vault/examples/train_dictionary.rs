//! Trains a compression dictionary on made-up statements and writes it to the file that is named:
//! `cargo run -p larka-vault --example train_dictionary -- FILE`
//!
//! A dictionary that bodies were written with is never overwritten; a better one gets the next number.

#[path = "../tests/samples/mod.rs"]
mod samples;

use vault::{AgentId, Span, split, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("expected the file to write")?;
    let mut stream = samples::Samples::new(1);
    let mut pieces = Vec::new();
    for _ in 0..8_000 {
        // What is compressed is not a statement but the pieces it is cut into.
        let sample = stream.statement();
        let owners = (0..).map(|n| AgentId([n; 16]));
        let spans: Vec<_> = sample
            .agents
            .iter()
            .zip(owners)
            .map(|(range, agent)| Span { range: range.clone(), agent, tag: 0 })
            .collect();
        let cut = split(&sample.text, &spans, &[AgentId([0; 16])])?;
        pieces.push(cut.rest);
        pieces.extend(cut.others.into_iter().map(|(_, piece)| piece));
    }
    std::fs::write(file, train(&pieces)?)?;
    Ok(())
}
