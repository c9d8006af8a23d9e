//! XPath as XLSForm uses it, into SurveyJS's expressions. What the two compute differently, or phones and browsers do, is
//! refused.

use std::collections::HashMap;

use crate::words::Words;

/// Of which kind an answer is, for how it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    One,
    Many,
    Number,
    Date,
    Text,
}

/// A question by name: its kind, and what it is called in an expression.
pub(super) type Known = HashMap<String, (Kind, String)>;

/// Translates a condition; `own` is the question that `.` is.
pub(super) fn translate(text: &str, known: &Known, own: Option<&str>) -> Result<String, Words> {
    whole(text, known, own).and_then(condition).map(|term| term.text)
}

/// Translates a calculation: nothing where a number in it is nothing.
pub(super) fn compute(text: &str, known: &Known) -> Result<String, Words> {
    let term = whole(text, known, None)?;
    Ok(match numeric(&term) {
        Some(names) if !names.is_empty() && term.is != Is::Answer(Kind::Number) => {
            let guards: Vec<String> = names.iter().map(|name| format!("{name} notempty")).collect();
            format!("iif({}, {}, '')", guards.join(" and "), term.text)
        }
        _ => term.text,
    })
}

fn whole(text: &str, known: &Known, own: Option<&str>) -> Result<Term, Words> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, known, own };
    let term = parser.or()?;
    match tokens.get(parser.at) {
        Some(left) => Err(refuse("kan inte läsas", "cannot be read", &left.shown())),
        None => Ok(term),
    }
}

/// Only what compares is a condition: phones take a bare answer for true where it is not 0, browsers always.
fn condition(term: Term) -> Result<Term, Words> {
    match term.is {
        Is::Condition => Ok(term),
        _ => Err(refuse(
            "ett svar för sig är inget villkor; jämför det",
            "an answer by itself is no condition; compare it",
            &term.text,
        )),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Name(String),
    Quoted(String),
    Number(String),
    Word(String),
    Sign(&'static str),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Token::Name(name) => format!("${{{name}}}"),
            Token::Quoted(text) | Token::Number(text) | Token::Word(text) => text.clone(),
            Token::Sign(sign) => (*sign).to_owned(),
        }
    }
}

fn refuse(sv: &str, en: &str, what: &str) -> Words {
    Words::new(format!("{sv}: {what}"), format!("{en}: {what}"))
}

