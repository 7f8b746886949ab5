//! Curves over time, one below the other, as an SVG image that is readable on light and on dark pages.

use std::fmt;

/// Curves over the same time.
#[derive(Debug)]
pub(crate) struct Curves {
    pub(crate) title: String,
    /// What the marks are.
    pub(crate) legend: &'static str,
    pub(crate) curves: Vec<Curve>,
    /// When something happened, in seconds, and what.
    pub(crate) marks: Vec<(f64, &'static str)>,
}

/// One curve.
#[derive(Debug)]
pub(crate) struct Curve {
    pub(crate) label: String,
    /// Seconds, and a value.
    pub(crate) points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 760.0;
const MARGIN: f64 = 16.0;
const LEFT: f64 = 72.0;
const HEAD: f64 = 64.0;
const FOOT: f64 = 32.0;
const PANEL: f64 = 110.0;
/// Between two panels, with the label of the second.
const GAP: f64 = 34.0;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#1f2328}\
.title{font-size:16px;font-weight:600}\
.quiet{fill:#59636e}\
.curve{fill:none;stroke:#1f6feb;stroke-width:1.5}\
.axis{fill:none;stroke:#8b949e;stroke-width:1}\
.mark{stroke:#cf222e;stroke-width:1;stroke-dasharray:2 3}\
@media(prefers-color-scheme:dark){\
text{fill:#e6edf3}.quiet{fill:#9198a1}\
.curve{stroke:#4493f8}.axis{stroke:#848d97}.mark{stroke:#ff7b72}}";

impl Curves {
    fn duration(&self) -> f64 {
        let times = self.curves.iter().flat_map(|curve| &curve.points).map(|(at, _)| *at);
        times.fold(f64::MIN_POSITIVE, f64::max)
    }

    fn x(&self, at: f64) -> f64 {
        LEFT + at / self.duration() * (WIDTH - LEFT - MARGIN)
    }

    fn height(&self) -> f64 {
        HEAD + (GAP + PANEL) * self.curves.len() as f64 + FOOT
    }

    fn panel(&self, f: &mut fmt::Formatter<'_>, number: usize, curve: &Curve) -> fmt::Result {
        let top = HEAD + (GAP + PANEL) * number as f64 + GAP;
        let bottom = top + PANEL;
        let most = curve.points.iter().map(|(_, value)| *value).fold(0.0, f64::max);
        writeln!(f, r#"<text x="{LEFT}" y="{}">{}</text>"#, top - 10.0, curve.label)?;
        for (value, y) in [(most, top + 5.0), (0.0, bottom)] {
            writeln!(f, r#"<text class="quiet" x="{}" y="{y}" text-anchor="end">{value:.0}</text>"#, LEFT - 8.0)?;
        }
        for (at, what) in &self.marks {
            let x = self.x(*at);
            writeln!(f, r#"<path class="mark" d="M{x:.1} {top}V{bottom}"><title>{what}</title></path>"#)?;
        }
        writeln!(f, r#"<path class="axis" d="M{LEFT} {top}V{bottom}H{}"/>"#, WIDTH - MARGIN)?;
        let y = |value: f64| bottom - value / most.max(f64::MIN_POSITIVE) * PANEL;
        let points: Vec<_> =
            curve.points.iter().map(|(at, value)| format!("{:.1},{:.1}", self.x(*at), y(*value))).collect();
        writeln!(f, r#"<polyline class="curve" points="{}"/>"#, points.join(" "))
    }
}

impl fmt::Display for Curves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (height, title) = (self.height(), &self.title);
        writeln!(
            f,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{title}">"#
        )?;
        writeln!(f, "<title>{title}</title>\n<style>{STYLE}</style>")?;
        writeln!(f, r#"<text class="title" x="{MARGIN}" y="28">{title}</text>"#)?;
        writeln!(f, r#"<text class="quiet" x="{MARGIN}" y="48">{}</text>"#, self.legend)?;
        self.curves.iter().enumerate().try_for_each(|(number, curve)| self.panel(f, number, curve))?;
        let (y, end) = (height - 12.0, self.duration());
        writeln!(f, r#"<text class="quiet" x="{LEFT}" y="{y}">0 s</text>"#)?;
        writeln!(f, r#"<text class="quiet" x="{}" y="{y}" text-anchor="end">{end:.0} s</text>"#, WIDTH - MARGIN)?;
        writeln!(f, "</svg>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_fills_its_panel_and_marks_stand_at_their_time() {
        let curve = Curve { label: "things".to_owned(), points: vec![(0.0, 0.0), (5.0, 20.0), (10.0, 10.0)] };
        let curves =
            Curves { title: "Curves".to_owned(), legend: "faults", curves: vec![curve], marks: vec![(5.0, "a fault")] };
        let text = curves.to_string();
        // From x = 72 to 744, from y = 208 at the bottom to 98.
        assert!(text.contains(r#"points="72.0,208.0 408.0,98.0 744.0,153.0""#), "{text}");
        assert!(text.contains(r#"<path class="mark" d="M408.0 98V208"><title>a fault</title></path>"#), "{text}");
        assert!(text.contains(r#"text-anchor="end">20</text>"#) && text.contains(">10 s</text>"), "{text}");
    }

    #[test]
    fn nothing_makes_an_image_too() {
        let curve = Curve { label: "nothing".to_owned(), points: Vec::new() };
        let text =
            Curves { title: "Curves".to_owned(), legend: "faults", curves: vec![curve], marks: Vec::new() }.to_string();
        assert!(text.contains(r#"points="""#) && !text.contains("NaN"), "{text}");
    }
}
