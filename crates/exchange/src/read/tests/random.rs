//! Bytes that mean nothing: no reader panics, and each comes to an end.

use proptest::prelude::*;

use super::*;

fn formats() -> [InputFormat; 4] {
    let csv = CsvOptions { delimiter: b',', header: None, key_types: Default::default() };
    [InputFormat::DynamoDbJson, InputFormat::Ion, InputFormat::Csv(csv), InputFormat::Plain(Default::default())]
}

fn read_all(object: &[u8], piece: usize) {
    for format in formats() {
        for compression in [Compression::None, Compression::Gzip, Compression::Zstd] {
            read_in(format.clone(), compression, object, piece);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_bytes(object in prop::collection::vec(any::<u8>(), 0..300), piece in 1_usize..50) {
        read_all(&object, piece);
        read_all(&[&[0xE0, 1, 0, 0xEA], object.as_slice()].concat(), piece);
    }

    #[test]
    fn almost_ion(object in "([\\[\\]{}():,'\"\\\\/* \n$a-fx0-9_.+-]|Item|null|ion_1_0|ion_symbol_table::|symbols|imports|::|'''|u00|xA){0,60}", piece in 1_usize..9) {
        read_all(object.as_bytes(), piece);
    }

    #[test]
    fn damaged_files(lines in 1_usize..300, at in any::<prop::sample::Index>(), byte in any::<u8>(), piece in 1_usize..300) {
        let plain: String = (0..lines).map(|at| format!("{{\"Item\":{{\"pk\":{{\"N\":\"{}\"}}}}}}\n", at * 7919)).collect();
        for compressed in [gzip(plain.as_bytes()), zstd(plain.as_bytes())] {
            let mut damaged = compressed;
            let at = at.index(damaged.len());
            damaged[at] = byte;
            read_all(&damaged, piece);
        }
    }
}
