/** The generator of random passwords for pages, the engine and the command line. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** The largest multiple of 62 that fits in a byte. Using bytes from here on would favour the first letters. */
const usable = 256 - (256 % alphabet.length)

const length = 24

/** 24 alphanumeric characters, each of the 62 equally likely: 142 bits. Needs no quoting anywhere. */
export function generatePassword(): string {
  let password = ''
  while (password.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < usable && password.length < length) password += alphabet.charAt(byte % alphabet.length)
    }
  }
  return password
}
