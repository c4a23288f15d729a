//! What is saved is loaded, and nothing else is.

use super::*;

type State = Vec<(Time, Symbol, Option<Key>)>;

fn state(count: u64) -> State {
    let mixed = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let one = |number: u64| {
        let time = match number {
            7 => i64::MIN,
            8 => i64::MAX,
            _ => 1_790_000_000_000_000 + number as i64 * 60_000_000,
        };
        (Time(time), Symbol(mixed(number % 3)), number.is_multiple_of(2).then_some(Key(mixed(number))))
    };
    (0..count).map(one).collect()
}

#[test]
fn what_is_written_is_read() {
    for count in 0..40 {
        let state = state(count);
        assert_eq!(load(&save(&state)), Some(state));
    }
}

#[track_caller]
fn check<T: Save + PartialEq + std::fmt::Debug>(value: T) {
    let bytes = save(&value);
    for end in 0..bytes.len() {
        assert_eq!(load::<T>(&bytes[..end]), None, "{end} of the bytes of {value:?}");
    }
    assert_eq!(load::<T>(&[&bytes[..], &[0]].concat()), None, "{value:?} and a byte");
    assert_eq!(load(&bytes), Some(value));
}

#[test]
fn every_kind_of_value_is_read_from_all_its_bytes_and_from_no_others() {
    for bits in 0..64 {
        let number = 1_u64 << bits;
        [number - 1, number, number + 1, !number].into_iter().for_each(check);
        [number as i64, -(number as i64), !number as i64].into_iter().for_each(check);
        check(u128::from(number) << bits);
    }
    (0..=u8::MAX).for_each(check);
    (0..=u16::MAX).step_by(31).for_each(check);
    check((i16::MIN, i32::MIN, u32::MAX));
    check((true, false, 1.5_f32, -0.1_f64));
    check([(' ', 300_usize), ('ß', 0), ('🙂', 7)]);
    check(("Größe".to_owned(), String::new()));
    check(BTreeMap::from([(-1, vec![BTreeSet::from([3_u8, 4])]), (700, Vec::new())]));
}

#[test]
fn what_does_not_fit_its_type_is_a_fault() {
    assert_eq!(load::<u16>(&save(&65_536_u32)), None);
    assert_eq!(load::<i16>(&save(&-32_769_i32)), None);
    assert_eq!(load::<bool>(&[2]), None);
    assert_eq!(load::<String>(&[1, 0xff]), None);
    assert_eq!(load::<Vec<u64>>(&save(&u64::MAX)), None);
}

#[derive(Debug, PartialEq, crate::Save)]
enum Shape<T> {
    Point,
    Circle(T),
    Box { width: T, height: T },
}

#[test]
fn an_enum_is_the_place_of_its_variant_and_its_fields() {
    check(vec![Shape::Circle(300_u64), Shape::Point, Shape::Box { width: 1, height: 2 }]);
    assert_eq!(save(&Shape::Box { width: 1_u8, height: 2 }), [2, 1, 2]);
    assert_eq!(load::<Shape<u8>>(&[3]), None);
}

#[test]
fn what_repeats_is_short() {
    let state = state(40);
    let plain: Vec<_> = state.iter().map(|&(time, symbol, key)| (time.0, symbol.0, key.map(|key| key.0))).collect();
    let (packed, plain) = (save(&state).len(), save(&plain).len());
    assert!(packed * 4 < plain * 3, "{packed} of {plain}");
}

#[test]
fn a_symbol_that_was_not_there_before_is_a_fault() {
    // One entry: a time, and the place of a symbol beyond those at hand.
    assert_eq!(load::<State>(&[1, 0, 99, 0]), None);
}
