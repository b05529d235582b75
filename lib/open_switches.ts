/**
 * The switches of this thread that are open. `process.exit()` and an uncaught exception run no clean-up of the addon's, so stopping the
 * I/O threads hangs on the `exit` event.
 */

interface Closable {
  closeNow(): void
}

const open = new Set<Closable>()

export const openSwitches = {
  add(closable: Closable): void {
    if (open.size === 0) process.on('exit', closeAll)
    open.add(closable)
  },
  delete(closable: Closable): void {
    open.delete(closable)
    if (open.size === 0) process.removeListener('exit', closeAll)
  },
}

function closeAll(): void {
  for (const each of [...open]) {
    try {
      each.closeNow()
    } catch {
      // A close handler threw while the process ends: the other switches must still be stopped.
    }
  }
}
