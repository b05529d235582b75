// What processes and the machine spent, as the kernel counts it.
import { readFileSync, readdirSync } from 'node:fs'

/** The kernel's unit of time in /proc/stat: USER_HZ, 100 on every architecture that Node.js runs on. */
const TICK_S = 0.01

const words = (text: string) => text.trim().split(/\s+/)

/** The threads of a process; none when it has ended. */
function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((tid) => `/proc/${pid}/task/${tid}`)
  } catch {
    return []
  }
}

/** CPU time of a process's threads, in seconds. Those that have ended are not in it: look while all live. */
export function cpuSeconds(pids: readonly number[]): number {
  const ns = pids.flatMap(threads).map((task) => Number(words(readFileSync(`${task}/schedstat`, 'utf8'))[0]))
  return ns.reduce((sum, each) => sum + each, 0) / 1e9
}

export interface Thread {
  name: string
  cpuS: number
  /** Times it was woken after it had slept: each voluntary switch away ends with one. */
  wakeUps: number
}

/** Each thread of a process, by its number. */
export function threadsOf(pid: number): Map<string, Thread> {
  return new Map(
    threads(pid).map((task) => {
      const status = readFileSync(`${task}/status`, 'utf8')
      const thread = {
        name: readFileSync(`${task}/comm`, 'utf8').trim(),
        cpuS: Number(words(readFileSync(`${task}/schedstat`, 'utf8'))[0]) / 1e9,
        wakeUps: Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)![1]),
      }
      return [task, thread]
    }),
  )
}

/** CPU time that the whole machine did not idle away since it started, in seconds: whoever's it was. */
export function machineSeconds(): number {
  const [, user, nice, system, , , irq, softirq] = words(readFileSync('/proc/stat', 'utf8').split('\n')[0]!)
  return [user, nice, system, irq, softirq].reduce((sum, each) => sum + Number(each), 0) * TICK_S
}
