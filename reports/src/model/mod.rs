//! The result model, and with it the schema of `report.json`.
//!
//! Everything here is inert: the engine fills it in, [`crate::compose`] shows it. Serialised, a [`Report`] *is*
//! `report.json`; the types below are its documentation. Three rules hold throughout:
//!
//! - A **cell** is an object with one key that names its type, or `null` where there is no value: see [`Cell`].
//!   `{"duration_ms": 2848.99}`, `{"percent": 0.98}` (a share between 0 and 1), `{"integer": 12}`.
//! - A **time** is an RFC 3339 text in UTC, a **day** an ISO date in the report's zone.
//! - **Zero is not unknown**: a number without data is `null` or says so in its `state`, never 0.
//!
//! `schema` grows when a reader of the old form would go wrong; new keys alone do not raise it.
//!
//! ```
//! # use logparser_reports::model::Report;
//! # let written = r#"
//! {
//!   "schema": 2,
//!   "title": "Radio fleet",
//!   "window": { "from": "2026-10-12", "to": "2026-10-17", "days": 5, "zone": "Europe/Berlin" },
//!   "data_through": "2026-10-16T21:58:12.250Z",
//!   "highlights": [
//!     {
//!       "kpi": "restarts",
//!       "level": "warning",
//!       "sentence": [{ "text": "Restarts of" }, { "symbol": "playout" }, { "text": "became slow" }],
//!       "value": { "duration_ms": 2848.99 },
//!       "baseline": { "duration_ms": 2000.0 },
//!       "sample": 41,
//!       "rule": "p95 above 2 s"
//!     }
//!   ],
//!   "coverage": {
//!     "instances_expected": 1, "reached": 1, "partial": 1, "unreachable": 0, "silent": 0, "never_seen": 0,
//!     "records": 90412, "lines_unparsed": 1, "files": 3, "bytes": 8123456,
//!     "data_through": "2026-10-16T21:58:12.250Z",
//!     "causes": [{ "class": "timeout", "instances": 1, "example": "…/app.log: no answer within the time limit" }],
//!     "lags": [{ "hours_max": 1, "instances": 1 }, { "hours_max": null, "instances": 0 }],
//!     "files_fetched": {
//!       "unchanged": 1, "appended": 1, "new": 0, "renamed": 0, "rewritten": 0, "closed": 1, "failed": 1
//!     },
//!     "faults": { "invalid-utf8": 3 },
//!     "gaps": [
//!       {
//!         "instance": "studio-1", "file": "app.log.1", "listed": false, "in_store": false, "bytes": 48211,
//!         "last_before": "2026-10-14T07:12:00Z", "first_after": "2026-10-14T09:00:31Z"
//!       }
//!     ],
//!     "gaps_left_out": 0, "inventory": null,
//!     "instances": [
//!       {
//!         "name": "studio-1", "tags": ["berlin"], "state": "partial",
//!         "cause": "…/app.log: no answer within the time limit", "cause_class": "timeout",
//!         "last_record": "2026-10-16T21:58:12.250Z", "lag_seconds": 0, "clock_skew_ms": -7000,
//!         "fetched": {
//!           "unchanged": 1, "appended": 1, "new": 0, "renamed": 0, "rewritten": 0, "closed": 1, "failed": 1
//!         },
//!         "faults": { "invalid-utf8": 3 },
//!         "records": 90412, "lines_unparsed": 1, "files": 3, "bytes": 8123456, "gaps": 1, "gap_bytes": 48211
//!       }
//!     ],
//!     "unparsed": [{ "instance": "studio-1", "file": "app.log", "offset": 4711, "text": "%%%" }]
//!   },
//!   "sections": [
//!     {
//!       "kpi": "restarts", "plugin": "restarts", "version": "1.0.0", "title": "Service restarts",
//!       "state": "partial", "instances_failed": ["studio-7"], "days_missing": ["2026-10-12"],
//!       "items": [
//!         {
//!           "kind": "metric", "id": "completion-rate", "title": "Completion rate",
//!           "value": { "percent": 0.98 }, "state": "ok", "sample": 41, "note": null
//!         },
//!         {
//!           "kind": "series", "id": "restarts-per-day", "title": "Restarts per day",
//!           "chart": "bar", "unit": "restarts",
//!           "axis": { "days": ["2026-10-12", "2026-10-13"] },
//!           "points": [{ "name": "playout", "values": [20.0, null] }]
//!         }
//!       ]
//!     }
//!   ]
//! }
//! # "#;
//! # let report: Report = serde_json::from_str(written).unwrap();
//! # let again: Report = serde_json::from_str(&logparser_reports::json(&report)).unwrap();
//! # assert_eq!(report, again);
//! # let mut value: serde_json::Value = serde_json::from_str(written).unwrap();
//! # value["data_through"] = "2026-10-16T21:58:12.250Z".into();
//! # assert_eq!(serde_json::to_value(&report).unwrap(), value);
//! ```

mod acquired;
mod cell;
mod coverage;
mod highlight;
mod item;
mod report;
mod section;
mod table;

pub use acquired::{CauseCount, FilesFetched, Gap, LagCount};
pub use cell::Cell;
pub use coverage::{Coverage, InstanceCoverage, InstanceState, InventoryCoverage, UnparsedExample};
pub use highlight::{Highlight, Level};
pub use item::{Axis, Chart, Heatmap, Item, Metric, MetricState, Points, Series};
pub use report::{Report, SCHEMA, Window};
pub use section::{Section, SectionState};
pub use table::{Column, Rank, Table};
