/** Starts a job for which the names of protected instances may have to be typed first. */
import type { TRPCClient } from '@trpc/client'
import type { Router } from '../../../main/api/router'
import type { KnownInstances } from '../../../shared/instance'
import { guardedNames, jobOf, type StartRequest } from '../../../shared/jobs'
import { problem } from '../../../shared/problem'
import { confirmNames } from '../instances/confirm-name'

export const noInstances: KnownInstances = { instances: [], lost: [] }

/** The code of the Problem that the operator didn't type a name. */
export const notTyped = 'cancelled'

/** The request with the names of protected instances as confirmation, if they must be typed. @throws Problem `cancelled` */
export async function withNames<Request extends StartRequest>(
  known: KnownInstances,
  request: Request,
): Promise<Request> {
  const guarded = guardedNames(request, known)
  if (!guarded.length || request.typed !== undefined) return request
  const job = jobOf(request.kind)
  const verb = job?.bulk?.verb ?? job?.offer?.label.replace(/…$/, '') ?? 'Continue'
  // Others than the one that it is about are in its way.
  const itself = 'name' in request && guarded.includes(request.name)
  if (await confirmNames(guarded, itself ? verb : 'Stop')) return { ...request, typed: guarded.join() }
  throw problem({ code: notTyped, message: 'Nothing was changed, because the name wasn’t typed.' })
}

/** For where the instances aren't at hand. @throws the router's Problem, or `cancelled` */
export async function startAsking(client: TRPCClient<Router>, request: StartRequest): Promise<{ readonly id: string }> {
  const known = jobOf(request.kind)?.guards ? await client.instances.list.query() : noInstances
  return await client.operations.start.mutate(await withNames(known, request))
}
