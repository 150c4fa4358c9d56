/** Maps addresses to screens. */
import { Redirect, Route, Switch } from 'wouter'
import { InstancesScreen } from '../instances/instances-screen'
import { later } from './later'

const InstanceScreen = later(() => import('../instances/instance-screen').then(it => it.InstanceScreen))
const OperationScreen = later(() => import('../operations/operation-screen').then(it => it.OperationScreen))
const CreateScreen = later(() => import('../create/create-screen').then(it => it.CreateScreen))
const SeveralScreen = later(() => import('../create/several-screen').then(it => it.SeveralScreen))
export const LogsScreen = later(() => import('../logs/logs-screen').then(it => it.LogsScreen))
const ActivityScreen = later(() => import('../operations/activity-screen').then(it => it.ActivityScreen))
const InfrastructureScreen = later(() =>
  import('../infrastructure/infrastructure-screen').then(it => it.InfrastructureScreen),
)
const HealthScreen = later(() => import('../doctor/health-screen').then(it => it.HealthScreen))
const DocumentScreen = later(() => import('../help/document-screen').then(it => it.DocumentScreen))
const HelpScreen = later(() => import('../help/help-screen').then(it => it.HelpScreen))
const SettingsScreen = later(() => import('../settings/settings-screen').then(it => it.SettingsScreen))

export function Routes() {
  return (
    <Switch>
      <Route path="/instances">
        <InstancesScreen />
      </Route>
      <Route path="/instances/:name/:tab?">
        {({ name, tab }) => <InstanceScreen key={name} name={name} tab={tab} />}
      </Route>
      <Route path="/create">
        <CreateScreen />
      </Route>
      <Route path="/create/several">
        <SeveralScreen />
      </Route>
      <Route path="/infrastructure/:tab?">{({ tab }) => <InfrastructureScreen tab={tab} />}</Route>
      <Route path="/health/:name?">{({ name }) => <HealthScreen key={name ?? ''} name={name} />}</Route>
      <Route path="/activity">
        <ActivityScreen />
      </Route>
      <Route path="/operations/:id">{({ id }) => <OperationScreen key={id} id={id} />}</Route>
      <Route path="/logs/*?">{({ '*': address }) => <LogsScreen address={address ?? ''} />}</Route>
      <Route path="/help/*?">{({ '*': path }) => (path ? <DocumentScreen path={path} /> : <HelpScreen />)}</Route>
      <Route path="/settings">
        <SettingsScreen />
      </Route>
      <Route>
        <Redirect to="/instances" replace />
      </Route>
    </Switch>
  )
}
