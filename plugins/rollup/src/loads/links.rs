//! Links the records of activities anew, where they were linked by another ranking than this program's.

use engine::context::StepContext;
use engine::step::StepError;
use fitness::records::activity::duplicate;
use jiff::civil::Date;

/// Starts that are looked at in one commit, which must stay below 100 ms.
const CHUNK: u32 = 250;

/// Links what is due, and answers the first day that is counted otherwise than before.
pub(super) async fn bring_up_to_date(ctx: &StepContext) -> Result<Option<Date>, StepError> {
    let mut first_day = None;
    let partition = ctx.run.partition.clone();
    if !ctx.read(move |tx| duplicate::is_to_renew(tx, &partition)).await? {
        return Ok(first_day);
    }
    loop {
        let partition = ctx.run.partition.clone();
        let renewed = ctx.commit(move |tx, _| duplicate::renew(tx, &partition, CHUNK)).await?;
        first_day = first_day.into_iter().chain(renewed.first_day).min();
        if renewed.is_done {
            return Ok(first_day);
        }
    }
}
