import { useRef, useState } from 'react'
import { call } from './api.js'

/** The person's name and picture; a click on the picture chooses another. */
export function Profile({ user, onChange }) {
  const input = useRef(null)
  const [error, setError] = useState()

  async function upload(event) {
    const [file] = event.target.files
    event.target.value = ''
    if (!file) return
    const form = new FormData()
    form.append('picture', file)
    setError(undefined)
    try { onChange((await call('PUT', '/me/picture', form)).user) } catch (refusal) { setError(refusal.message) }
  }

  return (
    <div className="profile">
      {error && <span role="alert">{error}</span>}
      <span>{user.name}<small className="muted">{user.role}</small></span>
      <button type="button" className="avatar" title="Change the picture" aria-label="Change the picture" onClick={() => input.current.click()}>
        {user.picture ? <img src={user.picture} alt="" /> : [...user.name][0].toUpperCase()}
      </button>
      <input ref={input} type="file" accept="image/png,image/jpeg,image/webp" hidden onChange={upload} />
    </div>
  )
}
