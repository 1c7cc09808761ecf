//! What the machine is: `/etc/os-release` (`os-release(5)`) and the DMI table or device tree by sysinfo, `/proc/cpuinfo`
//! (`proc_cpuinfo(5)`) by procfs. Read once, when somebody asks.
//!
//! Both crates know more machines than we could try. Their faults are fenced: sysinfo believes `/tmp/sysinfo/model`, which
//! anybody may write, where the firmware tells nothing, so it is asked only where that does; procfs keeps a map for each
//! core, so it is given the first cores only, in bytes that were read within bounds.

use procfs::{CpuInfo, FromBufRead as _};
use sysinfo::{Product, System};

use crate::model::machine::identity::Identity;
use crate::model::reading::{Missing, Reading};
use crate::model::text::SafeText;
use crate::sys::bounded;
use crate::sys::root::ProcRoot;

/// Where firmware tells what it is sold as.
const FIRMWARE: [&str; 2] = [
    "devices/virtual/dmi/id/product_name",
    "firmware/devicetree/base/model",
];

/// The cores of as many bytes are looked at; some forty, where each has all of its flags.
const LOOKED_AT: usize = 64 << 10;

/// Asks for everything.
pub fn read(root: &ProcRoot) -> Identity {
    Identity {
        system: asked(root, "system", system),
        product: if FIRMWARE.iter().any(|file| root.sys(file).exists()) {
            asked(root, "product", product)
        } else {
            Err(Missing::Unsupported)
        },
        processors: bounded::read(&root.proc("cpuinfo")).and_then(|text| processors(&text)),
    }
}

/// What sysinfo knows of the running machine, within the bounds of every read; of a fixture it knows nothing.
fn asked(
    root: &ProcRoot,
    what: &'static str,
    ask: impl Fn() -> Option<String> + Send + Sync + 'static,
) -> Reading<SafeText> {
    if !root.is_live() {
        return Err(Missing::Unsupported);
    }
    let answers = bounded::each(what, vec![()], move |()| {
        let text = ask().filter(|text| !text.trim().is_empty());
        text.map(|text| SafeText::from(text.trim()))
            .ok_or(Missing::Unsupported)
    });
    answers.into_iter().next().unwrap_or(Err(Missing::Late))
}

/// `Debian GNU/Linux 12`.
fn system() -> Option<String> {
    let name = System::name().ok()?;
    Some(match System::os_version() {
        Ok(version) => format!("{name} {version}"),
        Err(_) => name,
    })
}

/// `LENOVO 21HMCTO1WW`; makers who name themselves in the product are not named twice.
fn product() -> Option<String> {
    let name = Product::name().ok()?;
    Some(match Product::vendor_name() {
        Ok(maker) if !name.starts_with(maker.as_str()) => format!("{maker} {name}"),
        _ => name,
    })
}

/// The models of cores, each once; kernels of some architectures name none.
pub(crate) fn processors(text: &[u8]) -> Reading<Vec<SafeText>> {
    let text = &text[..text.len().min(LOOKED_AT)];
    let info = CpuInfo::from_buf_read(text).map_err(|_| Missing::Unsupported)?;
    let mut models: Vec<SafeText> = Vec::new();
    for core in 0..info.num_cores() {
        if let Some(model) = info.model_name(core).map(SafeText::from)
            && !models.contains(&model)
        {
            models.push(model);
        }
    }
    if models.is_empty() {
        return Err(Missing::Unsupported);
    }
    Ok(models)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_told_once() {
        let text = b"processor\t: 0\nmodel name\t: Big: 1\nflags\t: a b\n\nprocessor\t: 1\nmodel name\t: Little\n\nprocessor\t: 2\nmodel name\t: Little\n";
        let models = processors(text).expect("they are named");
        assert_eq!(models, ["Big".into(), "Little".into()], "a colon ends it");
        let arm = b"processor\t: 0\nBogoMIPS\t: 48.00\nCPU part\t: 0xd0c\n\n";
        assert_eq!(processors(arm), Err(Missing::Unsupported));
        assert_eq!(processors(b""), Err(Missing::Unsupported));
    }

    #[test]
    fn a_fixture_is_not_taken_for_this_machine() {
        let home = tempfile::tempdir().expect("a directory");
        let root = ProcRoot::fixture(home.path());
        let identity = read(&root);
        assert_eq!(identity.system, Err(Missing::Unsupported));
        assert_eq!(identity.product, Err(Missing::Unsupported));
        assert!(identity.processors.is_err());
    }
}
