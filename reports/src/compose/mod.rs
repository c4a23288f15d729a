//! Composition: the page from its templates, `report.json` from the model.
//!
//! The page is one file without anything from outside: no script, no font, no picture. Templates are handlebars and
//! see only texts that are ready to be shown; handlebars escapes them. The templates by name:
//!
//! | name | what |
//! |---|---|
//! | `page` | the whole |
//! | `style` | its CSS |
//! | `attention` | what needs attention |
//! | `finding` | one sentence of it |
//! | `coverage` | what the report could see |
//! | `section` | one KPI |
//! | `metric` | one figure |
//! | `table`, `grid` | a table, with and without what surrounds it |
//! | `series`, `heatmap` | a chart with its legend and its numbers |

mod acquired;
mod attention;
mod coverage;
mod page;
mod plots;
mod section;
mod table;

use handlebars::Handlebars;

use crate::charts::ChartError;
use crate::model::Report;
use page::Page;

/// The templates by name.
const TEMPLATES: [(&str, &str); 11] = [
    ("page", include_str!("../../templates/page.hbs")),
    ("style", include_str!("../../templates/style.hbs")),
    ("attention", include_str!("../../templates/attention.hbs")),
    ("finding", include_str!("../../templates/finding.hbs")),
    ("coverage", include_str!("../../templates/coverage.hbs")),
    ("section", include_str!("../../templates/section.hbs")),
    ("metric", include_str!("../../templates/metric.hbs")),
    ("table", include_str!("../../templates/table.hbs")),
    ("grid", include_str!("../../templates/grid.hbs")),
    ("series", include_str!("../../templates/series.hbs")),
    ("heatmap", include_str!("../../templates/heatmap.hbs")),
];

/// Why a page could not be composed.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// A template is given under a name that the page does not have.
    #[error("there is no template `{name}` to override; the templates are {}", template_names())]
    UnknownTemplate {
        /// The name that was given.
        name: String,
    },
    /// A template does not read as handlebars.
    #[error("the template `{name}` cannot be read: {source}")]
    Template {
        /// Name of the template.
        name: String,
        /// What handlebars makes of it, with line and column.
        source: Box<handlebars::TemplateError>,
    },
    /// A template asks for something that is not there.
    #[error("the page cannot be rendered: {0}")]
    Render(#[from] Box<handlebars::RenderError>),
    /// A chart could not be drawn.
    #[error("`{item}` of the KPI `{kpi}`: {source}")]
    Chart {
        /// Name of the KPI in the profile.
        kpi: String,
        /// Id of the series or heatmap.
        item: String,
        /// What the drawing library says.
        source: ChartError,
    },
}

fn template_names() -> String {
    TEMPLATES.map(|(name, _)| name).join(", ")
}

/// Composes pages from templates.
#[derive(Debug)]
pub struct Composer {
    templates: Handlebars<'static>,
}

impl Composer {
    /// A composer with the templates of this crate.
    ///
    /// # Errors
    /// [`ComposeError::Template`], which a test of this crate rules out.
    pub fn new() -> Result<Self, ComposeError> {
        let mut templates = Handlebars::new();
        // A name that nothing answers to is an error, not an empty place in the page.
        templates.set_strict_mode(true);
        templates.set_prevent_indent(true);
        let mut composer = Self { templates };
        for (name, source) in TEMPLATES {
            composer.override_template(name, source)?;
        }
        Ok(composer)
    }

    /// Puts another template in the place of the one called `name`.
    ///
    /// # Errors
    /// [`ComposeError::UnknownTemplate`] for a name that is not in the table above, [`ComposeError::Template`] for a
    /// source that is not handlebars.
    pub fn override_template(&mut self, name: &str, source: &str) -> Result<(), ComposeError> {
        if !TEMPLATES.iter().any(|(known, _)| *known == name) {
            return Err(ComposeError::UnknownTemplate { name: name.to_owned() });
        }
        self.templates
            .register_template_string(name, source)
            .map_err(|source| ComposeError::Template { name: name.to_owned(), source: Box::new(source) })
    }

    /// The report as one HTML page.
    ///
    /// # Errors
    /// [`ComposeError::Render`] where an overriding template asks for something that is not there;
    /// [`ComposeError::Chart`] where a chart cannot be drawn.
    pub fn html(&self, report: &Report) -> Result<String, ComposeError> {
        let page = Page::new(report)?;
        Ok(self.templates.render("page", &page).map_err(Box::new)?)
    }
}

/// The report as one HTML page, with the templates of this crate.
///
/// # Errors
/// Those of [`Composer::new`] and [`Composer::html`].
pub fn html(report: &Report) -> Result<String, ComposeError> {
    Composer::new()?.html(report)
}

/// The report as `report.json`, indented, with a line feed at its end; [`crate::model`] documents the schema.
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("the model has no maps, and nothing in it can fail");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
