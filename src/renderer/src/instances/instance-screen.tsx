/** One instance: status, resource usage, configuration, database and history. */
import { Button, Skeleton } from '@mantine/core'
import { IconDotsVertical, IconMoodEmpty } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { memo, useEffect, useMemo, useRef, useState } from 'react'
import { Link, Redirect } from 'wouter'
import type { InstanceDetails } from '../../../shared/instance'
import { isTrouble } from '../../../shared/status'
import { useInstances, useOperations } from '../app/live'
import { BackLink, EmptyState, Page, Section, Tabs } from '../app/page'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { healthOf } from '../doctor/health-of'
import { EnvironmentSection } from '../environment/section'
import { OperationsTable } from '../operations/operations-table'
import { ActionsMenu } from './actions-menu'
import { useInstanceActions } from './actions'
import type { ShownInstance } from './arrange'
import { later, Part } from '../app/later'
import { PageLog } from '../logs/page-log'
import { useWarmLogs } from '../logs/warm'
import { adoptDialog } from '../jobs/faces'
import { about, useJobs } from '../jobs/jobs'
import { pageOf } from './page-of'
import { InfrastructureDown, isResting } from './banners'
import { Broken } from './broken'
import { Down } from './down'
import { DatabaseFacts, Paths, ProcessFacts } from './instance-facts'
import { Vitals } from './vitals'
import { UnseenPasswords } from './unseen-passwords'
import { foundAs, historyOf } from './renames'
import { useShownInstances } from './use-shown'
import classes from './instance.module.css'

const PageTables = memo(later(() => import('../tables/page-tables').then(it => it.PageTables)))
const PageTerminal = later(() => import('../terminal/page-terminal').then(it => it.PageTerminal))

/** @param tab from the address: `logs`, `errors` for logs with only the errors, `terminal`, `tables`, otherwise the overview */
export function InstanceScreen({ name, tab }: { name: string; tab: string | undefined }) {
  const { data } = useInstances()
  const shown = useShownInstances().find(it => it.instance.name === name)
  const broken = data?.broken.find(it => it.folder === name)
  const { operations } = useOperations()
  if (shown) return <Known shown={shown} tab={tab} />
  const renamed = data && foundAs(operations, name, it => data.instances.some(known => known.name === it))
  if (renamed !== undefined) return <Redirect to={[pageOf(renamed), tab].filter(Boolean).join('/')} replace />
  return (
    <Page title={name} above={back}>
      {!data && <Skeleton height={320} radius="lg" />}
      {broken && <Broken folder={broken.folder} problem={broken.problem} />}
      {data && !broken && (
        <EmptyState
          icon={<IconMoodEmpty size={28} />}
          title="Instance not found"
          action={
            <Button component={Link} href="/instances" variant="default">
              All instances
            </Button>
          }
        >
          <p>It was deleted, or its folder is gone. See its history in Activity.</p>
        </EmptyState>
      )}
    </Page>
  )
}

const back = <BackLink href="/instances">Instances</BackLink>

const tabOf = (tab: string | undefined): 'overview' | 'logs' | 'tables' | 'terminal' =>
  tab === 'errors' ? 'logs' : tab === 'logs' || tab === 'tables' || tab === 'terminal' ? tab : 'overview'

function Known({ shown, tab }: { shown: ShownInstance; tab: string | undefined }) {
  const { name } = shown.instance
  const shownTab = tabOf(tab)
  useWarmLogs()
  return (
    <Page
      title={name}
      above={back}
      lead={shown.instance.tags?.join(' · ')}
      actions={<Actions shown={shown} />}
      wide
      fill={shownTab !== 'overview'}
    >
      <Tabs
        label={name}
        tabs={[
          { href: pageOf(name), word: 'Overview', current: shownTab === 'overview' },
          { href: `${pageOf(name)}/logs`, word: 'Logs', current: shownTab === 'logs' },
          { href: `${pageOf(name)}/tables`, word: 'Tables', current: shownTab === 'tables' },
          { href: `${pageOf(name)}/terminal`, word: 'Terminal', current: shownTab === 'terminal' },
        ]}
      />
      {shownTab === 'logs' ? (
        <PageLog key={tab} source={{ kind: 'instance', name, stream: 'both' }} errorsOnly={tab === 'errors'} />
      ) : shownTab === 'overview' ? (
        <Overview shown={shown} />
      ) : (
        <Part>{shownTab === 'tables' ? <PageTables name={name} /> : <PageTerminal name={name} />}</Part>
      )}
    </Page>
  )
}

