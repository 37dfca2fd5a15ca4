//! Reads the plugin's parameters from its edit controller.

use std::collections::HashMap;

use vst3::ComPtr;
use vst3::Steinberg::Vst::*;
use vst3::Steinberg::*;

/// A parameter of the plugin.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub id: ParamID,
    /// Steps between the lowest and the highest value; 0 where it is continuous.
    pub steps: i32,
}

/// The description of every parameter, those for MIDI controllers included.
pub fn parameter_infos(controller: &ComPtr<IEditController>) -> impl Iterator<Item = ParameterInfo> {
    // SAFETY: the controller is valid.
    let count = unsafe { controller.getParameterCount() };
    (0..count).filter_map(|index| {
        let mut info = ParameterInfo {
            id: 0,
            title: [0; 128],
            shortTitle: [0; 128],
            units: [0; 128],
            stepCount: 0,
            defaultNormalizedValue: 0.0,
            unitId: 0,
            flags: 0,
        };
        // SAFETY: the controller is valid and writes to `info`.
        (unsafe { controller.getParameterInfo(index, &raw mut info) } == kResultOk).then_some(info)
    })
}

/// The parameters by name; of equal names the first.
pub fn parameters_by_name(controller: &ComPtr<IEditController>) -> HashMap<String, Parameter> {
    let mut parameters = HashMap::new();
    for info in parameter_infos(controller) {
        let title = info.title.split(|&unit| unit == 0).next().unwrap_or_default();
        let parameter = Parameter { id: info.id, steps: info.stepCount };
        parameters.entry(String::from_utf16_lossy(title)).or_insert(parameter);
    }
    parameters
}
