//! Rust values to JSON text, byte for byte as serde_json writes them.
//!
//! Messages are mostly strings, and looking for what needs an escape is most of the work of writing them. serde_json
//! looks at one byte after the other; here whole blocks are looked at, and what is clean is copied at once.

use serde::ser::{self, Error as _, Serialize, Serializer};
use serde_json::Error;

use super::scan::clean;

/// How serde_json hands on text that is JSON already (`RawValue`), and numbers in builds with arbitrary precision.
pub(super) const RAW: &str = "$serde_json::private::RawValue";
const NUMBER: &str = "$serde_json::private::Number";

/// Room for what mostly follows a string: an id, `_meta`, closing brackets. A long text is not moved for their sake.
const SLACK: usize = 384;

/// Writes a value.
pub(super) fn to_string<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    let mut out = String::with_capacity(128);
    value.serialize(Writer::<VALUE>(&mut out))?;
    Ok(out)
}

/// Writes a string.
pub(super) fn push_str(out: &mut String, value: &str) {
    let needed = value.len() + 2;
    if out.capacity() - out.len() < needed {
        out.reserve(needed + SLACK);
    }
    out.push('"');
    let mut rest = value;
    loop {
        // What needs an escape is ASCII, so that characters are never cut.
        let (clean, dirty) = rest.split_at(clean(rest.as_bytes()));
        out.push_str(clean);
        let Some(byte) = dirty.bytes().next() else { break };
        push_escape(out, byte);
        rest = &dirty[1..];
    }
    out.push('"');
}

/// Writes a whole number.
pub(super) fn push_int(out: &mut String, value: impl itoa::Integer) {
    out.push_str(itoa::Buffer::new().format(value));
}

#[cold]
fn push_escape(out: &mut String, byte: u8) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    out.push('\\');
    match byte {
        b'"' | b'\\' => out.push(char::from(byte)),
        b'\n' => out.push('n'),
        b'\r' => out.push('r'),
        b'\t' => out.push('t'),
        0x08 => out.push('b'),
        0x0C => out.push('f'),
        _ => {
            out.push_str("u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
    }
}

/// Writes one value: a [`VALUE`] of any kind, a [`KEY`], which becomes a string, or a string that is JSON already.
struct Writer<'a, const AS: u8>(&'a mut String);

const VALUE: u8 = 0;
const KEY: u8 = 1;
const VERBATIM: u8 = 2;

impl<'a, const AS: u8> Writer<'a, AS> {
    /// Something that is no string.
    fn plain(self, text: &str) -> Result<(), Error> {
        match AS {
            VALUE => self.0.push_str(text),
            KEY => push_str(self.0, text),
            _ => return Err(refused::<AS>()),
        }
        Ok(())
    }

    /// Something that no key can be.
    fn value(self) -> Result<&'a mut String, Error> {
        if AS == VALUE { Ok(self.0) } else { Err(refused::<AS>()) }
    }

    fn compound(self, open: &str, close: &'static str) -> Result<Compound<'a>, Error> {
        Ok(Compound::new(self.value()?, open, close))
    }

    fn variant(self, variant: &str) -> Result<&'a mut String, Error> {
        let out = self.value()?;
        out.push('{');
        push_str(out, variant);
        out.push(':');
        Ok(out)
    }

    fn float(self, value: impl Serialize, finite: bool) -> Result<(), Error> {
        if AS == KEY && !finite {
            return Err(Error::custom("float key must be finite (got NaN or +/-inf)"));
        }
        self.plain(&serde_json::to_string(&value)?)
    }
}

fn refused<const AS: u8>() -> Error {
    Error::custom(if AS == KEY { "key must be a string" } else { "expected JSON text" })
}

macro_rules! whole_numbers {
    ($($name:ident: $ty:ty),+ $(,)?) => {
        $(fn $name(self, value: $ty) -> Result<(), Error> {
            self.plain(itoa::Buffer::new().format(value))
        })+
    };
}

impl<'a, const AS: u8> Serializer for Writer<'a, AS> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    whole_numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.plain(if value { "true" } else { "false" })
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.float(value, value.is_finite())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        self.float(value, value.is_finite())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        if AS == VERBATIM {
            self.0.push_str(value);
        } else {
            push_str(self.0, value);
        }
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.value()?.push_str("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let out = self.variant(variant)?;
        value.serialize(Writer::<VALUE>(out))?;
        out.push('}');
        Ok(())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Compound<'a>, Error> {
        self.compound("[", "]")
    }

    fn serialize_tuple(self, _len: usize) -> Result<Compound<'a>, Error> {
        self.compound("[", "]")
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Compound<'a>, Error> {
        self.compound("[", "]")
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(Compound::new(self.variant(variant)?, "[", "]}"))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Compound<'a>, Error> {
        self.compound("{", "}")
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Compound<'a>, Error> {
        if name == RAW || name == NUMBER {
            return Ok(Compound { verbatim: true, ..self.compound("", "")? });
        }
        self.compound("{", "}")
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Compound<'a>, Error> {
        Ok(Compound::new(self.variant(variant)?, "{", "}}"))
    }
}

/// Writes an array or an object, part by part.
struct Compound<'a> {
    out: &'a mut String,
    empty: bool,
    /// The one field is JSON text already.
    verbatim: bool,
    close: &'static str,
}

impl<'a> Compound<'a> {
    fn new(out: &'a mut String, open: &str, close: &'static str) -> Self {
        out.push_str(open);
        Self { out, empty: true, verbatim: false, close }
    }

    fn comma(&mut self) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(',');
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.comma();
        value.serialize(Writer::<VALUE>(self.out))
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        if self.verbatim {
            return value.serialize(Writer::<VERBATIM>(self.out));
        }
        self.comma();
        push_str(self.out, key);
        self.out.push(':');
        value.serialize(Writer::<VALUE>(self.out))
    }
}

macro_rules! compounds {
    ($($name:ident::$method:ident($($key:ident)?) by $by:ident;)+) => {
        $(impl ser::$name for Compound<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, $($key: &'static str,)? value: &T) -> Result<(), Error> {
                self.$by($($key,)? value)
            }

            fn end(self) -> Result<(), Error> {
                self.out.push_str(self.close);
                Ok(())
            }
        })+
    };
}

compounds! {
    SerializeSeq::serialize_element() by item;
    SerializeTuple::serialize_element() by item;
    SerializeTupleStruct::serialize_field() by item;
    SerializeTupleVariant::serialize_field() by item;
    SerializeStruct::serialize_field(key) by field;
    SerializeStructVariant::serialize_field(key) by field;
}

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.comma();
        key.serialize(Writer::<KEY>(self.out))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.out.push(':');
        value.serialize(Writer::<VALUE>(self.out))
    }

    fn end(self) -> Result<(), Error> {
        self.out.push_str(self.close);
        Ok(())
    }
}
