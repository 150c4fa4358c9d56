/** What a rebuild keeps, and what it takes: space and time. */
import { bytes, capital, count, duration, enumerate } from '../../../shared/amounts'
import type { DataFolder, RebuildReview } from '../../../shared/rebuild-review'
import { Part } from './part'
import classes from './rebuild.module.css'

export function Kept({ stays: { folders, keys, own } }: { stays: RebuildReview['stays'] }) {
  const hidden = own.count - own.names.length
  const kept = ['the database', count(keys.length, 'setting'), ...folders.map(folderWords)]
  return (
    <Part word="Stays">
      <p>{capital(enumerate(kept, kept.length))}</p>
      {own.count > 0 && (
        <p>
          Of its own: <span className="mono">{own.names.join(', ')}</span>
          {hidden > 0 && ` and ${hidden} more`}
        </p>
      )}
    </Part>
  )
}

const folderWords = ({ path, files, bytes: size, complete }: DataFolder): string =>
  `${path} (${complete ? '' : 'more than '}${count(files, 'file')}, ${bytes(size)})`

export function Cost({ review: { disk, prepared, expected } }: { review: RebuildReview }) {
  const enough = disk.free >= disk.needed + disk.reserve
  return (
    <Part word="Takes">
      <p>
        {expected &&
          `About ${duration(expected.seconds * 1000)}, like the last ${expected.runs === 1 ? 'one' : expected.runs}. `}
        {prepared
          ? 'The new code is prepared already.'
          : 'The new code is prepared first, while the instance keeps running.'}
      </p>
      <p className={enough ? undefined : classes.short}>
        {bytes(disk.needed)} of disk space; {bytes(disk.free)} is free
        {!enough && `, and ${bytes(disk.reserve)} must stay free for PostgreSQL`}.
      </p>
    </Part>
  )
}
