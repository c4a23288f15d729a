//! The space of a chart: margins, grid, the labels of both axes, and what is drawn within.

use std::ops::Range;

use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::drawing::IntoDrawingArea;
use plotters::element::{Circle, EmptyElement, PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, TRANSPARENT, TextStyle};

use super::paint::Role;
use super::{ChartError, WIDTH_PX};
use crate::format::visible;

/// The drawing library places everything on whole numbers; drawn larger, bars of 90 days keep even gaps.
const SUBPIXELS: f64 = 4.0;
const FONT_PX: f64 = 12.0;
/// The drawing library takes the height of a line and writes the size of its letters.
const LINE_PER_FONT: f64 = 1.24;
/// Space between an axis and its labels.
const LABEL_GAP_PX: f64 = 8.0;

/// Longer names are cut; the table of numbers has them in full.
const NAME_LETTERS_MAX: usize = 48;

type Coordinates = Cartesian2d<Labelled, Labelled>;
/// What the drawing library answers when it cannot draw.
pub(super) type Drawing = plotters::drawing::DrawingAreaErrorKind<std::io::Error>;

/// One axis: its range, and the labels at their positions.
#[derive(Debug, Clone, Default)]
pub(super) struct Labelled {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) labels: Vec<(f64, String)>,
}

/// The space of a chart.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) height_px: f64,
    /// Space kept free around the plot: top, right. The labels take theirs from `left_px` and `bottom_px`.
    pub(super) top_px: f64,
    pub(super) right_px: f64,
    pub(super) left_px: f64,
    pub(super) bottom_px: f64,
    pub(super) x: Labelled,
    pub(super) y: Labelled,
    /// Whether lines run across at the labels of the y axis.
    pub(super) grid: bool,
}

/// What is drawn on, in the coordinates of both axes.
pub(super) struct Plane<'a, 'b> {
    context: &'b mut ChartContext<'a, SVGBackend<'a>, Coordinates>,
}

/// Width that a text takes, as well as it can be known without the reader's font: that of a wide one, DejaVu Sans.
pub(super) fn text_width_px(text: &str) -> f64 {
    text.chars().map(letter_em).sum::<f64>() * FONT_PX
}

fn letter_em(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | 'f' | 't' | 'r' | '.' | ',' | ':' | ' ' | '\u{202f}' | '\'' | '(' | ')' => 0.39,
        'm' | 'w' | 'M' | 'W' | '%' | '@' | '—' | '…' => 0.98,
        'A'..='Z' | '+' | '<' | '>' | '−' => 0.76,
        _ if letter.is_ascii() => 0.64,
        // Beyond Latin, letters may be as wide as high.
        _ if letter as u32 > 0x2e80 => 1.0,
        _ => 0.68,
    }
}

/// Width that the longest of some labels takes beside an axis.
pub(super) fn labels_width_px(labels: &[(f64, String)]) -> f64 {
    labels.iter().map(|(_, label)| text_width_px(label)).fold(0.0, f64::max) + LABEL_GAP_PX + 4.0
}

/// A name that fits beside an axis.
pub(super) fn cut(name: &str) -> String {
    let name = visible(name).replace(['\n', '\t'], " ");
    if name.chars().count() <= NAME_LETTERS_MAX {
        return name;
    }
    let kept: String = name.chars().take(NAME_LETTERS_MAX - 1).collect();
    format!("{kept}…")
}

/// Names at the centres of places that are `slot_px` wide; where they do not fit side by side, every second, third ...
pub(super) fn thinned(names: &[String], slot_px: f64) -> Vec<(f64, String)> {
    let names: Vec<String> = names.iter().map(|name| cut(name)).collect();
    let widest = names.iter().map(|name| text_width_px(name)).fold(1.0, f64::max) + LABEL_GAP_PX;
    let every = ((widest / slot_px).ceil() as usize).max(1);
    let placed = names.into_iter().enumerate().step_by(every);
    placed.map(|(place, name)| (place as f64 + 0.5, name)).collect()
}

impl Frame {
    /// Width of the plot between its margins.
    pub(super) fn plot_width_px(&self) -> f64 {
        WIDTH_PX - self.left_px - self.right_px
    }

