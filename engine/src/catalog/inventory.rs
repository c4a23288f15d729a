//! The last good answer of the inventory that names instances.

use rusqlite::{OptionalExtension, params};

use super::{Catalog, CatalogError, Digest, sql};

/// One row: that of the inventory which was asked last.
pub(super) const SCHEMA: &str = "
CREATE TABLE inventory (
    source BLOB PRIMARY KEY,      -- digest of the URL
    entries TEXT NOT NULL,        -- as JSON
    refused TEXT NOT NULL,        -- what is not taken and why, as JSON
    answered_us INTEGER NOT NULL,
    cause_class TEXT,             -- why it could not be asked since
    cause TEXT
) STRICT, WITHOUT ROWID;
";

/// What is kept of an inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptInventory {
    /// Entries of the last good answer, as JSON.
    pub entries: String,
    /// What of the answer is not taken, and why, as JSON.
    pub refused: String,
    /// When it came, by the local clock, µs since 1970 UTC.
    pub answered_us: i64,
    /// Class and text of why the inventory could not be asked since.
    pub cause: Option<(String, String)>,
}

impl Catalog {
    /// Keeps an answer in the place of all others.
    pub fn keep_inventory(&mut self, source: &Digest, kept: &KeptInventory) -> Result<(), CatalogError> {
        let doing = "keeping the inventory";
        self.write(doing, |transaction| {
            let KeptInventory { entries, refused, answered_us, .. } = kept;
            transaction.execute("DELETE FROM inventory", []).map_err(sql(doing))?;
            transaction
                .execute(
                    "INSERT INTO inventory (source, entries, refused, answered_us) VALUES (?1, ?2, ?3, ?4)",
                    params![source, entries, refused, answered_us],
                )
                .map_err(sql(doing))?;
            Ok(())
        })
    }

    /// Notes why an inventory could not be asked, where it has answered before.
    pub fn blame_inventory(&mut self, source: &Digest, class: &str, cause: &str) -> Result<(), CatalogError> {
        let doing = "noting the state of the inventory";
        self.write(doing, |transaction| {
            transaction
                .execute(
                    "UPDATE inventory SET cause_class = ?2, cause = ?3 WHERE source = ?1",
                    params![source, class, cause],
                )
                .map_err(sql(doing))?;
            Ok(())
        })
    }

    /// What is kept of an inventory; `None` where it has never answered.
    pub fn inventory(&self, source: &Digest) -> Result<Option<KeptInventory>, CatalogError> {
        self.look("reading the inventory", |connection| {
            // A store that an older program wrote, opened for reading only, has no such table.
            let known = "SELECT 1 FROM sqlite_schema WHERE name = 'inventory'";
            if connection.query_row(known, [], |_| Ok(())).optional()?.is_none() {
                return Ok(None);
            }
            let text = "SELECT entries, refused, answered_us, cause_class, cause FROM inventory WHERE source = ?1";
            let kept = connection.query_row(text, [source], |row| {
                let cause: Option<String> = row.get(3)?;
                Ok(KeptInventory {
                    entries: row.get(0)?,
                    refused: row.get(1)?,
                    answered_us: row.get(2)?,
                    cause: cause.zip(row.get(4)?),
                })
            });
            kept.optional()
        })
    }
}
