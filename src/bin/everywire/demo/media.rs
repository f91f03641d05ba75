//! A picture and a tone, made in code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use everywire::server::ToolError;

/// A square PNG, base64.
pub(super) fn picture(figure: &str, size: u32, colour: [u8; 3]) -> Result<String, ToolError> {
    let shade: fn(f64, f64) -> f64 = match figure {
        "rings" => |x, y| (x.hypot(y) * 24.0).cos() * 0.5 + 0.5,
        "plasma" => |x, y| ((x * 9.0).sin() + (y * 7.0 + x * 4.0).cos() + (x.hypot(y) * 12.0).sin()) / 6.0 + 0.5,
        "mandelbrot" => mandelbrot,
        other => return Err(ToolError::message(format!("{other:?} is no figure; choose rings, plasma or mandelbrot"))),
    };
    let place = |pixel: u32| (f64::from(pixel) + 0.5) / f64::from(size) * 2.0 - 1.0;
    let mut pixels = Vec::with_capacity(size as usize * size as usize * 3);
    for y in 0..size {
        for x in 0..size {
            let share = shade(place(x), place(y)).clamp(0.0, 1.0);
            pixels.extend(colour.map(|part| (f64::from(part) * share + 255.0 * (1.0 - share)) as u8));
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size, size);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(STANDARD.encode(file))
}

fn mandelbrot(x: f64, y: f64) -> f64 {
    let (cx, cy) = (x * 1.4 - 0.6, y * 1.4);
    let (mut a, mut b) = (0.0f64, 0.0f64);
    for round in 0..64 {
        if a * a + b * b > 4.0 {
            return f64::from(round) / 64.0;
        }
        (a, b) = (a * a - b * b + cx, 2.0 * a * b + cy);
    }
    1.0
}

/// A sine tone as a WAV file, base64: 8-bit mono, 16 kHz, faded at both ends.
pub(super) fn tone(hertz: f64, seconds: f64) -> String {
    const RATE: u32 = 16_000;
    let count = (seconds * f64::from(RATE)) as u32;
    let mut file = Vec::with_capacity(count as usize + 44);
    file.extend(b"RIFF");
    file.extend((36 + count).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    // PCM, one channel.
    file.extend([1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    // One byte per sample, eight bits.
    file.extend([1, 0, 8, 0]);
    file.extend(b"data");
    file.extend(count.to_le_bytes());
    let fade = f64::from(RATE) * 0.02;
    file.extend((0..count).map(|sample| {
        let loudness = (f64::from(sample) / fade).min(f64::from(count - sample) / fade).min(1.0) * 0.5;
        let wave = (f64::from(sample) / f64::from(RATE) * hertz * std::f64::consts::TAU).sin();
        (128.0 + 127.0 * wave * loudness) as u8
    }));
    STANDARD.encode(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_png() {
        for figure in ["rings", "plasma", "mandelbrot"] {
            let file = STANDARD.decode(picture(figure, 64, [1, 2, 3]).expect("a picture")).expect("base64");
            let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG");
            assert_eq!((reader.info().width, reader.info().height), (64, 64));
            let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
            reader.next_frame(&mut pixels).expect("pixels");
            assert!(pixels.windows(2).any(|two| two[0] != two[1]), "{figure} is all of one colour");
        }
        assert!(picture("cat", 64, [0; 3]).is_err());
    }

    #[test]
    fn tones_are_wav() {
        let file = STANDARD.decode(tone(440.0, 0.5)).expect("base64");
        assert_eq!((&file[..4], &file[8..16]), (&b"RIFF"[..], &b"WAVEfmt "[..]));
        assert_eq!(file.len(), 44 + 8000);
        assert!(file[44..].iter().any(|sample| *sample > 170));
    }
}