    /// Draws grid and labels, and on them what `content` draws.
    pub(super) fn draw(
        &self,
        content: impl FnOnce(&mut Plane<'_, '_>) -> Result<(), Drawing>,
    ) -> Result<String, ChartError> {
        let mut svg = String::new();
        {
            let size = (subpixels(WIDTH_PX) as u32, subpixels(self.height_px) as u32);
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let mut context = ChartBuilder::on(&area)
                .margin_top(subpixels(self.top_px))
                .margin_right(subpixels(self.right_px))
                .x_label_area_size(subpixels(self.bottom_px))
                .y_label_area_size(subpixels(self.left_px))
                .build_cartesian_2d(self.x.clone(), self.y.clone())
                .map_err(ChartError::new)?;
            self.draw_mesh(&mut context).map_err(ChartError::new)?;
            content(&mut Plane { context: &mut context }).map_err(ChartError::new)?;
            area.present().map_err(ChartError::new)?;
        }
        Ok(svg)
    }

    fn draw_mesh(&self, context: &mut ChartContext<'_, SVGBackend<'_>, Coordinates>) -> Result<(), Drawing> {
        let mut mesh = context.configure_mesh();
        mesh.disable_x_mesh();
        if !self.grid {
            mesh.disable_y_mesh();
        }
        mesh.bold_line_style(Role::Grid.colour().stroke_width(SUBPIXELS as u32))
            // The axes carry the labels; their lines would only repeat the grid.
            .axis_style(TRANSPARENT)
            .label_style(text_style(Role::Muted))
            // Labels stand twice the size of a tick mark away.
            .set_all_tick_mark_size(subpixels(LABEL_GAP_PX / 2.0))
            .draw()
    }
}

impl Ranged for Labelled {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        limit.0 + (f64::from(limit.1 - limit.0) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Light points are lines between the labels; there are none.
        if hint.weight().allow_light_points() {
            return Vec::new();
        }
        self.labels.iter().map(|(at, _)| *at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Labelled {
    fn format_ext(&self, at: &f64) -> String {
        let found = self.labels.iter().find(|(position, _)| position == at);
        found.map_or_else(String::new, |(_, label)| label.clone())
    }
}

impl Plane<'_, '_> {
    /// A filled rectangle between two opposite corners.
    pub(super) fn rectangle(&mut self, corners: [(f64, f64); 2], role: Role, opacity: f64) -> Result<(), Drawing> {
        let style = role.colour().mix(opacity).filled();
        self.context.plotting_area().draw(&Rectangle::new(corners, style))
    }

    /// A line through all points.
    pub(super) fn path(&mut self, points: Vec<(f64, f64)>, role: Role, width_px: f64) -> Result<(), Drawing> {
        let style = role.colour().stroke_width(subpixels(width_px) as u32);
        self.context.plotting_area().draw(&PathElement::new(points, style))
    }

    /// A dot.
    pub(super) fn dot(&mut self, at: (f64, f64), radius_px: f64, role: Role) -> Result<(), Drawing> {
        let dot = Circle::new(at, subpixels(radius_px), role.colour().filled());
        self.context.plotting_area().draw(&dot)
    }

    /// A text to the right of a place, above it or upon it.
    pub(super) fn text(&mut self, at: (f64, f64), side: Side, text: String, role: Role) -> Result<(), Drawing> {
        let (anchor, shift) = match side {
            Side::Right => (Pos::new(HPos::Left, VPos::Center), (6.0, 0.0)),
            Side::Above => (Pos::new(HPos::Center, VPos::Bottom), (0.0, -2.0)),
            Side::Upon => (Pos::new(HPos::Center, VPos::Center), (0.0, 0.0)),
        };
        let shift = (subpixels(shift.0), subpixels(shift.1));
        let element = EmptyElement::at(at) + Text::new(text, shift, text_style(role).pos(anchor));
        self.context.plotting_area().draw(&element)
    }
}

/// Where a text stands from its place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Right,
    Above,
    Upon,
}

fn text_style<'a>(role: Role) -> TextStyle<'a> {
    let size = FONT_PX * LINE_PER_FONT * SUBPIXELS;
    ("sans-serif", size).into_font().color(&role.colour())
}

fn subpixels(px: f64) -> i32 {
    (px * SUBPIXELS).round() as i32
}