function Overview({ shown }: { shown: ShownInstance }) {
  const { instance } = shown
  const { data } = useInstances()
  const trpc = useTRPC()
  const { operations } = useOperations()
  const its = useMemo(() => historyOf(operations, instance.name), [operations, instance.name])
  const details = useQuery(trpc.instances.details.queryOptions({ name: instance.name }, { staleTime: 0 }))
  const { refetch } = details
  const settled = its.filter(it => it.settledAt).length
  const asked = useRef(settled)
  useEffect(() => {
    if (asked.current === settled) return
    asked.current = settled
    void refetch() // a job ended and may have changed what is shown here
  }, [settled, refetch])
  return (
    <>
      {instance.foreign === undefined ? <InfrastructureDown /> : <Copy name={instance.name} why={instance.foreign} />}
      {data?.down.includes(instance.name) && isResting(shown) && <Down down={[shown]} />}
      {isTrouble(shown.status.group) && <Ill shown={shown} />}
      <UnseenPasswords of={instance.name} />
      <Vitals shown={shown} />
      {details.error && (
        <ProblemView
          problem={problemOf(details.error)}
          onRetry={() => void details.refetch()}
          retrying={details.isFetching}
        />
      )}
      {details.isPending && <Skeleton height={260} radius="lg" />}
      {details.data && <Details details={details.data} shown={shown} />}
      <Section title="History">
        {its.length ? (
          <OperationsTable operations={its} />
        ) : (
          <p className={`card ${classes.nothing}`}>No operations yet.</p>
        )}
      </Section>
    </>
  )
}

/** What is wrong with it while it runs. That the infrastructure is down is said above. */
function Ill({ shown: { instance } }: { shown: ShownInstance }) {
  const { name, status, trouble } = instance
  if (!trouble || trouble.code === 'infrastructure-stopped') return null
  return (
    <ProblemView tone={status === 'unstable' ? 'warn' : 'bad'} quiet problem={trouble}>
      {status !== 'no database' && (
        <Button size="xs" variant="default" component={Link} href={`${pageOf(name)}/errors`}>
          Show the errors
        </Button>
      )}
      <Button size="xs" variant="default" component={Link} href={healthOf(name)}>
        Check its health
      </Button>
    </ProblemView>
  )
}

/** Explains that it is a copy and offers to adopt it. */
function Copy({ name, why }: { name: string; why: string }) {
  const { ask } = useJobs()
  return (
    <ProblemView
      tone="warn"
      quiet
      problem={{
        code: 'instance-foreign',
        message: `“${name}” is a copy of another instance.`,
        cause: why,
        hint: 'It still names the other one’s database, so it can’t be started, changed or deleted. Adopt it to give it its own name, database, port and secrets.',
      }}
    >
      <Button size="xs" onClick={() => ask(about(adoptDialog, name))}>
        Adopt this copy…
      </Button>
    </ProblemView>
  )
}

function Details({ details, shown }: { details: InstanceDetails; shown: ShownInstance }) {
  return (
    <div className={classes.columns}>
      <EnvironmentSection details={details} shown={shown} />
      <div className={classes.side}>
        {details.notes !== undefined && (
          <Section title="Notes">
            <p className={`card ${classes.notes}`}>{details.notes}</p>
          </Section>
        )}
        <Section title="Process">
          <ProcessFacts details={details} instance={shown.instance} />
        </Section>
        <Section title="Database">
          <DatabaseFacts
            details={details}
            size={shown.instance.databaseSize}
            foreign={shown.instance.foreign !== undefined}
          />
        </Section>
        <Section title="Paths">
          <Paths details={details} />
        </Section>
      </div>
    </div>
  )
}

/** The two likeliest actions as buttons, the rest in a menu. */
function Actions({ shown }: { shown: ShownInstance }) {
  const actionsOf = useInstanceActions()
  const [menu, setMenu] = useState<{ x: number; y: number }>()
  const quick = actionsOf(shown).filter(it => it.quick)
  return (
    <>
      {quick.toReversed().map(({ id, label, Icon, run, quick: how }) => (
        <Button
          key={id}
          variant={how === 'likeliest' ? 'filled' : 'default'}
          leftSection={<Icon size={16} aria-hidden />}
          onClick={run}
        >
          {label}
        </Button>
      ))}
      <Button
        variant="default"
        px={9}
        aria-label={`Actions for ${shown.instance.name}`}
        aria-haspopup="menu"
        aria-expanded={menu !== undefined}
        onClick={({ currentTarget }) => {
          const { right, bottom } = currentTarget.getBoundingClientRect()
          setMenu({ x: right, y: bottom })
        }}
      >
        <IconDotsVertical size={16} aria-hidden />
      </Button>
      <ActionsMenu shown={menu && shown} at={menu ?? { x: 0, y: 0 }} onClose={() => setMenu(undefined)} />
    </>
  )
}
