//! The page as a whole: structure, escaping, determinism. The pages are left in the temporary folder, to be looked at.

use super::{ComposeError, Composer, html, json};
use crate::fixture::{HOSTILE, empty, gallery, rich};
use crate::model::{InventoryCoverage, Item, Report, SectionState};

fn keep(name: &str, page: &str) {
    let folder = std::env::temp_dir().join("logparser-reports");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), page).unwrap();
}

/// Asserts that the parts follow each other.
fn assert_in_order(page: &str, parts: &[&str]) {
    let mut rest = page;
    for part in parts {
        let found = rest.split_once(part);
        rest = found.unwrap_or_else(|| panic!("{part} is not there, or too early")).1;
    }
}

/// The part of the page between two texts.
fn between<'a>(page: &'a str, from: &str, to: &str) -> &'a str {
    let after = page.split_once(from).unwrap_or_else(|| panic!("no {from}")).1;
    after.split_once(to).unwrap_or_else(|| panic!("no {to}")).0
}

#[test]
fn the_page_has_its_parts_in_order() {
    let page = html(&rich()).unwrap();
    keep("rich.html", &page);
    assert_in_order(
        &page,
        &[
            "<h1>Radio production, configuration handler</h1>",
            "17 September – 16 October 2026, Europe/Berlin",
            ">What needs attention <span class=\"aside\">1 critical, 1 warning, 1 for information</span></h2>",
            ">Coverage</h2>",
            ">Usage</h2>",
            ">Service restarts</h2>",
            ">Errors</h2>",
            ">Studio usage</h2>",
            ">Installed base</h2>",
            "report schema 2. Plugins: errors 1.0.0, installed-base 1.0.0,",
        ],
    );
}

#[test]
fn attention_comes_ranked_with_what_it_rests_on() {
    let page = html(&rich()).unwrap();
    let attention = between(&page, "id=\"attention\"", "id=\"coverage\"");
    assert_in_order(
        attention,
        &[
            "<li class=\"critical\">",
            "51.2%",
            "20.0%",
            "3\u{202f}127",
            "one instance has more than 20% of all errors",
            "<a href=\"#kpi-errors\">Errors</a>",
            "<li class=\"warning\">",
            "Restarts of <b>playout</b> take longer than they should.",
            "<li class=\"info\">",
            "<b>14</b> instances still run <b>2.12.0</b>.",
        ],
    );
    assert!(!attention.contains("Nothing needs attention"));
}

#[test]
fn coverage_names_its_problems() {
    let page = html(&rich()).unwrap();
    let coverage = between(&page, "id=\"coverage\"", "id=\"kpi-sessions\"");
    assert_in_order(
        coverage,
        &[
            "of 200 expected",
            "Not covered in whole",
            "hamburg-017",
            "the name does not resolve",
            "no answer within 10 s, 3 attempts",
            "Causes",
            "timeout",
            "Gaps",
            "unknown",
            "its end is missing or damaged",
            "48 kB",
            "gone before it was read",
            "newest record: 8 up to 1 h, 29 up to 1 d, 63 up to 7 d, 99 more.",
            "2 instances were reached but wrote no record in the window: koeln-030, muenchen-031.",
            "321 lines fit no rule of the format",
            "Furthest behind the fleet",
            "27 d 12 h",
            "Clocks that are off",
            "ahead",
            "Files in the last fetch",
            "unchanged",
            "Faults in the text of the logs",
            "records that are not UTF-8",
            "All instances",
            "200 rows",
        ],
    );
    let all = between(coverage, "<summary><h3>All instances", "</table>");
    assert_eq!(all.matches("<tr><th scope=\"row\">").count(), 200);
}

