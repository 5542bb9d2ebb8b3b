//! WebSocket frames, as far as a load generator needs them: framed once when sent, counted by their
//! headers when received.

/// A server's text frame.
pub(crate) fn framed(payload: &[u8]) -> Vec<u8> {
    frame(payload, 0)
}

/// A client's text frame. Its mask is zero, which leaves the payload as it is.
pub(crate) fn masked(payload: &str) -> Vec<u8> {
    frame(payload.as_bytes(), 0x80)
}

fn frame(payload: &[u8], mask_bit: u8) -> Vec<u8> {
    let mut frame = vec![0x81];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..=125), _) => frame.push(mask_bit | short),
        (_, Ok(medium)) => {
            frame.push(mask_bit | 0x7e);
            frame.extend(medium.to_be_bytes());
        }
        _ => {
            frame.push(mask_bit | 0x7f);
            frame.extend(u64::try_from(payload.len()).unwrap_or(0).to_be_bytes());
        }
    }
    if mask_bit != 0 {
        frame.extend([0; 4]);
    }
    frame.extend(payload);
    frame
}

/// Finds the ends of a server's frames in a stream of bytes, however it is cut.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frames {
    header: [u8; 10],
    have: usize,
    /// Bytes of the payload; while a header is incomplete, nothing.
    payload: Option<usize>,
    rest: usize,
}

impl Frames {
    /// Parses the next bytes; calls `on_end` with the payload's length for every frame that ends in
    /// them.
    pub(crate) fn take(&mut self, mut bytes: &[u8], mut on_end: impl FnMut(usize)) {
        loop {
            match self.payload {
                None => {
                    let Some((first, further)) = bytes.split_first() else {
                        return;
                    };
                    bytes = further;
                    self.header_byte(*first);
                }
                Some(payload) => {
                    let skipped = self.rest.min(bytes.len());
                    bytes = bytes.get(skipped..).unwrap_or_default();
                    self.rest -= skipped;
                    if self.rest > 0 {
                        return;
                    }
                    on_end(payload);
                    self.payload = None;
                    self.have = 0;
                }
            }
        }
    }

    fn header_byte(&mut self, byte: u8) {
        if let Some(place) = self.header.get_mut(self.have) {
            *place = byte;
        }
        self.have += 1;
        let [_, length, long @ ..] = self.header;
        let [high, low, ..] = long;
        let length = length & 0x7f;
        let payload = match (self.have, length) {
            (2, 0..=125) => u64::from(length),
            (4, 126) => u64::from(u16::from_be_bytes([high, low])),
            (10, _) => u64::from_be_bytes(long),
            _ => return,
        };
        let payload = usize::try_from(payload).unwrap_or(usize::MAX);
        (self.payload, self.rest) = (Some(payload), payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_the_stream_is_cut() {
        let lengths = [0, 1, 125, 126, 300, 65_535, 65_536, 0, 7];
        let stream: Vec<u8> = lengths
            .iter()
            .flat_map(|n| framed(&vec![b'x'; *n]))
            .collect();
        for cut in [1, 2, 3, 7, 1_000, stream.len()] {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for bytes in stream.chunks(cut) {
                frames.take(bytes, |length| found.push(length));
            }
            assert_eq!(found, lengths, "cut every {cut}");
        }
    }

    #[test]
    fn a_clients_frame_has_a_mask() {
        assert_eq!(masked("ab"), [0x81, 0x82, 0, 0, 0, 0, b'a', b'b']);
    }
}
