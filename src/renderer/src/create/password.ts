/** Random passwords for the director. strength.ts judges those that are typed. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** The largest multiple of 62 in a byte: what lies above would favour the first letters. */
const usable = 256 - (256 % alphabet.length)

/** 24 alphanumerics, each of the 62 equally likely: 142 bits. */
export function generatePassword(length = 24): string {
  let password = ''
  while (password.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < usable && password.length < length) password += alphabet.charAt(byte % alphabet.length)
    }
  }
  return password
}
