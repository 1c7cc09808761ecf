//! What the inspector and the views show, as fields by number: each type names its fields and their numbers once, and a field
//! that has none does not compile. A number is never given another meaning; new ones are added at the end.

mod descriptors;
mod machine;
mod memory;
mod network;
mod plain;
mod process;
mod scheduling;

use super::Broken;
use super::wire::{Fields, Value};

/// A value that can be told in fields, and be heard again.
pub trait Told: Sized {
    /// Tells it as this field.
    fn tell(&self, out: &mut Fields, field: u32);

    /// Hears it.
    ///
    /// # Errors
    /// When it is none, or one that only a later version knows.
    fn hear(value: Value<'_>) -> Result<Self, Broken>;

    /// Whether it is what stands for a field that was not told.
    fn is_plain(&self) -> bool {
        false
    }

    /// What stands for a field that was not told: what an earlier version did not know.
    ///
    /// # Errors
    /// Where there is nothing that could.
    fn plain() -> Result<Self, Broken> {
        Err(Broken::Damaged)
    }
}

/// What stands in the place of `place` in a list, from 1 on.
fn given<T: Told>(all: &[Option<Value<'_>>], place: usize) -> Result<T, Broken> {
    match all.get(place - 1).copied().flatten() {
        Some(value) => T::hear(value),
        None => T::plain(),
    }
}

/// How many values a variant may have.
const MOST_VALUES: usize = 8;

/// The one field of a variant, and what it has.
fn variant(value: Value<'_>) -> Result<(u32, [Option<Value<'_>>; MOST_VALUES]), Broken> {
    let mut found = None;
    super::extra::within(value, |field, value| {
        found = Some((field, value));
        Ok(())
    })?;
    let (number, inner) = found.ok_or(Broken::Damaged)?;
    let mut all = [None; MOST_VALUES];
    super::extra::within(inner, |field, value| {
        if let Some(place) = all.get_mut((field as usize).wrapping_sub(1)) {
            *place = Some(value);
        }
        Ok(())
    })?;
    Ok((number, all))
}

/// `fields!(Type { 1 name, 2 name });`: a type with fields, each with its number.
macro_rules! fields {
    ($type:ty { $($number:literal $name:ident),* $(,)? }) => {
        impl $crate::recording::told::Told for $type {
            fn tell(&self, out: &mut $crate::recording::wire::Fields, field: u32) {
                let Self { $($name),* } = self;
                let mut inner = $crate::recording::wire::Fields::default();
                $(if !$crate::recording::told::Told::is_plain($name) {
                    $crate::recording::told::Told::tell($name, &mut inner, $number);
                })*
                out.fields(field, &inner);
            }

            fn hear(value: $crate::recording::wire::Value<'_>) -> Result<Self, $crate::recording::Broken> {
                $(let mut $name = None;)*
                $crate::recording::extra::within(value, |field, value| {
                    match field {
                        $($number => $name = Some($crate::recording::told::Told::hear(value)?),)*
                        _ => {}
                    }
                    Ok(())
                })?;
                Ok(Self { $($name: $name.map_or_else($crate::recording::told::Told::plain, Ok)?),* })
            }

            fn plain() -> Result<Self, $crate::recording::Broken> {
                Self::hear($crate::recording::wire::Value::Bytes(&[]))
            }
        }
    };
}

/// `words!(Type { 1 One, 2 Other });`: one of several words.
macro_rules! words {
    ($type:ty { $($number:literal $name:ident),* $(,)? }) => {
        impl $crate::recording::told::Told for $type {
            fn tell(&self, out: &mut $crate::recording::wire::Fields, field: u32) {
                out.number(field, match self { $(Self::$name => $number),* });
            }

            fn hear(value: $crate::recording::wire::Value<'_>) -> Result<Self, $crate::recording::Broken> {
                match value {
                    $($crate::recording::wire::Value::Number($number) => Ok(Self::$name),)*
                    _ => Err($crate::recording::Broken::Damaged),
                }
            }
        }
    };
}

/// `variants!(Type { 1 One, 2 Two(a, b), 3 Three { name } });`: one of several, with what it has in the order that is written.
macro_rules! variants {
    ($type:ty { $($number:literal $name:ident $( ( $($item:ident),* ) )? $( { $($part:ident),* } )?),* $(,)? }) => {
        impl $crate::recording::told::Told for $type {
            fn tell(&self, out: &mut $crate::recording::wire::Fields, field: u32) {
                let mut inner = $crate::recording::wire::Fields::default();
                let number: u32 = match self {
                    $(Self::$name $( ( $($item),* ) )? $( { $($part),* } )? => {
                        let values: &[&dyn $crate::recording::told::Tell] = &[$($($item),*)? $($($part),*)?];
                        for (place, value) in (1..).zip(values) {
                            value.tell_as(&mut inner, place);
                        }
                        $number
                    })*
                };
                let mut one = $crate::recording::wire::Fields::default();
                one.fields(number, &inner);
                out.fields(field, &one);
            }

            fn hear(value: $crate::recording::wire::Value<'_>) -> Result<Self, $crate::recording::Broken> {
                let (number, values) = $crate::recording::told::variant(value)?;
                let mut place = 0;
                let mut next = || {
                    place += 1;
                    place
                };
                Ok(match number {
                    $($number => Self::$name
                        $( ( $($crate::recording::told::variants!(@ $item, values, next)),* ) )?
                        $( { $($part: $crate::recording::told::variants!(@ $part, values, next)),* } )?,)*
                    _ => return Err($crate::recording::Broken::Damaged),
                })
            }
        }
    };
    (@ $name:ident, $values:ident, $next:ident) => {
        $crate::recording::told::given(&$values, $next())?
    };
}

/// The same without the size of the value, for lists of different ones.
trait Tell {
    fn tell_as(&self, out: &mut Fields, field: u32);
}

impl<T: Told> Tell for T {
    fn tell_as(&self, out: &mut Fields, field: u32) {
        if !self.is_plain() {
            self.tell(out, field);
        }
    }
}

use {fields, variants, words};
