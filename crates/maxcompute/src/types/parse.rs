//! Reads type expressions such as `map<string,array<decimal(10,2)>>`.
//!
//! Owns the grammar only; what a type means is in the parent module. Expressions come from the
//! service in any case, with blanks and with back-quoted field names.

use std::fmt;
use std::str::FromStr;

use super::{LEGACY_DECIMAL, Type};

/// Nested types are read by recursion, so the depth is bounded to keep hostile text off the stack.
const MAX_DEPTH: usize = 64;

/// Why a type expression was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseTypeError {
    text: String,
    position: usize,
    reason: String,
}

impl fmt::Display for ParseTypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot read the type `{}`: {} at character {}",
            self.text,
            self.reason,
            self.position + 1
        )
    }
}

impl std::error::Error for ParseTypeError {}

impl FromStr for Type {
    type Err = ParseTypeError;

    fn from_str(text: &str) -> Result<Type, ParseTypeError> {
        let mut parser = Parser { text, position: 0 };
        let result = parser.parse_type(0).and_then(|parsed| {
            parser.skip_blanks();
            match parser.rest().chars().next() {
                None => Ok(parsed),
                Some(extra) => Err(format!("unexpected `{extra}`")),
            }
        });
        result.map_err(|reason| ParseTypeError {
            text: text.to_owned(),
            position: text[..parser.position].chars().count(),
            reason,
        })
    }
}

