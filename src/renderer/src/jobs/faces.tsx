/** A job's icon, and its dialog if it needs more than a confirmation. */
import {
  IconArrowBackUp,
  IconArrowsExchange,
  IconBolt,
  IconCopyCheck,
  IconGauge,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlugConnected,
  IconPackageImport,
  IconRefresh,
  IconShieldLock,
  IconShieldOff,
  IconTrash,
  IconUserCog,
  IconVariable,
  type Icon,
} from '@tabler/icons-react'
import { adoptJob } from '../../../shared/jobs/create'
import { deleteJob } from '../../../shared/jobs/delete'
import { environmentJob } from '../../../shared/jobs/environment'
import { changePortJob, isolateJob, restartJob, startJob, stopJob, unisolateJob } from '../../../shared/jobs/lifecycle'
import { directorJob } from '../../../shared/jobs/director'
import { limitsJob } from '../../../shared/jobs/limits'
import { rebuildJob, rollbackJob } from '../../../shared/jobs/rebuild'
import { seamlessJob, unseamlessJob } from '../../../shared/jobs/seamless'
import { EnvironmentForm } from '../environment/edit-form'
import { UndoForm } from '../environment/undo-form'
import { AdoptForm } from '../instances/adopt-form'
import { BootTimeForm } from '../instances/boot-time-form'
import { ChangePortForm } from '../instances/change-port-form'
import { DeleteForm, LeftoversForm } from '../instances/delete-form'
import { DirectorForm } from '../instances/director-form'
import { OpenForm } from '../instances/open-form'
import { LimitsForm } from '../instances/limits-form'
import { RebuildForm } from '../rebuild/rebuild-form'
import { RollbackForm } from '../rebuild/rollback-form'
import type { Dialog } from './jobs'

interface Face {
  readonly Icon: Icon
  /** Absent: the descriptor's question is enough. */
  readonly dialog?: Dialog
}

export const adoptDialog: Dialog = { title: name => `Adopt ${name}`, Form: AdoptForm, wide: true }
export const leftoversDialog: Dialog = {
  title: name => `Remove leftovers of ${name}?`,
  Form: LeftoversForm,
  wide: true,
}
export const rebuildDialog: Dialog = { title: name => `Rebuild ${name}`, Form: RebuildForm, wide: true }
export const bootTimeDialog: Dialog = { title: name => `Change the boot time of ${name}`, Form: BootTimeForm }

export const openDialog: Dialog = { title: name => `Open ${name}`, Form: OpenForm, wide: true }

export const limitsDialog: Dialog = { title: name => `Change the limits of ${name}`, Form: LimitsForm, wide: true }

export const environmentDialog: Dialog = {
  title: name => `Environment of ${name}`,
  Form: EnvironmentForm,
  wide: true,
}
export const environmentUndoDialog: Dialog = {
  title: name => `Undo the last environment change to ${name}?`,
  Form: UndoForm,
  wide: true,
}

const faces: ReadonlyMap<string, Face> = new Map<string, Face>([
  [startJob.kind, { Icon: IconPlayerPlay }],
  [stopJob.kind, { Icon: IconPlayerStop }],
  [restartJob.kind, { Icon: IconRefresh }],
  [rebuildJob.kind, { Icon: IconPackageImport, dialog: rebuildDialog }],
  [
    rollbackJob.kind,
    { Icon: IconArrowBackUp, dialog: { title: name => `Roll back ${name}?`, Form: RollbackForm, wide: true } },
  ],
  [adoptJob.kind, { Icon: IconCopyCheck, dialog: adoptDialog }],
  [
    changePortJob.kind,
    { Icon: IconPlugConnected, dialog: { title: name => `Change the port of ${name}`, Form: ChangePortForm } },
  ],
  [isolateJob.kind, { Icon: IconShieldLock }],
  [unisolateJob.kind, { Icon: IconShieldOff }],
  [seamlessJob.kind, { Icon: IconArrowsExchange }],
  [unseamlessJob.kind, { Icon: IconArrowsExchange }],
  [directorJob.kind, { Icon: IconUserCog, dialog: { title: name => `Director of ${name}`, Form: DirectorForm } }],
  [environmentJob.kind, { Icon: IconVariable, dialog: environmentDialog }],
  [limitsJob.kind, { Icon: IconGauge, dialog: limitsDialog }],
  [deleteJob.kind, { Icon: IconTrash, dialog: { title: name => `Delete ${name}?`, Form: DeleteForm, wide: true } }],
])

export const faceOf = (kind: string): Face => faces.get(kind) ?? { Icon: IconBolt }
