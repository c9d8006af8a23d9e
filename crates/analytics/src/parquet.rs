//! Parquet files as every reader takes them.
//!
//! The Arrow schema that polars would store beside the columns names string views, on which pandas and pyarrow fail
//! when they filter, sort or join. Without one, readers take the plain Parquet types as their own.

use polars::io::parquet::write::KeyValueMetadata;
use polars::prelude::*;
use std::sync::PoisonError;

/// Encodes a table as one Parquet file with row groups of `rows`. The bytes follow from the rows and `about` (what is
/// said of the whole file, by name) alone, whichever way the table was put together.
pub(crate) fn encode(
    table: &DataFrame,
    rows: usize,
    about: Vec<(String, String)>,
) -> Result<Vec<u8>, PolarsError> {
    let mut table = table.clone();
    table.rechunk_mut();
    let mut bytes = Vec::new();
    let mut writer = ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .with_row_group_size(Some(rows))
        // One page a column: where pages end would otherwise depend on how much memory the column's buffers
        // hold on to, which differs between a table just built and one read back.
        .with_data_page_size(Some(1 << 30))
        .set_parallel(false)
        .batched(table.schema())?;
    for start in (0..table.height()).step_by(rows.max(1)) {
        let mut group = table.slice(start as i64, rows);
        group.rechunk_mut();
        writer.write_batch(&group)?;
    }
    let about = match KeyValueMetadata::from_static(about) {
        KeyValueMetadata::Static(about) => about,
        _ => Vec::new(),
    };
    writer.get_writer().lock().unwrap_or_else(PoisonError::into_inner).end(Some(about))?;
    drop(writer);
    Ok(bytes)
}
