import { useEffect, useState } from 'react'
import { call } from './api.js'
import { NewSample } from './NewSample.jsx'

const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 })
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

export function Samples({ user, onRefused }) {
  const [samples, setSamples] = useState()
  const [classes, setClasses] = useState([])

  useEffect(() => {
    Promise.all([call('GET', '/samples'), call('GET', '/classes')])
      .then(([one, two]) => { setSamples(one.samples); setClasses(two.classes) }, onRefused)
  }, [])

  return (
    <div className="columns">
      <NewSample
        classes={classes} mayOpenClass={user.role !== 'student'} onRefused={onRefused}
        onSample={it => setSamples([it, ...(samples ?? [])])}
        onClass={it => setClasses([...classes, it].sort((a, b) => a.name.localeCompare(b.name)))}
      />
      <section className="card">
        <h2>Samples</h2>
        {samples?.length === 0 && <p className="muted">No sample yet. Record the first one: with its sequence, its length and GC content are computed at once.</p>}
        {samples?.length > 0 && <SampleTable samples={samples} />}
      </section>
    </div>
  )
}

const SampleTable = ({ samples }) => (
  <div className="scroll">
    <table>
      <thead><tr><th>Sample</th><th>Class</th><th className="number">Bases</th><th className="number">GC</th><th>Recorded</th></tr></thead>
      <tbody>
        {samples.map(({ id, name, organism, schoolClass, analysis, createdBy, createdAt }) => (
          <tr key={id}>
            <td>{name}<small className="muted">{organism}</small></td>
            <td>{schoolClass?.name ?? '–'}</td>
            <td className="number">{analysis?.length ?? '–'}</td>
            <td className="number">{analysis?.gcContent == null ? '–' : percent.format(analysis.gcContent)}</td>
            <td><span className="date">{day.format(new Date(createdAt))}</span><small className="muted">{createdBy.name}</small></td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
