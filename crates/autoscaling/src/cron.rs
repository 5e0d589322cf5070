//! Cron expressions of six fields: minutes, hours, day of month, month, day of week, year.
//!
//! Source: Application Auto Scaling User Guide, "Schedule recurring scaling actions"; EventBridge User Guide, "Cron expressions
//! reference". Days of the week are 1 (Sunday) to 7; one of the two days is `?`. `L`, `W` and `#` are those of the reference.

use jiff::civil::{Date, DateTime, Weekday};

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const YEARS: [u64; 2] = [1970, 2199];

/// Numbers that a field has, as bits.
type Set = u64;

/// Years from the first of [`YEARS`] on, as bits.
type Years = [u64; 4];

const _: () = assert!(YEARS[1] - YEARS[0] < 4 * 64);

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cron {
    minutes: Set,
    hours: Set,
    days: Days,
    months: Set,
    years: Years,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Days {
    OfMonth(Set),
    LastOfMonth,
    LastWeekdayOfMonth,
    /// The day from Monday to Friday that is nearest to a day of the month, within the month.
    WeekdayNear(i8),
    /// 1 is Sunday.
    OfWeek(Set),
    LastOfWeek(u64),
    /// A day of the week, and which one of the month.
    NumberedOfWeek(u64, i8),
}

/// A field, with its names for numbers from `first` on.
struct Field {
    first: u64,
    last: u64,
    names: &'static [&'static str],
}

impl Field {
    fn number(&self, text: &str) -> Option<u64> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = match named {
            Some(place) => self.first + place as u64,
            None => text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()?,
        };
        (self.first..=self.last).contains(&number).then_some(number)
    }

    /// First, last and step of each part of a list.
    fn ranges(&self, text: &str) -> Option<Vec<[u64; 3]>> {
        let range = |part: &str| {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step.parse::<u64>().ok().filter(|step| *step > 0)?)),
                None => (part, None),
            };
            let (first, last) = match range.split_once('-') {
                _ if range == "*" => (self.first, self.last),
                Some((first, last)) => (self.number(first)?, self.number(last)?),
                // With a step, from the number on.
                None => (self.number(range)?, if step.is_some() { self.last } else { self.number(range)? }),
            };
            Some([first, last, step.unwrap_or(1)])
        };
        text.split(',').map(range).collect()
    }

    fn set(&self, text: &str) -> Option<Set> {
        let mut set = 0;
        for [first, last, step] in self.ranges(text)? {
            if first <= last {
                (first..=last).step_by(usize::try_from(step).ok()?).for_each(|number| set |= 1 << number);
            } else {
                // As FRI-MON.
                let size = self.last - self.first + 1;
                let count = last + size - first;
                let numbers = (0..=count).step_by(usize::try_from(step).ok()?);
                numbers.for_each(|ahead| set |= 1 << (self.first + (first - self.first + ahead) % size));
            }
        }
        Some(set)
    }

    /// A range from a later year to an earlier one has none.
    fn years(&self, text: &str) -> Option<Years> {
        let mut years = [0; 4];
        for [first, last, step] in self.ranges(text)? {
            for year in (first..=last).step_by(usize::try_from(step).ok()?) {
                let place = year - YEARS[0];
                years[(place / 64) as usize] |= 1 << (place % 64);
            }
        }
        Some(years)
    }
}

const MINUTES: Field = Field { first: 0, last: 59, names: &[] };
const HOURS: Field = Field { first: 0, last: 23, names: &[] };
const DAYS_OF_MONTH: Field = Field { first: 1, last: 31, names: &[] };
const MONTHS_OF_YEAR: Field = Field { first: 1, last: 12, names: &MONTHS };
const DAYS_OF_WEEK: Field = Field { first: 1, last: 7, names: &WEEKDAYS };
const ALL_YEARS: Field = Field { first: YEARS[0], last: YEARS[1], names: &[] };

fn has(set: Set, number: i8) -> bool {
    u32::try_from(number).is_ok_and(|number| set >> number & 1 == 1)
}

