/** Login with e-mail and password; afterwards a signed token in the Authorization header. */
import bcrypt from 'bcrypt'
import { Router } from 'express'
import { rateLimit } from 'express-rate-limit'
import jwt from 'jsonwebtoken'
import { RequestError } from './errors.js'
import { password, text } from './validate.js'

const algorithm = 'HS256'

/** What the browser may know of a user. */
export const publicUser = user => ({
  id: user.id, name: user.name, email: user.email, role: user.role,
  picture: user.profilePicture && `/uploads/profile-pics/${user.profilePicture}`,
})

/** POST /login { email, password } → { token, user } */
export function loginRouter(config, database) {
  // An unknown e-mail takes as long as a wrong password, so that nobody can find out which accounts exist.
  const nobody = bcrypt.hashSync('nobody has this password', 10)
  const slowDown = rateLimit({
    windowMs: 15 * 60_000, limit: 20, skipSuccessfulRequests: true, standardHeaders: 'draft-8', legacyHeaders: false,
    handler: () => { throw new RequestError(429, 'Too many attempts. Please wait 15 minutes.') },
  })
  return Router().post('/login', slowDown, async (request, response) => {
    const email = text(request.body, 'email', 254)
    const user = await database.user.findUnique({ where: { email } })
    const matches = await bcrypt.compare(password(request.body, 'password'), user?.password ?? nobody)
    if (!user || !matches) throw new RequestError(401, 'This e-mail and password do not match.')
    if (user.status !== 'approved') throw new RequestError(403, `This account is ${user.status}.`)
    const token = jwt.sign({}, config.jwtSecret, { algorithm, subject: String(user.id), expiresIn: '12h' })
    response.json({ token, user: publicUser(user) })
  })
}

/** Puts the user into `request.user`, or answers 401. The account is looked up each time: a suspension works at once. */
export const authenticate = (config, database) => async (request, response, next) => {
  const id = readToken(request.get('authorization'), config.jwtSecret)
  const user = id && await database.user.findUnique({ where: { id } })
  if (!user || user.status !== 'approved') throw new RequestError(401, 'Please log in.')
  request.user = user
  next()
}

/** @returns {number | undefined} the user's id, if the token is one of ours */
function readToken(header, secret) {
  const token = /^Bearer (.+)$/.exec(header ?? '')?.[1]
  if (!token) return undefined
  try { return Number(jwt.verify(token, secret, { algorithms: [algorithm] }).sub) } catch { return undefined }
}
