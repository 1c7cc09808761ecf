//! Numbers, texts, lists, and what may be missing, as fields.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use super::{Told, fields};
use crate::model::descriptors::descriptor;
use crate::model::descriptors::socket::names::Names;
use crate::model::id::{Bytes, Nanos, Pid, ProcId, ThreadId, Ticks, Tid, Uid};
use crate::model::memory::region;
use crate::model::process::isolation::rights::Capabilities;
use crate::model::process::stat::Stat;
use crate::model::reading::{Missing, Reading};
use crate::model::sample::{Moved, Pressure, SchedStat};
use crate::model::scheduling::wait::{Deadlock, Wants};
use crate::model::text::SafeText;
use crate::recording::extra::within;
use crate::recording::numbers::{self, Numbers, WHY};
use crate::recording::wire::{self, Fields, Value};
use crate::recording::{Broken, names};

fn number(value: Value<'_>) -> Result<u64, Broken> {
    match value {
        Value::Number(number) => Ok(number),
        Value::Bytes(_) => Err(Broken::Damaged),
    }
}

fn bytes(value: Value<'_>) -> Result<&[u8], Broken> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        Value::Number(_) => Err(Broken::Damaged),
    }
}

/// What is a number: how it is told, and what a number is told as.
macro_rules! numbers {
    ($($type:ty: $value:ident => $to:expr, $from:expr;)*) => {$(
        impl Told for $type {
            fn tell(&self, out: &mut Fields, field: u32) {
                let $value = *self;
                out.number(field, $to);
            }

            fn hear(value: Value<'_>) -> Result<Self, Broken> {
                let $value = number(value)?;
                Ok($from)
            }

            fn is_plain(&self) -> bool {
                let $value = *self;
                let told: u64 = $to;
                told == 0
            }

            fn plain() -> Result<Self, Broken> {
                Self::hear(Value::Number(0))
            }
        }
    )*};
}

numbers! {
    u64: n => n, n;
    u32: n => n.into(), n as Self;
    u16: n => n.into(), n as Self;
    u8: n => n.into(), n as Self;
    usize: n => n as u64, n as Self;
    i64: n => wire::zigzag(n as u64), wire::unzigzag(n) as Self;
    i32: n => wire::zigzag(i64::from(n) as u64), wire::unzigzag(n) as Self;
    bool: n => n.into(), n != 0;
    f32: n => n.to_bits().into(), Self::from_bits(n as u32);
    f64: n => n.to_bits(), Self::from_bits(n);
    Nanos: n => n.0, Self(n);
    Bytes: n => n.0, Self(n);
    Ticks: n => n.0, Self(n);
    Pid: n => n.0.into(), Self(n as u32);
    Tid: n => n.0.into(), Self(n as u32);
    Uid: n => n.0.into(), Self(n as u32);
    Capabilities: n => n.0, Self(n);
    crate::model::acting::signal::SignalSet: n => n.0, Self(n);
    descriptor::Flags: n => n.bits().into(), Self::from_bits_truncate(n as u16);
    region::Flags: n => n.bits().into(), Self::from_bits_truncate(n as u16);
    Wants: n => n.bits().into(), Self::from_bits_truncate(n as u8);
}

fields!(ProcId { 1 pid, 2 start });
fields!(ThreadId { 1 tid, 2 start });
fields!(Moved { 1 read, 2 written });

/// What the table tells as a row of numbers is told so here as well.
macro_rules! rows {
    ($($type:ty: $n:literal;)*) => {$(
        impl Told for $type {
            fn tell(&self, out: &mut Fields, field: u32) {
                let mut inner = Fields::default();
                numbers::write(&mut inner, 1, &[0; $n], &Numbers::<$n>::row(self));
                out.fields(field, &inner);
            }

            fn hear(value: Value<'_>) -> Result<Self, Broken> {
                let mut row = [0; $n];
                within(value, |field, value| {
                    numbers::hear(&mut row, 1, field, value);
                    Ok(())
                })?;
                Ok(Numbers::<$n>::of(row))
            }
        }
    )*};
}

rows! {
    Stat: 22;
    SchedStat: 3;
    Pressure: 4;
}

