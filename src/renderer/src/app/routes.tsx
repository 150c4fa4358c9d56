/** Maps addresses to screens. */
import { Redirect, Route, Switch } from 'wouter'
import { CreateScreen } from '../create/create-screen'
import { SeveralScreen } from '../create/several-screen'
import { HealthScreen } from '../doctor/health-screen'
import { InfrastructureScreen } from '../infrastructure/infrastructure-screen'
import { InstanceScreen } from '../instances/instance-screen'
import { InstancesScreen } from '../instances/instances-screen'
import { LogsScreen } from '../logs/logs-screen'
import { ActivityScreen } from '../operations/activity-screen'
import { OperationScreen } from '../operations/operation-screen'
import { SettingsScreen } from '../settings/settings-screen'

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
      <Route path="/settings">
        <SettingsScreen />
      </Route>
      <Route>
        <Redirect to="/instances" replace />
      </Route>
    </Switch>
  )
}