#[test]
fn every_section_says_how_whole_it_is() {
    let page = html(&rich()).unwrap();
    let usage = between(&page, "id=\"kpi-sessions\"", "id=\"kpi-restarts\"");
    assert!(usage.contains("Logs of 2 days are no longer kept, or damaged, between "));
    assert!(usage.contains(": of 2 of 200 instances. Of these days the results do not hold everything: berlin-011, "));
    let mut report = rich();
    let SectionState::Partial { days_missing, .. } = &mut report.sections[0].state else { panic!("a partial section") };
    days_missing.clear();
    let whole = html(&report).unwrap();
    assert!(whole.contains("2 of 200 instances are missing from these results: berlin-011, "));
    let failed = between(&page, "id=\"kpi-studio-usage\"", "id=\"kpi-installed-base\"");
    assert_in_order(
        failed,
        &[
            "The plugin studio-usage 1.0.0 failed.",
            "used more than 64 MB",
            "observe, instance",
            "Raise &#x60;limits.memory&#x60;",
        ],
    );
    let page = html(&empty()).unwrap();
    assert!(page.contains("No data: nothing in this window tells this KPI anything."));
}

#[test]
fn zero_is_not_unknown() {
    let page = html(&rich()).unwrap();
    let usage = between(&page, "<dt>Crash-free users</dt>", "</div>");
    assert_in_order(usage, &["<dd class=\"value none\">—</dd>", "no data"]);
    let errors = between(&page, "<dt>Fatal errors</dt>", "</div>");
    assert_in_order(errors, &["<dd class=\"value\">0</dd>"]);
    let base = between(&page, "<dt>Largest clock skew</dt>", "</div>");
    assert_in_order(base, &["—", "not applicable", "no instance tells its time"]);
}

#[test]
fn an_empty_report_says_that_there_is_nothing() {
    let page = html(&empty()).unwrap();
    keep("empty.html", &page);
    assert!(page.contains("Nothing needs attention"));
    assert!(page.contains("12 – 16 October 2026, the zone of each instance"));
    assert!(page.contains("5 days, no data<"));
}

#[test]
fn nothing_from_outside_becomes_markup() {
    for report in [rich(), hostile()] {
        let page = html(&report).unwrap();
        assert!(!page.contains("<script"), "{}", between(&page, "<script", ">"));
        assert!(!page.contains("<img"));
        assert!(page.contains("&lt;script&gt;"));
        let tags_closed = |tag: &str| {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            opened == page.matches(&format!("</{tag}>")).count()
        };
        for tag in ["section", "table", "tr", "details", "figure", "svg", "dl", "div", "text", "ol", "ul"] {
            assert!(tags_closed(tag), "<{tag}>");
        }
    }
}

/// The report with every text in it replaced by a hostile one.
fn hostile() -> Report {
    let mut report = rich();
    let mut value = serde_json::to_value(&report).unwrap();
    spoil(&mut value["sections"]);
    spoil(&mut value["highlights"]);
    spoil(&mut value["coverage"]);
    value["title"] = HOSTILE.into();
    report = serde_json::from_value(value).unwrap();
    report.sections[0].state =
        SectionState::Partial { instances_failed: vec![HOSTILE.into(); 30], days_missing: Vec::new() };
    report
}

fn spoil(value: &mut serde_json::Value) {
    /// Texts that are no texts: they name a form, or are times and days.
    const KEPT: [&str; 15] = [
        "kind",
        "state",
        "level",
        "chart",
        "time",
        "days",
        "days_missing",
        "data_through",
        "last_record",
        "last_before",
        "first_after",
        "schema",
        "offset",
        "zone",
        "unit",
    ];
    match value {
        serde_json::Value::String(text) => *text = HOSTILE.to_owned(),
        serde_json::Value::Array(values) => values.iter_mut().for_each(spoil),
        serde_json::Value::Object(members) => {
            let spoilt = members.iter_mut().filter(|(key, _)| !KEPT.contains(&key.as_str()));
            spoilt.for_each(|(_, value)| spoil(value));
        }
        _ => {}
    }
}

