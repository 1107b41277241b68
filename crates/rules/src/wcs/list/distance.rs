//! How far a place is from another, on the sphere.

use fieldpost_model::progress_list::Rectangle;
use fieldpost_model::submission::Position;

/// The mean radius of the earth, in metres.
const RADIUS_METRES: f64 = 6_371_008.8;
/// What a box is larger than its circle by, in degrees: more than what rounding can take away.
const MARGIN_DEGREES: f64 = 1e-6;

/// At most so far from a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Distance {
    latitude: f64,
    longitude: f64,
    metres: f64,
}

impl Distance {
    /// So far from there. Degrees beyond the poles and beyond the date line are brought back.
    pub(super) fn new(latitude: f64, longitude: f64, metres: f64) -> Self {
        let longitude = (longitude + 180.0).rem_euclid(360.0) - 180.0;
        Self { latitude: latitude.clamp(-90.0, 90.0), longitude, metres }
    }

    /// A box that the circle lies in.
    pub(super) fn rectangle(&self) -> Rectangle {
        let angle = (self.metres / RADIUS_METRES).to_degrees() + MARGIN_DEGREES;
        let (south, north) = (self.latitude - angle, self.latitude + angle);
        let all_around = Rectangle {
            south: south.max(-90.0),
            north: north.min(90.0),
            west: -180.0,
            east: 180.0,
        };
        // A circle around a pole crosses all meridians.
        if south <= -90.0 || north >= 90.0 {
            return all_around;
        }
        let ratio = angle.to_radians().sin() / self.latitude.to_radians().cos();
        let half = ratio.clamp(-1.0, 1.0).asin().to_degrees() + MARGIN_DEGREES;
        if half >= 180.0 {
            return all_around;
        }
        let around = |longitude: f64| (longitude + 180.0).rem_euclid(360.0) - 180.0;
        let (west, east) = (self.longitude - half, self.longitude + half);
        if west < -180.0 || east > 180.0 {
            Rectangle { west: around(west), east: around(east), ..all_around }
        } else {
            Rectangle { west, east, ..all_around }
        }
    }

    /// Whether a place lies in the circle.
    pub(super) fn holds(&self, place: &Position) -> bool {
        let degrees = |text: &str| text.parse::<f64>().ok().filter(|degrees| degrees.is_finite());
        let place = degrees(&place.latitude).zip(degrees(&place.longitude));
        place
            .is_some_and(|(latitude, longitude)| self.metres_to(latitude, longitude) <= self.metres)
    }

    /// By the formula of the half angles, which is exact for small distances too.
    fn metres_to(&self, latitude: f64, longitude: f64) -> f64 {
        let half_sine = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
        let cosines = self.latitude.to_radians().cos() * latitude.to_radians().cos();
        let part =
            half_sine(self.latitude, latitude) + cosines * half_sine(self.longitude, longitude);
        2.0 * RADIUS_METRES * part.clamp(0.0, 1.0).sqrt().asin()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn distances_are_those_of_the_earth() {
        let paris = Distance::new(48.8566, 2.3522, 0.0);
        for (latitude, longitude, kilometres) in [
            (48.8566, 2.3522, 0.0),
            (51.5074, -0.1278, 343.6),
            (-33.8688, 151.2093, 16_960.5),
            (48.8566, -177.6478, 9_149.9),
        ] {
            let metres = paris.metres_to(latitude, longitude);
            assert!((metres / 1_000.0 - kilometres).abs() < 0.5, "{latitude} {longitude} {metres}");
        }
    }

    proptest! {
        /// No place of a circle is outside of its box.
        #[test]
        fn the_box_holds_the_circle(
            latitude in -90.0..90.0_f64,
            longitude in -180.0..180.0_f64,
            metres in 0.0..3_000_000.0_f64,
            bearing in 0.0..std::f64::consts::TAU,
            part in 0.0..1.0_f64,
        ) {
            let distance = Distance::new(latitude, longitude, metres);
            let angle = metres * part / RADIUS_METRES;
            let (phi, lambda) = (latitude.to_radians(), longitude.to_radians());
            let to = (phi.sin() * angle.cos() + phi.cos() * angle.sin() * bearing.cos()).asin();
            let around = (bearing.sin() * angle.sin() * phi.cos())
                .atan2(angle.cos() - phi.sin() * to.sin());
            let there = ((lambda + around).to_degrees() + 180.0).rem_euclid(360.0) - 180.0;
            let rectangle = distance.rectangle();
            prop_assert!(rectangle.holds(to.to_degrees(), there), "{rectangle:?} {} {there}", to.to_degrees());
        }
    }
}
