//! The whole way, stage by stage: fetch, analyse, fold, compose, publish.

mod analyse;
mod batches;
mod complete;
mod coverage;
mod crew;
mod expiring;
mod failures;
mod fleet;
mod fresh;
mod job;
mod kpis;
mod lacks;
mod observer;
mod period;
mod publish;
mod scan;
mod section;
mod signatures;
mod stream;
mod texts;
mod worker;

pub use analyse::{AnalyseError, Analysed, Effort, Watch, analyse, normaliser};
pub use expiring::complete_expiring;
pub use job::Problem;
pub use kpis::Kpis;
pub use publish::{PublishError, publish};
pub use signatures::{Change, ChangeKind, Signed, Survey, survey};
