/** A client of real size: create-react-app with MUI and charts, and 300 components. Its packages come from npm. */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { exists } from '../../src/main/system/files'

const packages = {
  name: 'bench-client',
  version: '1.0.0',
  private: true,
  dependencies: {
    '@emotion/react': '11.14.0',
    '@emotion/styled': '11.14.0',
    '@mui/icons-material': '5.16.14',
    '@mui/material': '5.16.14',
    axios: '1.7.9',
    'date-fns': '3.6.0',
    react: '18.3.1',
    'react-dom': '18.3.1',
    'react-router-dom': '6.28.1',
    'react-scripts': '5.0.1',
    recharts: '2.15.0',
  },
  scripts: { build: 'react-scripts build' },
  eslintConfig: { extends: 'react-app' },
  browserslist: { production: ['>0.2%', 'not dead', 'not op_mini all'] },
}

const components = 300
/** The component that the bench changes. */
export const changedFile = 'src/components/Panel150.js'

/** Writes it into an empty folder. The lock file is made once, so that every run installs the same. */
export async function writeCraClient(folder: string): Promise<void> {
  const cache = join(homedir(), '.cache/instance-manager/bench-client')
  await mkdir(cache, { recursive: true })
  await writeFile(join(cache, 'package.json'), JSON.stringify(packages, null, 2))
  if (!(await exists(join(cache, 'package-lock.json'))))
    await execa('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], { cwd: cache, input: '' })
  for (const it of ['public', 'src/components']) await mkdir(join(folder, it), { recursive: true })
  for (const it of ['package.json', 'package-lock.json']) await cp(join(cache, it), join(folder, it))
  await writeFile(
    join(folder, 'public/index.html'),
    '<!doctype html><html lang="en"><head><title>School</title></head><body><div id="root"></div></body></html>',
  )
  const all = Array.from({ length: components }, (_, at) => at)
  await writeFile(join(folder, 'src/index.js'), index(all))
  for (const it of all) await writeFile(join(folder, `src/components/Panel${it}.js`), panel(it))
}

const index = (all: readonly number[]): string => `import React from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter, Route, Routes } from 'react-router-dom'
${all.map(it => `import Panel${it} from './components/Panel${it}'`).join('\n')}

createRoot(document.getElementById('root')).render(
  <BrowserRouter>
    <Routes>
${all.map(it => `      <Route path="/panel/${it}" element={<Panel${it} />} />`).join('\n')}
    </Routes>
  </BrowserRouter>,
)
`

/** About 80 lines with state, an effect, a form, a table and a chart, as pages of such applications have. */
const panel = (it: number): string => `import React, { useEffect, useMemo, useState } from 'react'
import { Alert, Box, Button, Card, CardContent, Checkbox, Dialog, DialogActions, DialogContent, DialogTitle, FormControlLabel, Grid, Table, TableBody, TableCell, TableHead, TableRow, TextField, Typography } from '@mui/material'
import AddIcon from '@mui/icons-material/Add'
import DeleteIcon from '@mui/icons-material/Delete'
import axios from 'axios'
import { format, addDays } from 'date-fns'
import { CartesianGrid, Legend, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'

const endpoint = '/api/panels/${it}'
const columns = ['name', 'score', 'grade', 'updated', 'comment${it}']

function summarise(rows) {
  const { total, best } = rows.reduce(
    (sum, row) => ({ total: sum.total + row.score, best: Math.max(sum.best, row.score ?? 0) }),
    { total: 0, best: -Infinity },
  )
  return { average: rows.length ? total / rows.length : 0, best, count: rows.length }
}

export default function Panel${it}({ title = 'Panel ${it}', onChanged }) {
  const [rows, setRows] = useState([])
  const [draft, setDraft] = useState({ name: '', score: ${it}, confirmed: false })
  const [open, setOpen] = useState(false)
  const [failure, setFailure] = useState(undefined)
  useEffect(() => {
    const cancel = new AbortController()
    axios
      .get(endpoint, { signal: cancel.signal, params: { since: format(addDays(new Date(), -${it + 1}), 'yyyy-MM-dd') } })
      .then(({ data }) => setRows(data?.rows ?? []))
      .catch(error => setFailure(error.message))
    return () => cancel.abort()
  }, [])
  const summary = useMemo(() => summarise(rows), [rows])
  const save = async () => {
    const { data } = await axios.post(endpoint, { ...draft, panel: ${it} })
    setRows(before => [...before, data])
    setOpen(false)
    onChanged?.(data)
  }
  return (
    <Card variant="outlined">
      <CardContent>
        <Typography variant="h${(it % 6) + 1}">{title}</Typography>
        {failure && <Alert severity="error">{failure}</Alert>}
        <Grid container spacing={${it % 8}}>
          {Object.entries(summary).map(([word, value]) => (
            <Grid item xs={4} key={word}>
              <Box sx={{ p: ${it % 5}, bgcolor: 'background.paper' }}>{word}: {value}</Box>
            </Grid>
          ))}
        </Grid>
        <ResponsiveContainer width="100%" height={${200 + it}}>
          <LineChart data={rows}>
            <CartesianGrid strokeDasharray="3 3" />
            <XAxis dataKey="updated" />
            <YAxis />
            <Tooltip />
            <Legend />
            <Line dataKey="score" stroke="#${(it * 4321 + 0x100000).toString(16).slice(0, 6)}" />
          </LineChart>
        </ResponsiveContainer>
        <Table>
          <TableHead><TableRow>{columns.map(column => <TableCell key={column}>{column}</TableCell>)}</TableRow></TableHead>
          <TableBody>
            {rows.map(row => (
              <TableRow key={row.id}>
                {columns.map(column => <TableCell key={column}>{row[column]}</TableCell>)}
                <TableCell><Button startIcon={<DeleteIcon />} onClick={() => setRows(rows.filter(other => other !== row))}>Remove</Button></TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
        <Button startIcon={<AddIcon />} onClick={() => setOpen(true)}>Add</Button>
        <Dialog open={open} onClose={() => setOpen(false)}>
          <DialogTitle>New row of panel ${it}</DialogTitle>
          <DialogContent>
            <TextField label="Name" value={draft.name} onChange={event => setDraft({ ...draft, name: event.target.value })} />
            <FormControlLabel control={<Checkbox checked={draft.confirmed} onChange={(_, confirmed) => setDraft({ ...draft, confirmed })} />} label="Confirmed" />
          </DialogContent>
          <DialogActions><Button onClick={save}>Save</Button></DialogActions>
        </Dialog>
      </CardContent>
    </Card>
  )
}
`
