/** Generates docs/settings.md from the settings' schema. */
import { z } from 'zod'
import { allSettings, type Setting, type SettingValue } from '../../shared/setting-list'

export const settingsDocumentation = (): string =>
  [
    "<!-- Generated from the settings' schema by: npm run -s cli -- __docs settings > docs/settings.md -->",
    '',
    '# Settings',
    '',
    introduction,
    '',
    '| setting | values | default | meaning | effect of a change |',
    '|---|---|---|---|---|',
    ...allSettings.map(row),
    '',
    siteDefaults,
  ].join('\n')

const introduction = `A workspace needs no settings: every one has a default. Change them on the *Settings* screen, on the
*Infrastructure* screen (those of PostgreSQL and PgBouncer, the driver, and maintenance), or with a command:

\`\`\`sh
instance-manager settings get                          # all, and what set them
instance-manager settings set logs.keep 10
instance-manager settings unset logs.keep              # back to the default
instance-manager infra set postgres work_mem=8MB       # restarts the service if necessary
\`\`\`

Only what you set is stored, in \`WORKSPACE/.instance-manager/settings.json\`. A dot in a name is a level in the file:
\`logs.keep\` is \`{ "logs": { "keep": 10 } }\`. Prefer the screens and commands to editing the file: they refuse a change
that would cut off running instances. An unknown name or an invalid value is reported, never ignored.`

const siteDefaults = `## Defaults for a whole machine

\`/etc/instance-manager/defaults.json\` sets defaults for every workspace on the machine. It is optional, has the same
format as \`settings.json\`, and may contain any of the settings above. A workspace's own settings override it. For
example:

\`\`\`json
{
  "driver": "podman",
  "containers": { "postgresImage": "registry.example/library/postgres:17-alpine" },
  "logs": { "keep": 20 }
}
\`\`\`

Create it before the first workspace. A later change applies to every workspace that relies on the default, without the
checks that a changed setting must pass: a new port, container name or driver would then point existing instances to the
wrong place. The file must be readable by everyone who runs Instance Manager. The environment variable
\`INSTANCE_MANAGER_DEFAULTS\` names another file.`

function row({ key, title, explanation, effect, elsewhere, unit, schema }: Setting): string {
  const { enum: choices, minimum, maximum, default: value } = z.toJSONSchema(schema, { io: 'input' })
  const range = minimum === undefined ? 'text' : `${minimum} to ${maximum?.toLocaleString('en')}`
  const values = choices?.map(it => `\`${String(it)}\``).join(', ') ?? range
  const preset = [value as SettingValue | undefined, unit].filter(it => it !== undefined).join(' ')
  const meaning = [`**${title}.** ${explanation}`, elsewhere].filter(Boolean).join(' ')
  return `| \`${key}\` | ${values} | ${preset} | ${meaning} | ${effect} |`
}
