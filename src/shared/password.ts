/** Random passwords, from the same generator in a page, the engine and a command. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** The largest multiple of 62 in a byte: what lies above would favour the first letters. */
const usable = 256 - (256 % alphabet.length)

const length = 24

/** 24 alphanumerics, each of the 62 equally likely: 142 bits. They need no quoting anywhere. */
export function generatePassword(): string {
  let password = ''
  while (password.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < usable && password.length < length) password += alphabet.charAt(byte % alphabet.length)
    }
  }
  return password
}
