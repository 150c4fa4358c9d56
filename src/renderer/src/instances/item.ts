/** Props shared by rows and cards. */
import type { OperationState } from '../../../shared/operation'
import type { ShownInstance } from './arrange'
import { sameShown } from './same'

/** A creation represents its instance until that exists. */
export type Item =
  | { readonly type: 'creation'; readonly operation: OperationState }
  | { readonly type: 'instance'; readonly shown: ShownInstance }

export interface ItemHandlers {
  /** @param range selects everything from the last selected one */
  readonly select: (name: string, range: boolean) => void
  /** @param at the menu's corner, in window coordinates */
  readonly openMenu: (name: string, at: { readonly x: number; readonly y: number }) => void
  readonly open: (instance: { readonly name: string; readonly url: string }) => void
  readonly run: (kind: string, name: string) => void
  /** Opens its dialog. */
  readonly rebuild: (name: string) => void
}

export interface InstanceItemProps {
  readonly shown: ShownInstance
  readonly selected: boolean
  /** Its menu is open. */
  readonly menu: boolean
  /** Counted from 0. */
  readonly index: number
  readonly handlers: ItemHandlers
}

export const sameItem = (a: InstanceItemProps, b: InstanceItemProps): boolean =>
  a.selected === b.selected &&
  a.menu === b.menu &&
  a.index === b.index &&
  a.handlers === b.handlers &&
  sameShown(a.shown, b.shown)