impl Told for SafeText {
    fn tell(&self, out: &mut Fields, field: u32) {
        out.bytes(field, &self.bytes());
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        Ok(Self::from_bytes(bytes(value)?))
    }

    fn is_plain(&self) -> bool {
        self.as_str().is_empty()
    }

    fn plain() -> Result<Self, Broken> {
        Ok(Self::default())
    }
}

impl Told for String {
    fn tell(&self, out: &mut Fields, field: u32) {
        out.bytes(field, self.as_bytes());
    }

    /// Escaped as any text of a recording.
    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        Ok(SafeText::from_bytes(bytes(value)?).to_string())
    }

    fn is_plain(&self) -> bool {
        self.is_empty()
    }

    fn plain() -> Result<Self, Broken> {
        Ok(Self::new())
    }
}

/// A word of pscope's own.
impl Told for &'static str {
    fn tell(&self, out: &mut Fields, field: u32) {
        out.bytes(field, self.as_bytes());
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        Ok(names::word(bytes(value)?))
    }
}

impl Told for () {
    fn tell(&self, out: &mut Fields, field: u32) {
        out.number(field, 1);
    }

    fn hear(_: Value<'_>) -> Result<Self, Broken> {
        Ok(())
    }
}

impl Told for Missing {
    fn tell(&self, out: &mut Fields, field: u32) {
        out.number(field, numbers::code(*self));
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        number(value).map(numbers::why)
    }
}

/// A value as field 1, or why there is none as the field that readings of the table have for it.
impl<T: Told> Told for Reading<T> {
    fn tell(&self, out: &mut Fields, field: u32) {
        let mut inner = Fields::default();
        match self {
            Ok(value) => value.tell(&mut inner, 1),
            Err(why) => why.tell(&mut inner, WHY),
        }
        out.fields(field, &inner);
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        let mut heard = Err(Missing::Unsupported);
        within(value, |field, value| {
            match field {
                1 => heard = Ok(T::hear(value)?),
                WHY => heard = Err(Missing::hear(value)?),
                _ => {}
            }
            Ok(())
        })?;
        Ok(heard)
    }

    fn plain() -> Result<Self, Broken> {
        Ok(Err(Missing::Unsupported))
    }
}

impl<T: Told> Told for Option<T> {
    fn tell(&self, out: &mut Fields, field: u32) {
        let mut inner = Fields::default();
        if let Some(value) = self {
            value.tell(&mut inner, 1);
        }
        out.fields(field, &inner);
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        let mut heard = None;
        within(value, |field, value| {
            if field == 1 {
                heard = Some(T::hear(value)?);
            }
            Ok(())
        })?;
        Ok(heard)
    }

    fn is_plain(&self) -> bool {
        self.is_none()
    }

    fn plain() -> Result<Self, Broken> {
        Ok(None)
    }
}

/// How many times the bytes of a list what it takes in memory may be: what was ever written stays far below.
const SWELL: usize = 64;

impl<T: Told> Told for Vec<T> {
    fn tell(&self, out: &mut Fields, field: u32) {
        let mut inner = Fields::default();
        for one in self {
            one.tell(&mut inner, 1);
        }
        out.fields(field, &inner);
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        let most = bytes(value)?.len().saturating_mul(SWELL) + 4096;
        let mut all = Self::new();
        within(value, |field, value| {
            if (all.len() + 1).saturating_mul(size_of::<T>()) > most {
                return Err(Broken::TooLarge);
            }
            if field == 1 {
                all.push(T::hear(value)?);
            }
            Ok(())
        })?;
        Ok(all)
    }

    fn is_plain(&self) -> bool {
        self.is_empty()
    }

    fn plain() -> Result<Self, Broken> {
        Ok(Self::new())
    }
}

impl<T: Told, const N: usize> Told for [T; N] {
    fn tell(&self, out: &mut Fields, field: u32) {
        let mut inner = Fields::default();
        for (place, one) in (1..).zip(self) {
            one.tell(&mut inner, place);
        }
        out.fields(field, &inner);
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        let mut all: [Option<T>; N] = std::array::from_fn(|_| None);
        within(value, |field, value| {
            if let Some(place) = all.get_mut((field as usize).wrapping_sub(1)) {
                *place = Some(T::hear(value)?);
            }
            Ok(())
        })?;
        let all = all.into_iter().map(|one| one.map_or_else(T::plain, Ok));
        let all: Vec<T> = all.collect::<Result<_, _>>()?;
        all.try_into().map_err(|_| Broken::Damaged)
    }
}

