//! How members are read and written where serde's own way does not fit.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `null` stands for an absent member.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(d: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(d).map(Option::unwrap_or_default)
}

/// A whole number however it is written (`1`, `1.0`, `1e3`); below zero becomes zero.
pub(super) fn whole<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
    Ok(Option::<f64>::deserialize(d)?.map(|number| number as u64))
}

/// Writes a whole number as one: `50`, not `50.0`, which a peer that expects an integer would refuse.
pub(super) fn number<S: Serializer>(value: &f64, s: S) -> Result<S::Ok, S::Error> {
    let whole = *value as i64;
    if whole as f64 == *value && whole.abs() <= crate::frame::RequestId::MAX_SAFE {
        s.serialize_i64(whole)
    } else {
        s.serialize_f64(*value)
    }
}

/// [`number`], where there is one.
pub(super) fn maybe_number<S: Serializer>(value: &Option<f64>, s: S) -> Result<S::Ok, S::Error> {
    struct Number<'a>(&'a f64);
    impl Serialize for Number<'_> {
        fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            number(self.0, s)
        }
    }
    value.as_ref().map(Number).serialize(s)
}

pub(super) fn is_false(value: &bool) -> bool {
    !*value
}

/// An enumeration of strings, read without an allocation. A name that is not listed is an error, or `fallback`.
macro_rules! names {
    ($ty:ident: $what:literal { $($variant:ident = $name:literal),+ $(,)? } $(fallback $fallback:ident)?) => {
        impl $ty {
            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The value of this name on the wire.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $ty {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $ty {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $ty {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $ty;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($what)
                    }
                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$ty, E> {
                        $ty::from_name(name)
                            $(.or(Some($ty::$fallback)))?
                            .ok_or_else(|| E::unknown_variant(name, &[$($name),+]))
                    }
                }
                d.deserialize_str(Visitor)
            }
        }
    };
}
pub(super) use names;
