import { hostname, type NetworkInterfaceInfo } from 'node:os'
import { expect, test } from 'vitest'
import { guessAddress, tunnelCommand } from '../../../src/main/system/reach'

const address = (it: string, internal = false): NetworkInterfaceInfo => ({
  address: it,
  netmask: '255.255.255.0',
  mac: '00:00:00:00:00:00',
  cidr: null,
  family: 'IPv4',
  internal,
})
const interfaces = {
  lo: [address('127.0.0.1', true)],
  'br-0a1b': [address('172.18.0.1')],
  eth0: [address('192.0.2.7')],
}

test('the address of an SSH session is better than that of an interface', () => {
  expect(guessAddress({ SSH_CONNECTION: '198.51.100.1 50000 203.0.113.5 22' }, interfaces)).toBe('203.0.113.5')
  expect(guessAddress({ SSH_CONNECTION: 'nonsense' }, interfaces)).toBe('192.0.2.7')
})
test('networks of containers are passed over; without any other, the host has a name', () => {
  expect(guessAddress({}, interfaces)).toBe('192.0.2.7')
  expect(guessAddress({}, { lo: interfaces.lo, docker0: [address('172.17.0.1')] })).toBe(hostname())
})
test('a tunnel forwards the same port', () => {
  expect(tunnelCommand(5001, 'school.example')).toMatch(/^ssh -L 5001:127\.0\.0\.1:5001 \w[\w.-]*@school\.example$/)
})
