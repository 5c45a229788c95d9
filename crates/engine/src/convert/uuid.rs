//! UUIDs as text (<https://www.rfc-editor.org/rfc/rfc9562#section-4>).

use super::kernel::Fits;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes sixteen bytes as `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
pub(super) fn write(bytes: &[u8], out: &mut String) {
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

/// Reads 32 hexadecimal digits, with the four hyphens at their places or without any, perhaps in braces;
/// the same as readers of text files take.
pub(super) fn parse(text: &str) -> Fits<[u8; 16]> {
    const WHY: &str = "it is not a UUID";
    let text = text.trim();
    let braced = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    let text = braced.unwrap_or(text).as_bytes();
    let hyphenated = match text.len() {
        32 => false,
        36 => true,
        _ => return Err(WHY),
    };
    let mut bytes = [0; 16];
    let mut at = 0;
    for (place, byte) in bytes.iter_mut().enumerate() {
        if hyphenated && matches!(place, 4 | 6 | 8 | 10) {
            if text[at] != b'-' {
                return Err(WHY);
            }
            at += 1;
        }
        let digit = |at: usize| char::from(text[at]).to_digit(16).ok_or(WHY);
        *byte = (digit(at)? << 4 | digit(at + 1)?) as u8;
        at += 2;
    }
    Ok(bytes)
}
