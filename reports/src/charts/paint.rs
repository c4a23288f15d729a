//! Colours of the page in the charts.
//!
//! The drawing library knows colours as numbers only. Each role is drawn in a colour that nothing else has, and
//! [`finish`] puts the page's CSS variable in its place, with the light colour behind it for an SVG that stands alone.

use plotters::style::RGBColor;

use crate::format::visible;

/// Number of colours for lines and bars; more start again from the first.
pub(crate) const SERIES_COLOURS: usize = 6;

/// What something is drawn for; it decides the colour.
#[derive(Debug, Clone, Copy)]
pub(super) enum Role {
    Ink,
    Muted,
    Grid,
    Heat,
    OnHeat,
    OnFaint,
    Series(usize),
}

/// CSS variable and light colour by role, in the order of [`Role::number`].
const COLOURS: [(&str, &str); 6 + SERIES_COLOURS] = [
    ("ink", "#1b1f24"),
    ("muted", "#5a6572"),
    ("grid", "#e3e7ec"),
    ("heat", "#0b3e7e"),
    ("on-heat", "#ffffff"),
    ("on-faint", "#000000"),
    ("series-1", "#2a63a5"),
    ("series-2", "#c05f12"),
    ("series-3", "#11857a"),
    ("series-4", "#7a4aa5"),
    ("series-5", "#6b7480"),
    ("series-6", "#b1324e"),
];

impl Role {
    pub(super) fn colour(self) -> RGBColor {
        RGBColor(1, 0, self.number() as u8)
    }

    fn number(self) -> usize {
        match self {
            Self::Ink => 0,
            Self::Muted => 1,
            Self::Grid => 2,
            Self::Heat => 3,
            Self::OnHeat => 4,
            Self::OnFaint => 5,
            Self::Series(index) => 6 + index % SERIES_COLOURS,
        }
    }
}

/// The drawing as it stands in the page: its colours and font, scaled by it, and with a description.
pub(super) fn finish(svg: &str, description: &str) -> String {
    let mut svg = svg.replace(" font-family=\"sans-serif\"", "").replace(" opacity=\"1\"", "");
    for (number, (name, light)) in COLOURS.iter().enumerate() {
        svg = svg.replace(&format!("\"#0100{number:02X}\""), &format!("\"var(--{name},{light})\""));
    }
    let opening = format!(
        "<svg class=\"chart\" role=\"img\" aria-label=\"{}\" stroke-linejoin=\"round\" ",
        handlebars::html_escape(&visible(description))
    );
    svg.replacen("<svg ", &opening, 1)
}