fn tokens(text: &str) -> Result<Vec<Token>, Words> {
    const SIGNS: [&str; 13] = ["!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "(", ")", ",", "."];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end;
        if let Some(inner) = rest.strip_prefix("${") {
            let close = inner.find('}').ok_or_else(|| refuse("} saknas", "} is missing", rest))?;
            tokens.push(Token::Name(inner[..close].to_owned()));
            end = close + 3;
        } else if first == '\'' || first == '"' {
            let close = rest[1..]
                .find(first)
                .ok_or_else(|| refuse("citattecken saknas", "a quote is missing", rest))?;
            tokens.push(Token::Quoted(rest[1..=close].to_owned()));
            end = close + 2;
        } else if first.is_ascii_digit() {
            end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            tokens.push(Token::Number(rest[..end].to_owned()));
        } else if first.is_alphabetic() {
            end = rest.find(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            // What other languages write for these.
            if rest.starts_with("==")
                || rest.starts_with("<>")
                || rest.starts_with("=<")
                || rest.starts_with("=>")
            {
                return Err(refuse("är inget tecken i XPath", "is no sign in XPath", &rest[..2]));
            }
            tokens.push(Token::Sign(sign));
            end = sign.len();
        } else {
            return Err(refuse("är inget tecken i XPath", "is no sign in XPath", &first.to_string()));
        }
        rest = rest[end..].trim_start();
    }
    Ok(tokens)
}

/// What a part is, for how it may be used.
#[derive(Debug, Clone, PartialEq)]
enum Is {
    Answer(Kind),
    /// A quoted text.
    Text(String),
    /// A number or a sum; with the numbers in it that may be empty.
    Number(Vec<String>),
    Day,
    Condition,
    /// What `if` gives.
    Either,
}

#[derive(Debug, Clone)]
struct Term {
    text: String,
    is: Is,
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    known: &'a Known,
    own: Option<&'a str>,
}

impl Parser<'_> {
    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(here)) if here == word);
        self.at += usize::from(found);
        found
    }

    fn sign(&mut self, signs: &[&'static str]) -> Option<&'static str> {
        match self.tokens.get(self.at) {
            Some(Token::Sign(sign)) if signs.contains(sign) => {
                self.at += 1;
                Some(sign)
            }
            _ => None,
        }
    }

    fn need(&mut self, sign: &'static str) -> Result<(), Words> {
        self.sign(&[sign]).map(|_| ()).ok_or_else(|| refuse("saknas", "is missing", sign))
    }

    fn or(&mut self) -> Result<Term, Words> {
        self.joined("or", Self::and)
    }

    fn and(&mut self) -> Result<Term, Words> {
        self.joined("and", Self::compared)
    }

    fn joined(&mut self, word: &str, next: fn(&mut Self) -> Result<Term, Words>) -> Result<Term, Words> {
        let mut left = next(self)?;
        while self.word(word) {
            let right = next(self)?;
            let (left_text, right) = (condition(left)?.text, condition(right)?.text);
            left = Term { text: format!("({left_text} {word} {right})"), is: Is::Condition };
        }
        Ok(left)
    }

    fn compared(&mut self) -> Result<Term, Words> {
        let left = self.sum()?;
        let Some(sign) = self.sign(&["=", "!=", "<=", ">=", "<", ">"]) else { return Ok(left) };
        let right = self.sum()?;
        compare(sign, left, right)
    }

    fn sum(&mut self) -> Result<Term, Words> {
        let mut left = self.product()?;
        while let Some(sign) = self.sign(&["+", "-"]) {
            let right = self.product()?;
            left = arithmetic(sign, left, right)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Term, Words> {
        let mut left = self.part()?;
        loop {
            let sign = if self.word("div") {
                "/"
            } else if self.word("mod") {
                "%"
            } else if self.sign(&["*"]).is_some() {
                "*"
            } else {
                return Ok(left);
            };
            let right = self.part()?;
            left = arithmetic(sign, left, right)?;
        }
    }

    fn part(&mut self) -> Result<Term, Words> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Name(name)) => self.answer(&name),
            Some(Token::Sign(".")) => {
                let own = self.own.ok_or_else(|| {
                    refuse("står inte för någon fråga här", "stands for no question here", ".")
                })?;
                self.answer(own)
            }
            Some(Token::Quoted(text)) if !text.contains(['\'', '"']) => {
                Ok(Term { text: format!("'{text}'"), is: Is::Text(text) })
            }
            Some(Token::Number(number)) => Ok(Term { text: number, is: Is::Number(Vec::new()) }),
            Some(Token::Sign("-")) => {
                let term = self.part()?;
                arithmetic("-", Term { text: "0".to_owned(), is: Is::Number(Vec::new()) }, term)
            }
            Some(Token::Sign("(")) => {
                self.depth += 1;
                if self.depth > 20 {
                    return Err(refuse("för många parenteser", "too many brackets", "("));
                }
                let inner = self.or()?;
                self.depth -= 1;
                self.need(")")?;
                Ok(Term { text: format!("({})", inner.text), is: inner.is })
            }
            Some(Token::Word(word)) if self.sign(&["("]).is_some() => self.function(&word),
            Some(other) => Err(refuse(
                "kan inte läsas; texter står inom citattecken",
                "cannot be read; texts stand in quotes",
                &other.shown(),
            )),
            None => Err(refuse("villkoret slutar för tidigt", "the condition ends too soon", "")),
        }
    }

    fn answer(&self, name: &str) -> Result<Term, Words> {
        let (kind, called) =
            self.known.get(name).ok_or_else(|| refuse("ingen fråga heter", "no question is called", name))?;
        Ok(Term { text: format!("{{{called}}}"), is: Is::Answer(*kind) })
    }

    fn function(&mut self, name: &str) -> Result<Term, Words> {
        let mut given = Vec::new();
        self.depth += 1;
        if self.depth > 20 {
            return Err(refuse("för många parenteser", "too many brackets", name));
        }
        if self.sign(&[")"]).is_none() {
            loop {
                given.push(self.or()?);
                if self.sign(&[","]).is_none() {
                    break;
                }
            }
            self.need(")")?;
        }
        self.depth -= 1;
        let term = match (name, given.as_slice()) {
            (
                "selected",
                [Term { text, is: Is::Answer(Kind::Many) }, Term { text: code, is: Is::Text(_) }],
            ) => Term { text: format!("{text} contains {code}"), is: Is::Condition },
            (
                "selected",
                [Term { text, is: Is::Answer(Kind::One) }, Term { text: code, is: Is::Text(_) }],
            ) => Term { text: format!("{text} = {code}"), is: Is::Condition },
            ("count-selected", [Term { text, is: Is::Answer(Kind::Many) }]) => {
                let name = text.trim_end_matches('}');
                Term { text: format!("{name}.length}}"), is: Is::Number(Vec::new()) }
            }
            ("not", [inner]) => {
                Term { text: format!("!({})", condition(inner.clone())?.text), is: Is::Condition }
            }
            ("if", [test, one, other]) => {
                let test = condition(test.clone())?.text;
                Term { text: format!("iif({test}, {}, {})", one.text, other.text), is: Is::Either }
            }
            ("date", [Term { text, is: Is::Text(day) }]) if crate::values::date(day).is_some() => {
                Term { text: text.clone(), is: Is::Day }
            }
            ("today", []) => Term { text: "today()".to_owned(), is: Is::Day },
            ("true", []) => Term { text: "1 = 1".to_owned(), is: Is::Condition },
            ("false", []) => Term { text: "1 = 0".to_owned(), is: Is::Condition },
            _ => return Err(refuse("kan inte översättas", "cannot be translated", &format!("{name}()"))),
        };
        Ok(term)
    }
}

