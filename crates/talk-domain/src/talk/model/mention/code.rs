//! Finds the parts of a text that are code in Markdown.

use std::collections::HashMap;
use std::ops::Range;

/// Finds the byte ranges of code blocks in fences (of three or more `` ` `` or `~`) and of code
/// spans, rising and disjoint. A block that is not closed reaches to the end of the text; a span
/// ends in the paragraph it begins in, with as many backticks as it begins with. Takes linear time.
pub(super) fn code_in(text: &str) -> Vec<Range<usize>> {
    if !text.contains(['`', '~']) {
        return Vec::new();
    }
    let (mut blocks, mut runs) = (Vec::new(), Vec::new());
    let mut open: Option<(Fence, usize)> = None;
    let (mut paragraph, mut start) = (0, 0);
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        match (&open, Fence::at(line)) {
            (Some((opening, from)), Some(closing)) if closing.closes(opening) => {
                blocks.push(*from..end);
                open = None;
            }
            (Some(_), _) => {}
            (None, Some(fence)) if fence.can_open => {
                open = Some((fence, start));
                paragraph += 1;
            }
            (None, _) if line.trim().is_empty() => paragraph += 1,
            (None, _) => runs.extend(Run::all(line, start, paragraph)),
        }
        start = end;
    }
    if let Some((_, from)) = open {
        blocks.push(from..text.len());
    }
    blocks.extend(spans(&runs));
    blocks.sort_by_key(|range| range.start);
    blocks
}

/// A line that opens or closes a code block.
struct Fence {
    mark: char,
    length: usize,
    can_open: bool,
    can_close: bool,
}

impl Fence {
    /// The fence in this line, indented by up to three spaces.
    fn at(line: &str) -> Option<Self> {
        let rest = line.trim_start_matches(' ');
        let mark = rest.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = rest.trim_start_matches(mark);
        let (indent, length) = (line.len() - rest.len(), rest.len() - info.len());
        (indent <= 3 && length >= 3).then(|| Self {
            mark,
            length,
            can_open: mark == '~' || !info.contains('`'),
            can_close: info.trim().is_empty(),
        })
    }

    fn closes(&self, opening: &Self) -> bool {
        self.can_close && self.mark == opening.mark && self.length >= opening.length
    }
}

/// A run of backticks.
struct Run {
    start: usize,
    length: usize,
    paragraph: usize,
}

impl Run {
    /// Finds the runs of a line that begins at `start`.
    fn all(line: &str, start: usize, paragraph: usize) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        for (at, _) in line.match_indices('`') {
            let at = start + at;
            match runs.last_mut() {
                Some(run) if run.start + run.length == at => run.length += 1,
                _ => runs.push(Self {
                    start: at,
                    length: 1,
                    paragraph,
                }),
            }
        }
        runs
    }
}

/// Finds the code spans between these runs.
fn spans(runs: &[Run]) -> Vec<Range<usize>> {
    let mut later: HashMap<(usize, usize), usize> = HashMap::new();
    let mut closing: Vec<Option<usize>> = Vec::with_capacity(runs.len());
    for (index, run) in runs.iter().enumerate().rev() {
        closing.push(later.insert((run.paragraph, run.length), index));
    }
    closing.reverse();
    let (mut spans, mut next) = (Vec::new(), 0);
    for (index, (run, closing)) in runs.iter().zip(closing).enumerate() {
        if index < next {
            continue;
        }
        if let Some(closing) = closing
            && let Some(end) = runs.get(closing)
        {
            spans.push(run.start..end.start + end.length);
            next = closing + 1;
        }
    }
    spans
}