fn days(of_month: &str, of_week: &str) -> Option<Days> {
    match (of_month, of_week) {
        ("?", "L" | "l") => Some(Days::OfWeek(1 << 7)),
        ("?", text) => match (text.strip_suffix(['L', 'l']), text.split_once('#')) {
            (_, Some((day, number))) => {
                let number = number.parse().ok().filter(|number| (1..=5).contains(number))?;
                Some(Days::NumberedOfWeek(DAYS_OF_WEEK.number(day)?, number))
            }
            (Some(day), None) => Some(Days::LastOfWeek(DAYS_OF_WEEK.number(day)?)),
            (None, None) => DAYS_OF_WEEK.set(text).map(Days::OfWeek),
        },
        (text, "?") => match text.to_ascii_uppercase().as_str() {
            "L" => Some(Days::LastOfMonth),
            "LW" => Some(Days::LastWeekdayOfMonth),
            upper => match upper.strip_suffix('W') {
                Some(day) => i8::try_from(DAYS_OF_MONTH.number(day)?).ok().map(Days::WeekdayNear),
                None => DAYS_OF_MONTH.set(text).map(Days::OfMonth),
            },
        },
        _ => None,
    }
}

impl Cron {
    /// None of what is no expression.
    pub(crate) fn parse(text: &str) -> Option<Cron> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields[..] else { return None };
        Some(Cron {
            minutes: MINUTES.set(minutes)?,
            hours: HOURS.set(hours)?,
            days: days(of_month, of_week)?,
            months: MONTHS_OF_YEAR.set(months)?,
            years: ALL_YEARS.years(years)?,
        })
    }

    /// The years of the expression from one on.
    fn years_from(&self, begin: i16) -> impl Iterator<Item = i16> {
        let begin = u64::try_from(begin).unwrap_or_default().max(YEARS[0]);
        let years = (begin..=YEARS[1]).filter(|year| {
            let place = year - YEARS[0];
            self.years[(place / 64) as usize] >> (place % 64) & 1 == 1
        });
        years.map(|year| year as i16)
    }

    fn has_day(&self, date: Date) -> bool {
        let day_of_week = date.weekday().to_sunday_one_offset();
        let is_weekday = |date: Date| !matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
        match self.days {
            Days::OfMonth(set) => has(set, date.day()),
            Days::LastOfMonth => date == date.last_of_month(),
            Days::LastWeekdayOfMonth => {
                is_weekday(date) && !later(date, 3).any(|other| other.month() == date.month() && is_weekday(other))
            }
            Days::WeekdayNear(day) => near_weekday(date, day) == Some(date),
            Days::OfWeek(set) => has(set, day_of_week),
            Days::LastOfWeek(day) => has(1 << day, day_of_week) && date.day() > date.days_in_month() - 7,
            Days::NumberedOfWeek(day, number) => has(1 << day, day_of_week) && (date.day() - 1) / 7 + 1 == number,
        }
    }

    /// The times of the expression from one on, as a clock on the wall shows them, in their order. Years and months that it does not have cost
    /// a step each: one without any time is found out in some thousand steps.
    pub(crate) fn from(&self, begin: DateTime) -> impl Iterator<Item = DateTime> {
        let months = self.years_from(begin.year()).flat_map(move |year| {
            let months = (1..=12i8)
                .filter(move |month| has(self.months, *month) && (year, *month) >= (begin.year(), begin.month()));
            months.filter_map(move |month| Date::new(year, month, 1).ok())
        });
        let days = months.flat_map(|first| {
            (1..=first.days_in_month()).filter_map(move |day| Date::new(first.year(), first.month(), day).ok())
        });
        let days = days.filter(move |date| *date >= begin.date() && self.has_day(*date));
        let times = move |date: Date| {
            let hours = (0..24i8).filter(|hour| has(self.hours, *hour));
            hours.flat_map(move |hour| {
                let minutes = (0..60i8).filter(|minute| has(self.minutes, *minute));
                minutes.map(move |minute| date.at(hour, minute, 0, 0))
            })
        };
        days.flat_map(times).filter(move |time| *time >= begin)
    }
}

fn later(date: Date, days: usize) -> impl Iterator<Item = Date> {
    std::iter::successors(date.tomorrow().ok(), |date| date.tomorrow().ok()).take(days)
}

