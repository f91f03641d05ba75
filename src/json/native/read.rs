//! JSON text to Rust values, for the shapes that messages mostly have.
//!
//! Objects, arrays and strings are read here, a string's end being looked for block by block; everything else is handed
//! to serde_json, part by part. Whatever is not understood, broken text included, ends with [`Left`]: then serde_json reads
//! the whole and has the last word, with its own errors.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::scan::Scan;
use super::write::RAW;

/// Reads a value; the error says that serde_json has to.
pub(super) fn from_text<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Left> {
    let mut scan = Scan::new(text);
    scan.space();
    let value = T::deserialize(Reader { scan: &mut scan, depth: 0 })?;
    scan.space();
    if scan.peek().is_some() {
        return Err(Left);
    }
    Ok(value)
}

/// It is left to serde_json.
#[derive(Debug)]
pub(super) struct Left;

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("left to serde_json")
    }
}

impl std::error::Error for Left {}

impl de::Error for Left {
    fn custom<T: fmt::Display>(_message: T) -> Self {
        Self
    }
}

/// How deep values may nest here.
const DEPTH: u8 = 64;

/// Reads one value, which begins where the scan stands.
struct Reader<'s, 'de> {
    scan: &'s mut Scan<'de>,
    depth: u8,
}

impl<'s, 'de> Reader<'s, 'de> {
    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        let mut parts = self.parts(b'}')?;
        let value = visitor.visit_map(&mut parts)?;
        parts.close(value)
    }

    fn array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        let mut parts = self.parts(b']')?;
        let value = visitor.visit_seq(&mut parts)?;
        parts.close(value)
    }

    fn parts(self, close: u8) -> Result<Parts<'s, 'de>, Left> {
        if self.depth == DEPTH {
            return Err(Left);
        }
        self.scan.next();
        Ok(Parts { scan: self.scan, depth: self.depth + 1, close, first: true })
    }

    fn string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        if let Some(plain) = self.scan.plain() {
            return visitor.visit_borrowed_str(plain);
        }
        let text = self.scan.value().ok_or(Left)?;
        visitor.visit_string(serde_json::from_str(text).map_err(|_| Left)?)
    }
}

/// The rest of an object or array.
struct Parts<'s, 'de> {
    scan: &'s mut Scan<'de>,
    depth: u8,
    close: u8,
    first: bool,
}

impl<'de> Parts<'_, 'de> {
    /// Goes to the next part; `false` where the bracket closes.
    fn more(&mut self) -> Result<bool, Left> {
        self.scan.space();
        if self.scan.peek() == Some(self.close) {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.scan.take(b',').ok_or(Left)?;
            self.scan.space();
        }
        Ok(true)
    }

    /// The closing bracket, which the visitor may not have come to.
    fn close<T>(&mut self, value: T) -> Result<T, Left> {
        self.scan.space();
        self.scan.take(self.close).ok_or(Left)?;
        Ok(value)
    }

    fn reader(&mut self) -> Reader<'_, 'de> {
        Reader { scan: self.scan, depth: self.depth }
    }
}

impl<'de> SeqAccess<'de> for &mut Parts<'_, 'de> {
    type Error = Left;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Left> {
        if self.more()? { seed.deserialize(self.reader()).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for &mut Parts<'_, 'de> {
    type Error = Left;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Left> {
        if !self.more()? {
            return Ok(None);
        }
        let key = self.scan.name().ok_or(Left)?;
        // A key that is a number is refused by its visitor, and left with everything else.
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Left> {
        seed.deserialize(self.reader())
    }
}

macro_rules! by_serde_json {
    ($($name:ident)*) => {
        $(fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
            let text = self.scan.value().ok_or(Left)?;
            serde_json::Deserializer::from_str(text).$name(visitor).map_err(|_| Left)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_, 'de> {
    type Error = Left;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        match self.scan.peek() {
            Some(b'{') => self.object(visitor),
            Some(b'[') => self.array(visitor),
            Some(b'"') => self.string(visitor),
            _ => {
                let text = self.scan.value().ok_or(Left)?;
                serde_json::Deserializer::from_str(text).deserialize_any(visitor).map_err(|_| Left)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        if self.scan.peek() == Some(b'n') {
            self.scan.value().ok_or(Left)?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Left> {
        if name == RAW {
            // The value's text, the way `RawValue` takes it.
            let text = self.scan.value().ok_or(Left)?;
            let raw = de::value::MapDeserializer::new(std::iter::once((RAW, Raw(text))));
            return visitor.visit_map(raw);
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Left> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        if self.scan.peek() == Some(b'{') { self.object(visitor) } else { Err(Left) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        if self.scan.peek() == Some(b'[') { self.array(visitor) } else { Err(Left) }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        if self.scan.peek() == Some(b'"') { self.string(visitor) } else { Err(Left) }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Left> {
        self.scan.value().ok_or(Left)?;
        visitor.visit_unit()
    }

    by_serde_json! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32
        deserialize_f64 deserialize_char deserialize_bytes deserialize_byte_buf deserialize_unit
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Left> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Left> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value, Left> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Left> {
        let text = self.scan.value().ok_or(Left)?;
        serde_json::Deserializer::from_str(text).deserialize_enum(name, variants, visitor).map_err(|_| Left)
    }
}

/// The text of a value that is not to be read.
struct Raw<'de>(&'de str);

impl<'de> de::IntoDeserializer<'de, Left> for Raw<'de> {
    type Deserializer = BorrowedStrDeserializer<'de, Left>;

    fn into_deserializer(self) -> Self::Deserializer {
        BorrowedStrDeserializer::new(self.0)
    }
}
