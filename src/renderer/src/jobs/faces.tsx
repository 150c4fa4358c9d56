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
  IconPencil,
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
import { isolateJob, unisolateJob } from '../../../shared/jobs/isolation'
import { changePortJob, restartJob, startJob, stopJob } from '../../../shared/jobs/lifecycle'
import { directorJob } from '../../../shared/jobs/director'
import { limitsJob } from '../../../shared/jobs/limits'
import { rebuildJob, rollbackJob } from '../../../shared/jobs/rebuild'
import { renameJob } from '../../../shared/jobs/rename'
import { seamlessJob, unseamlessJob } from '../../../shared/jobs/seamless'
import { later } from '../app/later'
import type { Dialog } from './jobs'

const EnvironmentForm = later(() => import('../environment/edit-form').then(it => it.EnvironmentForm))
const UndoForm = later(() => import('../environment/undo-form').then(it => it.UndoForm))
const AdoptForm = later(() => import('../instances/adopt-form').then(it => it.AdoptForm))
const BootTimeForm = later(() => import('../instances/boot-time-form').then(it => it.BootTimeForm))
const ChangePortForm = later(() => import('../instances/change-port-form').then(it => it.ChangePortForm))
const DeleteForm = later(() => import('../instances/delete-form').then(it => it.DeleteForm))
const LeftoversForm = later(() => import('../instances/delete-form').then(it => it.LeftoversForm))
const DirectorForm = later(() => import('../instances/director-form').then(it => it.DirectorForm))
const OpenForm = later(() => import('../instances/open-form').then(it => it.OpenForm))
const LabelsForm = later(() => import('../instances/labels-form').then(it => it.LabelsForm))
const LimitsForm = later(() => import('../instances/limits-form').then(it => it.LimitsForm))
const RebuildForm = later(() => import('../rebuild/rebuild-form').then(it => it.RebuildForm))
const RenameForm = later(() => import('../instances/rename-form').then(it => it.RenameForm))
const RollbackForm = later(() => import('../rebuild/rollback-form').then(it => it.RollbackForm))

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

export const labelsDialog: Dialog = { title: name => `Tags and notes of ${name}`, Form: LabelsForm }

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
  [renameJob.kind, { Icon: IconPencil, dialog: { title: name => `Rename ${name}`, Form: RenameForm, wide: true } }],
  [deleteJob.kind, { Icon: IconTrash, dialog: { title: name => `Delete ${name}?`, Form: DeleteForm, wide: true } }],
])

export const faceOf = (kind: string): Face => faces.get(kind) ?? { Icon: IconBolt }
