/** Errors that the person at the browser caused and can mend; everything else is a fault of the server. */
import { MulterError } from 'multer'

export class RequestError extends Error {
  /** @param {number} status HTTP status  @param {string} message shown to the person  @param {string} [field] the input at fault */
  constructor(status, message, field) {
    super(message)
    this.status = status
    this.field = field
  }
}

/** Express's last handler: every error becomes `{ error, field? }`. */
export function handleErrors(error, request, response, next) {
  if (response.headersSent) return next(error)
  if (error instanceof RequestError) return response.status(error.status).json({ error: error.message, field: error.field })
  if (error instanceof MulterError) {
    const tooLarge = error.code === 'LIMIT_FILE_SIZE'
    return response.status(tooLarge ? 413 : 400).json({ error: tooLarge ? 'The file is too large.' : 'This upload is not understood.', field: error.field })
  }
  // Express and its body parser mark the caller's mistakes (malformed JSON, a body too large) with a 4xx status.
  if (error.status >= 400 && error.status < 500) return response.status(error.status).json({ error: 'This request is not understood.' })
  console.error(`${request.method} ${request.path} failed:`, error)
  response.status(500).json({ error: 'The server could not do this. Please try again later.' })
}
