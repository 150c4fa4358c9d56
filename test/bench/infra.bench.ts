/** The shared PostgreSQL and PgBouncer: how fast they come up, and what instances notice of them and of each other. */
import type { Bench } from './bench'
import { besideACrowd } from './infra/crowd'
import { comingUp } from './infra/coming-up'
import { fifty } from './infra/fifty'

const bench: Bench = {
  name: 'infra',
  run: async context => [...(await comingUp(context)), ...(await fifty(context)), ...(await besideACrowd(context))],
}
export default bench