/// Whether a field name needs no back quotes.
pub(super) fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_name_character)
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start().len();
    }

    fn accept(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        let found = self.rest().starts_with(wanted);
        if found {
            self.position += wanted.len_utf8();
        }
        found
    }

    fn require(&mut self, wanted: char) -> Result<(), String> {
        if self.accept(wanted) {
            Ok(())
        } else {
            Err(format!("expected `{wanted}`"))
        }
    }

    fn word(&mut self) -> &'a str {
        self.skip_blanks();
        let rest = self.rest();
        let end = rest.find(|c| !is_name_character(c)).unwrap_or(rest.len());
        self.position += end;
        &rest[..end]
    }

    fn parse_type(&mut self, depth: usize) -> Result<Type, String> {
        if depth > MAX_DEPTH {
            return Err(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        self.skip_blanks();
        let start = self.position;
        let word = self.word().to_ascii_lowercase();
        let parsed = match word.as_str() {
            "tinyint" => Type::TinyInt,
            "smallint" => Type::SmallInt,
            "int" => Type::Int,
            "bigint" => Type::BigInt,
            "float" => Type::Float,
            "double" => Type::Double,
            "boolean" => Type::Boolean,
            "string" => Type::String,
            "varchar" => Type::Varchar(self.length(65535)?),
            "char" => Type::Char(self.length(255)?),
            "binary" => Type::Binary,
            "decimal" => self.decimal()?,
            "date" => Type::Date,
            "datetime" => Type::Datetime,
            "timestamp" => Type::Timestamp,
            "timestamp_ntz" => Type::TimestampNtz,
            "json" => Type::Json,
            "interval_day_time" => Type::IntervalDayTime,
            "interval_year_month" => Type::IntervalYearMonth,
            "array" => self.array(depth)?,
            "map" => self.map(depth)?,
            "struct" => self.fields(depth)?,
            _ => {
                self.position = start;
                return Err(unknown(&word));
            }
        };
        Ok(parsed)
    }

    fn number(&mut self, largest: u32) -> Result<u32, String> {
        self.skip_blanks();
        let start = self.position;
        let word = self.word();
        match word.parse::<u32>() {
            Ok(number) if number <= largest => Ok(number),
            _ => {
                self.position = start;
                Err(format!("expected a number up to {largest}"))
            }
        }
    }

    fn length(&mut self, largest: u32) -> Result<u32, String> {
        self.require('(')?;
        let length = self.number(largest)?;
        if length == 0 {
            return Err("a length of zero".to_owned());
        }
        self.require(')')?;
        Ok(length)
    }

    fn decimal(&mut self) -> Result<Type, String> {
        if !self.accept('(') {
            return Ok(LEGACY_DECIMAL);
        }
        let precision = self.number(54)?;
        let scale = if self.accept(',') {
            self.number(18)?
        } else {
            0
        };
        self.require(')')?;
        let legacy = precision == 54 && scale == 18;
        if !legacy && !(1..=38).contains(&precision) {
            return Err("a decimal has 1 to 38 digits".to_owned());
        }
        if scale > precision {
            return Err("the scale is greater than the precision".to_owned());
        }
        // Both numbers are at most 54 here.
        Ok(Type::Decimal {
            precision: precision as u8,
            scale: scale as u8,
        })
    }

    fn array(&mut self, depth: usize) -> Result<Type, String> {
        self.require('<')?;
        let item = self.parse_type(depth + 1)?;
        self.require('>')?;
        Ok(Type::Array(Box::new(item)))
    }

    fn map(&mut self, depth: usize) -> Result<Type, String> {
        self.require('<')?;
        let key = self.parse_type(depth + 1)?;
        self.require(',')?;
        let value = self.parse_type(depth + 1)?;
        self.require('>')?;
        Ok(Type::Map(Box::new(key), Box::new(value)))
    }

    fn fields(&mut self, depth: usize) -> Result<Type, String> {
        self.require('<')?;
        let mut fields = Vec::new();
        loop {
            let name = self.field_name()?;
            self.require(':')?;
            fields.push((name, self.parse_type(depth + 1)?));
            if !self.accept(',') {
                break;
            }
        }
        self.require('>')?;
        Ok(Type::Struct(fields))
    }

    fn field_name(&mut self) -> Result<String, String> {
        if !self.accept('`') {
            let word = self.word();
            if word.is_empty() {
                return Err("expected a field name".to_owned());
            }
            return Ok(word.to_owned());
        }
        let mut name = String::new();
        loop {
            let rest = self.rest();
            let Some(quote) = rest.find('`') else {
                return Err("a back quote is not closed".to_owned());
            };
            name.push_str(&rest[..quote]);
            self.position += quote + 1;
            // A doubled back quote stands for one.
            if !self.rest().starts_with('`') {
                return Ok(name);
            }
            name.push('`');
            self.position += 1;
        }
    }
}

fn unknown(word: &str) -> String {
    if word.is_empty() {
        "expected a type name".to_owned()
    } else {
        format!("`{word}` is not a supported type")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Result<String, String> {
        text.parse::<Type>()
            .map(|parsed| parsed.to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_type_prints_as_it_was_read() {
        for text in [
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "float",
            "double",
            "boolean",
            "string",
            "varchar(65535)",
            "char(255)",
            "binary",
            "decimal",
            "decimal(38,18)",
            "decimal(1,0)",
            "date",
            "datetime",
            "timestamp",
            "timestamp_ntz",
            "json",
            "interval_day_time",
            "interval_year_month",
            "array<struct<p:int,q:map<string,array<double>>>>",
            "struct<`a b`:int,`c``d`:string,名:date>",
        ] {
            assert_eq!(printed(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn case_blanks_and_quotes_are_tolerated() {
        assert_eq!(
            printed(" MAP < String , Decimal( 10 , 2 ) > ").as_deref(),
            Ok("map<string,decimal(10,2)>")
        );
        assert_eq!(
            printed("STRUCT<`x`:BIGINT, Y : Varchar(3)>").as_deref(),
            Ok("struct<x:bigint,Y:varchar(3)>")
        );
        assert_eq!(printed("decimal(7)").as_deref(), Ok("decimal(7,0)"));
        assert_eq!("decimal(54,18)".parse(), Ok(LEGACY_DECIMAL));
    }

    #[test]
    fn wrong_text_is_refused_with_its_position() {
        assert_eq!(
            printed("array<geography>").unwrap_err(),
            "cannot read the type `array<geography>`: `geography` is not a supported type at character 7"
        );
        for text in [
            "",
            "array",
            "array<int",
            "map<int>",
            "struct<>",
            "struct<a>",
            "varchar",
            "varchar(0)",
            "varchar(65536)",
            "char(256)",
            "decimal(39,1)",
            "decimal(54,17)",
            "decimal(5,6)",
            "int int",
            "struct<`a:int>",
            "decimal(-1,0)",
        ] {
            assert!(printed(text).is_err(), "{text}");
        }
        let deep = "array<".repeat(100_000);
        assert!(printed(&deep).is_err());
    }
}
