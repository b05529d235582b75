// What must not outlive this process, however it ends. Only synchronous work is possible at 'exit'.
// SIGKILL runs nothing: for that, children carry a parent-death signal, and the next lab sweeps what is left.
import { constants } from 'node:os'

const actions = new Set<() => void>()

function runAll(): void {
  for (const action of [...actions].reverse()) {
    actions.delete(action)
    try {
      action()
    } catch {
      // the others still have to run, and nobody is left to tell
    }
  }
}

let installed = false

function install(): void {
  installed = true
  process.on('exit', runAll)
  // By default these signals end Node without 'exit'. So does Ctrl-C under mocha, which gets it twice: from the
  // terminal, and from the wrapper it runs itself in; its own handler is for the first only.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]))
  }
}

/** Runs `action` at exit, the last registered first. Returns a function that takes it back. */
export function atExit(action: () => void): () => void {
  if (!installed) install()
  actions.add(action)
  return () => void actions.delete(action)
}
