/**
 * Where NODE_EXTRA_CA_CERTS names the system's certificates, each start of Node.js parses them all, which takes longer
 * than the rest of a start. In tests only npm needs them: it is given a file with them and Node's own.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'

const variable = 'NODE_EXTRA_CA_CERTS'

/** For this process and those it starts. @param folder lives as long as they do */
export async function leaveCertificatesToNpm(folder: string): Promise<void> {
  const extra = process.env[variable]
  if (!extra) return
  delete process.env[variable]
  if (process.env['npm_config_cafile']) return // it ignores the others then
  const file = join(folder, 'certificates.pem')
  await writeFile(file, [await readFile(extra, 'utf8'), ...rootCertificates].join('\n'))
  process.env['npm_config_cafile'] = file
}
