/** The job that removes the PostgreSQL that a move left behind, with its databases. */
import { bytes } from '../../../shared/amounts'
import { driverTitle } from '../../../shared/infrastructure'
import { removeFormerJob } from '../../../shared/jobs/move'
import { problem } from '../../../shared/problem'
import { things } from '../../../shared/things'
import { implement } from '../../operations/implement'
import type { AnyOperation } from '../../operations/operation'
import { serviceOf } from '../services'
import type { MovingServices } from './moving'

export const removeFormer = (services: MovingServices): AnyOperation =>
  implement(removeFormerJob, {
    plan: async () => {
      const left = await services.former.read()
      if (left) return { former: left }
      throw problem({ code: 'no-former', message: 'There is no old PostgreSQL to remove.' })
    },
    contradiction: (_plan, subject) => (subject === things.formerPostgres ? undefined : `its subject is ${subject}.`),
    steps: {
      remove: {
        async do({ plan: { former: left }, note }) {
          const { infrastructure, former, settings, sides } = services
          const { containers } = await settings.read()
          const present = await infrastructure.kind()
          if (left.driver === present && (present === 'embedded' || left.container === containers.postgres))
            throw problem({
              code: 'former-in-use',
              message: 'The PostgreSQL recorded as the old one is in use.',
              cause: 'The settings have been changed by hand since the move.',
              hint: 'Nothing was removed. Delete .instance-manager/former-postgres.json if that is intended.',
            })
          const driver = sides.of({ ...left, image: containers.postgresImage })
          if (left.driver !== present && (await driver.adoptedServices?.find(serviceOf('pgbouncer'))) === undefined)
            await driver.data.empty(serviceOf('pgbouncer'))
          await driver.data.empty(serviceOf('postgres'))
          if (left.driver !== present) await infrastructure.leave(left.driver)
          await former.forget()
          note(`Removed ${bytes(left.bytes)} of databases from ${driverTitle[left.driver]}.`)
        },
        // repeating it is as good as checking
        verify: () => Promise.resolve(false),
      },
    },
  })
