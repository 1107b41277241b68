// What the hub asks of a password, said before it is sent.

const FEWEST_CHARACTERS = 10;

export type PasswordMistake = "passwordTooShort" | "passwordIsEmail";

export function mistakeIn(password: string, email: string): PasswordMistake | null {
  if ([...password].length < FEWEST_CHARACTERS) {
    return "passwordTooShort";
  }
  return password.trim().toLowerCase() === email.trim().toLowerCase() ? "passwordIsEmail" : null;
}