#[test]
fn the_page_stands_alone() {
    let page = html(&rich()).unwrap();
    for outside in ["<link", "src=", "@import", "url(", "https://"] {
        assert!(!page.replace("src=x onerror", "").contains(outside), "{outside}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_page_can_be_read_without_eyes_and_mouse() {
    let page = html(&rich()).unwrap();
    assert!(page.contains("<a class=\"skip\" href=\"#attention\">"));
    assert_eq!(page.matches("<h1").count(), 1);
    assert_eq!(page.matches("<table>").count(), page.matches("<caption").count());
    assert_eq!(page.matches("<svg ").count(), page.matches("role=\"img\" aria-label=\"").count());
    let links = page.match_indices("href=\"#").map(|(at, found)| &page[at + found.len()..]);
    for link in links {
        let id = link.split_once('"').unwrap().0;
        assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
    }
}

#[test]
fn identical_input_gives_an_identical_file() {
    assert_eq!(html(&rich()).unwrap(), html(&rich()).unwrap());
    assert_eq!(json(&rich()), json(&rich()));
    let mut shuffled = rich();
    shuffled.highlights.reverse();
    shuffled.rank_highlights();
    assert_eq!(json(&shuffled), json(&rich()));
}

#[test]
fn a_report_survives_json() {
    for report in [rich(), empty(), gallery()] {
        let written = json(&report);
        assert!(written.ends_with("}\n"));
        let read: Report = serde_json::from_str(&written).unwrap();
        assert_eq!(read, report);
        assert_eq!(json(&read), written);
    }
}

#[test]
fn charts_of_all_shapes_are_drawn() {
    let page = html(&gallery()).unwrap();
    keep("gallery.html", &page);
    let charts = gallery().sections[0].items.iter().filter(|item| !matches!(item, Item::Table(_))).count();
    assert_eq!(page.matches("<svg ").count(), charts);
    for chart in page.split("<svg ").skip(1) {
        let chart = chart.split_once("</svg>").unwrap().0;
        // Where a number overflows, the drawing library writes the ends of its integers.
        assert!(!chart.contains("NaN") && !chart.contains("214748"), "{chart}");
    }
}

#[test]
fn a_template_can_be_overridden_by_its_name() {
    let mut composer = Composer::new().unwrap();
    composer.override_template("metric", "<b>{{title}}: {{value}}</b>").unwrap();
    let page = composer.html(&rich()).unwrap();
    assert!(page.contains("<b>Errors: 3\u{202f}127</b>"));
    assert!(!page.contains("class=\"figure\""));
}

#[test]
fn a_wrong_template_is_named() {
    let mut composer = Composer::new().unwrap();
    let unknown = composer.override_template("metrics", "").unwrap_err();
    assert!(unknown.to_string().contains("`metrics`") && unknown.to_string().contains("heatmap"), "{unknown}");
    let broken = composer.override_template("metric", "{{#if}").unwrap_err();
    assert!(matches!(&broken, ComposeError::Template { name, .. } if name == "metric"), "{broken}");
    composer.override_template("metric", "{{titel}}").unwrap();
    let wrong = composer.html(&rich()).unwrap_err();
    assert!(wrong.to_string().contains("titel"), "{wrong}");
}

#[test]
fn an_inventory_that_failed_is_told_where_coverage_begins() {
    let mut report = rich();
    assert!(!html(&report).unwrap().contains("inventory"), "nothing is amiss, nothing is said");
    report.coverage.inventory = Some(InventoryCoverage {
        cause: Some(format!("http://h/targets: status 500 {HOSTILE}")),
        cause_class: Some("status".to_owned()),
        answered: report.coverage.data_through,
        refused: vec![format!("the entry \"WS-1\": {HOSTILE}")],
        refused_left_out: 7,
    });
    let page = html(&report).unwrap();
    let coverage = between(&page, "id=\"coverage\"", "</section>");
    assert_in_order(
        coverage,
        &[
            "the instances are those of its last answer of ",
            "Cause: ",
            "Not taken of the inventory",
            "WS-1",
            "7 more are not",
        ],
    );
    assert!(!page.contains(HOSTILE));
    let told: Report = serde_json::from_str(&json(&report)).unwrap();
    assert_eq!(told.coverage.inventory, report.coverage.inventory);
}
