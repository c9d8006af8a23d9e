//! People's accounts.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::instance::Instance;

/// Longer names to log in with are refused.
const LONGEST_LOGIN: usize = 200;

/// Makes an administrator, with a password that is told once.
pub(super) async fn create(instance: &Instance, login: &str) -> Result<Value, Failure> {
    // A colon would end it in HTTP Basic.
    if login.is_empty() || login.len() > LONGEST_LOGIN || login.contains(|c: char| c == ':' || c.is_control())
    {
        let expected = format!("1 to {LONGEST_LOGIN} bytes without colons and control characters");
        return Err(Failure::new(format!("the name to log in with is wrong: expected {expected}")));
    }
    let password = password()?;
    instance.vault.create_account(login, &password, "administrator", login).await?;
    Ok(json!({ "login": login, "password": password }))
}

/// A password that nobody guesses and everybody can type: 20 characters of 32, without look-alikes.
fn password() -> Result<String, Failure> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0_u8; 20];
    getrandom::fill(&mut random).map_err(|e| Failure::new(format!("the system gives no randomness: {e}")))?;
    let letters: Vec<u8> = random.iter().map(|byte| LETTERS[usize::from(byte & 31)]).collect();
    Ok(letters.chunks(5).map(|part| String::from_utf8_lossy(part).into_owned()).collect::<Vec<_>>().join("-"))
}
