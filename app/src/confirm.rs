//! Asks a person before something is done.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::error::{self, Problem};

/// Returns where the answer is yes. Where nobody can answer, `--yes` must have been given.
pub(crate) async fn confirm(question: &'static str) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        let problem = Problem::new("confirmation_needed", "nobody is there to be asked");
        return Err(Problem { exit: error::USAGE, ..problem.hint("`--yes` answers in advance") }.into());
    }
    let answer = tokio::task::spawn_blocking(move || ask(question)).await??;
    if is_yes(&answer) {
        return Ok(());
    }
    Err(Problem::new("not_confirmed", "nothing was done").into())
}

fn ask(question: &str) -> io::Result<String> {
    write!(io::stderr().lock(), "{question} [y/N] ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_one() {
        assert!(["y\n", "Yes\n", " YES "].into_iter().all(is_yes));
        assert!(!["", "\n", "n\n", "yesterday\n"].into_iter().any(is_yes));
    }
}
