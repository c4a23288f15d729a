//! Whether a server gives parts of files: the first bytes of one are asked for, and then some of them again.

use super::advice::Advice;
use super::answer::Ask;
use super::cause::{Cause, CauseClass, excerpt};
use super::rest::RestSource;
use super::source::{Opened, Tally};
use super::trace::Trace;
use super::unpack::packing_of;
use crate::profile::{FetchKind, FileFilter, Instance, Veil};

/// Where the second part begins.
const SECOND_FROM: u64 = 16;

impl Ask {
    /// The bytes that are asked for to try a server.
    pub const TRIED: Ask = Ask { from: 0, to: Some(64) };
}

/// How parts of a file came.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Parts {
    pub path: String,
    /// Whether the part that was asked for came; `None` where that could not be found out.
    pub honoured: Option<bool>,
    /// Why not.
    pub cause: Option<Cause>,
    /// What the file is compressed with.
    pub packing: Option<&'static str>,
}

impl Parts {
    /// Without secrets.
    pub(super) fn shown(self, trace: &Trace) -> Parts {
        Parts { cause: self.cause.as_ref().map(|cause| trace.shown(cause)), ..self }
    }

    /// A compressed file that would be read as it is.
    pub(super) fn decode_advice(&self, filter: &FileFilter) -> Option<Advice> {
        let packing = self.packing.filter(|_| filter.takes(&self.path) && !filter.decode.is_match(&self.path))?;
        let extension = self.path.rsplit('.').next().unwrap_or_default();
        let why = format!(
            "\"{}\" is compressed with {packing}: it is read as what it holds only where `decode` names it",
            excerpt(&self.path, &Veil::default())
        );
        let glob = toml::Value::String(format!("*.{extension}"));
        Some(Advice::new("decode", why, [format!("decode = [\"*.gz\", \"*.zst\", {glob}]")]))
    }
}

/// Asks for two parts of a file that overlap; where the profile asks for whole files, by `Range` to see whether that
/// would do.
pub(super) async fn try_parts(
    rest: &RestSource,
    instance: &Instance,
    path: &str,
    size: Option<u64>,
    tally: &Tally,
) -> Parts {
    let kind = rest.settings().fetch_kind;
    let rest = rest.by(if kind == FetchKind::Full { FetchKind::Range } else { kind });
    let mut parts = Parts { path: path.to_owned(), honoured: None, cause: None, packing: None };
    let first = match part(&rest, instance, path, Ask::TRIED, tally).await {
        Ok((_, first)) => first,
        Err(cause) => return Parts { cause: Some(cause), ..parts },
    };
    parts.packing = packing_of(&first);
    let from = SECOND_FROM.min(size.unwrap_or(first.len() as u64).min(first.len() as u64) / 2);
    if from == 0 {
        return parts;
    }
    let at = usize::try_from(from).unwrap_or(usize::MAX);
    match part(&rest, instance, path, Ask { from, ..Ask::TRIED }, tally).await {
        Ok((start, second)) => {
            let expected = &first[usize::try_from(start).unwrap_or(usize::MAX).min(first.len())..];
            let same = second.starts_with(expected) || expected.starts_with(&second);
            let anew =
                start == 0 || second.starts_with(&first[..first.len().min(second.len())]) && second != first[at..];
            parts.honoured = if anew { Some(false) } else { same.then_some(true) };
            if !anew && !same {
                let text = format!("{}: the parts of the file do not fit together", rest.asked(instance, path));
                parts.cause = Some(Cause::new(CauseClass::Answer, text));
            }
        }
        Err(cause) => parts.cause = Some(cause),
    }
    parts
}

/// The offset of what came, and its first bytes.
async fn part(
    rest: &RestSource,
    instance: &Instance,
    path: &str,
    ask: Ask,
    tally: &Tally,
) -> Result<(u64, Vec<u8>), Cause> {
    let cause = |class, what: &str| Cause::new(class, format!("{}: {what}", rest.asked(instance, path)));
    let most = usize::try_from(ask.to.unwrap_or(0) - ask.from).unwrap_or(usize::MAX);
    match rest.open(instance, path, ask, tally).await.map_err(|fault| fault.cause)? {
        Opened::Bytes(mut body) => {
            let mut bytes = Vec::new();
            while bytes.len() < most && body.read(&mut bytes, tally).await.map_err(|fault| fault.cause)? {}
            bytes.truncate(most);
            Ok((body.start, bytes))
        }
        Opened::Beyond(_) => Ok((ask.from, Vec::new())),
        Opened::Gone => Err(cause(CauseClass::Missing, "the file is listed but not there")),
        Opened::Rejected(why) => Err(cause(CauseClass::Answer, why)),
    }
}
