//! What must be so after a run that did not end well.

use std::fs;

use super::Scene;

impl Scene {
    /// Lets the hours pass in which nobody works, until something is written.
    pub fn work_on(&mut self) {
        let fleet = self.fleet();
        let before = fleet.truth().summary().records;
        while fleet.truth().summary().records == before {
            fleet.advance(1);
        }
    }

    /// Finishes what was interrupted and compares it with a clean run over the same logs.
    pub fn must_recover(&self, name: &str, what: &str) {
        self.run_to(name, 0);
        let clean = format!("{name}-clean");
        // The clean run of another comparison is not clean any more.
        let _ = fs::remove_dir_all(self.path(&clean));
        self.beside(&clean);
        self.run_to(&clean, 0);
        self.published(name).must_be(&self.published(&clean), what);
        self.must_be_sound(name, what);
    }

    /// Fails unless the catalog passes its integrity check, and nothing half written lies beside the report.
    pub fn must_be_sound(&self, name: &str, what: &str) {
        let catalog = rusqlite::Connection::open(self.store(name).join("catalog.sqlite")).expect("a catalog");
        let checked: String = catalog.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
        assert_eq!(checked, "ok", "{what}");
        let mut astray = catalog.prepare("PRAGMA foreign_key_check").expect("a check");
        assert!(!astray.exists([]).expect("a check"), "{what}: a row refers to another that is not there");
        let reports = fs::read_dir(self.path(name).join("reports")).expect("reports");
        let names: Vec<_> = reports.map(|entry| entry.expect("an entry").file_name()).collect();
        assert_eq!(names.len(), 2, "{what}: {names:?}");
    }
}
