/** The selected instances: toggled one by one, by range, or all that are shown. */
export interface Selection {
  readonly names: ReadonlySet<string>
  /** Where a range begins: the last one that was toggled individually. */
  readonly anchor?: string
}

export const nothingSelected: Selection = { names: new Set() }

export function toggle({ names }: Selection, name: string): Selection {
  const next = new Set(names)
  if (!next.delete(name)) next.add(name)
  return { names: next, anchor: name }
}

/**
 * Sets everything from the anchor to `name`, in the shown order, to the new state of `name`. If the anchor isn't shown,
 * toggles `name` only.
 */
export function extend(selection: Selection, name: string, shown: readonly string[]): Selection {
  const from = selection.anchor === undefined ? -1 : shown.indexOf(selection.anchor)
  const to = shown.indexOf(name)
  if (from < 0 || to < 0) return toggle(selection, name)
  const next = new Set(selection.names)
  const chosen = !selection.names.has(name)
  for (const it of shown.slice(Math.min(from, to), Math.max(from, to) + 1)) {
    if (chosen) next.add(it)
    else next.delete(it)
  }
  return { names: next, anchor: name }
}

/** Adds all shown instances to the selection; if all of them are selected already, removes them. */
export function toggleAll({ names }: Selection, shown: readonly string[]): Selection {
  const next = new Set(names)
  const all = shown.every(it => names.has(it))
  for (const it of shown) {
    if (all) next.delete(it)
    else next.add(it)
  }
  return { names: next }
}

export const selectAll = ({ names }: Selection, shown: readonly string[]): Selection => ({
  names: new Set([...names, ...shown]),
})

/** Removes instances that no longer exist. Returns the same object if there are none. */
export function prune(selection: Selection, existing: ReadonlySet<string>): Selection {
  const names = [...selection.names].filter(it => existing.has(it))
  return names.length === selection.names.size ? selection : { ...selection, names: new Set(names) }
}
