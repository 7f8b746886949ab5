//! The page of the documentation: what is measured stands between two marks, and what is around them is left alone.

use std::fs;
use std::io;
use std::path::Path;

use super::plot::Chart;
use crate::error::Error;

const FILE: &str = "benchmarks.md";
/// The folder of the plots.
const PLOTS: &str = "benchmarks";

const BEGIN: &str = "<!-- measured: what follows is written by `bench all` -->\n";
const END: &str = "<!-- measured: end -->\n";

/// What a new page begins with.
const HEADING: &str = "# Benchmarks\n\n";

/// Writes the page and its plots below `folder`.
///
/// # Errors
/// A file cannot be read or written.
pub(super) fn write(folder: &Path, charts: &[(&'static str, Chart)], report: &str) -> Result<(), Error> {
    let plots = folder.join(PLOTS);
    at(&plots, |path| fs::create_dir_all(path))?;
    for (file, chart) in charts {
        at(&plots.join(file), |path| fs::write(path, chart.to_string()))?;
    }
    at(&folder.join(FILE), |path| {
        let page = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => HEADING.to_owned(),
            page => page?,
        };
        fs::write(path, renewed(&page, &measured(charts, report)))
    })
}

fn measured(charts: &[(&'static str, Chart)], report: &str) -> String {
    let images = charts.iter().map(|(file, chart)| format!("![{}]({PLOTS}/{file})\n\n", chart.title));
    format!("\n{}{}\n\n", images.collect::<String>(), report.trim())
}

/// The page with something else between the marks. A page without marks gets them at its end.
fn renewed(page: &str, measured: &str) -> String {
    let marked = |before: &str, after: &str| format!("{before}{BEGIN}{measured}{END}{after}");
    match page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1))) {
        Some((before, after)) => marked(before, after),
        None => marked(page, ""),
    }
}

fn at(path: &Path, act: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Error> {
    act(path).map_err(|source| Error::Output { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_the_marks_is_left_alone() {
        let page = format!("# Title\n\n{BEGIN}old\n{END}\nBy hand.\n");
        let expected = format!("# Title\n\n{BEGIN}new\n{END}\nBy hand.\n");
        assert_eq!(renewed(&page, "new\n"), expected);
        assert_eq!(renewed(&expected, "new\n"), expected);
        assert_eq!(renewed("By hand.\n", "new\n"), format!("By hand.\n{BEGIN}new\n{END}"));
    }

    #[test]
    fn a_page_shows_its_plots() {
        let folder = tempfile::tempdir().unwrap();
        let chart = Chart { title: "Bars".to_owned(), axis: "less is better", bars: Vec::new() };
        write(folder.path(), &[("bars.svg", chart)], "the report\n").unwrap();
        let page = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert_eq!(page, format!("{HEADING}{BEGIN}\n![Bars](benchmarks/bars.svg)\n\nthe report\n\n{END}"));
        assert!(fs::read_to_string(folder.path().join("benchmarks/bars.svg")).unwrap().starts_with("<svg "));
    }
}
