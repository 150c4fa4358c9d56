/** A package for Fedora and RHEL, made from a staged tree. */
import { mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Failure, run } from '../lib/say.mjs'
import { about, architectures, fedora, home, name, zstdLevel } from './description.mjs'
import { maintainerScript } from './maintainer.mjs'
import { write } from './tree.mjs'

/** @param {import('./stage.mjs').Making} making @param path of the new file */
export async function makeRpm(making, path) {
  const { root, epoch, architecture } = making
  const work = await mkdtemp(join(dirname(path), '.rpm-'))
  try {
    const spec = join(work, `${name}.spec`)
    await write(spec, await specification(making))
    const defined = { ...macros, _topdir: work, _rpmdir: dirname(path), _build_name_fmt: '%{NVRA}.rpm' }
    const { code, output } = await run(
      'rpmbuild',
      [
        '-bb',
        `--target=${architectures[architecture].fedora}-linux`,
        ...Object.entries(defined).flatMap(([macro, value]) => ['--define', `${macro} ${value}`]),
        spec,
      ],
      // A home of its own, where nobody has defined macros.
      { quiet: true, cwd: work, env: { HOME: work, TREE: root, SOURCE_DATE_EPOCH: String(epoch), LC_ALL: 'C.UTF-8' } },
    )
    if (code !== 0) throw new Failure(`rpmbuild failed:\n${output}`, 'check the free disk space (2 GB is needed).')
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

const macros = {
  // The files as they were staged: not stripped, not compressed again, and without links to their build ids.
  __os_install_post: '%{nil}',
  debug_package: '%{nil}',
  _build_id_links: 'none',
  // The same bytes, whoever builds it, and whenever.
  _buildhost: 'localhost',
  use_source_date_epoch_as_buildtime: '1',
  clamp_mtime_to_source_date_epoch: '1',
  source_date_epoch_from_changelog: '0',
  _binary_payload: `w${zstdLevel}T2.zstdio`,
}

/** Without automatic dependencies: those would be found in PostgreSQL's own libraries, too. */
async function specification({ version }) {
  const tags = [
    ['Name', name],
    ['Version', version],
    ['Release', '1'],
    ['Summary', about.summary],
    ['License', about.licence],
    ['Packager', about.maintainer],
    ['AutoReqProv', 'no'],
    ...fedora.requires.map(it => ['Requires', it]),
    ...fedora.recommends.map(it => ['Recommends', it]),
    ...fedora.suggests.map(it => ['Suggests', it]),
  ]
  const script = async call => (await maintainerScript(call)).replaceAll('%', '%%')
  return `${tags.map(([tag, value]) => `${tag}: ${value}\n`).join('')}
%description
${about.description.join('\n')}

%install
cp -a "$TREE/." "$RPM_BUILD_ROOT"
cd "$RPM_BUILD_ROOT"
rm -r usr/share/lintian usr/share/doc/${name}/changelog.gz
mkdir -p usr/share/zsh/site-functions
mv usr/share/zsh/vendor-completions/* usr/share/zsh/site-functions
find usr '(' -path ${home} -o ! -type d ')' -prune -printf '/%%p\\n' > "$OLDPWD/files"

%files -f files
%defattr(-,root,root)
%dir /usr/share/doc/${name}

%post
${await script('installed')}
%preun
${await script('[ "$1" != 0 ] || removing')}`
}
