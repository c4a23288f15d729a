//! What a generation's first lines settle for all of it: which format it has, and whether it is UTF-16.

/// UTF-16, by the order of the bytes of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wide {
    Little,
    Big,
}

/// What is settled of a generation. It is stored as a number, and given again when reading goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Position of its format.
    pub format: Option<u8>,
    /// Whether it is UTF-16.
    pub wide: Option<Option<Wide>>,
}

impl Wide {
    /// What the first four bytes tell: a byte order mark, or two characters of Latin script.
    pub fn of(sign: &[u8]) -> Option<Self> {
        match *sign {
            [0xff, 0xfe, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] => Some(Self::Big),
            [a, 0, b, 0] if a != 0 && b != 0 => Some(Self::Little),
            [0, a, 0, b] if a != 0 && b != 0 => Some(Self::Big),
            _ => None,
        }
    }

    #[inline(always)]
    pub fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}

impl Shape {
    /// The shape behind a stored number.
    pub fn from_stored(number: i64) -> Self {
        let wide = match number & 3 {
            1 => Some(None),
            2 => Some(Some(Wide::Little)),
            3 => Some(Some(Wide::Big)),
            _ => None,
        };
        Self { format: u8::try_from(number >> 2).ok().and_then(|position| position.checked_sub(1)), wide }
    }

    /// The number to store.
    pub fn stored(self) -> i64 {
        let wide = match self.wide {
            None => 0,
            Some(None) => 1,
            Some(Some(Wide::Little)) => 2,
            Some(Some(Wide::Big)) => 3,
        };
        self.format.map_or(0, |format| i64::from(format) + 1) << 2 | wide
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_stored() {
        for format in [None, Some(0), Some(63)] {
            for wide in [None, Some(None), Some(Some(Wide::Little)), Some(Some(Wide::Big))] {
                let shape = Shape { format, wide };
                assert_eq!(Shape::from_stored(shape.stored()), shape);
            }
        }
        assert_eq!(Shape::from_stored(0), Shape::default());
        assert_eq!(Shape::from_stored(i64::MAX), Shape { format: None, wide: Some(Some(Wide::Big)) });
    }

    #[test]
    fn four_bytes_tell_utf16() {
        let cases: [(&[u8], Option<Wide>); 7] = [
            (b"\xff\xfe2\0", Some(Wide::Little)),
            (b"\xfe\xff\x002", Some(Wide::Big)),
            (b"2\x000\0", Some(Wide::Little)),
            (b"\x002\x000", Some(Wide::Big)),
            (b"2026", None),
            (b"\0\0\0\0", None),
            (b"\xef\xbb\xbf2", None),
        ];
        for (sign, wide) in cases {
            assert_eq!(Wide::of(sign), wide, "{sign:?}");
        }
    }
}
