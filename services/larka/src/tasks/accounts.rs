//! People's accounts.

use serde_json::{Value, json};

use crate::failure::Failure;
use crate::instance::Instance;

/// Makes an administrator, with a password that is told once.
pub(super) async fn create(instance: &Instance, login: &str) -> Result<Value, Failure> {
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
