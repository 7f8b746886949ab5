//! A bar for each server, as an SVG image that is readable on light and on dark pages.

use std::fmt;

/// What a plot shows.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    /// What is measured, and which way is better.
    pub(super) axis: &'static str,
    pub(super) bars: Vec<Bar>,
}

/// One server.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    pub(super) label: &'static str,
    pub(super) value: f64,
    /// The value as it is to be read.
    pub(super) text: String,
    pub(super) role: Role,
}

/// Who a bar is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Own,
    Yardstick,
    Peer,
}

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 16.0;
/// Where bars begin, right of the names.
const LEFT: f64 = 160.0;
/// Room for the figures at the end of the bars.
const RIGHT: f64 = 96.0;
const HEAD: f64 = 64.0;
const STEP: f64 = 26.0;
const THICKNESS: f64 = 16.0;

/// Bars that are so many times as long as chanx's own are cut.
const LONGEST: f64 = 6.0;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.title{font-size:16px;font-weight:600}\
.quiet{fill:#59636e}\
.own{fill:#1f6feb}.yardstick{fill:#8b949e}.peer{fill:#c3cad1}\
.cut{fill:none;stroke:#ffffff;stroke-width:3}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}.quiet{fill:#9198a1}\
.own{fill:#4493f8}.yardstick{fill:#848d97}.peer{fill:#4a525c}\
.cut{stroke:#0d1117}}";

impl Chart {
    /// The value at the right end.
    fn end(&self) -> f64 {
        let longest = |bars: &mut dyn Iterator<Item = &Bar>| bars.map(|bar| bar.value).fold(0.0, f64::max);
        let own = longest(&mut self.bars.iter().filter(|bar| bar.role == Role::Own));
        let limit = if own > 0.0 { own * LONGEST } else { f64::INFINITY };
        longest(&mut self.bars.iter().filter(|bar| bar.value <= limit))
    }

    fn height(&self) -> f64 {
        HEAD + STEP * self.bars.len() as f64 + MARGIN
    }

    fn bar(&self, f: &mut fmt::Formatter<'_>, number: usize, bar: &Bar) -> fmt::Result {
        let top = HEAD + STEP * number as f64;
        let baseline = top + THICKNESS - 3.0;
        let share = bar.value / self.end().max(f64::MIN_POSITIVE);
        let length = share.min(1.0) * (WIDTH - LEFT - RIGHT);
        let class = bar.role.class();
        writeln!(f, r#"<text x="{}" y="{baseline}" text-anchor="end">{}</text>"#, LEFT - 8.0, bar.label)?;
        writeln!(f, r#"<rect class="{class}" x="{LEFT}" y="{top}" width="{length:.1}" height="{THICKNESS}" rx="2"/>"#)?;
        if share > 1.0 {
            let x = LEFT + length - 24.0;
            let (above, below) = (top - 2.0, top + THICKNESS + 2.0);
            writeln!(f, r#"<path class="cut" d="M{x:.1} {below}l6 -20M{:.1} {above}l-6 20"/>"#, x + 14.0)?;
        }
        writeln!(f, r#"<text x="{:.1}" y="{baseline}">{}</text>"#, LEFT + length + 8.0, bar.text)
    }
}

impl Role {
    fn class(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Yardstick => "yardstick",
            Self::Peer => "peer",
        }
    }
}

impl fmt::Display for Chart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let height = self.height();
        let title = &self.title;
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{title}">"#
        )?;
        writeln!(f, "<title>{title}</title>\n<style>{STYLE}</style>")?;
        writeln!(f, r#"<text class="title" x="{MARGIN}" y="28">{title}</text>"#)?;
        writeln!(f, r#"<text class="quiet" x="{MARGIN}" y="48">{}</text>"#, self.axis)?;
        self.bars.iter().enumerate().try_for_each(|(number, bar)| self.bar(f, number, bar))?;
        writeln!(f, "</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[(f64, Role)]) -> Chart {
        let bar = |&(value, role): &(f64, Role)| Bar { label: "a server", value, text: format!("{value:.2}"), role };
        Chart { title: "Bars".to_owned(), axis: "less is better", bars: values.iter().map(bar).collect() }
    }

    fn lengths(chart: &Chart) -> Vec<f64> {
        let text = chart.to_string();
        let widths =
            text.lines().filter(|line| line.starts_with("<rect")).filter_map(|line| line.split("width=\"").nth(1));
        widths.filter_map(|width| width.split('"').next()?.parse().ok()).collect()
    }

    #[test]
    fn the_longest_bar_is_as_long_as_there_is_room() {
        let full = WIDTH - LEFT - RIGHT;
        assert_eq!(lengths(&chart(&[(1.0, Role::Own), (4.0, Role::Peer)])), [full / 4.0, full]);
    }

    #[test]
    fn a_bar_that_would_dwarf_the_others_is_cut_and_says_its_value() {
        let chart = chart(&[(1.0, Role::Own), (2.0, Role::Peer), (100.0, Role::Peer)]);
        let full = WIDTH - LEFT - RIGHT;
        assert_eq!(lengths(&chart), [full / 2.0, full, full]);
        let text = chart.to_string();
        assert_eq!(text.matches("class=\"cut\"").count(), 1, "{text}");
        assert!(text.contains(">100.00</text>"), "{text}");
    }

    #[test]
    fn a_bar_is_cut_only_beyond_so_many_times_the_own() {
        let chart = chart(&[(1.0, Role::Own), (LONGEST, Role::Peer), (LONGEST + 0.1, Role::Peer)]);
        let full = WIDTH - LEFT - RIGHT;
        assert_eq!(lengths(&chart), [format!("{:.1}", full / LONGEST).parse().unwrap(), full, full]);
        assert_eq!(chart.to_string().matches("class=\"cut\"").count(), 1);
    }

    #[test]
    fn without_an_own_bar_and_without_any_length_nothing_is_cut() {
        let full = WIDTH - LEFT - RIGHT;
        let peers = chart(&[(1.0, Role::Peer), (100.0, Role::Peer)]);
        assert_eq!(lengths(&peers), [format!("{:.1}", full / 100.0).parse().unwrap(), full]);
        assert_eq!(lengths(&chart(&[(0.0, Role::Own), (0.0, Role::Peer)])), [0.0, 0.0]);
        assert!(!peers.to_string().contains("class=\"cut\""));
    }

    #[test]
    fn each_bar_has_its_line_its_color_its_name_and_its_value() {
        let text = chart(&[(1.0, Role::Own), (2.0, Role::Yardstick), (13.0, Role::Peer)]).to_string();
        let lines: Vec<_> = text.lines().skip_while(|line| !line.contains("text-anchor")).collect();
        let expected = [
            r#"<text x="152" y="77" text-anchor="end">a server</text>"#,
            r#"<rect class="own" x="160" y="64" width="252.0" height="16" rx="2"/>"#,
            r#"<text x="420.0" y="77">1.00</text>"#,
            r#"<text x="152" y="103" text-anchor="end">a server</text>"#,
            r#"<rect class="yardstick" x="160" y="90" width="504.0" height="16" rx="2"/>"#,
            r#"<text x="672.0" y="103">2.00</text>"#,
            r#"<text x="152" y="129" text-anchor="end">a server</text>"#,
            r#"<rect class="peer" x="160" y="116" width="504.0" height="16" rx="2"/>"#,
            r#"<path class="cut" d="M640.0 134l6 -20M654.0 114l-6 20"/>"#,
            r#"<text x="672.0" y="129">13.00</text>"#,
            "</svg>",
        ];
        assert_eq!(lines, expected);
        assert!(text.contains(r#"viewBox="0 0 760 158" width="760" height="158""#), "{text}");
    }
}
