import { makeDisk, startMachine } from './machine'
const parts = { folder: '/tmp/vm-w', kernel: '/tmp/vm-w/kernel', initrd: '/tmp/vm-w/initrd', disk: '/tmp/vm-w/a.qcow2' }
await makeDisk('/tmp/vm-w/base.img', parts.disk)
console.time('boot')
const m = await startMachine(parts)
console.timeEnd('boot')
console.time('cmds')
console.log(await m.asRoot('uname -a; systemctl --version | head -1; systemctl is-system-running; systemctl list-units --failed; systemd-analyze; aa-status; mount | grep vda'))
console.log(await m.as('ada', 'id; instance-manager --version; loginctl; systemctl --user status | head -5; echo $XDG_RUNTIME_DIR; cat /proc/self/attr/current'))
console.timeEnd('cmds')
console.time('off')
await m.powerOff()
console.timeEnd('off')
