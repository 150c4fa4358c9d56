import { useState } from 'react'
import { call } from './api.js'
import { Logo } from './Logo.jsx'

export function Login({ instance, problem, onLogin }) {
  const [error, setError] = useState(problem)
  const [busy, setBusy] = useState(false)

  async function submit(event) {
    event.preventDefault()
    setBusy(true)
    setError(undefined)
    try {
      onLogin(await call('POST', '/login', Object.fromEntries(new FormData(event.currentTarget))))
    } catch (refusal) {
      setError(refusal.message)
      setBusy(false)
    }
  }

  return (
    <main className="login">
      <form className="card" onSubmit={submit}>
        <div className="brand"><Logo /><h1>{instance}</h1></div>
        <p className="muted">Log in to see and record your class's samples.</p>
        <label>E-mail<input name="email" type="email" autoComplete="username" required autoFocus /></label>
        <label>Password<input name="password" type="password" autoComplete="current-password" required /></label>
        {error && <p role="alert">{error}</p>}
        <button disabled={busy}>{busy ? 'Logging in …' : 'Log in'}</button>
      </form>
    </main>
  )
}
