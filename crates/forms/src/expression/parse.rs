//! Reading expressions: the grammar of survey-core 3.1.1, from the loosest operator to the tightest.

use super::tree::{Binary, Node, Parsed};
use crate::values::Value;
use crate::words::Words;

/// Longest expression, in bytes.
pub const MAX_LENGTH: usize = 8_000;
/// How deep brackets, functions and lists may stand in each other.
pub const MAX_DEPTH: usize = 40;

/// Operators by level, the loosest first; of spellings that begin alike, the longer stands before the shorter.
const LEVELS: [&[(&str, Binary)]; 7] = [
    &[("||", Binary::Or), ("or", Binary::Or)],
    &[("&&", Binary::And), ("and", Binary::And)],
    &[
        ("<=", Binary::LessOrEqual),
        ("=<", Binary::LessOrEqual),
        ("lessorequal", Binary::LessOrEqual),
        (">=", Binary::GreaterOrEqual),
        ("=>", Binary::GreaterOrEqual),
        ("greaterorequal", Binary::GreaterOrEqual),
        ("==", Binary::Equal),
        ("equals", Binary::Equal),
        ("equal", Binary::Equal),
        ("=", Binary::Equal),
        ("!=", Binary::NotEqual),
        ("<>", Binary::NotEqual),
        ("notequals", Binary::NotEqual),
        ("notequal", Binary::NotEqual),
        ("<", Binary::Less),
        ("less", Binary::Less),
        (">", Binary::Greater),
        ("greater", Binary::Greater),
    ],
    &[("+", Binary::Plus), ("-", Binary::Minus)],
    &[("*", Binary::Times), ("/", Binary::Divided), ("%", Binary::Modulo)],
    &[("^", Binary::Power), ("power", Binary::Power)],
    &[
        ("*=", Binary::Contains),
        ("contains", Binary::Contains),
        ("contain", Binary::Contains),
        ("notcontains", Binary::NotContains),
        ("notcontain", Binary::NotContains),
        ("anyof", Binary::AnyOf),
        ("allof", Binary::AllOf),
        ("noneof", Binary::NoneOf),
    ],
];

