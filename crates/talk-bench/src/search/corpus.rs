//! Messages in six scripts, the same ones in every run.

/// Letters of each script; words of Korean are made of its syllables.
const SCRIPTS: [&str; 5] = [
    "etaoinshrdlcumwfgypbvkjxqzéüß",
    "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфё",
    "のにはをたがでてとしれさるいうくかられ日本語会議資料確認明今人大",
    "านรอกเงมยลวดทสตะปบคหแจพชขใไโผธ\u{e35}\u{e49}\u{e48}",
    "اليومنترسبدعقفكحجهخشصضطغذزثظ",
];
/// Words of a script.
const WORDS: usize = 3_000;

/// Numbers that look random.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % end.max(1)
    }

    /// A number below `end`, low ones more often.
    fn low(&mut self, end: usize) -> usize {
        self.below(end).min(self.below(end))
    }

    /// Picks a random element, the first ones more often.
    fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let place = self.low(from.len());
        from.get(place).cloned()
    }
}

/// The vocabulary of every script.
pub(crate) struct Corpus(Vec<Vec<String>>);

impl Corpus {
    /// Makes up its words.
    pub(crate) fn new(random: &mut Random) -> Self {
        let korean: Vec<char> = ('가'..='힣').step_by(29).collect();
        let letters = SCRIPTS.iter().map(|script| script.chars().collect());
        let scripts = letters.chain([korean]).map(|letters: Vec<char>| {
            let word = |random: &mut Random| {
                let length = if letters.len() > 100 {
                    1 + random.below(4)
                } else {
                    2 + random.below(8)
                };
                (0..length).filter_map(|_| random.pick(&letters)).collect()
            };
            (0..WORDS).map(|_| word(random)).collect()
        });
        Self(scripts.collect())
    }

    /// Something said in one of the scripts, 40 characters on average.
    pub(crate) fn text(&self, random: &mut Random) -> String {
        let script = random.below(self.0.len());
        let words = self.0.get(script).map(Vec::as_slice).unwrap_or_default();
        let count = 3 + random.below(8);
        let mut said: Vec<String> = (0..count).filter_map(|_| random.pick(words)).collect();
        match random.below(8) {
            0 => said.push("👍🏽".into()),
            1 => said.push("OK!".into()),
            2 => said = said.iter().map(|word| word.to_uppercase()).collect(),
            _ => {}
        }
        said.join(" ")
    }
}
