//! Where an address lies, as part of a sentence: the words of the tab Memory, after "in".

use super::{Kind, Part, Region};
use crate::model::text::SafeText;

impl Region {
    /// What lies at an address of it: `heap arena`, `bss of libc.so.6`, `stack of 812 worker`, `memfd x +0x40`.
    pub fn place(&self, address: u64) -> SafeText {
        let object = self.short_name();
        let at = address
            .saturating_sub(self.start)
            .saturating_add(self.offset);
        let text = match (self.kind, self.part) {
            (Kind::Heap, Part::Brk | Part::Plain) => "heap".to_owned(),
            (Kind::Heap, Part::Arena) => "heap arena".to_owned(),
            (Kind::Heap, Part::GoHeap) => "Go heap".to_owned(),
            (Kind::Data | Kind::Bss, _) => format!("{} of {object}", self.kind.word()),
            (Kind::Stack, _) => "main stack".to_owned(),
            (Kind::ThreadStack, _) => match &self.stack {
                Some(stack) => format!("stack of {} {}", stack.tid, stack.name),
                None => "stack of a thread".to_owned(),
            },
            (Kind::Shared, _) if self.is_semaphore() && self.deleted => {
                "POSIX semaphore, unnamed now".to_owned()
            }
            (Kind::Shared, _) if self.is_semaphore() => {
                let name = object.strip_prefix("sem.").unwrap_or(object);
                format!("POSIX semaphore /{name}")
            }
            (Kind::Shared, Part::ForkShared) => format!("memory shared by fork +{at:#x}"),
            (Kind::Shared, part) => {
                let object = object.strip_prefix("memfd:").unwrap_or(object);
                format!("{} memory {object} +{at:#x}", part.word()).replace("memfd memory", "memfd")
            }
            (Kind::File, Part::SharedFile) => format!("file {object} +{at:#x}"),
            (Kind::Anonymous, Part::Plain) => "anonymous memory".to_owned(),
            (_, part) if object.is_empty() && part.word().is_empty() => {
                self.kind.word().replace('_', " ")
            }
            (_, part) if object.is_empty() => part.word().to_owned(),
            _ => object.to_owned(),
        };
        SafeText::from(text)
    }
}

/// The region that holds an address, among regions by ascending address.
pub fn holding(regions: &[Region], address: u64) -> Option<&Region> {
    let after = regions.partition_point(|r| r.start <= address);
    regions[..after].last().filter(|r| address < r.end)
}

#[cfg(test)]
mod tests;
