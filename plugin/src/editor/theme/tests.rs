//! The colours: texts that are read on every surface, and velocities that colour-blind people tell apart.

use super::*;

/// A colour in linear light: red, green and blue from 0 to 1.
type Light = [f64; 3];

fn light(colour: Color32) -> Light {
    [colour.r(), colour.g(), colour.b()].map(|value| match f64::from(value) / 255.0 {
        value if value <= 0.040_45 => value / 12.92,
        value => ((value + 0.055) / 1.055).powf(2.4),
    })
}

/// The relative luminance of WCAG 2.2.
fn luminance([red, green, blue]: Light) -> f64 {
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The contrast of WCAG 2.2, from 1 to 21.
fn contrast(one: Color32, other: Color32) -> f64 {
    let [one, other] = [one, other].map(|colour| luminance(light(colour)) + 0.05);
    one.max(other) / one.min(other)
}

/// How people see colours: Machado, Oliveira and Fernandes (2009) at full severity, in linear light.
const SIGHTS: [(&str, [[f64; 3]; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    ("protanopia", [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    (
        "deuteranopia",
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ),
    ("tritanopia", [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
];

fn seen_as(sight: &[[f64; 3]; 3], colour: Color32) -> Light {
    let light = light(colour);
    let sum = |row: [f64; 3]| row.iter().zip(light).map(|(share, value)| share * value).sum::<f64>();
    sight.map(|row| sum(row).clamp(0.0, 1.0))
}

/// CIELAB under daylight (D65).
fn lab([red, green, blue]: Light) -> [f64; 3] {
    let x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505;
    let z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089;
    let [x, y, z] = [x, luminance([red, green, blue]), z]
        .map(|value| if value > 216.0 / 24_389.0 { value.cbrt() } else { (24_389.0 / 27.0 * value + 16.0) / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

const THEMES: [(&str, &Palette); 2] = [("dark", &DARK), ("light", &LIGHT)];

#[test]
fn the_formulas_give_their_published_values() {
    assert!((contrast(Color32::WHITE, Color32::BLACK) - 21.0).abs() < 1e-9);
    // The grey that WCAG's own examples use as just enough on white.
    assert!((contrast(Color32::from_gray(118), Color32::WHITE) - 4.54).abs() < 0.01);
    let [lightness, a, b] = lab(light(rgb(255, 0, 0)));
    assert!(
        (lightness - 53.24).abs() < 0.05 && (a - 80.09).abs() < 0.1 && (b - 67.2).abs() < 0.1,
        "{lightness} {a} {b}"
    );
}

#[test]
fn every_text_is_read_on_every_surface_that_it_stands_on() {
    for (theme, palette) in THEMES {
        let Palette { window, popup, control, hovered_control, roll, black_keys, accent, .. } = *palette;
        for (text, colour, surfaces) in [
            ("text", palette.text, &[window, popup, control, hovered_control, roll, black_keys][..]),
            ("weak text", palette.weak_text, &[window, popup, control, roll, black_keys]),
            ("warning", palette.warning, &[window, popup, control, roll, black_keys]),
            ("link", accent, &[window, popup]),
            ("text on the accent", palette.on_accent, &[accent]),
        ] {
            for surface in surfaces {
                let contrast = contrast(colour, *surface);
                assert!(contrast >= 4.5, "{theme}: {text} on {surface:?} has a contrast of {contrast:.2}");
            }
        }
    }
}

#[test]
fn egui_draws_no_text_in_other_colours() {
    for (theme, palette) in [(egui::Theme::Dark, &DARK), (egui::Theme::Light, &LIGHT)] {
        let context = egui::Context::default();
        apply(&context, theme);
        let visuals = context.style_of(theme).visuals.clone();
        let widgets = &visuals.widgets;
        for widget in [&widgets.noninteractive, &widgets.inactive, &widgets.hovered, &widgets.active, &widgets.open] {
            assert_eq!(widget.text_color(), palette.text, "{theme:?}");
            assert!(contrast(widget.text_color(), widget.bg_fill) >= 4.5 && widget.bg_fill == widget.weak_bg_fill);
        }
        assert_eq!(visuals.weak_text_color(), palette.weak_text);
        assert_eq!(visuals.strong_text_color(), palette.text);
        assert_eq!((visuals.selection.stroke.color, visuals.selection.bg_fill), (palette.on_accent, palette.accent));
    }
}

#[test]
fn the_focus_and_every_velocity_stand_out() {
    for (theme, palette) in THEMES {
        for surface in [palette.window, palette.popup, palette.control, palette.hovered_control, palette.accent] {
            let contrast = contrast(palette.focus, surface);
            assert!(contrast >= 2.0, "{theme}: the focus on {surface:?} has a contrast of {contrast:.2}");
        }
        for (velocity, surface) in
            (1..=127).flat_map(|velocity| [palette.roll, palette.black_keys].map(|s| (velocity, s)))
        {
            let contrast = contrast(palette.velocity(velocity), surface);
            assert!(contrast >= 3.0, "{theme}: velocity {velocity} on {surface:?} has a contrast of {contrast:.2}");
        }
    }
}

#[test]
fn colour_blind_people_tell_velocities_apart_as_others_do() {
    for ((theme, palette), (sight, matrix)) in
        THEMES.iter().flat_map(|theme| SIGHTS.iter().map(move |sight| (theme, sight)))
    {
        let seen: Vec<[f64; 3]> = (1..=127).map(|velocity| lab(seen_as(matrix, palette.velocity(velocity)))).collect();
        // Louder is always further from the roll, so that the order needs no legend.
        let away = if *theme == "dark" { 1.0 } else { -1.0 };
        for (index, four) in seen.windows(4).enumerate() {
            assert!((four[3][0] - four[0][0]) * away > 0.0, "{theme}, {sight}: velocity {} is not louder", index + 4);
        }
        // A step of 16, an eighth of the range, is plainly seen: 2.3 is what people just notice (Mahy 1994).
        for velocity in 0..seen.len() - 16 {
            let distance =
                seen[velocity].iter().zip(seen[velocity + 16]).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(
                distance >= 4.6,
                "{theme}, {sight}: {distance:.1} from velocity {} to {}",
                velocity + 1,
                velocity + 17
            );
        }
    }
}
