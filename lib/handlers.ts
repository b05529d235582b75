/**
 * Calls handlers of the program. What they throw becomes its uncaught exception as soon as our own work is done: cut short, that would
 * leave a switch half closed or lose the events behind.
 */
export function callHandlers(call: () => void): void {
  try {
    call()
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}
