//! Choosing ports by name.

use super::PortError;

/// The names of the ports that there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PortNames {
    /// Ports that notes can come from.
    pub inputs: Vec<String>,
    /// Ports that notes can go to.
    pub outputs: Vec<String>,
}

/// Ports that only lead to other programs are no keyboards and no synthesizers, and neither is another ToneNet.
fn is_through(name: &str) -> bool {
    let name = name.to_lowercase();
    ["midi through", "midi-through", "tonenet"].iter().any(|part| name.contains(part))
}

/// The place of the port that the user wants: with a name, the one with exactly that name, else the first that contains it;
/// without one, the first that leads to a device, if there is one.
///
/// # Errors
/// [`PortError::NoSuchPort`] if none has the name.
pub fn choose(ports: &[String], wanted: Option<&str>, direction: &'static str) -> Result<Option<usize>, PortError> {
    let Some(wanted) = wanted else { return Ok(ports.iter().position(|name| !is_through(name))) };
    let exact = ports.iter().position(|name| name == wanted);
    let lower = wanted.to_lowercase();
    let found = exact.or_else(|| ports.iter().position(|name| name.to_lowercase().contains(&lower)));
    found.map(Some).ok_or_else(|| PortError::NoSuchPort {
        direction,
        name: wanted.into(),
        there: if ports.is_empty() { "none".into() } else { ports.join(", ") },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn without_a_name_the_first_device_is_chosen() {
        let ports = names(&["Midi Through:0", "Grand:0", "Organ:0"]);
        assert_eq!(choose(&ports, None, "input"), Ok(Some(1)));
        assert_eq!(choose(&ports[..1], None, "input"), Ok(None));
    }

    #[test]
    fn a_part_of_a_name_is_enough_and_the_whole_name_wins() {
        let ports = names(&["Grand Organ", "Organ", "Midi Through"]);
        assert_eq!(choose(&ports, Some("gran"), "output"), Ok(Some(0)));
        assert_eq!(choose(&ports, Some("Organ"), "output"), Ok(Some(1)));
        assert_eq!(choose(&ports, Some("through"), "output"), Ok(Some(2)), "if the user wants it");
    }

    #[test]
    fn a_name_that_no_port_has_is_refused_with_those_that_there_are() {
        let error = choose(&names(&["Grand"]), Some("flute"), "output").expect_err("no flute");
        assert_eq!(
            error.to_string(),
            "No output port has \"flute\" in its name. There are: Grand. --list-ports lists them."
        );
    }
}
