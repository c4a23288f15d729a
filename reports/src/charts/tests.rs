//! What is drawn, and what not.

use crate::charts::{describe_heatmap, describe_series, heatmap, series};
use crate::model::{Axis, Chart, Heatmap, Points, Series};

fn over_days(chart: Chart, values: &[Option<f64>]) -> Series {
    let first = chrono::NaiveDate::from_ymd_opt(2026, 10, 12).unwrap();
    Series {
        id: "starts".into(),
        title: "Starts".into(),
        chart,
        unit: "starts".into(),
        axis: Axis::Days(first.iter_days().take(values.len()).collect()),
        points: vec![Points { name: "all".into(), values: values.to_vec() }],
    }
}

fn drawn(series: &Series) -> String {
    super::series(series).unwrap().expect("there are values")
}

fn count(svg: &str, text: &str) -> usize {
    svg.matches(text).count()
}

#[test]
fn colours_and_font_are_left_to_the_page() {
    let svg = drawn(&over_days(Chart::Bar, &[Some(3.0), None, Some(0.0)]));
    assert!(svg.contains("var(--series-1,") && svg.contains("var(--muted,"));
    assert!(!svg.contains("\"#01") && !svg.contains("font-family"));
}

#[test]
fn a_missing_bar_is_a_dash_and_zero_is_not() {
    let svg = drawn(&over_days(Chart::Bar, &[Some(3.0), None, Some(0.0)]));
    assert_eq!(count(&svg, "<rect"), 2);
    assert_eq!(count(&svg, "\n–\n"), 1);
}

#[test]
fn a_line_is_interrupted_where_there_is_no_data() {
    let whole = drawn(&over_days(Chart::Line, &[Some(1.0), Some(2.0), Some(3.0), Some(4.0), Some(5.0)]));
    let broken = drawn(&over_days(Chart::Line, &[Some(1.0), Some(2.0), None, Some(4.0), Some(5.0)]));
    let lines = |svg: &str| count(svg, "stroke=\"var(--series-1");
    assert_eq!((lines(&whole), lines(&broken)), (1, 2));
}

#[test]
fn the_order_of_days_does_not_matter() {
    let mut turned = over_days(Chart::Line, &[Some(1.0), Some(2.0), Some(4.0)]);
    let straight = drawn(&turned);
    turned.points[0].values.reverse();
    if let Axis::Days(days) = &mut turned.axis {
        days.reverse();
    }
    assert_eq!(drawn(&turned), straight);
}

#[test]
fn nothing_to_draw_is_no_chart() {
    assert!(series(&over_days(Chart::Bar, &[None, None])).unwrap().is_none());
    assert!(series(&over_days(Chart::Line, &[])).unwrap().is_none());
    assert!(series(&over_days(Chart::Bar, &[Some(f64::NAN), Some(1e300)])).unwrap().is_none());
    assert!(heatmap(&heat(&[None, None])).unwrap().is_none());
}

#[test]
fn values_that_do_not_match_the_axis_are_survived() {
    let mut ragged = over_days(Chart::Bar, &[Some(1.0), Some(2.0)]);
    ragged.points[0].values.push(Some(3.0));
    ragged.points.push(Points { name: "short".into(), values: Vec::new() });
    assert_eq!(count(&drawn(&ragged), "<rect"), 2);
    assert!(describe_series(&ragged).contains("short: no data."));
}

fn heat(values: &[Option<f64>]) -> Heatmap {
    Heatmap {
        id: "errors".into(),
        title: "Errors".into(),
        unit: "errors".into(),
        rows: vec!["Mon".into()],
        columns: (0..values.len()).map(|hour| format!("{hour:02}")).collect(),
        values: values.to_vec(),
    }
}

#[test]
fn a_heatmap_tells_nothing_from_no_data() {
    let svg = heatmap(&heat(&[Some(0.0), None, Some(5.0)])).unwrap().expect("there are values");
    assert_eq!(count(&svg, "<rect"), 2);
    assert_eq!(count(&svg, "\n–\n"), 1);
    assert!(svg.contains("opacity=\"0.07\"") && svg.contains("\n5\n"));
    assert!(heatmap(&heat(&[Some(-3.0), Some(-3.0)])).unwrap().is_some());
}

#[test]
fn charts_say_in_words_what_a_glance_would_tell() {
    let words = describe_series(&over_days(Chart::Bar, &[Some(3.0), None, Some(1200.0), Some(3.0)]));
    let expected = "Starts: bar chart, 4 days, 12 October 2026 to 15 October 2026. \
         all: lowest 3 (12 October 2026), highest 1\u{202f}200 (14 October 2026).";
    assert_eq!(words, expected);
    let words = describe_heatmap(&heat(&[Some(0.0), Some(7.0)]));
    assert_eq!(words, "Errors: heatmap, 1 rows, 2 columns. Highest 7 at Mon, 01.");
}

#[test]
fn names_in_a_chart_are_escaped() {
    let mut hostile = over_days(Chart::Bar, &[Some(1.0)]);
    hostile.title = "\" onload=\"alert(1)".into();
    hostile.axis = Axis::Labels(vec!["<b>&\u{1b}".into()]);
    let svg = drawn(&hostile);
    assert!(!svg.contains("<b>") && !svg.contains("\" onload"));
    assert!(svg.contains("&lt;b&gt;&amp;\\u{1b}"));
}
