//! Where a FIT sequence lies in the bytes, and its checksums.

/// Where a sequence lies in the bytes.
pub(super) struct Frame {
    header: usize,
    pub(super) data: usize,
    /// End of the data that is really there.
    pub(super) end: usize,
    declared_end: usize,
    /// The bytes end before the data does.
    pub(super) is_cut: bool,
}

impl Frame {
    /// The frame whose header begins here, if one does.
    pub(super) fn at(bytes: &[u8], start: usize) -> Option<Self> {
        let header = bytes.get(start..)?;
        let size = usize::from(*header.first()?);
        if size < 12 || header.get(8..12) != Some(b".FIT") {
            return None;
        }
        let declared = u32::from_le_bytes(header.get(4..8)?.try_into().ok()?);
        let data = (start + size).min(bytes.len());
        let declared_end = data.saturating_add(declared as usize);
        // A recorder that dies leaves the size at 0: the data then goes on to the end.
        let is_cut = declared == 0 || declared_end > bytes.len();
        let end = if is_cut { bytes.len() } else { declared_end };
        Some(Self { header: start, data, end, declared_end: declared_end.max(end), is_cut })
    }

    /// Where the next sequence of a chained file would begin.
    pub(super) fn next(&self) -> usize {
        self.declared_end.saturating_add(2)
    }

    pub(super) fn cut_text(&self, length: usize) -> String {
        let declared = self.declared_end - self.data;
        format!("the header promises {declared} bytes of data, {} are there", length - self.data)
    }

    /// What is wrong with the checksums; one of the header is optional.
    pub(super) fn crc_fault(&self, bytes: &[u8]) -> Option<String> {
        let Some(stored) = bytes.get(self.end..self.end + 2) else {
            return Some("the checksum is missing".to_owned());
        };
        let stored = u16::from_le_bytes([stored[0], stored[1]]);
        let header = &bytes[self.header..self.data];
        if let Some([low, high]) = header.get(12..14) {
            let (stored, computed) = (u16::from_le_bytes([*low, *high]), crc(&header[..12]));
            if stored != 0 && stored != computed {
                return Some(format!(
                    "checksum of the header {stored:#06x} stored, {computed:#06x} computed"
                ));
            }
        }
        let computed = crc(&bytes[self.header..self.end]);
        (stored != computed).then(|| format!("checksum {stored:#06x} stored, {computed:#06x} computed"))
    }
}

/// The checksum of the FIT protocol: CRC-16 with the polynomial 0xA001, eight bytes at a time.
fn crc(bytes: &[u8]) -> u16 {
    let at = |table: usize, byte: u8| TABLES[table][usize::from(byte)];
    let (chunks, rest) = bytes.as_chunks::<8>();
    let crc = chunks.iter().fold(0u16, |crc, &[a, b, c, d, e, f, g, h]| {
        let [low, high] = (crc ^ u16::from_le_bytes([a, b])).to_le_bytes();
        at(7, low) ^ at(6, high) ^ at(5, c) ^ at(4, d) ^ at(3, e) ^ at(2, f) ^ at(1, g) ^ at(0, h)
    });
    rest.iter().fold(crc, |crc, byte| crc >> 8 ^ at(0, crc as u8 ^ byte))
}

/// `TABLES[n][b]` is the checksum of the byte `b` followed by `n` zeros.
static TABLES: [[u16; 256]; 8] = {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = (byte as u16, 0);
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let crc = tables[table - 1][byte];
            tables[table][byte] = crc >> 8 ^ tables[0][(crc & 0xff) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
};

#[cfg(test)]
mod tests {
    use super::crc;

    #[test]
    fn checksum_agrees_with_the_bitwise_definition() {
        let bytes: Vec<u8> = (0..100u32).map(|index| (index * index * 7 + 13) as u8).collect();
        for length in 0..bytes.len() {
            let bitwise = bytes[..length].iter().fold(0u16, |crc, byte| {
                let step = |crc: u16, _| if crc & 1 == 1 { crc >> 1 ^ 0xa001 } else { crc >> 1 };
                (0..8).fold(crc ^ u16::from(*byte), step)
            });
            assert_eq!(crc(&bytes[..length]), bitwise, "{length} bytes");
        }
    }
}
