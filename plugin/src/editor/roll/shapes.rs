//! Collects many small figures in one mesh, which draws thousands of them in a frame.

use egui::{Color32, Mesh, Pos2, Rect, Shape, Vec2, pos2, vec2};

/// Corners of a disc.
const CORNERS: usize = 12;

/// Figures to draw at once.
#[derive(Debug)]
pub struct Shapes {
    mesh: Mesh,
    /// Directions of a disc's corners.
    corners: [Vec2; CORNERS],
    /// Width over which round edges fade out.
    feather: f32,
}

impl Shapes {
    /// No figures yet. `pixel` is the size of a pixel in points.
    pub fn new(pixel: f32) -> Self {
        let corner = |index: usize| Vec2::angled(index as f32 / CORNERS as f32 * std::f32::consts::TAU);
        Self { mesh: Mesh::default(), corners: std::array::from_fn(corner), feather: pixel }
    }

    /// The size of a pixel in points.
    pub fn pixel(&self) -> f32 {
        self.feather
    }

    /// A filled rectangle.
    pub fn rect(&mut self, rect: Rect, colour: Color32) {
        self.mesh.add_colored_rect(rect, colour);
    }

    /// The edge of a rectangle.
    pub fn frame(&mut self, rect: Rect, width: f32, colour: Color32) {
        let width = width.min(rect.width() / 2.0).min(rect.height() / 2.0);
        let inner = rect.shrink(width);
        self.rect(Rect::from_min_max(rect.min, pos2(rect.max.x, inner.min.y)), colour);
        self.rect(Rect::from_min_max(pos2(rect.min.x, inner.max.y), rect.max), colour);
        self.rect(Rect::from_min_max(pos2(rect.min.x, inner.min.y), pos2(inner.min.x, inner.max.y)), colour);
        self.rect(Rect::from_min_max(pos2(inner.max.x, inner.min.y), pos2(rect.max.x, inner.max.y)), colour);
    }

    /// A vertical line.
    pub fn vertical(&mut self, x: f32, y: egui::Rangef, (width, colour): (f32, Color32)) {
        self.rect(Rect::from_x_y_ranges(x - width / 2.0..=x + width / 2.0, y), colour);
    }

    /// A filled disc.
    pub fn disc(&mut self, centre: Pos2, radius: f32, colour: Color32) {
        let corners = self.corners;
        self.polygon(corners.iter().map(|&corner| (centre + corner * radius, corner)), colour);
    }

    /// A circle's line, within `radius`.
    pub fn ring(&mut self, centre: Pos2, radius: f32, (width, colour): (f32, Color32)) {
        let half = self.feather / 2.0;
        let radii = [radius - width - half, radius - width + half, radius - half, radius + half];
        let colours = [Color32::TRANSPARENT, colour, colour, Color32::TRANSPARENT];
        let base = self.mesh.vertices.len() as u32;
        for corner in self.corners {
            for (radius, colour) in radii.into_iter().zip(colours) {
                self.mesh.colored_vertex(centre + corner * radius.max(0.0), colour);
            }
        }
        for index in 0..CORNERS as u32 {
            let (this, next) = (base + 4 * index, base + 4 * ((index + 1) % CORNERS as u32));
            for circle in 0..3 {
                self.quad([this + circle, this + circle + 1, next + circle, next + circle + 1]);
            }
        }
    }

    /// A triangle that stands on its tip.
    pub fn triangle(&mut self, centre: Pos2, radius: f32, colour: Color32) {
        let corners = [vec2(-1.0, -0.8), vec2(1.0, -0.8), vec2(0.0, 1.0)];
        self.polygon(corners.into_iter().map(|corner| (centre + corner * radius, corner)), colour);
    }

    /// A square that stands on its corner.
    pub fn diamond(&mut self, centre: Pos2, radius: f32, colour: Color32) {
        let corners = [vec2(-1.0, 0.0), vec2(0.0, -1.0), vec2(1.0, 0.0), vec2(0.0, 1.0)];
        self.polygon(corners.into_iter().map(|corner| (centre + corner * radius, corner)), colour);
    }

    /// All figures, in the order in which they were added.
    pub fn into_shape(self) -> Shape {
        Shape::mesh(self.mesh)
    }

    /// A convex figure: its corners, each with the direction away from the centre.
    fn polygon(&mut self, corners: impl ExactSizeIterator<Item = (Pos2, Vec2)>, colour: Color32) {
        let (base, count) = (self.mesh.vertices.len() as u32, corners.len() as u32);
        for (place, outwards) in corners {
            self.mesh.colored_vertex(place, colour);
            self.mesh.colored_vertex(place + outwards * self.feather, Color32::TRANSPARENT);
        }
        for index in 0..count {
            let (this, next) = (base + 2 * index, base + 2 * ((index + 1) % count));
            self.quad([this, this + 1, next, next + 1]);
            if (1..count - 1).contains(&index) {
                self.mesh.add_triangle(base, this, next);
            }
        }
    }

    fn quad(&mut self, [a, b, c, d]: [u32; 4]) {
        self.mesh.add_triangle(a, b, c);
        self.mesh.add_triangle(c, b, d);
    }
}
