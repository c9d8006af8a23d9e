//! How many files this process may have open, of which every connection is one.

/// Connections where nothing else is asked for.
pub(crate) const WANTED: usize = 4_096;
/// Files that are left to databases, the lake and what goes out, and the share that is.
const LEFT: usize = 128;
const SHARE: usize = 4;
/// Connections at least, however few files there may be.
const LEAST: usize = 16;

/// How many connections there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Connections at the same time.
    pub connections: usize,
    /// Where they are fewer than was asked for: how many files this process may have open.
    pub files: Option<usize>,
}

/// The room for so many connections, or where nothing is asked for 4,096, in what the limit of open files
/// (`RLIMIT_NOFILE`, where the system says it in `/proc`) leaves.
pub fn room(wanted: Option<usize>) -> Room {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    within(wanted.unwrap_or(WANTED), soft_limit(&limits))
}

fn within(wanted: usize, files: Option<usize>) -> Room {
    match files {
        Some(files) => {
            let most = files.saturating_sub(LEFT.max(files / SHARE)).max(LEAST);
            Room { connections: wanted.min(most), files: (most < wanted).then_some(files) }
        }
        None => Room { connections: wanted, files: None },
    }
}

/// The first number behind `Max open files`; none where it is unlimited.
fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Limit                     Soft Limit           Hard Limit           Units\n\
                        Max open files            1024                 524288               files\n\
                        Max locked memory         67108864             67108864             bytes\n";

    #[test]
    fn connections_stay_below_the_limit_of_files_and_it_is_told_where_that_is_less_than_wanted() {
        assert_eq!(soft_limit(SAID), Some(1_024));
        assert_eq!(soft_limit("Max open files  unlimited  unlimited  files"), None);
        assert_eq!(within(WANTED, Some(1_024)), Room { connections: 768, files: Some(1_024) });
        assert_eq!(within(500, Some(1_024)), Room { connections: 500, files: None });
        assert_eq!(within(WANTED, Some(524_288)), Room { connections: WANTED, files: None });
        assert_eq!(within(WANTED, Some(100)), Room { connections: LEAST, files: Some(100) });
        assert_eq!(within(WANTED, None), Room { connections: WANTED, files: None });
    }
}