/// Reads an expression. Names are left as they stand in braces.
///
/// # Errors
/// What cannot be read and at which character, where it is too long or too deep.
pub fn parse(text: &str) -> Result<Parsed, Words> {
    if text.len() > MAX_LENGTH {
        return Err(Words::new(
            format!("uttrycket är längre än {MAX_LENGTH} tecken"),
            format!("the expression is longer than {MAX_LENGTH} characters"),
        ));
    }
    let mut parser = Parser { text, at: 0, depth: 0, names: Vec::new() };
    let node = parser.level(0)?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.unread());
    }
    Ok(Parsed { node, names: parser.names })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    names: Vec<String>,
}

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t', '\n', '\r']).len();
    }

    fn take(&mut self, spelling: &str) -> bool {
        let found =
            self.rest().get(..spelling.len()).is_some_and(|start| start.eq_ignore_ascii_case(spelling));
        if found {
            self.at += spelling.len();
        }
        found
    }

    fn level(&mut self, level: usize) -> Result<Node, Words> {
        self.blanks();
        let Some(operators) = LEVELS.get(level) else { return self.factor() };
        let mut left = self.level(level + 1)?;
        loop {
            let before = self.at;
            self.blanks();
            // `*` is not the beginning of `*=`: that is read further in.
            let Some((_, operator)) = operators.iter().find(|(spelling, _)| self.take(spelling)) else {
                self.at = before;
                return Ok(left);
            };
            let right = self.level(level + 1)?;
            left = Node::Binary(*operator, Box::new(left), Box::new(right));
        }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Words>) -> Result<T, Words> {
        if self.depth == MAX_DEPTH {
            return Err(Words::new(
                format!("uttrycket har fler än {MAX_DEPTH} nivåer"),
                format!("the expression has more than {MAX_DEPTH} levels"),
            ));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn factor(&mut self) -> Result<Node, Words> {
        if self.take("(") {
            let inner = self.deeper(|parser| parser.level(0))?;
            self.blanks();
            return if self.take(")") { Ok(inner) } else { Err(self.unread()) };
        }
        let word = word(self.rest()).to_owned();
        if !word.is_empty() && self.rest()[word.len()..].starts_with('(') {
            self.at += word.len() + 1;
            let parameters = self.sequence(")")?;
            return Ok(Node::Function(word, parameters));
        }
        if self.take("!") || self.take("negate") {
            self.blanks();
            return Ok(Node::Not(Box::new(self.deeper(Self::factor)?)));
        }
        if self.take("[") {
            return Ok(Node::List(self.sequence("]")?));
        }
        let atom = self.atom(&word)?;
        let before = self.at;
        self.blanks();
        if self.take("empty") {
            Ok(Node::Empty(Box::new(atom)))
        } else if self.take("notempty") {
            Ok(Node::NotEmpty(Box::new(atom)))
        } else {
            self.at = before;
            Ok(atom)
        }
    }

    fn sequence(&mut self, end: &str) -> Result<Vec<Node>, Words> {
        let mut items = Vec::new();
        self.blanks();
        if self.take(end) {
            return Ok(items);
        }
        loop {
            items.push(self.deeper(|parser| parser.level(0))?);
            self.blanks();
            if self.take(end) {
                return Ok(items);
            }
            if !self.take(",") {
                return Err(self.unread());
            }
        }
    }

    fn atom(&mut self, word: &str) -> Result<Node, Words> {
        if self.rest().starts_with("undefined") || self.rest().starts_with("null") {
            self.at += if self.rest().starts_with('u') { 9 } else { 4 };
            return Ok(Node::Const(Value::Null));
        }
        if self.take("true") {
            return Ok(Node::Const(Value::Bool(true)));
        }
        if self.take("false") {
            return Ok(Node::Const(Value::Bool(false)));
        }
        if let Some(number) = self.number() {
            return Ok(Node::Const(Value::Number(number)));
        }
        if word == "not" {
            return Err(Words::new("skriv ! i stället för not", "write ! instead of not"));
        }
        if !word.is_empty() {
            self.at += word.len();
            return Ok(Node::Const(Value::Text(word.to_owned())));
        }
        if self.take("{") {
            return self.name();
        }
        for quote in ['\'', '"'] {
            if self.rest().starts_with(quote) {
                return self.quoted(quote);
            }
        }
        Err(self.unread())
    }

    fn number(&mut self) -> Option<f64> {
        let digits = |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if let Some(rest) = self.rest().strip_prefix("0x") {
            let end = digits(rest);
            if end > 0 {
                let number = rest[..end].bytes().fold(0.0, |sum, b| sum * 16.0 + f64::from(b - b'0'));
                self.at += 2 + end;
                return Some(number);
            }
        }
        let (sign, rest) = match self.rest().strip_prefix('-') {
            Some(rest) => (-1.0, rest),
            None => (1.0, self.rest()),
        };
        let whole = digits(rest);
        let part = rest[whole..].strip_prefix('.').map_or(0, digits);
        let length = match (whole, part) {
            (0, _) => return None,
            (_, 1..) => whole + 1 + part,
            // A number does not begin with a nought: of 01 the nought is read.
            _ if rest.starts_with('0') => 1,
            _ => whole,
        };
        let number: f64 = rest[..length].parse().ok()?;
        self.at += length + usize::from(sign < 0.0);
        Some(sign * number)
    }

    fn name(&mut self) -> Result<Node, Words> {
        let Some(end) = self.rest().find(['{', '}']).filter(|end| self.rest()[*end..].starts_with('}'))
        else {
            return Err(self.unread());
        };
        let name = self.rest()[..end].to_owned();
        if name.is_empty() {
            return Err(self.unread());
        }
        self.at += end + 1;
        let place = self.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        Ok(Node::Name(place))
    }

    fn quoted(&mut self, quote: char) -> Result<Node, Words> {
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            if letter == quote {
                self.at += at + 1;
                return Ok(Node::Const(Value::Text(text)));
            }
            match letter {
                '\\' if self.rest()[at + 1..].starts_with(['\'', '"']) => {
                    text.extend(letters.next().map(|(_, letter)| letter));
                }
                '\'' | '"' => break,
                _ => text.push(letter),
            }
        }
        Err(Words::new(
            format!("texten som börjar vid tecken {} slutar inte", self.place()),
            format!("the text that begins at character {} has no end", self.place()),
        ))
    }

    fn place(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    fn unread(&self) -> Words {
        let found: String = self.rest().chars().take(12).collect();
        if found.is_empty() {
            return Words::new("uttrycket slutar för tidigt", "the expression ends too soon");
        }
        Words::new(
            format!("kan inte läsas vid tecken {}: {found}", self.place()),
            format!("cannot be read at character {}: {found}", self.place()),
        )
    }
}

/// The word that a text begins with: a letter or `_`, then letters and digits.
fn word(text: &str) -> &str {
    if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        return "";
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}
