/** What `inspect` says about containers and networks. Podman and Docker agree on most of it. */
import { z } from 'zod'

const containerSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  RestartCount: z.int().nullish(),
  State: z.object({
    Running: z.boolean(),
    Restarting: z.boolean().nullish(),
    Pid: z.int().nullish(),
    OOMKilled: z.boolean().nullish(),
    ExitCode: z.int().nullish(),
  }),
  Config: z.object({ Image: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
  HostConfig: z.object({
    AutoRemove: z.boolean().nullish(),
    RestartPolicy: z.object({ Name: z.string() }).nullish(),
    PortBindings: z
      .record(z.string(), z.array(z.object({ HostIp: z.string().nullish(), HostPort: z.string() })).nullable())
      .nullish(),
  }),
  Mounts: z
    .array(z.object({ Name: z.string().nullish(), Source: z.string().nullish(), Destination: z.string() }))
    .nullish(),
  NetworkSettings: z.object({
    Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() })).nullish(),
  }),
})
export interface Container {
  readonly id: string
  readonly name: string
  readonly running: boolean
  /** It ended, and Docker will start it again after a pause. */
  readonly restarting: boolean
  /** The engine removes it as soon as it stops. */
  readonly removedAtStop: boolean
  /** The engine starts it at every boot, even if it was stopped. */
  readonly startsAtBoot: boolean
  /** The id of the image that it was created from. */
  readonly image: string
  /** The image as it was named then. */
  readonly imageName: string
  /** How often the engine has restarted it by itself. */
  readonly restarts?: number
  /** The pid of its first process on this machine. */
  readonly pid?: number
  /** How it ended; absent if it never ran. */
  readonly ended?: { readonly exitCode: number; readonly outOfMemory: boolean }
  readonly labels: Readonly<Record<string, string>>
  /** Where its TCP ports are published on this machine. An empty address means all. */
  readonly published: readonly { readonly inside: number; readonly address: string; readonly port: number }[]
  readonly networks: readonly { readonly name: string; readonly address: string }[]
  /** Folders inside it and where they are on this machine. `volume`: its name, if it is one. */
  readonly mounts: readonly { readonly from: string; readonly inside: string; readonly volume?: string }[]
}

/** The subnets of a network, whichever engine describes it. */
export const networkSchema = z.union([
  z
    .object({ subnets: z.array(z.object({ subnet: z.string() })).min(1) })
    .transform(it => it.subnets.map(one => one.subnet)), // Podman
  z
    .object({ IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string() })).min(1) }) })
    .transform(it => it.IPAM.Config.map(one => one.Subnet)),
])

/** @throws if it isn't what `inspect` says about a container */
export function toContainer(found: unknown): Container {
  const { Id, Name, Image, RestartCount, State, Config, HostConfig, Mounts, NetworkSettings } =
    containerSchema.parse(found)
  const running = State.Running && !State.Restarting // Docker counts the pauses between its attempts as running
  return {
    id: Id,
    name: Name.replace(/^\//, ''), // Docker’s
    running,
    restarting: State.Restarting === true,
    removedAtStop: HostConfig.AutoRemove === true,
    startsAtBoot: HostConfig.RestartPolicy?.Name === 'always',
    image: Image,
    imageName: Config.Image,
    ...(typeof RestartCount === 'number' && { restarts: RestartCount }),
    ...(State.Pid && { pid: State.Pid }),
    ...(!running &&
      typeof State.ExitCode === 'number' && {
        ended: { exitCode: State.ExitCode, outOfMemory: State.OOMKilled === true },
      }),
    labels: Config.Labels ?? {},
    published: Object.entries(HostConfig.PortBindings ?? {})
      .filter(([inside]) => inside.endsWith('/tcp'))
      .flatMap(([inside, bindings]) =>
        (bindings ?? []).map(it => ({
          inside: Number.parseInt(inside, 10),
          address: it.HostIp ?? '',
          port: Number(it.HostPort),
        })),
      ),
    networks: Object.entries(NetworkSettings.Networks ?? {}).flatMap(([network, { IPAddress }]) =>
      IPAddress ? [{ name: network, address: IPAddress }] : [],
    ),
    mounts: (Mounts ?? []).flatMap(it =>
      it.Source ? [{ from: it.Source, inside: it.Destination, ...(it.Name && { volume: it.Name }) }] : [],
    ),
  }
}