/// The weekday that is nearest to a day of a date's month.
fn near_weekday(of_month: Date, day: i8) -> Option<Date> {
    let wanted = Date::new(of_month.year(), of_month.month(), day).ok()?;
    let in_month = |date: Option<Date>| date.filter(|date| date.month() == wanted.month());
    match wanted.weekday() {
        Weekday::Saturday => in_month(wanted.yesterday().ok()).or_else(|| later(wanted, 2).last()),
        Weekday::Sunday => in_month(wanted.tomorrow().ok())
            .or_else(|| wanted.yesterday().ok().and_then(|saturday| saturday.yesterday().ok())),
        _ => Some(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wednesday.
    const BEGIN: DateTime = jiff::civil::date(2026, 7, 1).at(10, 30, 0, 0);

    fn check(expression: &str, expected: &[&str]) {
        let cron = Cron::parse(expression).unwrap_or_else(|| panic!("{expression}"));
        let found: Vec<String> = cron.from(BEGIN).take(expected.len()).map(|time| time.to_string()).collect();
        let expected: Vec<String> = expected.iter().map(|time| format!("{time}:00")).collect();
        assert_eq!(found, expected, "{expression}");
    }

    #[test]
    fn times_of_expressions() {
        check("30 10 * * ? *", &["2026-07-01T10:30", "2026-07-02T10:30"]);
        check("0/15 * * * ? *", &["2026-07-01T10:30", "2026-07-01T10:45", "2026-07-01T11:00"]);
        check("*/40 10-11 * * ? *", &["2026-07-01T10:40", "2026-07-01T11:00", "2026-07-01T11:40", "2026-07-02T10:00"]);
        check("0 18 ? * MON-FRI *", &["2026-07-01T18:00", "2026-07-02T18:00", "2026-07-03T18:00", "2026-07-06T18:00"]);
        check("0 18 ? * fri-mon *", &["2026-07-03T18:00", "2026-07-04T18:00", "2026-07-05T18:00", "2026-07-06T18:00"]);
        check("0 8 1 * ? *", &["2026-08-01T08:00", "2026-09-01T08:00"]);
        check("0 8 L * ? *", &["2026-07-31T08:00", "2026-08-31T08:00", "2026-09-30T08:00"]);
        check("0 8 LW * ? *", &["2026-07-31T08:00", "2026-08-31T08:00", "2026-09-30T08:00", "2026-10-30T08:00"]);
        // 15 August is a Saturday, 15 November a Sunday; 1 August is a Saturday.
        check("0 8 15W 8,11 ? *", &["2026-08-14T08:00", "2026-11-16T08:00"]);
        check("0 8 1W 8 ? *", &["2026-08-03T08:00"]);
        check("0 8 ? * 6L *", &["2026-07-31T08:00", "2026-08-28T08:00"]);
        check("0 8 ? * 3#1 *", &["2026-07-07T08:00", "2026-08-04T08:00"]);
        check("0 8 ? * L *", &["2026-07-04T08:00"]);
        check("0 0 29 2 ? *", &["2028-02-29T00:00", "2032-02-29T00:00"]);
        check("0 0 1 JAN ? 2030-2040/5", &["2030-01-01T00:00", "2035-01-01T00:00", "2040-01-01T00:00"]);
        assert_eq!(Cron::parse("0 0 1 1 ? 2020").unwrap().from(BEGIN).next(), None);
        assert_eq!(Cron::parse("0 0 31 2 ? *").unwrap().from(BEGIN).next(), None);
    }

    /// A day for each of 230 years, with a list of 300 looked through for each, took a hundred times as long.
    #[test]
    fn an_expression_without_any_time_costs_little() {
        let years = vec!["1970"; 300].join(",");
        let begin = std::time::Instant::now();
        for _ in 0..50 {
            for expression in [format!("0 0 ? 1,2,3,4,5,6,7,8,9,10,11,12 1 {years}"), "0 0 31 2 ? *".to_owned()] {
                assert_eq!(Cron::parse(&expression).unwrap().from(BEGIN).next(), None);
            }
        }
        assert!(begin.elapsed() < std::time::Duration::from_secs(5), "{:?}", begin.elapsed());
        check("0 0 1 1 ? 2199-1970,2030", &["2030-01-01T00:00"]);
    }

    #[test]
    fn what_is_no_expression() {
        for text in [
            "",
            "* * * * *",
            "* * * * * *",
            "0 0 ? * ? *",
            "60 * * * ? *",
            "* 24 * * ? *",
            "* * 0 * ? *",
            "* * 32 * ? *",
            "* * * 13 ? *",
            "* * ? * 8 *",
            "* * ? * 2#6 *",
            "* * * * ? 1969",
            "1/0 * * * ? *",
            "+1 * * * ? *",
            "a * * * ? *",
            "* * * FOO ? *",
            "* * 3-W * ? *",
            "1,,2 * * * ? *",
            "* * * * ? * *",
        ] {
            assert_eq!(Cron::parse(text), None, "{text}");
        }
    }
}
