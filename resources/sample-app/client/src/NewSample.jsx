import { useState } from 'react'
import { call } from './api.js'

export function NewSample({ classes, mayOpenClass, onSample, onClass, onRefused }) {
  const [error, setError] = useState()
  const [busy, setBusy] = useState(false)

  /** Sends a form's content; shows what the server refuses, beside the field that it names. */
  async function send(form, path, body, onDone) {
    setBusy(true)
    setError(undefined)
    try {
      onDone(await call('POST', path, body))
      form.reset()
    } catch (refusal) {
      setError({ message: refusal.message, field: refusal.field, path })
      if (refusal.status === 401) onRefused(refusal)
    } finally { setBusy(false) }
  }
  function addSample(event) {
    event.preventDefault()
    const { classId, ...values } = Object.fromEntries(new FormData(event.currentTarget))
    send(event.currentTarget, '/samples', { ...values, classId: classId ? Number(classId) : undefined }, it => onSample(it.sample))
  }
  function addClass(event) {
    event.preventDefault()
    send(event.currentTarget, '/classes', Object.fromEntries(new FormData(event.currentTarget)), it => onClass(it.class))
  }
  const errorAt = (path, field) => error?.path === path && error.field === field && <span role="alert">{error.message}</span>

  return (
    <div className="stack">
      <form className="card" onSubmit={addSample}>
        <h2>New sample</h2>
        <label>Name<input name="name" required maxLength="80" placeholder="Leaf 1" />{errorAt('/samples', 'name')}</label>
        <label>Organism<input name="organism" required maxLength="80" placeholder="Arabidopsis thaliana" />{errorAt('/samples', 'organism')}</label>
        <label>
          Class
          <select name="classId">
            <option value="">None</option>
            {classes.map(it => <option key={it.id} value={it.id}>{it.name}</option>)}
          </select>
          {errorAt('/samples', 'classId')}
        </label>
        <label>Sequence, if known<textarea name="sequence" rows="4" spellCheck="false" placeholder="ATGGCGTTC…" />{errorAt('/samples', 'sequence')}</label>
        {errorAt('/samples', undefined)}
        <button disabled={busy}>Record</button>
      </form>
      {mayOpenClass && (
        <form className="card" onSubmit={addClass}>
          <h2>New class</h2>
          <label>Name<input name="name" required maxLength="60" placeholder="Biology 10b" />{errorAt('/classes', 'name')}</label>
          {errorAt('/classes', undefined)}
          <button className="quiet" disabled={busy}>Open class</button>
        </form>
      )}
    </div>
  )
}
