//! Reproducible random numbers.

/// A small generator: the same seed gives the same numbers.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// Returns a number from 0 to `n` - 1.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}