/// A number or a sum with the numbers in it that may be empty.
fn numeric(term: &Term) -> Option<Vec<String>> {
    match &term.is {
        Is::Number(names) => Some(names.clone()),
        Is::Answer(Kind::Number) => Some(vec![term.text.clone()]),
        _ => None,
    }
}

fn arithmetic(sign: &str, left: Term, right: Term) -> Result<Term, Words> {
    let (Some(mut names), Some(more)) = (numeric(&left), numeric(&right)) else {
        return Err(refuse(
            "räknar med annat än tal",
            "computes with what is no number",
            &format!("{} {sign} {}", left.text, right.text),
        ));
    };
    names.extend(more);
    Ok(Term { text: format!("({} {sign} {})", left.text, right.text), is: Is::Number(names) })
}

/// A comparison: of nothing only `= ''` and `!=` are true.
fn compare(sign: &str, left: Term, right: Term) -> Result<Term, Words> {
    // A constant stands to the right.
    if matches!(left.is, Is::Text(_)) && !matches!(right.is, Is::Text(_)) {
        let turned = match sign {
            "<" => ">",
            ">" => "<",
            "<=" => ">=",
            ">=" => "<=",
            same => same,
        };
        return compare(turned, right, left);
    }
    let shown = format!("{} {sign} {}", left.text, right.text);
    let equality = sign == "=" || sign == "!=";
    let operator = if sign == "!=" { "<>" } else { sign };
    let done = |text: String| Ok(Term { text, is: Is::Condition });
    match (&left.is, &right.is) {
        (Is::Answer(_), Is::Text(text)) if text.is_empty() && equality => {
            done(format!("{} {}", left.text, if sign == "=" { "empty" } else { "notempty" }))
        }
        (Is::Answer(Kind::Many), Is::Text(_)) if equality => {
            let name = left.text.trim_end_matches('}');
            let both = format!("({name}.length}} = 1 and {} contains {})", left.text, right.text);
            done(if sign == "=" { both } else { format!("!{both}") })
        }
        (Is::Answer(Kind::One), Is::Text(_)) | (Is::Answer(Kind::One), Is::Answer(Kind::One)) if equality => {
            done(format!("{} {operator} {}", left.text, right.text))
        }
        (Is::Answer(Kind::Date), Is::Day | Is::Answer(Kind::Date)) | (Is::Day, Is::Answer(Kind::Date)) => {
            let names = [&left, &right].into_iter().filter(|term| matches!(term.is, Is::Answer(_)));
            done(guarded(
                sign,
                names.map(|term| term.text.clone()).collect(),
                &format!("{} {operator} {}", left.text, right.text),
            ))
        }
        (Is::Answer(Kind::Date), Is::Text(_)) => {
            Err(refuse("skriv dagen som date('2026-01-01')", "write the day as date('2026-01-01')", &shown))
        }
        // A choice beside a number compares as a number.
        (Is::Answer(Kind::One), Is::Number(_)) => {
            done(guarded(sign, vec![left.text.clone()], &format!("{} {operator} {}", left.text, right.text)))
        }
        _ => match (numeric(&left), numeric(&right)) {
            (Some(mut names), Some(more)) => {
                names.extend(more);
                done(guarded(sign, names, &format!("{} {operator} {}", left.text, right.text)))
            }
            _ => Err(refuse(
                "jämförelsen betyder olika på telefon och i webbläsare",
                "phones and browsers compare this differently",
                &shown,
            )),
        },
    }
}

/// A comparison that is false where one of some answers is empty; unequal is true.
fn guarded(sign: &str, mut names: Vec<String>, comparison: &str) -> String {
    names.sort();
    names.dedup();
    let (state, word) = if sign == "!=" { ("empty", "or") } else { ("notempty", "and") };
    let guards: String = names.iter().map(|name| format!("{name} {state} {word} ")).collect();
    format!("({guards}{comparison})")
}
