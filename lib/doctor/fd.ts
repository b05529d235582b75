import type { FdSpec } from '../spec/index.js'
import type { HostFacts } from './facts.js'
import { ok, problem } from './finding.js'
import type { Finding } from './finding.js'

/** What would keep a `fd` port from working here. */
export function checkFd({ fd }: FdSpec, facts: HostFacts): Finding[] {
  if (fd === undefined) {
    const what =
      "a new pair: ethercast run mcast -- linux.uml … 'vec0:transport=fd,fd={fd}' hands its other end over"
    return [ok('descriptor', what)]
  }
  const found = facts.sockets.descriptor(fd)
  if (found !== undefined && (found.startsWith('socket:') || found === '/dev/net/tun')) {
    return [ok('descriptor', `descriptor ${fd} is ${found}`)]
  }
  const what =
    found === undefined
      ? `there is no descriptor ${fd} in this process`
      : `descriptor ${fd} is ${found}, neither socket nor tap`
  const remedy = [
    "to start a guest with its NIC: ethercast run mcast -- linux.uml … 'vec0:transport=fd,fd={fd}'",
  ]
  const why = 'a program has it from whoever starts it; a shell has no way to make one'
  return [problem('descriptor', what, remedy, why)]
}
