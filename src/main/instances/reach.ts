/** How an instance is reached from other machines. */
import { isIPv6 } from 'node:net'
import { parse } from 'dotenv'
import { urlOf } from '../../shared/address'
import type { InstanceReach } from '../../shared/instance'
import type { Settings } from '../../shared/settings'
import { readIfExists } from '../system/files'
import { guessAddress, tunnelCommand } from '../system/reach'
import { findInstance, type LifecycleServices } from './lifecycle/target'

/** @throws as `findInstance` */
export async function instanceReach(
  services: LifecycleServices & { readonly settings: { read(): Promise<Settings> } },
  name: string,
): Promise<InstanceReach> {
  const {
    config: { port },
    paths,
  } = await findInstance(services, name)
  const { HOST = '0.0.0.0' } = parse((await readIfExists(paths.env)) ?? '')
  const { publicAddress } = (await services.settings.read()).access
  const address = publicAddress ?? guessAddress()
  return {
    ...(!/^(?:127\.|localhost$|::1$)/.test(HOST) && {
      url: `http://${isIPv6(address) ? `[${address}]` : address}:${port}`,
    }),
    guessed: publicAddress === undefined,
    tunnel: tunnelCommand(port, address),
    through: urlOf({ port }),
  }
}
