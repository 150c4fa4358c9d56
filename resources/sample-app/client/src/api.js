/** The server's API, relative to this page, and the login token that it needs. */
const tokenKey = 'dna-analysis-token'

export const session = {
  get token() { return localStorage.getItem(tokenKey) },
  set token(value) { if (value) localStorage.setItem(tokenKey, value); else localStorage.removeItem(tokenKey) },
}

/** What the server refused: `message` is for people, `field` names the input, `status` is HTTP's (0: not reached). */
export class ApiError extends Error {
  constructor(message, status, field) {
    super(message)
    this.status = status
    this.field = field
  }
}

/** @param {object | FormData} [body] sent as JSON, or as it is */
export async function call(method, path, body) {
  const headers = {}
  if (session.token) headers.Authorization = `Bearer ${session.token}`
  if (body && !(body instanceof FormData)) headers['Content-Type'] = 'application/json'
  const response = await fetch(`/api${path}`, { method, headers, body: body instanceof FormData ? body : JSON.stringify(body) })
    .catch(() => { throw new ApiError('The server does not answer. Are you online?', 0) })
  const data = await response.json().catch(() => ({}))
  if (!response.ok) throw new ApiError(data.error ?? 'The server does not answer as expected.', response.status, data.field)
  return data
}
