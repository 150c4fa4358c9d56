import { useEffect, useState } from 'react'
import { call, session } from './api.js'
import { Login } from './Login.jsx'
import { Logo } from './Logo.jsx'
import { Profile } from './Profile.jsx'
import { Samples } from './Samples.jsx'

export function App() {
  const [instance, setInstance] = useState('DNA Analysis')
  const [user, setUser] = useState()
  const [ready, setReady] = useState(!session.token)
  const [problem, setProblem] = useState()

  useEffect(() => {
    call('GET', '/health').then(it => { setInstance(it.instance); document.title = it.instance }).catch(() => {})
    if (!session.token) return
    call('GET', '/me').then(it => setUser(it.user), leaveIfRefused).finally(() => setReady(true))
  }, [])

  function enter({ token, user: person }) {
    session.token = token
    setProblem(undefined)
    setUser(person)
  }
  function leave() {
    session.token = undefined
    setUser(undefined)
  }
  /** A token that has expired ends the session; any other error is shown where it happened. */
  function leaveIfRefused(error) {
    if (error.status === 401) leave()
    else setProblem(error.message)
  }

  if (!ready) return null
  if (!user) return <Login instance={instance} problem={problem} onLogin={enter} />
  return (
    <>
      <header className="bar">
        <Logo />
        <strong>{instance}</strong>
        <Profile user={user} onChange={setUser} />
        <button type="button" className="quiet" onClick={leave}>Log out</button>
      </header>
      <main>
        <Samples user={user} onRefused={leaveIfRefused} />
      </main>
    </>
  )
}