/// What is told of a value wherever it lies.
macro_rules! wrapped {
    ($($wrap:ident),*) => {$(
        impl<T: Told> Told for $wrap<T> {
            fn tell(&self, out: &mut Fields, field: u32) {
                (**self).tell(out, field);
            }

            fn hear(value: Value<'_>) -> Result<Self, Broken> {
                T::hear(value).map($wrap::new)
            }

            fn is_plain(&self) -> bool {
                (**self).is_plain()
            }

            fn plain() -> Result<Self, Broken> {
                T::plain().map($wrap::new)
            }
        }
    )*};
}

wrapped!(Arc, Box);

/// Values that belong together, by their places.
macro_rules! tuples {
    ($($($place:tt $type:ident $number:literal),+;)*) => {$(
        impl<$($type: Told),+> Told for ($($type),+) {
            fn tell(&self, out: &mut Fields, field: u32) {
                let mut inner = Fields::default();
                $(self.$place.tell(&mut inner, $number);)+
                out.fields(field, &inner);
            }

            fn hear(value: Value<'_>) -> Result<Self, Broken> {
                let mut all = [None; 3];
                within(value, |field, value| {
                    if let Some(place) = all.get_mut((field as usize).wrapping_sub(1)) {
                        *place = Some(value);
                    }
                    Ok(())
                })?;
                Ok(($(super::given::<$type>(&all, $number)?),+))
            }
        }
    )*};
}

tuples! {
    0 A 1, 1 B 2;
    0 A 1, 1 B 2, 2 C 3;
}

impl Told for IpAddr {
    fn tell(&self, out: &mut Fields, field: u32) {
        match self {
            Self::V4(v4) => out.bytes(field, &v4.octets()),
            Self::V6(v6) => out.bytes(field, &v6.octets()),
        }
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        let bytes = bytes(value)?;
        if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
            return Ok(Ipv4Addr::from(v4).into());
        }
        let v6 = <[u8; 16]>::try_from(bytes).map_err(|_| Broken::Damaged)?;
        Ok(Ipv6Addr::from(v6).into())
    }
}

impl Told for SocketAddr {
    fn tell(&self, out: &mut Fields, field: u32) {
        (self.ip(), self.port()).tell(out, field);
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        <(IpAddr, u16)>::hear(value).map(|(ip, port)| Self::new(ip, port))
    }
}

/// Names of ports and addresses are those of whoever reads: files of a machine that is not here.
impl Told for Names {
    fn tell(&self, _: &mut Fields, _: u32) {}

    fn hear(_: Value<'_>) -> Result<Self, Broken> {
        Ok(Self::default())
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn plain() -> Result<Self, Broken> {
        Ok(Self::default())
    }
}

impl Told for Deadlock {
    fn tell(&self, out: &mut Fields, field: u32) {
        self.0.tell(out, field);
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        Vec::hear(value).map(Self)
    }
}

/// By ascending key, so that the same is told in the same bytes.
impl<T: Told> Told for HashMap<Box<str>, T> {
    fn tell(&self, out: &mut Fields, field: u32) {
        let mut all: Vec<_> = self.iter().collect();
        all.sort_by_key(|(key, _)| *key);
        let mut inner = Fields::default();
        for (key, value) in all {
            let mut one = Fields::default();
            one.bytes(1, key.as_bytes());
            value.tell(&mut one, 2);
            inner.fields(1, &one);
        }
        out.fields(field, &inner);
    }

    fn hear(value: Value<'_>) -> Result<Self, Broken> {
        let all = Vec::<(String, T)>::hear(value)?;
        Ok(all
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect())
    }

    fn is_plain(&self) -> bool {
        self.is_empty()
    }

    fn plain() -> Result<Self, Broken> {
        Ok(Self::new())
    }
}
