//! The layer that takes lines, and how an attempt's span leads to its sheet.

use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Event, Span, Subscriber, dispatcher};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use super::Sheet;

/// Hands each line to the sheet of the innermost attempt in whose span it is said, on whatever thread that is.
#[derive(Debug)]
pub struct Capture(());

/// What keeps the lines of steps from `info` on, as a layer over a [`Registry`].
pub fn layer<S>() -> Filtered<Capture, LevelFilter, S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    Capture(()).with_filter(LevelFilter::INFO)
}

impl<S> Layer<S> for Capture
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let Some(mut scope) = ctx.event_scope(event) else { return };
        let sheet = scope.find_map(|span| span.extensions().get::<Page>().map(|page| page.0.clone()));
        // Nothing is locked any more: what a value is spelled with may say something itself.
        if let Some(sheet) = sheet {
            sheet.note(event);
        }
    }
}

/// Marks the span of an attempt.
struct Page(Arc<Sheet>);

/// Has work say its lines where this place's are kept, on whatever thread it is done.
pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let span = Span::current();
    move || span.in_scope(work)
}

/// Gives a span its sheet, where somebody listens.
pub(super) fn pin(span: &Span, sheet: impl FnOnce() -> Arc<Sheet>) -> Option<Arc<Sheet>> {
    let pinned = span.with_subscriber(|(id, dispatch)| {
        if !listens(dispatch) {
            return None;
        }
        let sheet = sheet();
        let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
        span.extensions_mut().insert(Page(sheet.clone()));
        Some(sheet)
    });
    pinned.flatten()
}

/// Whether lines of steps are kept in this process.
pub(crate) fn is_captured() -> bool {
    dispatcher::get_default(listens)
}

fn listens(dispatch: &Dispatch) -> bool {
    dispatch.downcast_ref::<Capture>().is_some()
}
