//! The time as signatures spell it: `20150830T123600Z`.

/// Seconds since the start of 1970 in UTC, as SigV4's `X-Amz-Date`.
pub(crate) fn amz_date(seconds: u64) -> [u8; 16] {
    let (year, month, day) = base::civil(seconds / 86_400);
    let of_day = seconds % 86_400;
    let mut text = *b"00000000T000000Z";
    decimal(&mut text[0..4], year);
    decimal(&mut text[4..6], month);
    decimal(&mut text[6..8], day);
    decimal(&mut text[9..11], of_day / 3_600);
    decimal(&mut text[11..13], of_day / 60 % 60);
    decimal(&mut text[13..15], of_day % 60);
    text
}

fn decimal(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let check = |seconds: u64, text: &str| assert_eq!(std::str::from_utf8(&amz_date(seconds)), Ok(text));
        check(0, "19700101T000000Z");
        check(951_782_399, "20000228T235959Z");
        check(951_782_400, "20000229T000000Z");
        check(1_440_938_160, "20150830T123600Z");
        check(1_735_689_599, "20241231T235959Z");
        check(4_107_542_400, "21000301T000000Z");
    }
}
